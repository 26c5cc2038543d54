package kernel

import (
	"math"
	"sync/atomic"
	"time"
)

// Peak is what a machine can do at all, in the best of many short runs.
type Peak struct {
	Kernels string  // portable, avx2 or avx512
	Threads int     // that "all" means
	One     float64 // f32 multiplications and additions on one core, GFLOP/s
	All     float64 // on all
	ReadOne float64 // memory read by one core, GB/s
	ReadAll float64
}

// MeasurePeak measures for about the given time. The numbers of a busy machine are too low.
func MeasurePeak(d time.Duration) Peak {
	return measurePeak(d, 100_000, 32<<20) // 128 MB: more than most caches hold
}

func measurePeak(d time.Duration, rounds, floats int) Peak {
	threads := Threads()
	p := Peak{Kernels: active.name, Threads: threads}
	data := aligned(floats)
	for i := range data {
		data[i] = 1
	}
	const part = 1 << 16
	read := func(i int) { active.readPeak(data[i*part : (i+1)*part]) }
	size := float64(4 * len(data))
	for end := time.Now().Add(d); time.Now().Before(end); {
		p.One = max(p.One, peakOf(1, rounds))
		p.All = max(p.All, peakOf(threads, rounds))
		p.ReadOne = max(p.ReadOne, rate(size, func() { inTurn(len(data)/part, read) }))
		p.ReadAll = max(p.ReadAll, rate(size, func() { Parallel(len(data)/part, read) }))
	}
	return p
}

// PeakFLOPS measures for about the given time how many f32 operations a second all threads together can do at most.
// It takes no memory.
func PeakFLOPS(d time.Duration) float64 {
	best := 0.0
	for end := time.Now().Add(d); best == 0 || time.Now().Before(end); {
		best = max(best, 1e9*peakOf(Threads(), 100_000))
	}
	return best
}

// peakOf runs multiplications and additions in registers, in GFLOP/s.
func peakOf(threads, rounds int) float64 {
	flops := func(int) { active.fmaPeak(rounds) }
	work := 8 * float64(threads) * float64(rounds*active.fmaRound)
	if threads == 1 {
		return rate(work, func() { inTurn(8, flops) })
	}
	return rate(work, func() { Parallel(8*threads, flops) })
}

// rate runs f and returns its work per nanosecond.
func rate(work float64, f func()) float64 {
	begin := time.Now()
	f()
	return work / float64(max(time.Since(begin), 1))
}

func fmaPeak(n int) {
	var s [8]float32
	x := float32(math.Pi)
	for range n {
		for i := range s {
			s[i] += x * x
		}
	}
	sink.Store(math.Float32bits(s[0]))
}

func readPeak(x []float32) {
	var a, b, c, d float32
	for i := 0; i+3 < len(x); i += 4 {
		a, b, c, d = a+x[i], b+x[i+1], c+x[i+2], d+x[i+3]
	}
	sink.Store(math.Float32bits(a + b + c + d))
}

var sink atomic.Uint32 // where results go that nobody wants, so that the loops stay
