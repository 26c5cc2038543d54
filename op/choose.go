package op

import (
	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/tensor"
)

// Choose takes the rows that carry an adapter from b, and all others from a.
//
//	y_t = b_t if t carries the adapter, else a_t
//	da_t = dy_t where y_t is a_t,  db_t = dy_t where y_t is b_t,  else 0
//
// Shapes: a, b [T, C] → y [T, C].
func Choose(a, b *tensor.Tensor, places Places, adapter int32) *tensor.Tensor {
	same("Choose", a, b)
	t := a.Tape()
	n := tensor.Make[choose](t)
	n.a, n.b, n.y, n.places, n.adapter = a, b, t.New(a.Shape...), places, adapter
	copy(n.y.Data, a.Data)
	c := a.Cols()
	places.runs(a.Rows(), adapter, func(lo, hi int) { copy(n.y.Data[lo*c:hi*c], b.Data[lo*c:hi*c]) })
	t.Record(n, n.y, a, b)
	return n.y
}

type choose struct {
	a, b, y *tensor.Tensor
	places  Places
	adapter int32
}

func (n *choose) Backward() {
	da, db, dy, c := n.a.WantGrad(), n.b.WantGrad(), n.y.Grad, n.y.Cols()
	at := 0 // rows before it have been passed on
	toA := func(lo, hi int) {
		if da != nil {
			kernel.Add(da[lo*c:hi*c], da[lo*c:hi*c], dy[lo*c:hi*c])
		}
	}
	n.places.runs(n.y.Rows(), n.adapter, func(lo, hi int) {
		toA(at, lo)
		if db != nil {
			kernel.Add(db[lo*c:hi*c], db[lo*c:hi*c], dy[lo*c:hi*c])
		}
		at = hi
	})
	toA(at, n.y.Rows())
}
