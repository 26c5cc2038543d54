//go:build unix

package atomicfile

import (
	"errors"
	"os"
	"syscall"
)

func alive(pid int) bool {
	return syscall.Kill(pid, 0) != syscall.ESRCH
}

// syncDir makes the names in a folder durable. File systems that cannot are no
// reason to fail: the rename itself has happened.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		err = nil
	}
	return errors.Join(err, d.Close())
}
