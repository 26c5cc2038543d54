package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/approx"
	"github.com/rotor-lm/rotor/rl/gradient"
	"github.com/rotor-lm/rotor/rl/world"
)

// task is what the peers do with the same settings: bench/peers/rl_sb3.py.
type task struct {
	world string
	steps int     // at most
	every int     // steps between evaluations
	goal  float64 // mean return over 100 episodes
	agent func(w *world.World, seed uint64) (approx.Agent, error)
}

var tasks = map[string]task{
	"ppo-cartpole": {"cartpole", 100_000, 2048, 475, ppo(gradient.OnPolicy{
		Window: 32, Worlds: 8, Lambda: .8, Gamma: .98, Epochs: 20, Batch: 256, LR: rl.Const(1e-3), Clip: .2,
	})},
	"ppo-acrobot": {"acrobot", 1_000_000, 16_384, -100, ppo(gradient.OnPolicy{
		Window: 256, Worlds: 16, Lambda: .94, Gamma: .99, Epochs: 4, Batch: 64, LR: rl.Const(3e-4), Clip: .2,
	})},
	"dqn-cartpole": {"cartpole", 50_000, 1024, 475, dqn(approx.DQN{
		Hidden: []int{256, 256}, LR: 2.3e-3, Batch: 64, Warmup: 1000, Gamma: .99, Copy: 10, Every: 256, Updates: 128,
		Epsilon: rl.Linear(1, .04, 8000),
	})},
	// rl-zoo's published settings, which end at 120,000 steps. Most seeds have reached the goal by then.
	"dqn-mountaincar": {"mountaincar", 200_000, 4000, -110, dqn(approx.DQN{
		Hidden: []int{256, 256}, LR: 4e-3, Batch: 128, Capacity: 10_000, Warmup: 1000, Gamma: .98, Copy: 600, Every: 16, Updates: 8,
		Epsilon: rl.Linear(1, .07, 24_000),
	})},
	"sac-pendulum": {"pendulum", 20_000, 500, -200, func(w *world.World, seed uint64) (approx.Agent, error) {
		c := gradient.SAC{Continuous: gradient.Continuous{LR: 1e-3, Capacity: 20_000, Horizon: w.Horizon, Seed: seed}}
		return c.New(w.New(), w.Low, w.High)
	}},
}

func ppo(c gradient.OnPolicy) func(*world.World, uint64) (approx.Agent, error) {
	c.Critic, c.Whiten, c.Bend = true, true, approx.Tanh
	return func(w *world.World, seed uint64) (approx.Agent, error) {
		c.Seed, c.Horizon = seed, w.Horizon
		return c.New(func() approx.Env { return w.New() }, gradient.Categorical{N: len(w.Actions)})
	}
}

func dqn(c approx.DQN) func(*world.World, uint64) (approx.Agent, error) {
	return func(w *world.World, seed uint64) (approx.Agent, error) {
		c.Seed, c.Horizon = seed, w.Horizon
		return c.New(w.New(), len(w.Actions))
	}
}

// learn trains until the goal, or the one that is given, is reached at an
// evaluation, whose time does not count, and says when that was.
func learn(name, number string, goal ...string) (any, error) {
	t, known := tasks[name]
	seed, err := strconv.ParseUint(number, 10, 64)
	if !known || err != nil {
		return nil, fmt.Errorf("no task %q with seed %q", name, number)
	}
	for _, text := range goal {
		if t.goal, err = strconv.ParseFloat(text, 64); err != nil {
			return nil, fmt.Errorf("goal %q: want a number", text)
		}
	}
	w, err := world.Open(t.world)
	if err != nil {
		return nil, err
	}
	a, err := t.agent(w, seed)
	if err != nil {
		return nil, err
	}
	var result struct {
		Steps   int       `json:"steps"`
		Seconds float64   `json:"seconds"`
		CPU     float64   `json:"cpu_seconds"`
		Rate    float64   `json:"steps_per_s"`
		Reached bool      `json:"reached"`
		Curve   []float64 `json:"curve"`
	}
	for a.Steps() < t.steps && !result.Reached {
		began, cpu := time.Now(), cpuSeconds()
		for _, err := range approx.Learn(context.Background(), a, a.Steps()+t.every) {
			if err != nil {
				return nil, err
			}
		}
		result.Seconds += time.Since(began).Seconds()
		result.CPU += cpuSeconds() - cpu
		var mean float64
		for _, total := range approx.Evaluate(a.Act, w.New(), rl.NewRand(seed, 99), 100, w.Horizon) {
			mean += total / 100
		}
		result.Curve = append(result.Curve, mean)
		result.Reached = mean >= t.goal
	}
	result.Steps = a.Steps()
	result.Rate = float64(result.Steps) / result.Seconds
	return result, nil
}
