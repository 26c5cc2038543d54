package op

import (
	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/tensor"
)

// Activation is a function of one number, applied to every element.
type Activation int

const (
	SiLUFunc     Activation = iota // x·σ(x)
	GELUFunc                       // x·Φ(x), with the error function
	GELUTanhFunc                   // its approximation by tanh, which GPT-2 uses
)

// Activate applies f to every element.
//
//	y = f(x)         dx = f′(x)·dy
//
// Hendrycks and Gimpel, Gaussian Error Linear Units, 2016. arXiv:1606.08415.
func Activate(x *tensor.Tensor, f Activation) *tensor.Tensor {
	t := x.Tape()
	n := tensor.Make[activate](t)
	n.x, n.y, n.f = x, t.New(x.Shape...), f
	if n.forward == nil {
		n.forward, n.backward = n.forwardBlock, n.backwardBlock
	}
	eachBlock(x.Rows(), n.forward)
	t.Hold(x)
	t.Record(n, n.y, x)
	return n.y
}

// SiLU is x·σ(x).
func SiLU(x *tensor.Tensor) *tensor.Tensor { return Activate(x, SiLUFunc) }

// GELU is x·Φ(x).
func GELU(x *tensor.Tensor) *tensor.Tensor { return Activate(x, GELUFunc) }

// GELUTanh is ½x·(1 + tanh(√(2/π)·(x + 0.044715·x³))).
func GELUTanh(x *tensor.Tensor) *tensor.Tensor { return Activate(x, GELUTanhFunc) }

type activate struct {
	x, y              *tensor.Tensor
	f                 Activation
	forward, backward func(int)
}

var (
	value = [...]func(dst, x []float32){kernel.SiLU, kernel.GELU, kernel.GELUTanh}
	slope = [...]func(dx, dy, x []float32){kernel.SiLUGrad, kernel.GELUGrad, kernel.GELUTanhGrad}
)

func (n *activate) forwardBlock(i int) {
	lo, hi := n.elements(i)
	value[n.f](n.y.Data[lo:hi], n.x.Data[lo:hi])
}

func (n *activate) Backward() {
	n.x.WantGrad()
	eachBlock(n.x.Rows(), n.backward)
}

func (n *activate) backwardBlock(i int) {
	lo, hi := n.elements(i)
	slope[n.f](n.x.Grad[lo:hi], n.y.Grad[lo:hi], n.x.Data[lo:hi])
}

func (n *activate) elements(i int) (lo, hi int) {
	lo, hi = block(i, n.x.Rows())
	return lo * n.x.Cols(), hi * n.x.Cols()
}

// SwiGLU gates one projection by another.
//
//	y = SiLU(g) ⊙ u
//
// The gradient needs only g and u, which are there anyway: SiLU(g) is computed
// again instead of kept.
//
//	dg = dy ⊙ u ⊙ SiLU′(g),  du = dy ⊙ SiLU(g)
//
// Shapes: g, u [T, F] → y [T, F].
//
// Shazeer, GLU Variants Improve Transformer, 2020. arXiv:2002.05202, eq. 5.
func SwiGLU(g, u *tensor.Tensor) *tensor.Tensor {
	same("SwiGLU", g, u)
	t := g.Tape()
	n := tensor.Make[swiGLU](t)
	n.g, n.u, n.y = g, u, t.New(g.Shape...)
	if n.forward == nil {
		n.forward, n.backward = n.forwardBlock, n.backwardBlock
	}
	eachBlock(g.Rows(), n.forward)
	t.Hold(g, u)
	t.Record(n, n.y, g, u)
	return n.y
}

type swiGLU struct {
	g, u, y           *tensor.Tensor
	dg, du            []float32
	forward, backward func(int)
}

func (n *swiGLU) forwardBlock(i int) {
	lo, hi := block(i, n.g.Rows())
	lo, hi = lo*n.g.Cols(), hi*n.g.Cols()
	kernel.SwiGLU(n.y.Data[lo:hi], n.g.Data[lo:hi], n.u.Data[lo:hi])
}

// Both inputs usually want a gradient; where one does not, its share goes to scratch.
func (n *swiGLU) Backward() {
	t := n.y.Tape()
	n.dg, n.du = n.g.WantGrad(), n.u.WantGrad()
	var spare []float32
	if n.dg == nil || n.du == nil {
		spare = t.Floats(n.y.Len())
		clear(spare)
	}
	if n.dg == nil {
		n.dg = spare
	} else if n.du == nil {
		n.du = spare
	}
	eachBlock(n.g.Rows(), n.backward)
	t.Free(spare)
}

func (n *swiGLU) backwardBlock(i int) {
	lo, hi := block(i, n.g.Rows())
	lo, hi = lo*n.g.Cols(), hi*n.g.Cols()
	kernel.SwiGLUGrad(n.dg[lo:hi], n.du[lo:hi], n.y.Grad[lo:hi], n.g.Data[lo:hi], n.u.Data[lo:hi])
}
