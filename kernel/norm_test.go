package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// slope is the derivative of f at *x, by central difference.
func slope(f func() float64, x *float32) float64 {
	const h = 1.0 / 128
	old := *x
	*x = old + h
	up := f()
	*x = old - h
	down := f()
	*x = old
	return (up - down) / (2 * h)
}

// checkSlopes compares gradients with differences of f = Σ dy·y.
func checkSlopes(t *testing.T, name string, f func() float64, x, dx []float32) {
	t.Helper()
	for i := range x {
		if want := slope(f, &x[i]); math.Abs(float64(dx[i])-want) > 2e-2*(1+math.Abs(want)) {
			t.Errorf("%s: derivative %d is %g, want %g", name, i, dx[i], want)
		}
	}
}

func TestRMSNorm(t *testing.T) {
	each(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(15, 16))
		for _, n := range []int{1, 5, 16, 37} {
			x, w, dy, y := random(rng, n), random(rng, n), random(rng, n), make([]float32, n)
			for i := range x {
				x[i] += 2
			}
			f := func() float64 {
				RMSNorm(y, x, w, 1e-5)
				return float64(Dot(y, dy))
			}
			rho := RMSNorm(y, x, w, 1e-5)
			var size float64
			for i := range x {
				size += float64(y[i]/w[i]) * float64(y[i]/w[i]) / float64(n)
			}
			if math.Abs(size-1) > 1e-4 {
				t.Errorf("of %d: root mean square %g", n, math.Sqrt(size))
			}
			dx, dw := make([]float32, n), make([]float32, n)
			RMSNormGrad(dx, dw, dy, x, w, rho)
			checkSlopes(t, "RMSNorm, x", f, x, dx)
			checkSlopes(t, "RMSNorm, w", f, w, dw)
			RMSNormGrad(dx, nil, dy, x, w, rho)
		}
	})
}

func TestLayerNorm(t *testing.T) {
	each(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(17, 18))
		for _, n := range []int{2, 5, 16, 37} {
			x, w, b, dy, y := random(rng, n), random(rng, n), random(rng, n), random(rng, n), make([]float32, n)
			for i := range x {
				x[i] += 3 * float32(i%2)
			}
			f := func() float64 {
				LayerNorm(y, x, w, b, 1e-5)
				return float64(Dot(y, dy))
			}
			mean, rstd := LayerNorm(y, x, w, b, 1e-5)
			var first, second float64
			for i := range x {
				z := float64((y[i] - b[i]) / w[i])
				first, second = first+z/float64(n), second+z*z/float64(n)
			}
			if math.Abs(first) > 1e-4 || math.Abs(second-1) > 1e-3 {
				t.Errorf("of %d: mean %g, mean square %g", n, first, second)
			}
			dx, dw, db := make([]float32, n), make([]float32, n), make([]float32, n)
			LayerNormGrad(dx, dw, db, dy, x, w, mean, rstd)
			checkSlopes(t, "LayerNorm, x", f, x, dx)
			checkSlopes(t, "LayerNorm, w", f, w, dw)
			checkSlopes(t, "LayerNorm, b", f, b, db)
			LayerNormGrad(dx, nil, nil, dy, x, w, mean, rstd)
		}
	})
}
