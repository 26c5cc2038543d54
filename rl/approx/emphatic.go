package approx

// EmphaticTD weighs updates by how much others bootstrap from the state, which
// makes off-policy TD stable again:
//
//	M ← γ·ρ′·M + 1                 with ρ′ the ratio of the step before
//	w ← w + α·M·ρ·[r + γ·v̂(s′) − v̂(s)]·φ(s)
//
// It converges in expectation; M has much variance, on Baird's example too much
// for samples.
//
// Sutton, Mahmood and White, An Emphatic Approach to the Problem of Off-policy
// Temporal-Difference Learning, 2016; Sutton and Barto 2018, §11.8.
type EmphaticTD[S any] struct {
	V *Linear[S]

	m, ahead float64 // M, and γ·ρ of the step before
	x, x1    Sparse
}

// Begin forgets the emphasis.
func (t *EmphaticTD[S]) Begin() { t.m, t.ahead = 0, 0 }

// Learn makes one update.
func (t *EmphaticTD[S]) Learn(s S, r, gamma float64, next S, rho float64) {
	t.V.Features.Of(s, &t.x)
	t.x1.Reset()
	if gamma != 0 {
		t.V.Features.Of(next, &t.x1)
	}
	t.m = t.ahead*t.m + 1
	t.ahead = gamma * rho
	delta := r + gamma*t.x1.Dot(t.V.W) - t.x.Dot(t.V.W)
	t.V.add(&t.x, t.m*rho*delta)
}
