package approx

import "github.com/rotor-lm/rotor/rl"

// Runner walks through one world, and cuts runs at the horizon.
type Runner struct {
	env     Env
	rng     Stream
	horizon int
	x       []float64
	Before  []float32 // what was seen before the last step
	State   []float32 // what is seen now
	scratch []float32
	episode rl.Episode
}

// NewRunner begins a run, whose random numbers are rng's. A horizon of zero is none.
func NewRunner(env Env, rng Stream, horizon int) Runner {
	n := env.Width()
	r := Runner{env: env, rng: rng, horizon: horizon, x: make([]float64, n), Before: make([]float32, n), State: make([]float32, n), scratch: make([]float32, n)}
	r.begin()
	return r
}

func (r *Runner) begin() {
	r.env.Reset(r.rng.Rand)
	r.look()
}

func (r *Runner) look() {
	r.env.Observe(r.x)
	narrow(r.State, r.x)
}

// Step acts. The run is cut where the world ends it or at the horizon; Finish then
// begins the next, after whoever learns has seen the state reached.
func (r *Runner) Step(action float64) (reward, gamma float64, cut bool) {
	copy(r.Before, r.State)
	reward, gamma = r.env.Act(action)
	r.look()
	r.episode.Length++
	r.episode.Return += reward
	r.episode.Cut = gamma != 0
	return reward, gamma, gamma == 0 || r.episode.Length == r.horizon
}

// Finish returns the run so far, and begins the next if it was cut.
func (r *Runner) Finish(cut bool) rl.Episode {
	e := r.episode
	if cut {
		r.episode = rl.Episode{N: e.N + 1}
		r.begin()
	}
	return e
}
