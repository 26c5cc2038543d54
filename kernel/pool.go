package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

var threads atomic.Int64

func init() { threads.Store(int64(runtime.GOMAXPROCS(0))) }

// Threads returns how many goroutines share a parallel region.
func Threads() int { return int(threads.Load()) }

// SetThreads sets how many goroutines share a parallel region; less than one means one for each processor.
func SetThreads(n int) {
	if n < 1 {
		n = runtime.GOMAXPROCS(0)
	}
	threads.Store(int64(n))
}

// Parallel calls f(0) … f(n−1), each once and in no order, and returns when all have returned. The caller takes part.
func Parallel(n int, f func(i int)) {
	workers := min(Threads(), n)
	if workers <= 1 {
		for i := range n {
			f(i)
		}
		return
	}
	var next atomic.Int64
	work := func() {
		for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
			f(int(i))
		}
	}
	var wait sync.WaitGroup
	for range workers - 1 {
		wait.Go(work)
	}
	work()
	wait.Wait()
}
