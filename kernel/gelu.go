package kernel

import "math"

// GELU computes dst = x·Φ(x) with Φ(x) = (1 + erf(x/√2))/2 = erfc(−x/√2)/2.
//
// Hendrycks and Gimpel, Gaussian Error Linear Units, 2016. arXiv:1606.08415.
func GELU(dst, x []float32) { active.gelu(dst, x[:len(dst)]) }

func gelu(dst, x []float32) {
	for i := range dst {
		dst[i] = x[i] * float32(phi(float64(x[i])))
	}
}

// GELUGrad computes dx += dy·(Φ(x) + x·φ(x)) with φ(x) = e^(−x²/2)/√2π.
func GELUGrad(dx, dy, x []float32) { active.geluGrad(dx, dy[:len(dx)], x[:len(dx)]) }

func geluGrad(dx, dy, x []float32) {
	for i := range dx {
		v := float64(x[i])
		dx[i] += dy[i] * float32(phi(v)+v*math.Exp(-v*v/2)/math.Sqrt(2*math.Pi))
	}
}

func phi(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }

// GELUTanh computes the form of GELU that GPT-2 uses:
//
//	u   = √(2/π)·(x + 0.044715·x³)
//	dst = x·(1 + tanh u)/2
func GELUTanh(dst, x []float32) { active.geluTanh(dst, x[:len(dst)]) }

func geluTanh(dst, x []float32) {
	for i := range dst {
		v := float64(x[i])
		dst[i] = float32(v * (1 + math.Tanh(geluInner(v))) / 2)
	}
}

// GELUTanhGrad computes dx += dy·[(1 + tanh u)/2 + x·(1 − tanh² u)·u′/2] with u′ = √(2/π)·(1 + 0.134145·x²).
func GELUTanhGrad(dx, dy, x []float32) { active.geluTanhGrad(dx, dy[:len(dx)], x[:len(dx)]) }

func geluTanhGrad(dx, dy, x []float32) {
	for i := range dx {
		v := float64(x[i])
		t := math.Tanh(geluInner(v))
		dx[i] += dy[i] * float32((1+t)/2+v*(1-t*t)*math.Sqrt(2/math.Pi)*(1+3*0.044715*v*v)/2)
	}
}

func geluInner(x float64) float64 { return math.Sqrt(2/math.Pi) * (x + 0.044715*x*x*x) }

// Tanh computes dst = tanh x.
func Tanh(dst, x []float32) { active.tanh(dst, x[:len(dst)]) }

func tanh(dst, x []float32) {
	for i := range dst {
		dst[i] = float32(math.Tanh(float64(x[i])))
	}
}
