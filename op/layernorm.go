package op

import (
	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/tensor"
)

// LayerNorm gives every row of x zero mean and unit variance, then scales and
// shifts it.
//
//	y = (x − μ)/√(σ² + ε)·w + b
//
// Its gradient, with x̂ the normalised row, ρ = 1/√(σ² + ε) and g = w·dy, is
//
//	dx = ρ·(g − mean(g) − x̂·mean(g·x̂))
//	dw = Σ_t x̂·dy,  db = Σ_t dy
//
// Shapes: x [T, C], w [C], b [C] → y [T, C].
//
// Ba, Kiros and Hinton, Layer Normalization, 2016. arXiv:1607.06450, eq. 4.
func LayerNorm(x, w, b *tensor.Tensor, eps float32) *tensor.Tensor {
	if w.Len() != x.Cols() {
		mismatch("LayerNorm", x, w)
	}
	t := x.Tape()
	n := tensor.Make[layerNorm](t)
	n.x, n.w, n.b, n.y, n.eps = x, w, b, t.New(x.Shape...), eps
	n.mean, n.rstd = t.Floats(x.Rows()), t.Floats(x.Rows())
	if n.forward == nil {
		n.forward, n.backward = n.forwardBlock, n.backwardBlock
	}
	eachBlock(x.Rows(), n.forward)
	t.Hold(x)
	t.Record(n, n.y, x, w, b)
	return n.y
}

type layerNorm struct {
	x, w, b, y        *tensor.Tensor
	eps               float32
	mean, rstd        []float32
	dw, db            []float32 // [blocks, C]
	forward, backward func(int)
}

func (n *layerNorm) forwardBlock(i int) {
	lo, hi := block(i, n.x.Rows())
	for t := lo; t < hi; t++ {
		n.mean[t], n.rstd[t] = kernel.LayerNorm(n.y.Row(t), n.x.Row(t), n.w.Data, n.b.Data, n.eps)
	}
}

func (n *layerNorm) Backward() {
	n.x.WantGrad()
	n.dw, n.db = partials(n.w, n.x), partials(n.b, n.x)
	eachBlock(n.x.Rows(), n.backward)
	reduce(n.w, n.dw, n.x)
	reduce(n.b, n.db, n.x)
}

func (n *layerNorm) backwardBlock(i int) {
	lo, hi := block(i, n.x.Rows())
	dw, db := part(n.dw, i, n.w.Len()), part(n.db, i, n.b.Len())
	for t := lo; t < hi; t++ {
		kernel.LayerNormGrad(n.x.GradRow(t), dw, db, n.y.GradRow(t), n.x.Row(t), n.w.Data, n.mean[t], n.rstd[t])
	}
}
