//go:build !unix

package atomicfile

import "os"

func alive(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	_ = p.Release()
	return true
}

// syncDir does nothing: these systems have no handle on a folder to flush.
func syncDir(string) error { return nil }
