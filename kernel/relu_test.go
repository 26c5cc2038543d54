package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Every length, in place and not, with what is odd among the numbers: all variants
// give the same bits, and a NaN is not hidden.
func TestReLU(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	odd := []float32{float32(math.Copysign(0, -1)), 0, float32(math.NaN()), -float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), 1e-40, -1e-40}
	for _, v := range variants {
		old := active
		active = v
		for n := range 100 {
			x, dy := random(rng, n), random(rng, n)
			for i := range x {
				if rng.IntN(3) == 0 {
					x[i] = odd[rng.IntN(len(odd))]
				}
			}
			y, dx := make([]float32, n), make([]float32, n)
			ReLU(y, x)
			ReLUGrad(dx, dy, y)
			for i, v := range x {
				want, slope := v, dy[i]
				if v <= 0 {
					want, slope = 0, 0
				} else if v != v {
					slope = 0
				}
				if math.Float32bits(y[i]) != math.Float32bits(want) && !(v != v && y[i] != y[i]) || dx[i] != slope {
					t.Fatalf("%s: length %d: ReLU(%g) = %g with gradient %g, want %g and %g", active.name, n, v, y[i], dx[i], want, slope)
				}
			}
			ReLU(x, x)
			ReLUGrad(dy, dy, y)
			for i := range x {
				if math.Float32bits(x[i]) != math.Float32bits(y[i]) || dy[i] != dx[i] {
					t.Fatalf("%s: length %d: in place %g with gradient %g, want %g and %g", active.name, n, x[i], dy[i], y[i], dx[i])
				}
			}
		}
		active = old
	}
}
