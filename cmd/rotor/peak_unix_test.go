//go:build unix

package main

import (
	"runtime"
	"syscall"
)

// peakOf is the largest memory that a run had, in bytes.
func peakOf(o outcome) int64 {
	rss := int64(o.state.SysUsage().(*syscall.Rusage).Maxrss)
	if runtime.GOOS != "darwin" {
		rss *= 1024
	}
	return rss
}
