package kernel

// MatMul computes C = A·B, or adds it to C. Shapes: a [M, K], b [K, N], c [M, N]. c may not overlap a or b.
func MatMul(c, a, b Matrix, add bool) {
	fits("MatMul", c, a, b, a.Rows, b.Cols, a.Cols, b.Rows)
	multiply(c, a, panels{kind: rowMajor, m: b, rows: c.Rows}, false, add, false)
}

// SerialMatMul is MatMul on the calling goroutine alone, for use inside a parallel region.
func SerialMatMul(c, a, b Matrix, add bool) {
	fits("SerialMatMul", c, a, b, a.Rows, b.Cols, a.Cols, b.Rows)
	multiply(c, a, panels{kind: rowMajor, m: b, rows: c.Rows}, false, add, true)
}

// MatMulT computes C = A·Bᵀ, or adds it to C. Shapes: a [M, K], b [N, K], c [M, N].
func MatMulT(c, a, b Matrix, add bool) {
	fits("MatMulT", c, a, b, a.Rows, b.Rows, a.Cols, b.Cols)
	multiply(c, a, panels{kind: columnMajor, m: b}, false, add, false)
}

// SerialMatMulT is MatMulT on the calling goroutine alone, for use inside a parallel region.
func SerialMatMulT(c, a, b Matrix, add bool) {
	fits("SerialMatMulT", c, a, b, a.Rows, b.Rows, a.Cols, b.Cols)
	multiply(c, a, panels{kind: columnMajor, m: b}, false, add, true)
}

// TMatMul computes C = Aᵀ·B, or adds it to C. Shapes: a [K, M], b [K, N], c [M, N]. With a = dy and b = x it is the
// gradient of a weight.
func TMatMul(c, a, b Matrix, add bool) {
	fits("TMatMul", c, a, b, a.Cols, b.Cols, a.Rows, b.Rows)
	multiply(c, a, panels{kind: rowMajor, m: b, rows: c.Rows}, true, add, false)
}

// SerialTMatMul is TMatMul on the calling goroutine alone, for use inside a parallel region.
func SerialTMatMul(c, a, b Matrix, add bool) {
	fits("SerialTMatMul", c, a, b, a.Cols, b.Cols, a.Rows, b.Rows)
	multiply(c, a, panels{kind: rowMajor, m: b, rows: c.Rows}, true, add, true)
}
