package approx

import (
	"iter"
	"math/rand/v2"

	"github.com/rotor-lm/rotor/rl"
)

// Learn takes so many steps and yields every episode that ends in them. It may be
// stopped between two episodes and called again: the run goes on where it was.
func (a *DeepQ) Learn(steps int) iter.Seq[rl.Episode] {
	return func(yield func(rl.Episode) bool) {
		for range steps {
			if e, ended := a.Step(); ended && !yield(e) {
				return
			}
		}
	}
}

// Evaluate lets act, the number of an action or a force for what is seen, play so
// many episodes, and returns the sum of the rewards of each.
func Evaluate(act func(x []float64) float64, env Env, rng *rand.Rand, episodes, horizon int) []float64 {
	x := make([]float64, env.Width())
	total := make([]float64, episodes)
	for n := range total {
		env.Reset(rng)
		for k := 0; horizon == 0 || k < horizon; k++ {
			env.Observe(x)
			r, gamma := env.Act(act(x))
			total[n] += r
			if gamma == 0 {
				break
			}
		}
	}
	return total
}

// See turns any environment into numbers: see writes what there is to see of a
// state into x, which has width elements.
func See[S any, A int | float64](env rl.Env[S, A], width int, see func(s S, x []float64)) Env {
	return &seen[S, A]{env: env, width: width, see: see}
}

type seen[S any, A int | float64] struct {
	env   rl.Env[S, A]
	width int
	see   func(S, []float64)
	s     S
}

func (e *seen[S, A]) Reset(rng *rand.Rand) { e.s = e.env.Reset(rng) }
func (e *seen[S, A]) Observe(x []float64)  { e.see(e.s, x) }
func (e *seen[S, A]) Width() int           { return e.width }

func (e *seen[S, A]) Act(a float64) (r, gamma float64) {
	e.s, r, gamma = e.env.Step(A(a))
	return r, gamma
}
