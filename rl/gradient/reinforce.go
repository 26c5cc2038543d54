package gradient

import (
	"math/rand/v2"

	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/returns"
)

// Reinforce makes what was followed by much more likely:
//
//	θ ← θ + α·(G_t − b(s_t))·∇log π(a_t|s_t, θ)
//
// With a baseline, which learns to predict G, the same happens with less variance:
// what is followed by more than usual becomes more likely. A run that the horizon
// cut bootstraps from the baseline, where there is one.
//
// Williams, Simple Statistical Gradient-Following Algorithms for Connectionist
// Reinforcement Learning, 1992; Sutton and Barto 2018, §13.3 and 13.4.
type Reinforce[S any] struct {
	Policy   *Softmax[S]
	Baseline rl.Value[S] // nil: none
	tr       rl.Trajectory[S, int]
	n        int
}

// Episode acts for one run and learns from it. A horizon of zero is none.
func (r *Reinforce[S]) Episode(env rl.Env[S, int], rng *rand.Rand, horizon int) rl.Episode {
	rl.RolloutInto(&r.tr, env, r.Policy, rng, horizon)
	r.Learn(r.tr)
	last := r.tr.Len() - 1
	e := rl.Episode{N: r.n, Length: r.tr.Len(), Return: r.tr.Return(), Cut: r.tr.Discount[last] != 0}
	r.n++
	return e
}

// Learn makes an update for every step of a run, in order.
func (r *Reinforce[S]) Learn(tr rl.Trajectory[S, int]) {
	T := tr.Len()
	if r.Baseline == nil {
		for t, g := range returns.MonteCarlo(tr.Reward, tr.Discount, nil) {
			r.Policy.Learn(tr.State[t], tr.Action[t], g)
		}
		return
	}
	v := rl.Map(r.Baseline, tr.State)
	for t, g := range returns.MonteCarlo(tr.Reward, tr.Discount, v[1:T+1]) {
		delta := g - r.Baseline.At(tr.State[t])
		r.Baseline.Learn(tr.State[t], delta)
		r.Policy.Learn(tr.State[t], tr.Action[t], delta)
	}
}
