package process

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Resident is the largest resident set of the process so far: the system tells the
// present one to C programs only.
func Resident() int64 { return Peak() }

// Born is when the process was started.
func Born() time.Time {
	p, err := unix.SysctlKinfoProc("kern.proc.pid", os.Getpid())
	if err != nil {
		return loaded
	}
	return time.Unix(p.Proc.P_starttime.Unix())
}
