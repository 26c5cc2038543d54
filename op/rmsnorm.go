package op

import (
	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/tensor"
)

// RMSNorm scales every row of x to unit root mean square, then by w.
//
//	ρ = 1/√(mean(x²) + ε)
//	y = ρ·x·w
//
// Its gradient, with g = w·dy, is
//
//	dx = ρ·(g − x·ρ²·mean(g·x))
//	dw = Σ_t ρ·x·dy
//
// Shapes: x [T, C], w [C] → y [T, C].
//
// Zhang and Sennrich, Root Mean Square Layer Normalization, 2019.
// arXiv:1910.07467, eq. 4.
func RMSNorm(x, w *tensor.Tensor, eps float32) *tensor.Tensor {
	return scaledRMSNorm(x, w, w.Data, eps)
}

// CentredRMSNorm is RMSNorm with a weight that is centred at zero, so that decay
// draws the scale toward one.
//
//	y = ρ·x·(1 + w)       and so in its gradient, g = (1 + w)·dy
//
// Shapes: x [T, C], w [C] → y [T, C].
//
// Gemma Team, Gemma, 2024. arXiv:2403.08295; the 1 + w is that of its released code.
func CentredRMSNorm(x, w *tensor.Tensor, eps float32) *tensor.Tensor {
	scale := x.Tape().Floats(w.Len())
	for i, v := range w.Data {
		scale[i] = 1 + v
	}
	return scaledRMSNorm(x, w, scale, eps)
}

// scaledRMSNorm scales by what w comes to.
func scaledRMSNorm(x, w *tensor.Tensor, scale []float32, eps float32) *tensor.Tensor {
	if w.Len() != x.Cols() {
		mismatch("RMSNorm", x, w)
	}
	t := x.Tape()
	n := tensor.Make[rmsNorm](t)
	n.x, n.w, n.y, n.scale, n.eps, n.rho = x, w, t.New(x.Shape...), scale, eps, t.Floats(x.Rows())
	if n.forward == nil {
		n.forward, n.backward = n.forwardBlock, n.backwardBlock
	}
	eachBlock(x.Rows(), n.forward)
	t.Hold(x)
	t.Record(n, n.y, x, w)
	return n.y
}

type rmsNorm struct {
	x, w, y           *tensor.Tensor
	scale             []float32 // [C] w, or 1 + w
	eps               float32
	rho               []float32
	partial           []float32 // [blocks, C] the part of dw from each block of rows
	forward, backward func(int)
}

func (n *rmsNorm) forwardBlock(i int) {
	lo, hi := block(i, n.x.Rows())
	for t := lo; t < hi; t++ {
		n.rho[t] = kernel.RMSNorm(n.y.Row(t), n.x.Row(t), n.scale, n.eps)
	}
}

func (n *rmsNorm) Backward() {
	n.x.WantGrad()
	n.partial = partials(n.w, n.x)
	eachBlock(n.x.Rows(), n.backward)
	reduce(n.w, n.partial, n.x)
}

func (n *rmsNorm) backwardBlock(i int) {
	lo, hi := block(i, n.x.Rows())
	dw := part(n.partial, i, n.w.Len())
	for t := lo; t < hi; t++ {
		kernel.RMSNormGrad(n.x.GradRow(t), dw, n.y.GradRow(t), n.x.Row(t), n.scale, n.rho[t])
	}
}

// partials returns room for a weight's gradient from each block of rows, so
// that blocks can run at once and still be summed in order; nil for a frozen one.
func partials(w, x *tensor.Tensor) []float32 {
	if w == nil || !w.NeedsGrad() {
		return nil
	}
	p := x.Tape().Floats(blocks(x.Rows()) * w.Len())
	clear(p)
	return p
}

func part(p []float32, i, width int) []float32 {
	if p == nil {
		return nil
	}
	return p[i*width : (i+1)*width]
}

func reduce(w *tensor.Tensor, p []float32, x *tensor.Tensor) {
	if p == nil {
		return
	}
	g := w.WantGrad()
	for i := range blocks(x.Rows()) {
		kernel.Add(g, g, part(p, i, w.Len()))
	}
	x.Tape().Free(p)
}
