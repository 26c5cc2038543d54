package tensor

import (
	"math"
	"reflect"
)

// Node is one operation that a tape remembers. Backward reads the gradient of
// what the operation made and adds to the gradients of what it was made from.
type Node interface {
	Backward()
}

// Tape remembers the operations of one forward pass, so that Backward can run
// them in reverse, and owns the memory of every activation that they made.
//
// Reset makes all of it ready for the next pass. Tensors, nodes and buffers are
// kept and used again: once a tape has seen a shape it allocates nothing for it.
// A tape belongs to one goroutine; weights are shared, tapes are not.
type Tape struct {
	// RowBudget is the number of rows that buffers are made for. Passes of any
	// smaller number use the same buffers, so memory does not depend on how
	// the texts of a batch happen to fall.
	RowBudget int

	// Rounded says that products with weights in blocks may round activations to
	// eight bits, a scale for every 32: several times as fast, and about as far
	// from the exact numbers as the blocks are from the weights that they stand
	// for. It holds where no gradient is recorded.
	Rounded bool

	record  bool
	arena   arena
	tensors pool[Tensor]
	pools   map[reflect.Type]resetter
	steps   []step
	child   *Tape
}

type step struct {
	node Node
	out  *Tensor
}

type resetter interface{ reset() }

// NewTape returns a tape that records operations for a backward pass.
func NewTape(rowBudget int) *Tape {
	return &Tape{RowBudget: rowBudget, record: true, pools: map[reflect.Type]resetter{}}
}

// NoGrad returns a tape that only owns memory: for inference.
func NoGrad(rowBudget int) *Tape {
	t := NewTape(rowBudget)
	t.record = false
	return t
}

// Recording reports whether the tape remembers operations. Dropout, and
// whatever else belongs to training alone, asks this.
func (t *Tape) Recording() bool { return t.record }

// Child is a tape for work inside a pass that does its own backward pass at
// once, as the blocks of a loss do. The caller resets it.
func (t *Tape) Child(rowBudget int) *Tape {
	if t.child == nil {
		t.child = NewTape(rowBudget)
	}
	t.child.record = t.record
	t.child.RowBudget = rowBudget
	return t.child
}

// New returns an activation. Its elements are garbage until an operation fills
// them.
func (t *Tape) New(shape ...int) *Tensor {
	x := t.header(shape...)
	x.Data = t.arena.get(x.Len(), t.room(x.Shape))
	return x
}

// Wrap returns an activation that sees data, which the tape does not own.
func (t *Tape) Wrap(data []float32, shape ...int) *Tensor {
	x := t.header(shape...)
	x.Data = data[:x.Len()]
	return x
}

// Leaf returns an activation that wants a gradient and was made by no operation
// of this tape.
func (t *Tape) Leaf(data []float32, shape ...int) *Tensor {
	x := t.Wrap(data, shape...)
	x.needs = t.record
	return x
}

func (t *Tape) header(shape ...int) *Tensor {
	x := t.tensors.get()
	n := copy(x.dims[:], shape)
	x.Shape = x.dims[:n]
	x.Data, x.Grad, x.tape, x.needs = nil, nil, t, false
	return x
}

// room is the number of elements to reserve for a shape under the row budget.
func (t *Tape) room(shape []int) int {
	n := size(shape)
	if len(shape) > 1 && shape[0] > 0 && shape[0] < t.RowBudget {
		return n / shape[0] * t.RowBudget
	}
	return n
}

// Floats returns scratch memory that lives until the tape is reset, or Free
// gives it back.
func (t *Tape) Floats(n int) []float32 {
	buf := t.arena.get(n, n)
	t.arena.live[len(t.arena.live)-1].held = true
	return buf
}

// Free gives back, before the reset, memory that New or Floats handed out and
// that nothing refers to any more.
func (t *Tape) Free(buf []float32) { t.arena.put(buf) }

// Record notes that node made out, if any of the inputs wants a gradient.
// Otherwise nothing is remembered.
func (t *Tape) Record(node Node, out *Tensor, inputs ...*Tensor) {
	if !t.record {
		return
	}
	for _, x := range inputs {
		if x.NeedsGrad() {
			out.needs = true
			t.steps = append(t.steps, step{node, out})
			return
		}
	}
}

// Steps is the number of operations that are remembered.
func (t *Tape) Steps() int { return len(t.steps) }

// Backward runs the tape in reverse from loss, whose own gradient is scale.
// Gradients of weights are added up; those of activations are given back as
// soon as they have been passed on.
func (t *Tape) Backward(loss *Tensor, scale float32) {
	g := loss.WantGrad()
	if g == nil {
		return
	}
	for i := range g {
		g[i] += scale
	}
	t.Propagate()
}

// Propagate runs the tape in reverse from whatever gradients stand on it.
func (t *Tape) Propagate() {
	for i := len(t.steps) - 1; i >= 0; i-- {
		s := t.steps[i]
		if s.out.Grad == nil {
			continue // nothing depends on it
		}
		s.node.Backward()
		if s.out.Grad != nil {
			t.arena.put(s.out.Grad)
			s.out.Grad = nil
		}
	}
	t.steps = t.steps[:0]
}

// Reset forgets the pass and makes its memory ready for the next one.
func (t *Tape) Reset() {
	t.steps = t.steps[:0]
	t.arena.reset()
	t.tensors.reset()
	for _, p := range t.pools {
		p.reset()
	}
}

// Hold says that the way back will read the elements of x. An operation calls
// it in its forward pass, for just those of its inputs and outputs that its
// gradient is computed from; it does nothing where no gradient is recorded.
func (t *Tape) Hold(x ...*Tensor) {
	if !t.record {
		return
	}
	for _, x := range x {
		if x.tape == t {
			t.arena.hold(x.Data)
		}
	}
}

// Mark and Keep bound the memory of a pass. Keep gives back the elements of all
// that was made since the mark, except those of x and those that are held for
// the way back: nothing made in between may be read by a later operation. So
// the input of a frozen matrix, which no gradient needs, is not kept. Where x
// itself wants no gradient, in inference and below the lowest adapter, nothing is.
func (t *Tape) Mark() int { return len(t.arena.live) }

// Keep is described at Mark.
func (t *Tape) Keep(mark int, x *Tensor) *Tensor {
	t.arena.free(mark, x.Data, x.needs)
	return x
}

// Poison fills all memory that has been given back with NaN, so that a test
// finds out who still reads it.
func (t *Tape) Poison() {
	for _, list := range t.arena.spare {
		for _, buf := range list {
			buf = buf[:cap(buf)]
			for i := range buf {
				buf[i] = float32(math.NaN())
			}
		}
	}
}

// Make returns a node of type N from the tape's pool, as it was left.
func Make[N any](t *Tape) *N {
	key := reflect.TypeFor[N]()
	p, ok := t.pools[key].(*pool[N])
	if !ok {
		p = new(pool[N])
		t.pools[key] = p
	}
	return p.get()
}

// pool hands out the same objects again after each reset.
type pool[N any] struct {
	items []*N
	used  int
}

func (p *pool[N]) get() *N {
	if p.used == len(p.items) {
		p.items = append(p.items, new(N))
	}
	p.used++
	return p.items[p.used-1]
}

func (p *pool[N]) reset() { p.used = 0 }
