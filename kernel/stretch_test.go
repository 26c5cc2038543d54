package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Long slices are treated in stretches, and nothing is lost at their ends.
func TestStretches(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for _, n := range []int{stretch - 1, stretch, stretch + 1, 2*stretch + 5} {
		x, y, z := random(rng, n), random(rng, n), make([]float32, n)
		var dot, sum float64
		for i := range x {
			dot += float64(x[i]) * float64(y[i])
			sum += float64(x[i])
		}
		if got := float64(Dot(x, y)); !near(got, dot, 1e-2) {
			t.Errorf("Dot of %d is %g, want %g", n, got, dot)
		}
		if got := float64(Sum(x)); !near(got, sum, 1e-2) {
			t.Errorf("Sum of %d is %g, want %g", n, got, sum)
		}
		Add(z, x, y)
		Axpy(z, -1, y)
		h := make([]uint16, n)
		ToBF16(h, x)
		FromBF16(y, h)
		for i := range z {
			if !near(float64(z[i]), float64(x[i]), 1e-6) || !near(float64(y[i])/float64(x[i]), 1, 1./256) {
				t.Fatalf("number %d of %d is %g or %g, want %g", i, n, z[i], y[i], x[i])
			}
		}
	}
}

// The step is PyTorch's, written as its documentation writes it, in double precision.
func TestAdamW(t *testing.T) {
	each(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(13, 14))
		const n = 37
		w, m, v := random(rng, n), make([]float32, n), make([]float32, n)
		var w2, m2, v2 [n]float64
		for i := range w {
			w2[i] = float64(w[i])
		}
		c1, c2 := 1.0, 1.0
		for range 20 {
			g := random(rng, n)
			c1, c2 = c1*0.9, c2*0.999
			AdamW(w, g, m, v, AdamWStep{
				LR: 0.01, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, Decay: 0.1,
				Correct1: float32(1 - c1), Correct2: float32(1 - c2),
			})
			for i := range w {
				x := float64(g[i])
				w2[i] -= 0.01 * 0.1 * w2[i]
				m2[i] = 0.9*m2[i] + 0.1*x
				v2[i] = 0.999*v2[i] + 0.001*x*x
				w2[i] -= 0.01 * (m2[i] / (1 - c1)) / (math.Sqrt(v2[i]/(1-c2)) + 1e-8)
			}
		}
		for i := range w {
			if !near(float64(w[i]), w2[i], 1e-5) {
				t.Errorf("weight %d is %g, want %g", i, w[i], w2[i])
			}
		}
	})
}
