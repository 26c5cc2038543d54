package op

import (
	"fmt"

	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/tensor"
)

// LowRank is one term that stands beside a projection:
//
//	s·B·A·x          A [r, in], B [out, r]
//
// for the rows that carry its adapter. Dropout, if any, falls on x.
type LowRank struct {
	A, B    *tensor.Tensor
	Scale   float32
	Adapter int32
	Dropout float32
	Stream  uint64 // of the random numbers of dropout
}

// Affine is all that one linear operation does.
type Affine struct {
	W     *tensor.Tensor // [out, in], or [in, out] where InOut; nil for the terms alone
	Bias  *tensor.Tensor // [out], or nil
	InOut bool           // as GPT-2's files have it
	Terms []LowRank
}

// Dims is the number of outputs and of inputs.
func (a *Affine) Dims() (out, in int) {
	switch {
	case a.W == nil:
		return a.Terms[0].B.Rows(), a.Terms[0].A.Cols()
	case a.InOut:
		return a.W.Cols(), a.W.Rows()
	}
	return a.W.Rows(), a.W.Cols()
}

// Linear multiplies rows by a matrix, with low-rank terms beside it.
//
//	y = x·Wᵀ + b + Σ s·(x·Aᵀ)·Bᵀ
//
// Its gradient, with e = s·dy·B, is
//
//	dx = dy·W + Σ e·A
//	dW = dyᵀ·x,  db = Σ_t dy_t,  dA = eᵀ·x,  dB = dyᵀ·s·(x·Aᵀ)
//
// A frozen W is packed once, in whatever type it is held, serves both
// directions from that one layout, and gets no gradient. x is read on the way
// back only where W or a term learns.
//
// Shapes: x [T, in] → y [T, out].
//
// Hu et al., LoRA, 2021. arXiv:2106.09685, eq. 3, for the terms.
func Linear(x *tensor.Tensor, places Places, a *Affine) *tensor.Tensor {
	t := x.Tape()
	out, in := a.Dims()
	if x.Cols() != in {
		panic(fmt.Sprintf("op: Linear: rows of width %d do not fit a projection of %d", x.Cols(), in))
	}
	n := tensor.Make[linear](t)
	n.x, n.a, n.places, n.y = x, a, places, t.New(x.Rows(), out)
	n.product()
	if a.Bias != nil {
		for i := range n.y.Rows() {
			kernel.Add(n.y.Row(i), n.y.Row(i), a.Bias.Data)
		}
	}
	n.inner = n.inner[:0]
	for i := range a.Terms {
		n.inner = append(n.inner, inner{})
		n.term(&a.Terms[i], &n.inner[i])
	}
	n.record(t)
	return n.y
}

type linear struct {
	x, y   *tensor.Tensor
	a      *Affine
	places Places
	inner  []inner
	inputs []*tensor.Tensor
}

// inner is what a term keeps for the way back.
type inner struct {
	x []float32 // [T, in] the input after dropout
	u []float32 // [T, r]  s·x·Aᵀ
}

func (n *linear) record(t *tensor.Tape) {
	n.inputs = append(n.inputs[:0], n.x, n.a.W, n.a.Bias)
	read := n.a.W != nil && n.a.W.Learns()
	for _, l := range n.a.Terms {
		n.inputs = append(n.inputs, l.A, l.B)
		read = read || l.A.Learns() && l.Dropout == 0
	}
	if read {
		t.Hold(n.x)
	}
	t.Record(n, n.y, n.inputs...)
}

func (n *linear) product() {
	x, y, w, t := n.x.Matrix(), n.y.Matrix(), n.a.W, n.x.Tape()
	switch {
	case w == nil:
		clear(y.Data)
	case !w.Learns() && t.Rounded && !t.Recording():
		w.Packed(n.a.InOut).MulRounded(y, x)
	case !w.Learns():
		w.Packed(n.a.InOut).Mul(y, x, false)
	case n.a.InOut:
		kernel.MatMul(y, x, w.Matrix(), false)
	default:
		kernel.MatMulT(y, x, w.Matrix(), false)
	}
}

func (n *linear) term(l *LowRank, in *inner) {
	t, rank := n.x.Tape(), l.A.Rows()
	in.x, in.u = n.x.Data, t.Floats(n.x.Rows()*rank)
	if l.Dropout > 0 && t.Recording() {
		in.x = t.Floats(n.x.Len())
		drop(in.x, n.x.Data, n.places, l.Dropout, l.Stream)
	}
	n.places.runs(n.x.Rows(), l.Adapter, func(lo, hi int) {
		x, u := rowsOf(in.x, n.x.Cols(), lo, hi), rowsOf(in.u, rank, lo, hi)
		kernel.MatMulT(u, x, l.A.Matrix(), false)
		kernel.Scale(u.Data, l.Scale, u.Data)
		kernel.MatMulT(rowsOf(n.y.Data, n.y.Cols(), lo, hi), u, l.B.Matrix(), true)
	})
}

func (n *linear) Backward() {
	dy, w := n.y.GradMatrix(), n.a.W
	if n.x.NeedsGrad() && w != nil {
		dx, add := n.x.GradTarget()
		switch {
		case !w.Learns():
			w.Packed(n.a.InOut).MulT(dx, dy, add)
		case n.a.InOut:
			kernel.MatMulT(dx, dy, w.Matrix(), add)
		default:
			kernel.MatMul(dx, dy, w.Matrix(), add)
		}
	}
	if w != nil && w.Learns() {
		dw, add := w.GradTarget()
		if n.a.InOut {
			kernel.TMatMul(dw, n.x.Matrix(), dy, add)
		} else {
			kernel.TMatMul(dw, dy, n.x.Matrix(), add)
		}
	}
	if g := n.a.Bias.WantGrad(); g != nil {
		for i := range n.y.Rows() {
			kernel.Add(g, g, n.y.GradRow(i))
		}
	}
	for i := range n.a.Terms {
		n.termBackward(&n.a.Terms[i], n.inner[i])
	}
}

func (n *linear) termBackward(l *LowRank, in inner) {
	t, rank, width := n.x.Tape(), l.A.Rows(), n.x.Cols()
	e := t.Floats(n.x.Rows() * rank) // [T, r]
	dropped := l.Dropout > 0 && t.Recording()
	dx := n.x.WantGrad()
	if dropped && dx != nil {
		dx = t.Floats(n.x.Len())
		clear(dx)
	}
	n.places.runs(n.x.Rows(), l.Adapter, func(lo, hi int) {
		dy, du := rowsOf(n.y.Grad, n.y.Cols(), lo, hi), rowsOf(e, rank, lo, hi)
		if l.B.NeedsGrad() {
			db, add := l.B.GradTarget()
			kernel.TMatMul(db, dy, rowsOf(in.u, rank, lo, hi), add)
		}
		kernel.MatMul(du, dy, l.B.Matrix(), false)
		kernel.Scale(du.Data, l.Scale, du.Data)
		if l.A.NeedsGrad() {
			da, add := l.A.GradTarget()
			kernel.TMatMul(da, du, rowsOf(in.x, width, lo, hi), add)
		}
		if dx != nil {
			kernel.MatMul(rowsOf(dx, width, lo, hi), du, l.A.Matrix(), true)
		}
	})
	if dropped && dx != nil {
		addDropped(n.x.Grad, dx, n.places, l.Dropout, l.Stream)
		t.Free(dx)
	}
	t.Free(e)
}

func rowsOf(data []float32, cols, lo, hi int) kernel.Matrix {
	return kernel.Matrix{Data: data[lo*cols : hi*cols], Rows: hi - lo, Cols: cols, Stride: cols}
}
