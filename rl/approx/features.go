package approx

import (
	"slices"

	"github.com/rotor-lm/rotor/rl"
)

// Features turns a state into the numbers that a linear function weighs: φ(s).
// What it needs for that it writes into phi, so that goroutines, each with a
// vector of its own, may share one set of features.
type Features[S any] interface {
	Len() int            // how many there are
	Of(s S, phi *Sparse) // sets phi to φ(s)
}

// Sparse is a vector, told by the places where it is not zero: those of one tile
// a tiling, of one state in a table, or all.
//
// It also lends memory to those who compute it: see Borrow.
type Sparse struct {
	Index []int
	Value []float64
	lent  []float64
}

// Borrow lends n numbers, whatever they hold, until Return is called. Who borrows
// twice returns the later first.
func (x *Sparse) Borrow(n int) []float64 {
	at := len(x.lent)
	x.lent = slices.Grow(x.lent, n)[:at+n]
	return x.lent[at:]
}

// Return takes back the n numbers that were borrowed last.
func (x *Sparse) Return(n int) { x.lent = x.lent[:len(x.lent)-n] }

// Reset makes the vector zero and keeps its memory.
func (x *Sparse) Reset() { x.Index, x.Value = x.Index[:0], x.Value[:0] }

// Put adds an element; its place must not be taken.
func (x *Sparse) Put(i int, v float64) {
	x.Index = append(x.Index, i)
	x.Value = append(x.Value, v)
}

// Dot is Σ w_i·x_i.
func (x *Sparse) Dot(w []float64) float64 {
	var sum float64
	for k, i := range x.Index {
		sum += x.Value[k] * w[i]
	}
	return sum
}

// AddTo computes w ← w + a·x.
func (x *Sparse) AddTo(w []float64, a float64) {
	for k, i := range x.Index {
		w[i] += a * x.Value[k]
	}
}

// On lets features of numbers see states of another type: see writes what there
// is to see of a state into x, which has width elements.
func On[S any](width int, see func(s S, x []float64), f Features[[]float64]) Features[S] {
	return on[S]{f, see, width}
}

type on[S any] struct {
	Features[[]float64]
	see   func(S, []float64)
	width int
}

func (f on[S]) Of(s S, phi *Sparse) {
	x := phi.Borrow(f.width)
	f.see(s, x)
	f.Features.Of(x, phi)
	phi.Return(f.width)
}

// Cells lets features of two numbers see the cells of a grid: x is the column and
// y the row, counted from zero.
func Cells(cols int, f Features[[]float64]) Features[int] {
	return On(2, func(s int, x []float64) { x[0], x[1] = float64(s%cols), float64(s/cols) }, f)
}

// Blocks gives every action weights of its own: φ(s, a) is φ(s) in the block of a
// and zero elsewhere.
//
//	q̂(s, a) = w_a·φ(s)
func Blocks[S any](f Features[S], actions int) Features[rl.Pair[S, int]] {
	return blocks[S]{f, actions}
}

type blocks[S any] struct {
	f       Features[S]
	actions int
}

func (f blocks[S]) Len() int { return f.f.Len() * f.actions }

func (f blocks[S]) Of(p rl.Pair[S, int], phi *Sparse) {
	f.f.Of(p.State, phi)
	for k := range phi.Index {
		phi.Index[k] += p.Action * f.f.Len()
	}
}

// Pairs lets features of numbered pairs, s·actions + a, see pairs: so that an
// action may be one more coordinate, or a pair a row of Tabulate.
func Pairs(f Features[int], actions int) Features[rl.Pair[int, int]] { return pairs{f, actions} }

type pairs struct {
	Features[int]
	actions int
}

func (f pairs) Of(p rl.Pair[int, int], phi *Sparse) {
	f.Features.Of(p.State*f.actions+p.Action, phi)
}

// Tabulate computes the features of states 0 … n−1 once, and looks them up.
func Tabulate(f Features[int], n int) Features[int] {
	t := tabulated{n: f.Len(), rows: make([]Sparse, n)}
	for s := range t.rows {
		f.Of(s, &t.rows[s])
	}
	return t
}

type tabulated struct {
	n    int
	rows []Sparse
}

func (t tabulated) Len() int { return t.n }

func (t tabulated) Of(s int, phi *Sparse) {
	phi.Index = append(phi.Index[:0], t.rows[s].Index...)
	phi.Value = append(phi.Value[:0], t.rows[s].Value...)
}

// Matrix is Φ: the features of states 0 … n−1, one row each.
func Matrix(f Features[int], n int) [][]float64 {
	rows := make([][]float64, n)
	var phi Sparse
	for s := range rows {
		f.Of(s, &phi)
		rows[s] = make([]float64, f.Len())
		phi.AddTo(rows[s], 1)
	}
	return rows
}

// Box is the range of each number of a state.
type Box struct{ Low, High []float64 }

// Square is a box of d equal ranges.
func Square(d int, low, high float64) Box {
	b := Box{make([]float64, d), make([]float64, d)}
	for i := range d {
		b.Low[i], b.High[i] = low, high
	}
	return b
}

// unit is coordinate i of x, with the box as [0, 1].
func (b Box) unit(x []float64, i int) float64 {
	return (x[i] - b.Low[i]) / (b.High[i] - b.Low[i])
}
