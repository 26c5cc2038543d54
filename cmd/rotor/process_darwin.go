package main

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// rss is the largest resident set of the process so far: the system tells the
// present one to C programs only.
func rss() int64 { return peakRSS() }

// born is when the process was started.
func born() time.Time {
	p, err := unix.SysctlKinfoProc("kern.proc.pid", os.Getpid())
	if err != nil {
		return loaded
	}
	return time.Unix(p.Proc.P_starttime.Unix())
}
