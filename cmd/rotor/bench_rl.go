package main

import (
	"context"
	"time"

	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/tabular"
	"github.com/rotor-lm/rotor/rl/world"
)

type benchRLCmd struct {
	Seconds float64 `default:"3" help:"How long to measure (${default})."`
}

func (benchRLCmd) Help() string {
	return `Steps a second on one core: tabular Q-learning with its random numbers and its
ε-greedy choice, and the cart-pole alone, 64 at once. The best of many short runs
counts; a busy machine shows less than it has.

Examples:

    rotor bench rl
    rotor bench rl --seconds 10 --json`
}

// Run measures.
func (c benchRLCmd) Run(ctx context.Context, e *env) error {
	if !(c.Seconds > 0 && c.Seconds <= 600) {
		return usagef("--seconds is %v: give a number above 0 and up to 600", c.Seconds)
	}
	part := time.Duration(c.Seconds / 4 * float64(time.Second))
	grid, err := learningSpeed(ctx, "zhao5x5", part)
	if err != nil {
		return err
	}
	episodic, err := learningSpeed(ctx, "zhao5x5-episodic", part)
	if err != nil {
		return err
	}
	lake, err := learningSpeed(ctx, "frozenlake", part)
	if err != nil {
		return err
	}
	cart := cartSpeed(ctx, part)
	if err := ctx.Err(); err != nil {
		return err
	}
	if e.JSON {
		return e.object(struct {
			Grid     float64 `json:"q_learning_grid_steps_per_s"`
			Episodic float64 `json:"q_learning_grid_episodic_steps_per_s"`
			Lake     float64 `json:"q_learning_frozenlake_steps_per_s"`
			CartPole float64 `json:"cartpole_vector_steps_per_s"`
		}{grid, episodic, lake, cart})
	}
	var t table
	t.add("Q-learning, zhao5x5", "%.1f million steps/s", grid/1e6)
	t.add("Q-learning, zhao5x5-episodic", "%.1f million steps/s", episodic/1e6)
	t.add("Q-learning, frozenlake", "%.1f million steps/s", lake/1e6)
	t.add("cart-pole, 64 at once", "%.1f million steps/s", cart/1e6)
	t.print(e)
	return nil
}

// learningSpeed is the best of runs of 100,000 steps.
func learningSpeed(ctx context.Context, name string, long time.Duration) (best float64, err error) {
	w, err := world.Open(name, "horizon=100000")
	if err != nil {
		return 0, err
	}
	l := &tabular.Learning{Q: tabular.NewQ(w.Count(), len(w.Actions), 0), Alpha: rl.Const(.1), Epsilon: rl.Const(.1), Horizon: w.Horizon}
	env := w.Finite()
	for begin := time.Now(); best == 0 || time.Since(begin) < long; {
		start, before := time.Now(), l.Steps
		for _, err := range tabular.Learn(ctx, env, tabular.QLearning{}, l, l.Episodes+10_000) {
			if err != nil {
				return best, err
			}
			if l.Steps-before >= 100_000 {
				break
			}
		}
		best = max(best, float64(l.Steps-before)/time.Since(start).Seconds())
	}
	return best, nil
}

// cartSpeed is the best of runs of 1,000 steps of 64 cart-poles.
func cartSpeed(ctx context.Context, long time.Duration) (best float64) {
	const n, steps = 64, 1000
	v := world.NewVector(n, 1, 500, func() rl.Env[[4]float64, int] { return world.NewCartPole(1) })
	actions, rng := make([]int, n), rl.NewRand(1)
	for i := range actions {
		actions[i] = rng.IntN(2)
	}
	for begin := time.Now(); (best == 0 || time.Since(begin) < long) && ctx.Err() == nil; {
		start := time.Now()
		for k := range steps {
			actions[k%n] ^= 1
			v.Step(actions)
		}
		best = max(best, n*steps/time.Since(start).Seconds())
	}
	return best
}
