package kernel

import "math"

func exp32(x float32) float32   { return float32(math.Exp(float64(x))) }
func sigmoid(x float32) float32 { return float32(1 / (1 + math.Exp(-float64(x)))) }

// Exp computes dst = e^x.
func Exp(dst, x []float32) { exp(dst, x[:len(dst)]) }

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
	m := Max(x[:len(dst)])
	Scale(dst, 1/expSum(dst, x, m), dst)
}

// expSum computes dst_i = e^(x_i−m) and returns their sum.
func expSum(dst, x []float32, m float32) float32 {
	var s float32
	for i := range dst {
		dst[i] = exp32(x[i] - m)
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
	var s float32
	for _, v := range x {
		s += exp32(v - m)
	}
	return m + float32(math.Log(float64(s)))
}
