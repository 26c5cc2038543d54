//go:build unix

package kernel

import (
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Idle workers sleep.
func TestIdleWorkersSleep(t *testing.T) {
	defer SetThreads(0)
	SetThreads(4)
	var n atomic.Int64
	for range 100 {
		Parallel(16, func(int) { n.Add(1) })
	}
	time.Sleep(20 * time.Millisecond)
	begin := cpuTime()
	time.Sleep(200 * time.Millisecond)
	if d := cpuTime() - begin; d > 20*time.Millisecond {
		t.Errorf("an idle process used %v of processor time in 200 ms", d)
	}
}
