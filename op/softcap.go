package op

import (
	"math"

	"github.com/rotor-lm/rotor/tensor"
)

// SoftCap bends every element toward ±c, which none reaches.
//
//	y = c·tanh(x/c)       dx = dy·(1 − tanh²(x/c))
//
// On the way back the tanh is computed again from x: whoever reads y may use its
// memory for the gradient, as the loss does with logits.
//
// Shapes: x [T, V] → y [T, V].
//
// Gemma Team, Gemma 2, 2024. arXiv:2408.00118, §2, logit soft-capping.
func SoftCap(x *tensor.Tensor, c float32) *tensor.Tensor {
	t := x.Tape()
	n := tensor.Make[softCap](t)
	n.x, n.y, n.c = x, t.New(x.Shape...), c
	if n.forward == nil {
		n.forward, n.backward = n.forwardBlock, n.backwardBlock
	}
	eachBlock(x.Rows(), n.forward)
	t.Hold(x)
	t.Record(n, n.y, x)
	return n.y
}

type softCap struct {
	x, y              *tensor.Tensor
	c                 float32
	forward, backward func(int)
}

func (n *softCap) elements(i int) (lo, hi int) {
	lo, hi = block(i, n.x.Rows())
	return lo * n.x.Cols(), hi * n.x.Cols()
}

func (n *softCap) forwardBlock(i int) {
	lo, hi := n.elements(i)
	for i, v := range n.x.Data[lo:hi] {
		n.y.Data[lo+i] = n.c * float32(math.Tanh(float64(v/n.c)))
	}
}

func (n *softCap) Backward() {
	n.x.WantGrad()
	eachBlock(n.x.Rows(), n.backward)
}

func (n *softCap) backwardBlock(i int) {
	lo, hi := n.elements(i)
	dx, dy := n.x.Grad[lo:hi], n.y.Grad[lo:hi]
	for i, v := range n.x.Data[lo:hi] {
		t := float32(math.Tanh(float64(v / n.c)))
		dx[i] += dy[i] * (1 - t*t)
	}
}
