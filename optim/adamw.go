package optim

import (
	"fmt"
	"iter"
	"math"

	"github.com/rotor-lm/rotor/kernel"
)

// AdamW steps by the mean of past gradients over the root of their mean square,
// and lets weights decay beside it.
//
//	m ← β₁·m + (1−β₁)·g         m̂ = m/(1 − β₁ᵗ)
//	v ← β₂·v + (1−β₂)·g²        v̂ = v/(1 − β₂ᵗ)
//	w ← w − lr·(λ·w + m̂/(√v̂ + ε))
//
// Vectors, which are scales and biases, do not decay.
//
// Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2017.
// arXiv:1711.05101, algorithm 2.
type AdamW struct {
	Beta1, Beta2, Eps, Decay float64

	params []Param
	m, v   [][]float32
	steps  int
	rate   float64
	jobs   []job
	run    func(i int)
}

// job is a run of elements of one parameter.
type job struct{ param, lo, hi int }

// NewAdamW returns the optimizer of params. Zero Beta1, Beta2 and Eps become
// 0.9, 0.999 and 1e-8.
func NewAdamW(params []Param, o AdamW) *AdamW {
	or := func(x, or float64) float64 {
		if x == 0 {
			return or
		}
		return x
	}
	a := &AdamW{Beta1: or(o.Beta1, .9), Beta2: or(o.Beta2, .999), Eps: or(o.Eps, 1e-8), Decay: o.Decay, params: params}
	for i, p := range params {
		a.m, a.v = append(a.m, make([]float32, p.Len())), append(a.v, make([]float32, p.Len()))
		for lo := 0; lo < p.Len(); lo += chunk {
			a.jobs = append(a.jobs, job{i, lo, min(p.Len(), lo+chunk)})
		}
	}
	a.run = a.part
	return a
}

// Step moves every parameter that has a gradient.
func (a *AdamW) Step(rate float64) {
	a.steps++
	a.rate = rate
	kernel.Parallel(len(a.jobs), a.run)
}

func (a *AdamW) part(i int) {
	j := a.jobs[i]
	p := a.params[j.param]
	if p.Grad == nil {
		return
	}
	decay := a.Decay
	if len(p.Shape) < 2 {
		decay = 0
	}
	kernel.AdamW(p.Data[j.lo:j.hi], p.Grad[j.lo:j.hi], a.m[j.param][j.lo:j.hi], a.v[j.param][j.lo:j.hi], kernel.AdamWStep{
		LR: float32(a.rate), Beta1: float32(a.Beta1), Beta2: float32(a.Beta2), Eps: float32(a.Eps), Decay: float32(decay),
		Correct1: float32(1 - math.Pow(a.Beta1, float64(a.steps))), Correct2: float32(1 - math.Pow(a.Beta2, float64(a.steps))),
	})
}

// State yields all that the optimizer remembers besides the number of steps.
func (a *AdamW) State() iter.Seq2[string, []float32] {
	return func(yield func(string, []float32) bool) {
		for i, p := range a.params {
			if !yield("adamw.m."+p.Name, a.m[i]) || !yield("adamw.v."+p.Name, a.v[i]) {
				return
			}
		}
	}
}

// Resume sets the number of steps done, after State's slices have been filled.
func (a *AdamW) Resume(steps int) { a.steps = steps }

// Schedule is how the learning rate moves from the first step to the last.
type Schedule string

const (
	Constant Schedule = "constant" // stays
	Linear   Schedule = "linear"   // falls in a line to zero
	Cosine   Schedule = "cosine"   // falls as half a cosine to zero
)

// Rate is the learning rate of step 0 … steps−1. It rises in a line over the
// first warmup steps, and reaches peak at step warmup.
//
// Loshchilov and Hutter, SGDR, 2016. arXiv:1608.03983, eq. 5, for the cosine.
func (s Schedule) Rate(peak float64, step, warmup, steps int) float64 {
	if step < warmup {
		return peak * float64(step+1) / float64(warmup+1)
	}
	done := float64(step-warmup) / float64(max(1, steps-warmup))
	switch s {
	case Linear:
		return peak * max(0, 1-done)
	case Cosine:
		return peak * .5 * (1 + math.Cos(math.Pi*min(1, done)))
	}
	return peak
}

// UnmarshalText refuses a schedule that there is not.
func (s *Schedule) UnmarshalText(text []byte) error {
	switch t := Schedule(text); t {
	case Constant, Linear, Cosine:
		*s = t
		return nil
	}
	return fmt.Errorf("schedule %q is not known; there are constant, linear, cosine", text)
}
