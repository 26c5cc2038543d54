package kernel

// Dot returns Σ x_i·y_i.
func Dot(x, y []float32) (s float32) {
	stretches(len(x), func(i, j int) { s += active.dot(x[i:j], y[i:j]) })
	return s
}

func dot(x, y []float32) float32 {
	var s0, s1, s2, s3 float32
	n := len(x) &^ 3
	for i := 0; i < n; i += 4 {
		s0 += x[i] * y[i]
		s1 += x[i+1] * y[i+1]
		s2 += x[i+2] * y[i+2]
		s3 += x[i+3] * y[i+3]
	}
	for i := n; i < len(x); i++ {
		s0 += x[i] * y[i]
	}
	return (s0 + s1) + (s2 + s3)
}

// Axpy computes y += a·x.
func Axpy(y []float32, a float32, x []float32) {
	stretches(len(y), func(i, j int) { active.axpy(y[i:j], x[i:j], a) })
}

func axpy(y, x []float32, a float32) {
	for i := range y {
		y[i] += a * x[i]
	}
}
