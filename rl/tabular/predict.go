package tabular

import (
	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/returns"
)

// Predict moves v toward the λ-return of every state of one trajectory.
//
//	v(s_t) ← v(s_t) + α·[G_t − v(s_t)]
//
// It is Monte Carlo prediction at λ = 1, TD(0) at λ = 0 and TD(λ), forward view,
// in between. v may be a table or any approximator.
func Predict[S, A any](v rl.Value[S], tr rl.Trajectory[S, A], lambda float64) {
	V := rl.Map(v, tr.State)
	G := returns.Lambda(tr.Reward, tr.Discount, V[1:], lambda)
	for t, delta := range returns.Advantage(G, V[:len(G)]) {
		v.Learn(tr.State[t], delta)
	}
}
