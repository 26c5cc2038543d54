package kernel

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// A rotation keeps lengths, its inverse undoes it, and the product of two rotated vectors depends on the difference
// of their angles only.
func TestRotate(t *testing.T) {
	each(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(19, 20))
		for _, n := range []int{1, 4, 16, 19, 32} {
			for _, f := range []struct {
				name          string
				forward, back func(x, cos, sin []float32)
			}{{"halves", Rotate, RotateBack}, {"pairs", RotatePairs, RotatePairsBack}} {
				theta := random(rng, n)
				turn := func(x []float32, at float64) []float32 {
					y, cos, sin := slices.Clone(x), make([]float32, n), make([]float32, n)
					for i := range theta {
						s, c := math.Sincos(at * float64(theta[i]))
						cos[i], sin[i] = float32(c), float32(s)
					}
					f.forward(y, cos, sin)
					z := slices.Clone(y)
					f.back(z, cos, sin)
					for i := range z {
						if math.Abs(float64(z[i]-x[i])) > 1e-5 {
							t.Errorf("%s of %d: back at %g, want %g", f.name, n, z[i], x[i])
						}
					}
					if !slices.Equal(y[2*n:], x[2*n:]) {
						t.Errorf("%s of %d: wrote beyond its pairs", f.name, n)
					}
					return y
				}
				q, k := random(rng, 2*n+3), random(rng, 2*n+3)
				a, b := Dot(turn(q, 7), turn(k, 3)), Dot(turn(q, 16), turn(k, 12))
				if math.Abs(float64(a-b)) > 1e-4 {
					t.Errorf("%s of %d: %g at distance 4, and %g", f.name, n, a, b)
				}
			}
		}
	})
}

func TestSoftmax(t *testing.T) {
	each(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(21, 22))
		for _, n := range []int{1, 3, 16, 100, 1001} {
			x, y := random(rng, n), make([]float32, n)
			Scale(x, 30, x)
			Softmax(y, x)
			if s := Sum(y); math.Abs(float64(s)-1) > 1e-5 {
				t.Errorf("of %d: probabilities sum to %g", n, s)
			}
			z := LogSumExp(x)
			for i := range x {
				if want := math.Exp(float64(x[i] - z)); !near(float64(y[i]), want, 1e-6) {
					t.Errorf("of %d: probability %g, want %g", n, y[i], want)
				}
			}
			Axpy(x, 1000, slices.Repeat([]float32{1}, n)) // a shift changes nothing, and nothing overflows
			if got := LogSumExp(x); math.Abs(float64(got-1000-z)) > 1e-3 {
				t.Errorf("of %d: shifted by 1000, %g became %g", n, z, got)
			}
		}
		Softmax(nil, nil)
		low := float32(math.Inf(-1))
		if x := LogSumExp(nil); x != low {
			t.Errorf("of nothing: %g", x)
		}
		y := make([]float32, 3)
		if Softmax(y, []float32{low, 2, low}); !slices.Equal(y, []float32{0, 1, 0}) {
			t.Errorf("one finite number: %v", y)
		}
	})
}

// Every float16 and bfloat16 survives the way to float32 and back, and rounding goes to the nearest.
func TestHalves(t *testing.T) {
	all := make([]uint16, 1<<16)
	for i := range all {
		all[i] = uint16(i)
	}
	each(t, func(t *testing.T) {
		wide, back := make([]float32, 1<<16), make([]uint16, 1<<16)
		for _, f := range []struct {
			name     string
			from     func([]float32, []uint16)
			to       func([]uint16, []float32)
			infinity uint16
		}{{"bfloat16", FromBF16, ToBF16, 0x7f80}, {"float16", FromF16, ToF16, 0x7c00}} {
			f.from(wide, all)
			f.to(back, wide)
			for i, x := range wide {
				switch {
				case x != x && back[i]&f.infinity == f.infinity && back[i]&^f.infinity&0x7fff != 0:
				case x != x || back[i] != all[i]:
					t.Fatalf("%s: %#x became %g and %#x", f.name, i, x, back[i])
				}
			}
			var one [1]uint16
			for i := range f.infinity - 1 { // halfway between two neighbours: to the even one
				mid := float32((float64(wide[i]) + float64(wide[i+1])) / 2)
				for _, c := range []struct {
					x    float32
					want uint16
				}{{mid, (i + 1) &^ 1}, {math.Nextafter32(mid, 0), i}, {math.Nextafter32(mid, math.MaxFloat32), i + 1}} {
					if f.to(one[:], []float32{c.x}); one[0] != c.want {
						t.Fatalf("%s: %g became %#x, want %#x", f.name, c.x, one[0], c.want)
					}
				}
			}
		}
	})
}

// Results do not depend on the number of threads, to the last bit.
func TestThreadsChangeNothing(t *testing.T) {
	defer SetThreads(0)
	each(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(23, 24))
		const m, n, k = 45, 100, 1100
		x, w, dy := randomMatrix(rng, m, k), randomMatrix(rng, n, k), randomMatrix(rng, m, n)
		p := Pack(w)
		var want []float32
		for _, threads := range []int{1, 2, 3, 7} {
			SetThreads(threads)
			y, dx, dw := big(m, n), big(m, k), big(n, k)
			p.Mul(y, x, false)
			MatMulT(y, x, w, true)
			p.MulT(dx, dy, false)
			MatMul(dx, dy, w, true)
			TMatMul(dw, dy, x, false)
			all := slices.Concat(y.Data, dx.Data, dw.Data)
			if want == nil {
				want = all
			}
			if !slices.Equal(all, want) {
				t.Errorf("%d threads change a result", threads)
			}
		}
	})
}
