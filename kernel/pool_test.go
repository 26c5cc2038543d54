package kernel

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestParallelCallsEachOnce(t *testing.T) {
	defer SetThreads(0)
	for _, threads := range []int{1, 2, 3, 8} {
		SetThreads(threads)
		for n := range 200 {
			count := make([]atomic.Int32, n)
			Parallel(n, func(i int) { count[i].Add(1) })
			for i := range count {
				if c := count[i].Load(); c != 1 {
					t.Fatalf("%d threads: f(%d) of %d was called %d times", threads, i, n, c)
				}
			}
		}
	}
}

// Regions begun at once by several goroutines, and regions inside regions, neither mix nor wait for each other.
func TestParallelFromManyGoroutines(t *testing.T) {
	defer SetThreads(0)
	SetThreads(3)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 300 {
				var sum atomic.Int64
				Parallel(7, func(i int) {
					Parallel(5, func(j int) { sum.Add(int64(i*5 + j)) })
				})
				if sum.Load() != 35*34/2 {
					t.Error("a call was lost or doubled")
				}
			}
		})
	}
	all.Wait()
}

// A panic in the caller's share leaves the pool fit for use.
func TestParallelAfterPanic(t *testing.T) {
	defer SetThreads(0)
	SetThreads(1)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was lost")
			}
		}()
		p := newPool(1) // no worker: the caller's share is everything
		p.lock.Lock()
		defer func() {
			if !p.lock.TryLock() {
				t.Error("the pool stayed locked")
			}
		}()
		p.run(1, func(int) { panic("no") })
	}()
}

// A worker that lost its core keeps nothing but the one call it was busy with: the others finish all the rest.
func TestParallelSharesByClaims(t *testing.T) {
	defer SetThreads(0)
	SetThreads(2)
	var first atomic.Bool
	var others atomic.Int64
	Parallel(41, func(i int) {
		if !first.CompareAndSwap(false, true) {
			others.Add(1)
			return
		}
		for end := time.Now().Add(5 * time.Second); others.Load() < 40; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Errorf("%d calls waited for a slow worker", 40-others.Load())
				return
			}
		}
	})
}

// Regions allocate nothing, and neither do products once their buffers are there.
func TestNoAllocation(t *testing.T) {
	x, w, y := big(128, 192), big(160, 192), big(128, 160)
	p := Pack(w)
	var sum atomic.Int64
	f := func(i int) { sum.Add(int64(i)) }
	for name, run := range map[string]func(){
		"Parallel": func() { Parallel(10, f) },
		"Mul":      func() { p.Mul(y, x, false) },
		"MulT":     func() { p.MulT(x, y, false) },
		"Repack":   func() { p.Repack(w) },
		"MatMul":   func() { MatMul(x, y, w, false) },
		"MatMulT":  func() { MatMulT(y, x, w, false) },
		"TMatMul":  func() { TMatMul(w, y, x, false) },
	} {
		for range 50 {
			run()
		}
		if n := testing.AllocsPerRun(50, run); n > 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}

func big(rows, cols int) Matrix {
	return Matrix{Data: make([]float32, rows*cols), Rows: rows, Cols: cols, Stride: cols}
}

// multiplying keeps all threads in products while f runs.
func multiplying(f func()) {
	a, b, c := big(512, 512), big(512, 512), big(512, 512)
	p := Pack(b)
	var stop atomic.Bool
	done := make(chan struct{})
	go func() {
		defer close(done)
		for !stop.Load() {
			p.Mul(c, a, false)
		}
	}()
	f()
	stop.Store(true)
	<-done
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

// counting keeps as many goroutines as threads in loops of plain Go, which can be interrupted, while f runs.
func counting(f func()) {
	var stop atomic.Bool
	var all sync.WaitGroup
	for range Threads() {
		all.Go(func() {
			for !stop.Load() {
			}
		})
	}
	f()
	stop.Store(true)
	all.Wait()
}

// held measures how long a collection takes, and how late a timer is.
func held() (collection, late time.Duration) {
	var collections, lates []time.Duration
	for range 5 {
		begin := time.Now()
		runtime.GC()
		collections = append(collections, time.Since(begin))
		begin = time.Now()
		time.Sleep(time.Millisecond)
		lates = append(lates, time.Since(begin)-time.Millisecond)
	}
	return median(collections), median(lates)
}

// A collection and another goroutine's timer are not held up while every core multiplies: assembly cannot be
// interrupted, so products must pause by themselves. On a machine that has other work too they may take as long as
// beside plain Go, and get several chances.
func TestProductsLetOthersIn(t *testing.T) {
	if active == &portable {
		t.Skip("Go code can be interrupted")
	}
	for range 10 {
		var collection, late, usual, usualLate time.Duration
		multiplying(func() { collection, late = held() })
		counting(func() { usual, usualLate = held() })
		t.Logf("collections %v, beside plain Go %v; timers late by %v, beside plain Go %v", collection, usual, late, usualLate)
		if collection < max(100*time.Millisecond, 3*usual) && late < max(8*time.Millisecond, 3*usualLate) {
			return
		}
	}
	t.Error("collections or timers were held up")
}

func BenchmarkParallel(b *testing.B) {
	f := func(int) {}
	for b.Loop() {
		Parallel(2, f)
	}
}
