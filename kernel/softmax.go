package kernel

import "math"

func exp32(x float32) float32 { return float32(math.Exp(float64(x))) }

// Exp computes dst = e^x.
func Exp(dst, x []float32) { active.exp(dst, x[:len(dst)]) }

func exp(dst, x []float32) {
	for i := range dst {
		dst[i] = exp32(x[i])
	}
}

// Softmax computes dst_i = e^(x_i−m) / Σ_j e^(x_j−m) with m = max x.
func Softmax(dst, x []float32) {
	if len(dst) == 0 {
		return
	}
	x = x[:len(dst)]
	Scale(dst, 1/active.expSum(dst, x, Max(x)), dst)
}

// ExpSum computes dst = e^(x−a) and returns the sum: a softmax whose division comes later.
func ExpSum(dst, x []float32, a float32) float32 { return active.expSum(dst, x[:len(dst)], a) }

func expSum(dst, x []float32, a float32) float32 {
	var s float32
	for i := range dst {
		dst[i] = exp32(x[i] - a)
		s += dst[i]
	}
	return s
}

// LogSumExp returns log Σ e^x_i, −∞ for none.
func LogSumExp(x []float32) float32 {
	m := Max(x)
	if math.IsInf(float64(m), 0) {
		return m
	}
	return m + float32(math.Log(float64(active.sumExp(x, m))))
}

func sumExp(x []float32, a float32) float32 {
	var s float32
	for _, v := range x {
		s += exp32(v - a)
	}
	return s
}
