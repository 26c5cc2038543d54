//go:build unix

package main

import (
	"runtime"
	"syscall"
)

// peakRSS is the largest resident set that the process has had, in bytes, as
// the system counts it: mapped pages included.
func peakRSS() int64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	rss := int64(u.Maxrss)
	if runtime.GOOS != "darwin" && runtime.GOOS != "ios" {
		rss *= 1024
	}
	return rss
}
