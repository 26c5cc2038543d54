package op

import (
	"fmt"
	"slices"

	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/tensor"
)

// mismatch panics: a shape that does not fit is a bug in the caller.
func mismatch(op string, a, b *tensor.Tensor) {
	panic(fmt.Sprintf("op: %s: shapes %v and %v do not fit", op, a.Shape, b.Shape))
}

func same(op string, a, b *tensor.Tensor) {
	if !slices.Equal(a.Shape, b.Shape) {
		mismatch(op, a, b)
	}
}

// Reshape sees the same elements under another shape. No number moves, in
// either direction.
func Reshape(x *tensor.Tensor, shape ...int) *tensor.Tensor {
	t := x.Tape()
	n := tensor.Make[reshape](t)
	n.x, n.y = x, t.Wrap(x.Data, shape...)
	if n.y.Len() != x.Len() {
		mismatch("Reshape", x, n.y)
	}
	t.Record(n, n.y, x)
	return n.y
}

type reshape struct{ x, y *tensor.Tensor }

func (n *reshape) Backward() {
	if n.x.Grad == nil {
		n.x.Grad, n.y.Grad = n.y.Grad, nil // the buffer changes hands
		return
	}
	pass(n.x, n.y.Grad)
}

// Columns is the range [from, to) of the columns of x.
//
//	y_t = x_t[from:to]    dx_t[from:to] += dy_t
//
// Shapes: x [T, C] → y [T, to−from].
func Columns(x *tensor.Tensor, from, to int) *tensor.Tensor {
	t := x.Tape()
	n := tensor.Make[columns](t)
	n.x, n.from, n.y = x, from, t.New(x.Rows(), to-from)
	for i := range x.Rows() {
		copy(n.y.Row(i), x.Row(i)[from:to])
	}
	t.Record(n, n.y, x)
	return n.y
}

type columns struct {
	x, y *tensor.Tensor
	from int
}

func (n *columns) Backward() {
	n.x.WantGrad()
	for i := range n.y.Rows() {
		g := n.x.GradRow(i)[n.from : n.from+n.y.Cols()]
		kernel.Add(g, g, n.y.GradRow(i))
	}
}

// Rows gathers rows of x, in the order of index, each as often as it is named.
//
//	y_i = x_{index(i)}    dx_{index(i)} += dy_i
//
// Shapes: x [T, C], index [N] → y [N, C].
func Rows(x *tensor.Tensor, index []int32) *tensor.Tensor {
	t := x.Tape()
	n := tensor.Make[rows](t)
	n.x, n.index, n.y = x, append(n.index[:0], index...), t.New(len(index), x.Cols())
	for i, r := range index {
		copy(n.y.Row(i), x.Row(int(r)))
	}
	t.Record(n, n.y, x)
	return n.y
}

type rows struct {
	x, y  *tensor.Tensor
	index []int32
}

func (n *rows) Backward() {
	n.x.WantGrad()
	for i, r := range n.index {
		g := n.x.GradRow(int(r))
		kernel.Add(g, g, n.y.GradRow(i))
	}
}
