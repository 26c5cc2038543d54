package world

import (
	"math/rand/v2"

	"github.com/rotor-lm/rotor/rl"
)

// Vector is n copies of a world that step together. A copy whose run has ended,
// by itself or at the horizon, begins the next at once, so State is always where
// to act from, and Next what the last action led to: they differ only where a run
// was cut. A cut whose Discount is not zero is the horizon's, and bootstraps from
// Next. Copy i draws from stream i of the seed, so n copies are n single worlds.
type Vector[S, A any] struct {
	State, Next      []S       // [n]
	Reward, Discount []float64 // [n]
	Cut              []bool    // [n] the run ended with this step
	Length           []int     // [n] steps of the run so far
	Horizon          int       // 0 for none

	envs []rl.Env[S, A]
	rngs []*rand.Rand
}

// NewVector makes n copies and begins an episode in each.
func NewVector[S, A any](n int, seed uint64, horizon int, make1 func() rl.Env[S, A]) *Vector[S, A] {
	v := &Vector[S, A]{
		State: make([]S, n), Next: make([]S, n), Reward: make([]float64, n), Discount: make([]float64, n),
		Cut: make([]bool, n), Length: make([]int, n), Horizon: horizon, envs: make([]rl.Env[S, A], n), rngs: make([]*rand.Rand, n),
	}
	for i := range v.envs {
		v.envs[i], v.rngs[i] = make1(), rl.NewRand(seed, uint64(i))
		v.State[i] = v.envs[i].Reset(v.rngs[i])
	}
	return v
}

// Len is the number of copies.
func (v *Vector[S, A]) Len() int { return len(v.envs) }

// Step lets copy i take action[i].
func (v *Vector[S, A]) Step(action []A) {
	for i, env := range v.envs {
		s, r, gamma := env.Step(action[i])
		v.Next[i], v.Reward[i], v.Discount[i] = s, r, gamma
		v.Length[i]++
		v.Cut[i] = gamma == 0 || v.Length[i] == v.Horizon
		if v.Cut[i] {
			v.Length[i] = 0
			s = env.Reset(v.rngs[i])
		}
		v.State[i] = s
	}
}
