package approx

import (
	"math/rand/v2"

	"github.com/rotor-lm/rotor/rl"
)

// runner walks through one world, and cuts runs at the horizon.
type runner struct {
	env     Env
	rng     *rand.Rand
	horizon int
	x       []float64
	before  []float32 // what was seen before the last step
	state   []float32 // what is seen now
	scratch []float32
	episode rl.Episode
}

func newRunner(env Env, rng *rand.Rand, horizon int) runner {
	n := env.Width()
	r := runner{env: env, rng: rng, horizon: horizon, x: make([]float64, n), before: make([]float32, n), state: make([]float32, n), scratch: make([]float32, n)}
	r.begin()
	return r
}

func (r *runner) begin() {
	r.env.Reset(r.rng)
	r.look()
}

func (r *runner) look() {
	r.env.Observe(r.x)
	narrow(r.state, r.x)
}

// step acts. The run is cut where the world ends it or at the horizon; finish then
// begins the next, after whoever learns has seen the state reached.
func (r *runner) step(action float64) (reward, gamma float64, cut bool) {
	copy(r.before, r.state)
	reward, gamma = r.env.Act(action)
	r.look()
	r.episode.Length++
	r.episode.Return += reward
	r.episode.Cut = gamma != 0
	return reward, gamma, gamma == 0 || r.episode.Length == r.horizon
}

func (r *runner) finish(cut bool) rl.Episode {
	e := r.episode
	if cut {
		r.episode = rl.Episode{N: e.N + 1}
		r.begin()
	}
	return e
}
