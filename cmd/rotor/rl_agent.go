package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rotor-lm/rotor/internal/atomicfile"
	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/approx"
	"github.com/rotor-lm/rotor/rl/gradient"
	"github.com/rotor-lm/rotor/rl/tabular"
	"github.com/rotor-lm/rotor/rl/world"
)

// agentFlags are those of algorithms with networks.
type agentFlags struct {
	Steps        int      `default:"50000" placeholder:"N" help:"With a network: steps of each run, in all worlds (${default})."`
	Worlds       *int     `placeholder:"N" help:"With a network: worlds at once, for a2c and ppo (8)."`
	LR           *float64 `name:"lr" placeholder:"X" help:"With a network: step size of Adam."`
	Hidden       string   `placeholder:"N,N" help:"With a network: widths of the hidden layers (64,64)."`
	Double       bool     `help:"dqn: the online network chooses, the slow one values."`
	Dueling      bool     `help:"dqn: value and advantage from one body."`
	Priority     float64  `placeholder:"A" help:"dqn: draw by the error to this power; 0 draws uniformly."`
	Distribution string   `enum:",c51,quantile" default:"" placeholder:"D" help:"dqn: learn the return's distribution: c51 or quantile."`
	Support      string   `placeholder:"LOW,HIGH" help:"dqn: the returns that c51's atoms span (0,100)."`
	Evaluate     int      `default:"100" placeholder:"N" help:"With a network: episodes to play after learning (${default})."`
}

// agentEntry is a learner with a network, as a row of the table of algorithms.
type agentEntry struct {
	name   string
	row    tabular.Row
	force  bool // it can act by a force too
	uses   []string
	source string
	make   func(rlLearnCmd, *world.World, uint64) (approx.Agent, error)
}

var agents = []agentEntry{
	{
		"dqn",
		tabular.Row{Bootstrap: "max q̂(s′,·;w⁻)", Lambda: "0, n steps", Baseline: "q̂(s,a;w)", Then: "w += α·(G − q̂)·∇q̂, from a replay"},
		false,
		[]string{"n", "lr", "hidden", "double", "dueling", "priority", "distribution", "epsilon"},
		"Mnih et al. 2015", makeDQN,
	},
	{
		"reinforce",
		tabular.Row{Bootstrap: "none", Lambda: "1", Baseline: "0", Then: "∇log π·A"},
		true,
		[]string{"lr", "hidden"},
		"Williams 1992; Sutton and Barto 2018, §13.3", makeOnPolicy,
	},
	{
		"reinforce-baseline",
		tabular.Row{Bootstrap: "none", Lambda: "1", Baseline: "v(s)", Then: "∇log π·A"},
		true,
		[]string{"lr", "hidden"},
		"Sutton and Barto 2018, §13.4", makeOnPolicy,
	},
	{
		"actor-critic",
		tabular.Row{Bootstrap: "v(s′)", Lambda: "1 in a window", Baseline: "v(s)", Then: "∇log π·A"},
		true,
		[]string{"n", "lr", "hidden"},
		"Sutton and Barto 2018, §13.5", makeOnPolicy,
	},
	{
		"a2c",
		tabular.Row{Bootstrap: "v(s′)", Lambda: "1 in a window", Baseline: "v(s)", Then: "∇log π·A"},
		true,
		[]string{"worlds", "lr", "hidden"},
		"Mnih et al. 2016, arXiv:1602.01783", makeOnPolicy,
	},
	{
		"ppo",
		tabular.Row{Bootstrap: "v(s′)", Lambda: "0.95", Baseline: "v(s)", Then: "clipped ratio·A"},
		true,
		[]string{"lambda", "worlds", "lr", "hidden"},
		"Schulman et al. 2017, arXiv:1707.06347", makeOnPolicy,
	},
}

func findAgent(name string) (agentEntry, bool) {
	i := slices.IndexFunc(agents, func(a agentEntry) bool { return a.name == name })
	if i < 0 {
		return agentEntry{}, false
	}
	return agents[i], true
}

func (c rlLearnCmd) hidden() ([]int, error) {
	if c.Hidden == "" {
		return nil, nil
	}
	var widths []int
	for _, word := range strings.Split(c.Hidden, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(word))
		if err != nil || n < 1 || n > 4096 {
			return nil, usagef("--hidden %s: want widths from 1 to 4096, such as 64,64", c.Hidden)
		}
		widths = append(widths, n)
	}
	return widths, nil
}

// discount is the agent's own, times the world's: 0.99 where nobody has set one.
func (c rlLearnCmd) discount(w *world.World) float64 {
	if w.Gamma < 1 || c.Gamma != nil {
		return 1
	}
	return .99
}

func makeDQN(c rlLearnCmd, w *world.World, seed uint64) (approx.Agent, error) {
	hidden, err := c.hidden()
	if err != nil {
		return nil, err
	}
	d := approx.DQN{Hidden: hidden, Gamma: c.discount(w), Horizon: w.Horizon, Double: c.Double, Dueling: c.Dueling, Priority: c.Priority, Seed: seed}
	give(&d.LR, c.LR)
	give(&d.Steps, c.N)
	if c.Epsilon != "0.1" { // else it goes from 1 to 0.05, as is usual with a replay
		if d.Epsilon, err = rl.ParseSchedule(c.Epsilon); err == nil {
			err = d.Epsilon.Within("--epsilon", 0, 1)
		}
		if err != nil {
			return nil, usageError{err}
		}
	}
	switch c.Distribution {
	case "c51":
		low, high := 0., 100.
		if c.Support != "" {
			x, err := numbers("--support", signed(c.Support))
			if err != nil || len(x) != 2 || x[0] >= x[1] {
				return nil, usagef("--support %s: want LOW,HIGH", c.Support)
			}
			low, high = x[0], x[1]
		}
		d.Outlook = approx.Categorical{N: 51, Low: float32(low), High: float32(high)}
	case "quantile":
		d.Outlook = approx.Quantile{N: 51}
	}
	return d.New(w.New(), len(w.Actions))
}

func makeOnPolicy(c rlLearnCmd, w *world.World, seed uint64) (approx.Agent, error) {
	hidden, err := c.hidden()
	if err != nil {
		return nil, err
	}
	worlds := 8
	give(&worlds, c.Worlds)
	var p gradient.OnPolicy
	switch c.Algorithm {
	case "reinforce", "reinforce-baseline":
		p = gradient.REINFORCE(c.Algorithm == "reinforce-baseline")
		if w.Horizon == 0 {
			return nil, usagef("--algorithm %s learns from whole episodes: say with --horizon after how many steps one is cut", c.Algorithm)
		}
	case "actor-critic":
		n := 1
		give(&n, c.N)
		p = gradient.NStep(n)
	case "a2c":
		p = gradient.A2C(worlds)
	case "ppo":
		p = gradient.PPO(worlds)
		give(&p.Lambda, c.Lambda)
	}
	p.Hidden, p.Gamma, p.Horizon, p.Seed = hidden, c.discount(w), w.Horizon, seed
	if c.LR != nil {
		p.LR = rl.Const(*c.LR)
	}
	var head gradient.Head = gradient.Gaussian{Low: w.Low, High: w.High}
	if n := len(w.Actions); n > 0 {
		head = gradient.Categorical{N: n}
	}
	return p.New(func() approx.Env { return w.New() }, head)
}

// unused names a flag that the agent does not read.
func (c rlLearnCmd) unused(a agentEntry) error {
	given := map[string]bool{
		"lambda": c.Lambda != nil, "n": c.N != nil, "trace": c.Trace != nil, "first-visit": c.FirstVisit != nil, "weighted": c.Weighted != nil,
		"planning": c.Planning != nil, "theta": c.Theta != nil, "kappa": c.Kappa != nil, "alpha": c.Alpha != "", "epsilon": c.Epsilon != "0.1",
		"policy": c.Policy != "", "behaviour": c.Behaviour != "", "converge": c.Converge, "initial": c.Initial != "0", "every": c.Every != 0,
		"worlds": c.Worlds != nil, "lr": c.LR != nil, "hidden": c.Hidden != "", "double": c.Double, "dueling": c.Dueling, "priority": c.Priority != 0,
		"distribution": c.Distribution != "", "support": c.Support != "" && c.Distribution != "c51", "episodes": c.Episodes != 500,
	}
	for name, set := range given {
		if set && !slices.Contains(a.uses, name) {
			return usagef("--%s does nothing with --algorithm %s, which has --steps, --%s", name, a.name, strings.Join(a.uses, ", --"))
		}
	}
	return nil
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
func (c rlLearnCmd) agent(ctx context.Context, e *env, w *world.World, a agentEntry) (err error) {
	switch {
	case len(w.Actions) == 0 && !a.force:
		return usagef("--algorithm %s chooses among actions, and world %s wants a force", a.name, w.Name)
	case c.Steps < 1 || c.Runs < 1 || c.Evaluate < 1:
		return usagef("--steps, --runs and --evaluate want at least 1")
	case w.Continuing && w.Horizon == 0:
		return usagef("world %s may never end by itself: say with --horizon after how many steps a run is cut", w.Name)
	case (c.Save != "" || c.Load != "") && c.Runs > 1:
		return usagef("--save and --load go with a single run")
	case c.Reference != "auto" && c.Reference != "none":
		return usagef("--reference goes with tables")
	}
	if err := c.unused(a); err != nil {
		return err
	}
	defer rl.Catch(&err)
	start := time.Now()
	out := agentAnswer{World: w.Name, Algorithm: a.name, RMSE: []float64{}, Episodes: []episode{}}
	for i := range c.Runs { // an agent uses all cores itself
		r, err := c.agentRun(ctx, e, w, a, e.seed()+uint64(i))
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
	e.printf("%s on %s: %d runs of %s steps, %.0f thousand a second with learning\n", a.name, w.Name, c.Runs, count(c.Steps), out.StepsPerS/1e3)
	for _, r := range out.Runs {
		e.printf("seed %d: %s episodes; its policy earns %.5g ± %.2g over %d\n", r.Seed, count(len(r.Lengths)), r.Evaluation, r.Error, c.Evaluate)
	}
	if len(means) > 1 {
		e.printf("interquartile mean %.5g\n", out.Mean)
	}
	return nil
}

func (c rlLearnCmd) agentRun(ctx context.Context, e *env, w *world.World, a agentEntry, seed uint64) (r agentRun, err error) {
	r = agentRun{Seed: seed, Lengths: []int{}, Returns: []float64{}}
	agent, err := a.make(c, w, seed)
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
	s, able := a.(interface{ Save(io.Writer) error })
	if !able {
		return usagef("--save: this algorithm cannot be saved")
	}
	return atomicfile.Replace(path, s.Save)
}

func loadAgent(a approx.Agent, path string) error {
	l, able := a.(interface{ Load(io.Reader) error })
	if !able {
		return usagef("--load: this algorithm cannot be loaded")
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := l.Load(f); err != nil {
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
