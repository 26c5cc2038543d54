package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"time"

	"github.com/rotor-lm/rotor/internal/atomicfile"
	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/approx"
	"github.com/rotor-lm/rotor/rl/gradient"
	"github.com/rotor-lm/rotor/rl/world"
)

// agentFlags are those of algorithms with networks.
type agentFlags struct {
	Steps    int      `default:"50000" placeholder:"N" help:"With a network: steps of each run, in all worlds (${default})."`
	Option   []string `placeholder:"KEY=VALUE" sep:"none" help:"With a network: a setting such as lr=0.001, hidden=[64,64], double=true or worlds=16 (rotor rl list --json names all); may be given again."`
	Evaluate int      `default:"100" placeholder:"N" help:"With a network: episodes to play after learning (${default})."`
}

// given says whether any of them was set.
func (f agentFlags) given() bool { return f.Steps != 50_000 || f.Evaluate != 100 || len(f.Option) > 0 }

func findAgent(name string) (gradient.Method, bool) {
	methods := gradient.Methods()
	i := slices.IndexFunc(methods, func(m gradient.Method) bool { return m.Name == name })
	if i < 0 {
		return gradient.Method{}, false
	}
	return methods[i], true
}

// unused names a flag that speaks of tables.
func (c rlLearnCmd) unused() error {
	for _, f := range []struct {
		name  string
		given bool
	}{
		{"lambda", c.Lambda != nil},
		{"n", c.N != nil},
		{"trace", c.Trace != nil},
		{"first-visit", c.FirstVisit != nil},
		{"weighted", c.Weighted != nil},
		{"planning", c.Planning != nil},
		{"theta", c.Theta != nil},
		{"kappa", c.Kappa != nil},
		{"alpha", c.Alpha != ""},
		{"epsilon", c.Epsilon != "0.1"},
		{"policy", c.Policy != ""},
		{"behaviour", c.Behaviour != ""},
		{"converge", c.Converge},
		{"initial", c.Initial != "0"},
		{"every", c.Every != 0},
		{"episodes", c.Episodes != 500},
	} {
		if f.given {
			return usagef("--%s does nothing with --algorithm %s, which has --steps, --evaluate and --option KEY=VALUE", f.name, c.Algorithm)
		}
	}
	return nil
}

// newAgent makes a learner. Its own discount, times the world's, is 0.99 where nobody
// has set one.
func (c rlLearnCmd) newAgent(w *world.World, seed uint64) (approx.Agent, error) {
	options := c.Option
	if w.Gamma < 1 || c.Gamma != nil {
		options = append([]string{"gamma=1"}, options...)
	}
	a, err := gradient.Make(c.Algorithm, w, seed, options...)
	if err != nil {
		return nil, usageError{err}
	}
	return a, nil
}

type agentRun struct {
	Seed       uint64    `json:"seed"`
	Lengths    []int     `json:"lengths"`
	Returns    []float64 `json:"returns"`
	Evaluation float64   `json:"evaluation"` // mean return of the greedy policy
	Error      float64   `json:"evaluation_error"`
}

type agentAnswer struct {
	World     string     `json:"world"`
	Algorithm string     `json:"algorithm"`
	Episodes  []episode  `json:"episodes"` // of the first run
	V         any        `json:"v"`        // no table of either
	Q         any        `json:"q"`
	RMSE      []float64  `json:"rmse"`
	Steps     int        `json:"steps"`
	StepsPerS float64    `json:"steps_per_s"`
	Mean      float64    `json:"evaluation"` // interquartile mean of the runs
	Runs      []agentRun `json:"runs"`
}

// agent learns with a network.
func (c rlLearnCmd) agent(ctx context.Context, e *env, w *world.World) (err error) {
	switch {
	case len(w.Actions) == 0 && c.Algorithm == "dqn":
		return usagef("--algorithm dqn chooses among actions, and world %s wants a force", w.Name)
	case len(w.Actions) > 0 && (c.Algorithm == "dpg" || c.Algorithm == "sac"):
		return usagef("--algorithm %s acts by a force, and world %s has actions", c.Algorithm, w.Name)
	case c.Steps < 1 || c.Runs < 1 || c.Evaluate < 1:
		return usagef("--steps, --runs and --evaluate want at least 1")
	case w.Continuing && w.Horizon == 0:
		return usagef("world %s may never end by itself: say with --horizon after how many steps a run is cut", w.Name)
	case (c.Save != "" || c.Load != "") && c.Runs > 1:
		return usagef("--save and --load go with a single run")
	case c.Reference != "auto" && c.Reference != "none":
		return usagef("--reference goes with tables")
	}
	if err := c.unused(); err != nil {
		return err
	}
	defer rl.Catch(&err)
	start := time.Now()
	out := agentAnswer{World: w.Name, Algorithm: c.Algorithm, RMSE: []float64{}, Episodes: []episode{}}
	for i := range c.Runs { // an agent uses all cores itself
		r, err := c.agentRun(ctx, e, w, e.seed()+uint64(i))
		if out.Runs = append(out.Runs, r); err != nil {
			return err
		}
	}
	for k, n := range out.Runs[0].Lengths {
		out.Episodes = append(out.Episodes, episode{float64(n), out.Runs[0].Returns[k]})
	}
	var means []float64
	for _, r := range out.Runs {
		means = append(means, r.Evaluation)
	}
	out.Steps = c.Steps * c.Runs
	out.StepsPerS, out.Mean = float64(out.Steps)/time.Since(start).Seconds(), interquartile(means)
	if e.JSON {
		return e.object(out)
	}
	e.printf("%s on %s: %d runs of %s steps, %.0f thousand a second with learning\n", c.Algorithm, w.Name, c.Runs, count(c.Steps), out.StepsPerS/1e3)
	for _, r := range out.Runs {
		e.printf("seed %d: %s episodes; its policy earns %.5g ± %.2g over %d\n", r.Seed, count(len(r.Lengths)), r.Evaluation, r.Error, c.Evaluate)
	}
	if len(means) > 1 {
		e.printf("interquartile mean %.5g\n", out.Mean)
	}
	return nil
}

func (c rlLearnCmd) agentRun(ctx context.Context, e *env, w *world.World, seed uint64) (r agentRun, err error) {
	r = agentRun{Seed: seed, Lengths: []int{}, Returns: []float64{}}
	agent, err := c.newAgent(w, seed)
	if err != nil {
		return r, err
	}
	if c.Load != "" {
		if err := loadAgent(agent, c.Load); err != nil {
			return r, err
		}
	}
	shown := time.Now()
	for ep, err := range approx.Learn(ctx, agent, c.Steps) {
		if err != nil {
			if c.Save != "" {
				err = errors.Join(err, saveAgent(agent, c.Save))
			}
			return r, fmt.Errorf("after %d steps: %w", agent.Steps(), err)
		}
		r.Lengths, r.Returns = append(r.Lengths, ep.Length), append(r.Returns, ep.Return)
		if wait := 10 * time.Second; !e.JSON && (time.Since(shown) > wait || e.Live && time.Since(shown) > wait/50) {
			shown = time.Now()
			end := "\n"
			if e.Live {
				end = "\x1b[K\r"
			}
			e.printf("%s of %s steps, %s episodes, return %.4g%s", count(agent.Steps()), count(c.Steps), count(len(r.Lengths)), ep.Return, end)
		}
	}
	if c.Save != "" {
		if err := saveAgent(agent, c.Save); err != nil {
			return r, err
		}
	}
	horizon := w.Horizon
	if horizon == 0 {
		horizon = endless
	}
	earned := approx.Evaluate(agent.Act, w.New(), rl.NewRand(seed, 1<<41), c.Evaluate, horizon)
	var square float64
	for _, x := range earned {
		r.Evaluation += x / float64(len(earned))
		square += x * x / float64(len(earned))
	}
	if n := float64(len(earned)); n > 1 {
		r.Error = 1.96 * math.Sqrt(max(square-r.Evaluation*r.Evaluation, 0)/(n-1))
	}
	return r, nil
}

func saveAgent(a approx.Agent, path string) error {
	return atomicfile.Replace(path, a.Save)
}

func loadAgent(a approx.Agent, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := a.Load(f); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// interquartile is the mean of the middle half.
//
// Agarwal et al., Deep Reinforcement Learning at the Edge of the Statistical
// Precipice, 2021. arXiv:2108.13264.
func interquartile(x []float64) float64 {
	x = slices.Clone(x)
	slices.Sort(x)
	low, sum, weight := float64(len(x))/4, 0., 0.
	high := float64(len(x)) - low
	for i, v := range x {
		w := max(min(float64(i+1), high)-max(float64(i), low), 0)
		sum += w * v
		weight += w
	}
	return sum / weight
}
