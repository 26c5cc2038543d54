package approx

import "github.com/rotor-lm/rotor/rl/returns"

// Trace says how a visit adds to the eligibility of a feature.
type Trace int

// The kinds of trace.
const (
	Accumulating Trace = iota // z ← γλ·z + φ
	Replacing                 // z ← γλ·z, and φ where a binary feature is on
	Dutch                     // z ← γλ·z + (1 − αγλ·z·φ)·φ: true online TD(λ)
)

// TD is semi-gradient TD(λ). With z the trace of ∇v̂ and ρ the ratio of the
// policies,
//
//	z ← ρ·(γλ·z + φ(s))
//	w ← w + α·[r + γ·v̂(s′) − v̂(s)]·z
//
// At λ = 0 a step costs what the features cost; else it touches all weights.
// With Dutch traces it equals, step for step, the forward view that looks back at
// every moment: true online TD(λ), which is on-policy.
//
// Sutton and Barto 2018, §9.4, 12.2 and 12.5; eq. 12.25 for ρ.
type TD[S any] struct {
	V      *Linear[S]
	Lambda float64
	Trace  Trace

	z     []float64
	gamma float64 // of the transition that led to s
	old   float64 // v̂(s) before the last update, for Dutch traces
	x, x1 Sparse
}

// Begin forgets the trace.
func (t *TD[S]) Begin() {
	clear(t.z)
	t.gamma, t.old = 0, 0
}

// Learn makes one update.
func (t *TD[S]) Learn(s S, r, gamma float64, next S, rho float64) {
	t.V.Features.Of(s, &t.x)
	t.V.Features.Of(next, &t.x1)
	v := t.x.Dot(t.V.W)
	v1 := 0.
	if gamma != 0 {
		v1 = t.x1.Dot(t.V.W)
	}
	delta := returns.One(r, gamma, v1) - v
	if t.Lambda == 0 {
		t.V.add(&t.x, rho*delta)
		return
	}
	if t.z == nil {
		t.z = make([]float64, len(t.V.W))
	}
	decay(t.z, &t.x, t.gamma*t.Lambda, t.Trace, t.V.Alpha)
	if t.Trace == Dutch {
		t.V.follow(t.z, delta+v-t.old)
		t.V.add(&t.x, t.old-v)
		t.old = v1
	} else {
		scale(t.z, rho)
		t.V.follow(t.z, delta)
	}
	t.gamma = gamma
}

// decay fades a trace by fade = γλ and adds a visit of x.
func decay(z []float64, x *Sparse, fade float64, kind Trace, alpha float64) {
	scale(z, fade)
	switch kind {
	case Replacing:
		for k, i := range x.Index {
			z[i] = x.Value[k]
		}
	case Dutch:
		x.AddTo(z, 1-alpha*x.Dot(z)) // z is faded by γλ already
	default:
		x.AddTo(z, 1)
	}
}

func scale(z []float64, a float64) {
	switch a {
	case 1:
	case 0:
		clear(z)
	default:
		for i := range z {
			z[i] *= a
		}
	}
}
