package approx

import (
	"math"

	"github.com/rotor-lm/rotor/kernel"
)

// Adam steps weights by gradients that many chunks of a batch computed.
//
//	g = Σ chunks     g ← g·min(1, c/‖g‖)
//	m ← β₁·m + (1−β₁)·g     v ← β₂·v + (1−β₂)·g²
//	w ← w − α·(m/(1−β₁ᵗ)) / (√(v/(1−β₂ᵗ)) + ε)
//
// Chunks are added in their order and norms in blocks of fixed size, so that the
// result does not depend on the number of cores.
//
// Kingma and Ba, Adam: A Method for Stochastic Optimization, 2014, arXiv:1412.6980;
// Pascanu, Mikolov and Bengio, On the Difficulty of Training Recurrent Neural
// Networks, 2012, for the clipping.
type Adam struct {
	LR      float64
	Eps     float64   // zero means 1e−8
	MaxNorm float64   // c; zero never clips
	Slow    []float32 // a copy of W that follows it with every Move; nil for none
	Tau     float64   // how far

	W, m, v []float32
	grads   [][]float32 // one for each chunk     [chunks][weights]
	step    int
	norms   []float64 // of each block
	now     kernel.AdamWStep
	rows    func(chunk int, grad []float32)
	chunk   func(int) // bound once, so that a step allocates nothing
	sum     func(int)
	move    func(int)
}

const block = 1 << 14 // weights that one core steps at a time

// NewAdam steps w by the gradients of at most chunks chunks.
func NewAdam(w []float32, lr float64, chunks int) *Adam {
	a := &Adam{LR: lr, W: w, m: make([]float32, len(w)), v: make([]float32, len(w))}
	a.norms = make([]float64, (len(w)+block-1)/block)
	for range chunks {
		a.grads = append(a.grads, make([]float32, len(w)))
	}
	a.chunk = func(i int) {
		clear(a.grads[i])
		a.rows(i, a.grads[i])
	}
	a.sum, a.move = a.sumBlock, a.moveBlock
	return a
}

// Step is Gradient, and then Move.
func (a *Adam) Step(chunks int, rows func(chunk int, grad []float32)) {
	a.Gradient(chunks, rows)
	a.Move()
}

// Gradient calls rows(0) … rows(chunks−1), each with a gradient to add to, on all
// cores, and adds them up.
func (a *Adam) Gradient(chunks int, rows func(chunk int, grad []float32)) {
	a.rows = rows
	kernel.Parallel(chunks, a.chunk)
	for _, g := range a.grads[chunks:] {
		clear(g)
	}
	kernel.Parallel(len(a.norms), a.sum)
}

// Move steps the weights by the last gradient.
func (a *Adam) Move() {
	a.step++
	t := float64(a.step)
	a.now = kernel.AdamWStep{
		LR: float32(a.LR), Beta1: .9, Beta2: .999, Eps: 1e-8,
		Correct1: float32(1 - math.Pow(.9, t)), Correct2: float32(1 - math.Pow(.999, t)),
	}
	if a.Eps > 0 {
		a.now.Eps = float32(a.Eps)
	}
	kernel.Parallel(len(a.norms), a.move)
}

func (a *Adam) sumBlock(b int) {
	from, to := b*block, min((b+1)*block, len(a.W))
	g := a.grads[0][from:to]
	for _, other := range a.grads[1:] {
		kernel.Add(g, g, other[from:to])
	}
	a.norms[b] = float64(kernel.Dot(g, g))
}

func (a *Adam) moveBlock(b int) {
	from, to := b*block, min((b+1)*block, len(a.W))
	g := a.grads[0][from:to]
	if norm := a.Norm(); a.MaxNorm > 0 && norm > a.MaxNorm {
		kernel.Scale(g, float32(a.MaxNorm/norm), g)
	}
	kernel.AdamW(a.W[from:to], g, a.m[from:to], a.v[from:to], a.now)
	if a.Slow != nil {
		Follow(a.Slow[from:to], a.W[from:to], a.Tau)
	}
}

// Norm is the length of the last gradient, before it was clipped.
func (a *Adam) Norm() float64 {
	var sum float64
	for _, n := range a.norms {
		sum += n
	}
	return math.Sqrt(sum)
}

// Follow moves target toward w, target ← target + τ·(w − target): a copy at τ = 1.
func Follow(target, w []float32, tau float64) {
	if tau == 1 {
		copy(target, w)
		return
	}
	kernel.Scale(target, float32(1-tau), target)
	kernel.Axpy(target, float32(tau), w)
}
