package kernel

import (
	"math"
	"testing"
)

// Functions of one number are as good as float32 allows, from one end of their range to the other.
func TestAccuracy(t *testing.T) {
	phi := func(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }
	sigma := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	inner := func(x float64) float64 { return math.Sqrt(2/math.Pi) * (x + 0.044715*x*x*x) }
	grad := func(f func(dx, dy, x []float32)) func(dst, x []float32) {
		return func(dst, x []float32) {
			clear(dst)
			one := make([]float32, len(x))
			for i := range one {
				one[i] = 1
			}
			f(dst, one, x)
		}
	}
	cases := []struct {
		name      string
		f         func(dst, x []float32)
		want      func(x float64) float64
		from, to  float64
		rel, abs  float64
		low, high float64 // values at −∞ and +∞
	}{
		{"Exp", Exp, math.Exp, -104, 89, 3e-7, 1.5e-45, 0, math.Inf(1)},
		{"Tanh", Tanh, math.Tanh, -10, 10, 4e-7, 0, -1, 1},
		{"SiLU", SiLU, func(x float64) float64 { return x * sigma(x) }, -86, 86, 6e-7, 0, math.NaN(), math.Inf(1)},
		{"SiLUGrad", grad(SiLUGrad), func(x float64) float64 { return sigma(x) * (1 + x*(1-sigma(x))) }, -30, 30, 1e-6, 2e-6, math.NaN(), math.NaN()},
		{"GELU", GELU, func(x float64) float64 { return x * phi(x) }, -8, 8, 1e-5, 0, math.NaN(), math.Inf(1)},
		{"GELUGrad", grad(GELUGrad), func(x float64) float64 { return phi(x) + x*math.Exp(-x*x/2)/math.Sqrt(2*math.Pi) }, -8, 8, 1e-6, 2e-7, math.NaN(), math.NaN()},
		{"GELUTanh", GELUTanh, func(x float64) float64 { return x * sigma(2*inner(x)) }, -5, 8, 3e-6, 0, math.NaN(), math.Inf(1)},
		{"GELUTanhGrad", grad(GELUTanhGrad), func(x float64) float64 {
			s := sigma(2 * inner(x))
			return s + x*s*sigma(-2*inner(x))*2*math.Sqrt(2/math.Pi)*(1+3*0.044715*x*x)
		}, -8, 8, 1e-6, 4e-7, math.NaN(), math.NaN()},
	}
	each(t, func(t *testing.T) {
		const n = 20000
		x, y := make([]float32, n), make([]float32, n)
		for _, c := range cases {
			for i := range x {
				x[i] = float32(c.from + (c.to-c.from)*float64(i)/(n-1))
			}
			c.f(y, x)
			for i := range x {
				want := c.want(float64(x[i]))
				if math.Abs(want) > math.MaxFloat32 {
					want = math.Inf(int(want))
				}
				if d := math.Abs(float64(y[i]) - want); !(float64(y[i]) == want || d <= c.rel*math.Abs(want)+c.abs) {
					t.Errorf("%s(%g) = %g, want %g", c.name, x[i], y[i], want)
					break
				}
			}
			ends := []float32{float32(math.Inf(-1)), float32(math.Inf(1)), float32(math.NaN())}
			c.f(y[:3], ends)
			for i, want := range []float64{c.low, c.high, math.NaN()} {
				if got := float64(y[i]); got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
					t.Errorf("%s(%g) = %g, want %g", c.name, ends[i], got, want)
				}
			}
		}
	})
}
