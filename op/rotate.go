package op

import (
	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/tensor"
)

// Turn says how Rotate turns the heads of a row.
type Turn struct {
	Cos, Sin []float32 // [positions, n] cosines and sines of the angles of each position, times any scale
	N        int       // angles a position
	Pairs    bool      // coordinates (2i, 2i+1) turn together, and not (i, i+n)
}

// Rotate turns pairs of the coordinates of every head by the angles of the
// row's position. Rows before time zero are left alone.
//
//	(y_a, y_b) = (x_a·cos − x_b·sin, x_b·cos + x_a·sin)
//
// The gradient is the rotation back. Which coordinates pair up, for a head of
// eight (c: first of a pair, s: second, 0: left alone):
//
//	halves       n = 4  [c c c c s s s s]     Llama
//	pairs        n = 4  [c s c s c s c s]     GPT-J, RoFormer
//	halves       n = 2  [c c s s 0 0 0 0]     partial
//
// Shapes: x [T, H, D], pos [T] → y [T, H, D].
//
// Su et al., RoFormer, 2021. arXiv:2104.09864, eq. 34.
func Rotate(x *tensor.Tensor, turn Turn, pos []int32) *tensor.Tensor {
	t := x.Tape()
	n := tensor.Make[rotate](t)
	n.x, n.y, n.turn, n.pos = x, t.New(x.Shape...), turn, pos
	if n.forward == nil {
		n.forward, n.backward = n.forwardBlock, n.backwardBlock
	}
	eachBlock(len(pos), n.forward)
	t.Record(n, n.y, x)
	return n.y
}

type rotate struct {
	x, y              *tensor.Tensor
	turn              Turn
	pos               []int32
	dx                []float32
	add               bool
	forward, backward func(int)
}

func (n *rotate) forwardBlock(i int) {
	lo, hi := block(i, len(n.pos))
	w := n.x.Len() / len(n.pos)
	copy(n.y.Data[lo*w:hi*w], n.x.Data[lo*w:hi*w])
	n.rows(n.y.Data, lo, hi, kernel.Rotate, kernel.RotatePairs)
}

func (n *rotate) Backward() {
	n.dx, n.add = n.y.Grad, n.x.Grad != nil
	eachBlock(len(n.pos), n.backward) // turns the gradient of y in place
	if !n.add {
		n.x.Grad, n.y.Grad = n.y.Grad, nil // and hands it on
		return
	}
	kernel.Add(n.x.Grad, n.x.Grad, n.y.Grad)
}

func (n *rotate) backwardBlock(i int) {
	lo, hi := block(i, len(n.pos))
	n.rows(n.dx, lo, hi, kernel.RotateBack, kernel.RotatePairsBack)
}

func (n *rotate) rows(data []float32, lo, hi int, halves, pairs func(x, cos, sin []float32)) {
	heads, d := n.x.Shape[1], n.x.Shape[2]
	turn := halves
	if n.turn.Pairs {
		turn = pairs
	}
	for t := lo; t < hi; t++ {
		p := int(n.pos[t])
		if p < 0 {
			continue
		}
		cos, sin := n.turn.Cos[p*n.turn.N:(p+1)*n.turn.N], n.turn.Sin[p*n.turn.N:(p+1)*n.turn.N]
		for h := range heads {
			at := (t*heads + h) * d
			turn(data[at:at+d], cos, sin)
		}
	}
}
