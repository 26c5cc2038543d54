package kernel

import "math"

// Add computes dst = x + y.
func Add(dst, x, y []float32) {
	stretches(len(dst), func(i, j int) { active.add(dst[i:j], x[i:j], y[i:j]) })
}

func add(dst, x, y []float32) {
	for i := range dst {
		dst[i] = x[i] + y[i]
	}
}

// Mul computes dst = x ⊙ y.
func Mul(dst, x, y []float32) {
	stretches(len(dst), func(i, j int) { active.mul(dst[i:j], x[i:j], y[i:j]) })
}

func mul(dst, x, y []float32) {
	for i := range dst {
		dst[i] = x[i] * y[i]
	}
}

// Scale computes dst = a·x.
func Scale(dst []float32, a float32, x []float32) {
	stretches(len(dst), func(i, j int) { active.scale(dst[i:j], x[i:j], a) })
}

func scale(dst, x []float32, a float32) {
	for i := range dst {
		dst[i] = a * x[i]
	}
}

// Sum returns Σ x_i.
func Sum(x []float32) (s float32) {
	stretches(len(x), func(i, j int) { s += active.sum(x[i:j]) })
	return s
}

func sum(x []float32) float32 {
	var s float32
	for _, v := range x {
		s += v
	}
	return s
}

// Max returns the largest element, −∞ for none. A NaN among them is passed over.
func Max(x []float32) float32 { return active.maximum(x) }

func maximum(x []float32) float32 {
	m := float32(math.Inf(-1))
	for _, v := range x {
		if v > m {
			m = v
		}
	}
	return m
}
