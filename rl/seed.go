package rl

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
)

// NewRand returns the random numbers of one stream of a seed. Streams are told
// apart by their path, such as the number of a run and of an environment in it,
// so that results do not depend on who runs first.
func NewRand(seed uint64, path ...uint64) *rand.Rand {
	return rand.New(NewSource(seed, path...))
}

// NewSource is the source of NewRand, whose state can be saved and loaded.
func NewSource(seed uint64, path ...uint64) *rand.PCG {
	a, b := mix(seed), mix(seed^0x9e3779b97f4a7c15)
	for _, p := range path {
		a, b = mix(a^mix(p)), mix(b+mix(p^0xd1b54a32d192ed03))
	}
	return rand.NewPCG(a, b)
}

// mix is the finaliser of SplitMix64.
//
// Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators, 2014.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Each calls f(0) … f(n−1), as many at a time as there are cores, and returns
// when all are done. An f that writes only to its own place, and draws only from
// its own stream, gives the same numbers on any number of cores.
func Each(n int, f func(i int)) {
	workers := min(n, runtime.GOMAXPROCS(0))
	if workers <= 1 {
		for i := range n {
			f(i)
		}
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				f(int(i))
			}
		})
	}
	wg.Wait()
}
