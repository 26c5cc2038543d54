package kernel

// MatMul computes C = A·B, or adds it to C. Shapes: a [M, K], b [K, N], c [M, N]. c may not overlap a or b.
func MatMul(c, a, b Matrix, add bool) {
	fits("MatMul", c, a, b, a.Rows, b.Cols, a.Cols, b.Rows)
	Parallel(c.Rows, func(i int) { matmulRow(c, a, b, i, add) })
}

// SerialMatMul is MatMul on the calling goroutine alone, for use inside a parallel region.
func SerialMatMul(c, a, b Matrix, add bool) {
	fits("SerialMatMul", c, a, b, a.Rows, b.Cols, a.Cols, b.Rows)
	for i := range c.Rows {
		matmulRow(c, a, b, i, add)
	}
}

func matmulRow(c, a, b Matrix, i int, add bool) {
	y := c.Row(i)
	if !add {
		clear(y)
	}
	for k, x := range a.Row(i) {
		Axpy(y, x, b.Row(k))
	}
}

// MatMulT computes C = A·Bᵀ, or adds it to C. Shapes: a [M, K], b [N, K], c [M, N].
func MatMulT(c, a, b Matrix, add bool) {
	fits("MatMulT", c, a, b, a.Rows, b.Rows, a.Cols, b.Cols)
	Parallel(c.Rows, func(i int) { matmulTRow(c, a, b, i, add) })
}

// SerialMatMulT is MatMulT on the calling goroutine alone, for use inside a parallel region.
func SerialMatMulT(c, a, b Matrix, add bool) {
	fits("SerialMatMulT", c, a, b, a.Rows, b.Rows, a.Cols, b.Cols)
	for i := range c.Rows {
		matmulTRow(c, a, b, i, add)
	}
}

func matmulTRow(c, a, b Matrix, i int, add bool) {
	y, x := c.Row(i), a.Row(i)
	for j := range y {
		s := Dot(x, b.Row(j))
		if add {
			s += y[j]
		}
		y[j] = s
	}
}

// TMatMul computes C = Aᵀ·B, or adds it to C. Shapes: a [K, M], b [K, N], c [M, N]. With a = dy and b = x it is the
// gradient of a weight.
func TMatMul(c, a, b Matrix, add bool) {
	fits("TMatMul", c, a, b, a.Cols, b.Cols, a.Rows, b.Rows)
	Parallel(c.Rows, func(i int) { tmatmulRow(c, a, b, i, add) })
}

// SerialTMatMul is TMatMul on the calling goroutine alone, for use inside a parallel region.
func SerialTMatMul(c, a, b Matrix, add bool) {
	fits("SerialTMatMul", c, a, b, a.Cols, b.Cols, a.Rows, b.Rows)
	for i := range c.Rows {
		tmatmulRow(c, a, b, i, add)
	}
}

func tmatmulRow(c, a, b Matrix, i int, add bool) {
	y := c.Row(i)
	if !add {
		clear(y)
	}
	for k := range a.Rows {
		Axpy(y, a.Data[k*a.Stride+i], b.Row(k))
	}
}
