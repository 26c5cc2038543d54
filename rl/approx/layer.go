package approx

import "github.com/rotor-lm/rotor/kernel"

// layer is y = x·W + b, with x [rows, in] and y [rows, out].
//
// A product computes 32 columns at once, so that an end of few, such as the value
// of a state, is better computed a column at a time. t is scratch for a column.
type layer struct {
	w    kernel.Matrix // [in, out]
	b    []float32     // [out]
	from int           // where w begins in the network's weights
}

const few = 4 // columns that are computed one at a time

// column is column j of W, in t.
func (l layer) column(j int, t []float32) []float32 {
	t = t[:l.w.Rows]
	for i := range t {
		t[i] = l.w.Data[i*l.w.Stride+j]
	}
	return t
}

// forward computes y.
func (l layer) forward(y, x kernel.Matrix, t []float32) {
	if y.Cols <= few {
		for j, b := range l.b {
			w := l.column(j, t)
			for r := range x.Rows {
				y.Row(r)[j] = b + kernel.Dot(x.Row(r), w)
			}
		}
		return
	}
	for r := range y.Rows {
		copy(y.Row(r), l.b)
	}
	kernel.SerialMatMul(y, x, l.w, true)
}

// learn adds to grad, which holds dW and then db,
//
//	dW = xᵀ·dy     db = Σ_rows dy
func (l layer) learn(grad []float32, x, dy kernel.Matrix, t []float32) {
	size := len(l.w.Data)
	dw := kernel.Matrix{Data: grad[:size], Rows: l.w.Rows, Cols: l.w.Cols, Stride: l.w.Cols}
	if dy.Cols <= few {
		t = t[:dw.Rows]
		for j := range dy.Cols {
			clear(t)
			for r := range dy.Rows {
				kernel.Axpy(t, dy.Row(r)[j], x.Row(r))
			}
			for i, v := range t {
				dw.Row(i)[j] += v
			}
		}
	} else {
		kernel.SerialTMatMul(dw, x, dy, true)
	}
	for r := range dy.Rows {
		kernel.Add(grad[size:], grad[size:], dy.Row(r))
	}
}

// backward computes dx = dy·Wᵀ.
func (l layer) backward(dx, dy kernel.Matrix, t []float32) {
	switch {
	case dx.Cols <= few:
		for r := range dy.Rows {
			for i := range dx.Cols {
				dx.Row(r)[i] = kernel.Dot(dy.Row(r), l.w.Row(i))
			}
		}
	case dy.Cols <= few:
		for j := range dy.Cols {
			w := l.column(j, t)
			for r := range dy.Rows {
				if j == 0 {
					kernel.Scale(dx.Row(r), dy.Row(r)[j], w)
				} else {
					kernel.Axpy(dx.Row(r), dy.Row(r)[j], w)
				}
			}
		}
	default:
		kernel.SerialMatMulT(dx, dy, l.w, false)
	}
}
