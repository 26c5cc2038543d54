package gradient

import (
	"math"
	"math/rand/v2"

	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/approx"
)

// Softmax is a policy that weighs features of pairs:
//
//	π(a|s, θ) = exp(θ·φ(s,a)) / Σ_b exp(θ·φ(s,b))
//	∇log π(a|s, θ) = φ(s,a) − Σ_b π(b|s)·φ(s,b)
//
// It belongs to one goroutine.
//
// Sutton and Barto 2018, eq. 13.2, 13.3 and 13.9.
type Softmax[S any] struct {
	Features approx.Features[rl.Pair[S, int]]
	Actions  int
	Theta    []float64
	Alpha    float64 // step size of Learn

	p   []float64       // π(·|s)
	phi []approx.Sparse // φ(s, ·)
}

// NewSoftmax begins with θ = 0: all actions alike.
func NewSoftmax[S any](f approx.Features[rl.Pair[S, int]], actions int, alpha float64) *Softmax[S] {
	return &Softmax[S]{
		Features: f, Actions: actions, Theta: make([]float64, f.Len()), Alpha: alpha,
		p: make([]float64, actions), phi: make([]approx.Sparse, actions),
	}
}

// Probs is π(·|s), until the next call.
func (pi *Softmax[S]) Probs(s S) []float64 {
	top := math.Inf(-1)
	for a := range pi.p {
		pi.Features.Of(rl.Pair[S, int]{State: s, Action: a}, &pi.phi[a])
		pi.p[a] = pi.phi[a].Dot(pi.Theta)
		top = max(top, pi.p[a])
	}
	var sum float64
	for a, h := range pi.p {
		pi.p[a] = math.Exp(h - top)
		sum += pi.p[a]
	}
	for a := range pi.p {
		pi.p[a] /= sum
	}
	return pi.p
}

// Prob is π(a|s).
func (pi *Softmax[S]) Prob(s S, a int) float64 { return pi.Probs(s)[a] }

// Act draws an action.
func (pi *Softmax[S]) Act(rng *rand.Rand, s S) int { return draw(rng, pi.Probs(s)) }

func draw(rng *rand.Rand, p []float64) int {
	u := rng.Float64()
	for a, x := range p {
		if u -= x; u < 0 {
			return a
		}
	}
	return len(p) - 1
}

// Learn computes θ ← θ + α·scale·∇log π(a|s).
func (pi *Softmax[S]) Learn(s S, a int, scale float64) { pi.Grad(pi.Theta, s, a, pi.Alpha*scale) }

// Grad computes g ← g + scale·∇log π(a|s).
func (pi *Softmax[S]) Grad(g []float64, s S, a int, scale float64) {
	p := pi.Probs(s)
	pi.phi[a].AddTo(g, scale)
	for b := range p {
		pi.phi[b].AddTo(g, -scale*p[b])
	}
}
