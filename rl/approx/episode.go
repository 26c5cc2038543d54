package approx

import (
	"math/rand/v2"

	"github.com/rotor-lm/rotor/rl"
)

// Predictor learns v̂ of a policy, one transition at a time. rho is the ratio of
// the target's to the behaviour's probability of the action taken: 1 on-policy.
type Predictor[S any] interface {
	Begin() // a run begins: nothing that came before leads to it
	Learn(s S, r, gamma float64, next S, rho float64)
}

// Predict follows pi for one run, which ends by itself or at the horizon, and
// lets p learn from every transition. A horizon of zero is none.
func Predict[S, A any](p Predictor[S], env rl.Env[S, A], pi rl.Policy[S, A], rng *rand.Rand, horizon int) rl.Episode {
	return predict(p, env, pi, func(S, A) float64 { return 1 }, rng, horizon)
}

// PredictOff follows behaviour and learns about target.
func PredictOff[S, A any](p Predictor[S], env rl.Env[S, A], behaviour, target rl.Prober[S, A], rng *rand.Rand, horizon int) rl.Episode {
	ratio := func(s S, a A) float64 { return target.Prob(s, a) / behaviour.Prob(s, a) }
	return predict(p, env, behaviour, ratio, rng, horizon)
}

func predict[S, A any](p Predictor[S], env rl.Env[S, A], pi rl.Policy[S, A], ratio func(S, A) float64, rng *rand.Rand, horizon int) (e rl.Episode) {
	s := env.Reset(rng)
	p.Begin()
	for {
		a := pi.Act(rng, s)
		rho := ratio(s, a)
		next, r, gamma := env.Step(a)
		p.Learn(s, r, gamma, next, rho)
		e.Length++
		e.Return += r
		if gamma == 0 {
			return e
		}
		if e.Length == horizon {
			e.Cut = true
			return e
		}
		s = next
	}
}

// Forward moves v toward the returns of a whole trajectory, the forward view:
//
//	w ← w + α·[G_t − v̂(s_t, w)]·∇v̂(s_t, w)
//
// With returns.MonteCarlo it is gradient Monte Carlo; with returns.NStep n-step
// semi-gradient TD, whose bootstraps are those of the weights before the run.
//
// Sutton and Barto 2018, §9.3 and 9.4.
func Forward[S, A any](v rl.Value[S], tr rl.Trajectory[S, A], estimate func(r, gamma, v []float64) []float64) {
	G := estimate(tr.Reward, tr.Discount, rl.Map(v, tr.State[1:]))
	for t, g := range G {
		v.Learn(tr.State[t], g-v.At(tr.State[t]))
	}
}
