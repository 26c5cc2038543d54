package main

import (
	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/world"
)

type rlTraceCmd struct {
	worldFlags
	State   signed `placeholder:"X,…" help:"The state to begin in, as the world numbers it; else a start of its own."`
	Actions signed `required:"" placeholder:"A,…" help:"What to do: numbers of actions, or forces."`
}

func (rlTraceCmd) Help() string {
	return `Actions are taken until the episode ends. Where chance plays a part, --seed
says which. Numbers are full double precision.

Examples:

    rotor rl trace --world cartpole --state 0.1,0.2,0,0 --actions 0,1,1 --json
    rotor rl trace --world zhao5x5 --actions 1,1,2,2
    rotor rl trace --world pendulum --state 3.1,0 --actions 2,-2,0.5`
}

type traced struct {
	States       []any     `json:"states"` // a number where states are numbered, else numbers
	Observations []any     `json:"observations"`
	Rewards      []float64 `json:"rewards"`
	Gammas       []float64 `json:"gammas"`
	Start        any       `json:"start"`
	Ended        bool      `json:"ended"`
}

// bare is the number of a numbered state, else the numbers.
func bare(w *world.World, x []float64) any {
	if w.Count() > 0 && len(x) == 1 {
		return x[0]
	}
	return x
}

// Run follows the actions.
func (c rlTraceCmd) Run(e *env) (err error) {
	w, err := c.open(e)
	if err != nil {
		return err
	}
	defer w.Close()
	actions, err := numbers("--actions", c.Actions)
	if err != nil {
		return err
	}
	for _, a := range actions {
		if n := len(w.Actions); n > 0 && (a != float64(int(a)) || a < 0 || int(a) >= n) {
			return usagef("--actions: %g is none; world %s has actions 0 to %d", a, w.Name, n-1)
		}
	}
	state, err := numbers("--state", c.State)
	if err != nil {
		return err
	}
	defer rl.Catch(&err)
	t, err := c.follow(w, state, actions, e.seed())
	if err != nil {
		return usageError{err}
	}
	if e.JSON {
		return e.object(t)
	}
	e.printf("from %v\n", t.Start)
	for i := range t.States {
		what := ""
		if len(w.Actions) > 0 {
			what = " (" + w.Actions[int(actions[i])] + ")"
		}
		e.printf("%4d  action %g%s: %v, reward %g, discount %g\n", i+1, actions[i], what, t.States[i], t.Rewards[i], t.Gammas[i])
	}
	if t.Ended {
		e.printf("the episode ended\n")
	}
	return nil
}

func (c rlTraceCmd) follow(w *world.World, state, actions []float64, seed uint64) (traced, error) {
	m := w.New()
	m.Reset(rl.NewRand(seed))
	if c.State != "" {
		if err := m.Place(state); err != nil {
			return traced{}, err
		}
	}
	t := traced{Start: bare(w, m.State()), States: []any{}, Observations: []any{}, Rewards: []float64{}, Gammas: []float64{}}
	for _, a := range actions {
		r, gamma := m.Act(a)
		seen := make([]float64, m.Width())
		m.Observe(seen)
		t.States = append(t.States, bare(w, m.State()))
		t.Observations = append(t.Observations, bare(w, seen))
		t.Rewards = append(t.Rewards, r)
		t.Gammas = append(t.Gammas, gamma)
		if gamma == 0 {
			t.Ended = true
			break
		}
	}
	return t, nil
}
