package op

import (
	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/tensor"
)

// Add is the sum of two tensors of one shape.
//
//	y = a + b        da = dy, db = dy
func Add(a, b *tensor.Tensor) *tensor.Tensor {
	same("Add", a, b)
	t := a.Tape()
	n := tensor.Make[add](t)
	n.a, n.b, n.y = a, b, t.New(a.Shape...)
	kernel.Add(n.y.Data, a.Data, b.Data)
	t.Record(n, n.y, a, b)
	return n.y
}

type add struct{ a, b, y *tensor.Tensor }

func (n *add) Backward() {
	pass(n.a, n.y.Grad)
	pass(n.b, n.y.Grad)
}

// AddRow adds one row to every row.
//
//	y_t = x_t + b    dx = dy, db = Σ_t dy_t
//
// Shapes: x [T, C], b [C] → y [T, C].
func AddRow(x, b *tensor.Tensor) *tensor.Tensor {
	if b.Len() != x.Cols() {
		mismatch("AddRow", x, b)
	}
	t := x.Tape()
	n := tensor.Make[addRow](t)
	n.x, n.b, n.y = x, b, t.New(x.Shape...)
	for i := range x.Rows() {
		kernel.Add(n.y.Row(i), x.Row(i), b.Data)
	}
	t.Record(n, n.y, x, b)
	return n.y
}

type addRow struct{ x, b, y *tensor.Tensor }

func (n *addRow) Backward() {
	pass(n.x, n.y.Grad)
	if g := n.b.WantGrad(); g != nil {
		for i := range n.y.Rows() {
			kernel.Add(g, g, n.y.GradRow(i))
		}
	}
}

// Mul is the product of two tensors of one shape, element by element.
//
//	y = a ⊙ b        da = dy ⊙ b, db = dy ⊙ a
func Mul(a, b *tensor.Tensor) *tensor.Tensor {
	same("Mul", a, b)
	t := a.Tape()
	n := tensor.Make[mul](t)
	n.a, n.b, n.y = a, b, t.New(a.Shape...)
	kernel.Mul(n.y.Data, a.Data, b.Data)
	t.Hold(a, b)
	t.Record(n, n.y, a, b)
	return n.y
}

type mul struct{ a, b, y *tensor.Tensor }

func (n *mul) Backward() {
	addProduct(n.a.WantGrad(), n.y.Grad, n.b.Data)
	addProduct(n.b.WantGrad(), n.y.Grad, n.a.Data)
}

// MulRow multiplies every row by one row.
//
//	y_t = x_t ⊙ l    dx_t = dy_t ⊙ l, dl = Σ_t dy_t ⊙ x_t
//
// Shapes: x [T, C], l [C] → y [T, C].
func MulRow(x, l *tensor.Tensor) *tensor.Tensor {
	if l.Len() != x.Cols() {
		mismatch("MulRow", x, l)
	}
	t := x.Tape()
	n := tensor.Make[mulRow](t)
	n.x, n.l, n.y = x, l, t.New(x.Shape...)
	for i := range x.Rows() {
		kernel.Mul(n.y.Row(i), x.Row(i), l.Data)
	}
	t.Hold(x)
	t.Record(n, n.y, x, l)
	return n.y
}

type mulRow struct{ x, l, y *tensor.Tensor }

func (n *mulRow) Backward() {
	dx, dl := n.x.WantGrad(), n.l.WantGrad()
	for i := range n.y.Rows() {
		if dx != nil {
			addProduct(n.x.GradRow(i), n.y.GradRow(i), n.l.Data)
		}
		addProduct(dl, n.y.GradRow(i), n.x.Row(i))
	}
}

// Scale multiplies a tensor by a constant.
//
//	y = a·x          dx = a·dy
func Scale(x *tensor.Tensor, a float32) *tensor.Tensor {
	t := x.Tape()
	n := tensor.Make[scale](t)
	n.x, n.y, n.a = x, t.New(x.Shape...), a
	kernel.Scale(n.y.Data, a, x.Data)
	t.Record(n, n.y, x)
	return n.y
}

type scale struct {
	x, y *tensor.Tensor
	a    float32
}

func (n *scale) Backward() {
	if g := n.x.WantGrad(); g != nil {
		kernel.Axpy(g, n.a, n.y.Grad)
	}
}

// pass adds the gradient g to that of x.
func pass(x *tensor.Tensor, g []float32) {
	if !x.NeedsGrad() {
		return
	}
	if dst, add := x.GradTarget(); add {
		kernel.Add(dst.Data, dst.Data, g)
	} else {
		copy(dst.Data, g)
	}
}

// addProduct adds a ⊙ b to dst, unless dst is nil.
func addProduct(dst, a, b []float32) {
	for i := range dst {
		dst[i] += a[i] * b[i]
	}
}
