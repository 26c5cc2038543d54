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
