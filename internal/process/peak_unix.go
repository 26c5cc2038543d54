//go:build unix

package process

import (
	"runtime"
	"syscall"
)

// Peak is the largest resident set that the process has had, in bytes, as
// the system counts it: mapped pages included.
func Peak() int64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	n := int64(u.Maxrss)
	if runtime.GOOS != "darwin" && runtime.GOOS != "ios" {
		n *= 1024
	}
	return n
}
