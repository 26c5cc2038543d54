package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Threads returns how many goroutines share a parallel region.
func Threads() int { return int(workers.threads.Load()) }

// SetThreads sets how many goroutines share a parallel region; less than one means one for each processor.
func SetThreads(n int) {
	if n < 1 {
		n = runtime.GOMAXPROCS(0)
	}
	workers.threads.Store(int64(n))
}

// Parallel calls f(0) … f(n−1), each once and in no order, and returns when all have returned. The caller takes part.
//
// Calls are claimed one by one, so that a core that another process takes away delays only the call that it was busy
// with. While a region is under way every other, nested in it or begun by another goroutine, runs on its caller alone.
// f should take some microseconds or more.
func Parallel(n int, f func(i int)) {
	if n > 1 && Threads() > 1 && workers.lock.TryLock() {
		workers.run(n, f)
		return
	}
	yield := crowded()
	for i := range n {
		f(i)
		if yield && i%breather == breather-1 {
			runtime.Gosched()
		}
	}
}

// crowded says whether parallel regions take all processors, so that another goroutine runs only where one yields.
// Where processors are left over it runs there, and yielding does harm: an idle processor takes the goroutine that
// yields, away from its cache.
func crowded() bool { return Threads() >= runtime.GOMAXPROCS(0) }

const (
	breather = 16                     // calls between two looks for other goroutines that want to run
	patience = 500 * time.Microsecond // how long an idle worker spins before it sleeps
)

// pool is a set of standing goroutines. Waking a sleeping goroutine takes longer than many a region, so they spin for
// a while after each, looking for the next; soon after the last they sleep.
//
// A region is open while epoch is odd. A worker counts itself in at inside, and only then looks whether the region is
// open: if it is, the caller cannot have seen the count at zero, and f, n and seats are those of the open region.
type pool struct {
	threads atomic.Int64
	lock    sync.Mutex // held by the caller of the region under way
	started int

	f     func(i int)
	n     int64
	seats int64 // workers that may take part
	wake  chan struct{}

	_        [64]byte // what all write stands on lines of its own
	epoch    atomic.Uint64
	_        [56]byte
	next     atomic.Int64
	_        [56]byte
	inside   atomic.Int64
	_        [56]byte
	sleeping atomic.Int64
}

var workers = newPool(runtime.GOMAXPROCS(0))

func newPool(threads int) *pool {
	p := &pool{wake: make(chan struct{}, 1024)}
	p.threads.Store(int64(threads))
	return p
}

// run is a region; the caller holds the lock.
func (p *pool) run(n int, f func(i int)) {
	p.f, p.n, p.seats = f, int64(n), min(p.threads.Load(), int64(n))-1
	for p.started < int(p.seats) {
		p.started++
		go p.work()
	}
	p.next.Store(0)
	p.epoch.Add(1)
	defer p.end()
	for range min(p.sleeping.Load(), p.seats) {
		select {
		case p.wake <- struct{}{}:
		default:
		}
	}
	p.share()
}

// share takes part in the open region until nothing is left to claim.
func (p *pool) share() {
	f, n := p.f, p.n
	for done := 1; ; done++ {
		i := p.next.Add(1) - 1
		if i >= n {
			return
		}
		f(int(i))
		if done%breather == 0 {
			runtime.Gosched()
		}
	}
}

// end closes the region and waits for those who are still inside.
func (p *pool) end() {
	p.next.Store(p.n) // nobody claims more after a panic
	p.epoch.Add(1)
	for spins := 1; p.inside.Load() > 0; spins++ {
		if spins < 4096 {
			spin(spins)
		} else { // another process has the worker's core: leave it this one
			time.Sleep(50 * time.Microsecond)
		}
	}
	p.f = nil
	p.lock.Unlock()
}

// work is the life of a worker.
func (p *pool) work() {
	var last uint64
	idle := time.Now()
	for spins := 1; ; spins++ {
		if e := p.epoch.Load(); e&1 == 1 && e != last {
			last = p.join(e)
			spins, idle = 0, time.Now()
			continue
		}
		spin(spins)
		if spins%64 == 0 && time.Since(idle) > patience {
			p.sleep(last)
			spins, idle = 0, time.Now()
		}
	}
}

// join takes part in the open region if there is a seat, and returns the epoch that need not be looked at again.
func (p *pool) join(e uint64) uint64 {
	seat := p.inside.Add(1)
	if now := p.epoch.Load(); now&1 == 1 {
		e = now
		if seat <= p.seats {
			p.share()
		}
	}
	p.inside.Add(-1)
	return e
}

// sleep waits for a call. A region that opens after the count was raised sees it, one that opened before is seen here.
func (p *pool) sleep(last uint64) {
	p.sleeping.Add(1)
	if e := p.epoch.Load(); e&1 == 0 || e == last {
		<-p.wake
	}
	p.sleeping.Add(-1)
}

// spin passes a moment, and now and then lets another goroutine have the processor.
func spin(i int) {
	if i%64 == 0 {
		runtime.Gosched()
	} else {
		pause()
	}
}
