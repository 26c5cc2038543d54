package approx

// Correction is the rule of a gradient TD method.
type Correction int

// The rules.
const (
	TDC Correction = iota
	GTD2
)

// GradientTD goes down the projected Bellman error itself, so that it converges
// off-policy too. A second linear function u, which learns to predict δ with step
// size β, tells the direction:
//
//	u ← u + β·ρ·(δ − u·φ)·φ
//	GTD2:  w ← w + α·ρ·(u·φ)·(φ − γφ′)
//	TDC:   w ← w + α·ρ·[δ·φ − γ·(u·φ)·φ′]
//
// TDC is TD(0) with a correction, and faster; both need u to be the quicker of
// the two.
//
// Sutton et al., Fast Gradient-Descent Methods for Temporal-Difference Learning
// with Linear Function Approximation, 2009; Sutton and Barto 2018, §11.7.
type GradientTD[S any] struct {
	V    *Linear[S]
	Rule Correction
	Beta float64 // step size of u

	u     []float64
	x, x1 Sparse
}

// Begin does nothing: there is no trace.
func (t *GradientTD[S]) Begin() {}

// Learn makes one update.
func (t *GradientTD[S]) Learn(s S, r, gamma float64, next S, rho float64) {
	if t.u == nil {
		t.u = make([]float64, len(t.V.W))
	}
	t.V.Features.Of(s, &t.x)
	t.x1.Reset()
	if gamma != 0 {
		t.V.Features.Of(next, &t.x1)
	}
	delta := r + gamma*t.x1.Dot(t.V.W) - t.x.Dot(t.V.W)
	guess := t.x.Dot(t.u)
	first := delta
	if t.Rule == GTD2 {
		first = guess
	}
	t.V.add(&t.x, rho*first)
	t.V.add(&t.x1, -rho*gamma*guess)
	t.x.AddTo(t.u, t.Beta*rho*(delta-guess))
}
