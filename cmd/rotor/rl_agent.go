package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/rotor-lm/rotor/internal/atomicfile"
	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/approx"
	"github.com/rotor-lm/rotor/rl/gradient"
	"github.com/rotor-lm/rotor/rl/tabular"
	"github.com/rotor-lm/rotor/rl/world"
)

// agentFlags are those of algorithms with a function: features or a network.
type agentFlags struct {
	Steps    int      `default:"50000" placeholder:"N" help:"With features or a network: steps of each run, in all worlds (${default})."`
	Option   []string `placeholder:"KEY=VALUE" sep:"none" help:"With features or a network: a setting such as lr=0.001, hidden=[64,64], features=fourier or worlds=16 (rotor rl list NAME names all); may be given again."`
	Evaluate int      `default:"100" placeholder:"N" help:"With features or a network: episodes to play after learning (${default})."`
}

// given says whether any of them was set.
func (f agentFlags) given() bool { return f.Steps != 50_000 || f.Evaluate != 100 || len(f.Option) > 0 }

// unused names a flag that speaks of tables.
func (f learnFlags) unused() error {
	for _, flag := range []struct {
		name  string
		given bool
	}{
		{"lambda", f.Lambda != nil},
		{"n", f.N != nil},
		{"trace", f.Trace != nil},
		{"first-visit", f.FirstVisit != nil},
		{"weighted", f.Weighted != nil},
		{"planning", f.Planning != nil},
		{"theta", f.Theta != nil},
		{"kappa", f.Kappa != nil},
		{"alpha", f.Alpha != ""},
		{"epsilon", f.Epsilon != "0.1"},
		{"policy", f.Policy != ""},
		{"behaviour", f.Behaviour != ""},
		{"converge", f.Converge},
		{"initial", f.Initial != "0"},
		{"episodes", f.Episodes != 500},
	} {
		if flag.given {
			return usagef("--%s does nothing with --algorithm %s, which has --steps, --evaluate and --option KEY=VALUE", flag.name, f.Algorithm)
		}
	}
	return nil
}

// apprentice is an agent with what makes it anew and where it is kept.
type apprentice struct {
	approx.Agent
	about gradient.Saved
	view  world.Simulator // a world of its own, to look at
}

// newApprentice makes a learner. Its own discount, times the world's, is 0.99 where
// nobody has set one.
func newApprentice(w *world.World, flags worldFlags, algorithm string, options []string, seed uint64) (*apprentice, error) {
	m, _ := gradient.Lookup(algorithm)
	if _, own := gradient.Keys(m.Settings())["gamma"]; own && (w.Gamma < 1 || flags.Gamma != nil) {
		options = append([]string{"gamma=1"}, options...)
	}
	a, err := gradient.Make(algorithm, w, seed, options...)
	if err != nil {
		return nil, usageError{err}
	}
	about := gradient.Saved{World: flags.World, Set: flags.options(), Algorithm: algorithm, Options: options, Seed: seed}
	return &apprentice{a, about, m.View(w)}, nil
}

func (a *apprentice) save(path string) error {
	return atomicfile.Replace(path, func(w io.Writer) error { return gradient.Save(w, a.about, a.Agent) })
}

// loadApprentice goes on with a saved agent.
func (c rlLearnCmd) loadApprentice(w *world.World) (*apprentice, error) {
	f, err := os.Open(c.Load)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := bufio.NewReader(f)
	about, err := gradient.ReadSaved(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Load, err)
	}
	switch {
	case about.Algorithm != c.Algorithm:
		return nil, usagef("%s was saved by --algorithm %s", c.Load, about.Algorithm)
	case len(c.Option) > 0:
		return nil, usagef("--option: %s goes on with its own: %s", c.Load, strings.Join(about.Options, " "))
	case about.Steps >= c.Steps:
		return nil, usagef("%s has taken %s steps already: --steps counts them too", c.Load, count(about.Steps))
	}
	agent, err := about.Open(r, w)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Load, err)
	}
	m, _ := gradient.Lookup(about.Algorithm)
	return &apprentice{agent, about, m.View(w)}, nil
}

type agentRun struct {
	Seed       uint64    `json:"seed"`
	Lengths    []int     `json:"lengths"`
	Returns    []float64 `json:"returns"`
	RMSE       []float64 `json:"rmse,omitempty"`
	Evaluation float64   `json:"evaluation"` // mean return of the greedy policy
	Error      float64   `json:"evaluation_error"`
	agent      *apprentice
}

type agentAnswer struct {
	World     string       `json:"world"`
	Algorithm string       `json:"algorithm"`
	Options   []string     `json:"options"`
	Episodes  []episode    `json:"episodes"` // of the first run
	V         [][]number   `json:"v"`        // of the first run, where states are numbered and the agent has values
	Q         [][][]number `json:"q"`
	Policy    [][][]number `json:"policy,omitempty"`
	RMSE      []float64    `json:"rmse"`  // mean of the runs
	Every     int          `json:"every"` // steps between errors
	Steps     int          `json:"steps"`
	StepsPerS float64      `json:"steps_per_s"`
	Mean      float64      `json:"evaluation"` // interquartile mean of the runs
	Runs      []agentRun   `json:"runs"`
}

// agent learns with a function.
func (c rlLearnCmd) agent(ctx context.Context, e *env, w *world.World) (err error) {
	switch {
	case c.Steps < 1 || c.Runs < 1 || c.Evaluate < 1 || c.Every < 0:
		return usagef("--steps, --runs and --evaluate want at least 1, and --every at least 0")
	case w.Continuing && w.Horizon == 0:
		return usagef("world %s may never end by itself: say with --horizon after how many steps a run is cut", w.Name)
	case (c.Save != "" || c.Load != "") && c.Runs > 1:
		return usagef("--save and --load go with a single run")
	}
	if err := errors.Join(suits(w, c.Algorithm), c.unused()); err != nil {
		return err
	}
	reference, err := c.agentReference(w)
	if err != nil {
		return err
	}
	defer rl.Catch(&err)
	start := time.Now()
	out := agentAnswer{World: w.Name, Algorithm: c.Algorithm, RMSE: []float64{}, Episodes: []episode{}}
	for i := range c.Runs { // an agent uses all cores itself
		r, failed := c.agentRun(ctx, e, w, reference, e.seed()+uint64(i))
		if r.agent == nil {
			return failed
		}
		if out.Runs = append(out.Runs, r); failed != nil {
			err = failed
			break
		}
	}
	return errors.Join(c.reportAgents(e, w, out, time.Since(start), err), err)
}

// suits says whether a method fits the world's actions.
func suits(w *world.World, algorithm string) error {
	force := algorithm == "dpg" || algorithm == "sac"
	choice := slices.Contains([]string{"dqn", "lspi", "off-policy-actor-critic"}, algorithm) || strings.HasPrefix(algorithm, "semi-gradient-")
	switch {
	case len(w.Actions) == 0 && choice:
		return usagef("--algorithm %s chooses among actions, and world %s wants a force", algorithm, w.Name)
	case len(w.Actions) > 0 && force:
		return usagef("--algorithm %s acts by a force, and world %s has actions", algorithm, w.Name)
	}
	return nil
}

// agentReference is what the errors of values are measured against: those of the
// policy whose values are learned, else the best policy's, or nothing.
func (c rlLearnCmd) agentReference(w *world.World) ([]float64, error) {
	known := w.Model != nil && w.New().Width() == 1
	switch {
	case c.Reference == "none", c.Reference == "auto" && !known:
		return nil, nil
	case c.Reference != "auto" && c.Reference != "optimal":
		return nil, usagef("--reference %s: with --algorithm %s want optimal or none", c.Reference, c.Algorithm)
	}
	a, err := newApprentice(w, c.worldFlags, c.Algorithm, c.Option, 0)
	if err != nil {
		return nil, err
	}
	if v, ok := a.Agent.(wants); ok && c.Reference == "auto" {
		return tabular.Evaluate(w.Model, probabilities(w, v.Wanted()))
	}
	s, err := solvedPolicy(w)
	if err != nil {
		if c.Reference == "auto" {
			return nil, nil
		}
		return nil, err
	}
	return s.V, nil
}

// probabilities writes a policy as a table.
func probabilities(w *world.World, p rl.Prober[int, int]) *tabular.Policy {
	out := &tabular.Policy{Actions: len(w.Actions)}
	for s := range w.Count() {
		for a := range w.Actions {
			out.P = append(out.P, p.Prob(s, a))
		}
	}
	return out
}

func (c rlLearnCmd) agentRun(ctx context.Context, e *env, w *world.World, reference []float64, seed uint64) (r agentRun, err error) {
	var a *apprentice
	if c.Load != "" {
		a, err = c.loadApprentice(w)
	} else {
		a, err = newApprentice(w, c.worldFlags, c.Algorithm, c.Option, seed)
	}
	if err != nil {
		return r, err
	}
	r = agentRun{Seed: seed, Lengths: []int{}, Returns: []float64{}, agent: a}
	every := c.every()
	measured := a.Steps()
	line := stepLine{e: e, steps: c.Steps, first: a.Steps(), start: time.Now()}
	for ep, failed := range approx.Learn(ctx, a, c.Steps) {
		if failed != nil {
			err = fmt.Errorf("after %s steps: %w", count(a.Steps()), failed)
			break
		}
		r.Lengths, r.Returns = append(r.Lengths, ep.Length), append(r.Returns, ep.Return)
		for ; reference != nil && a.Steps() >= measured+every; measured += every {
			if b := believe(w, a.Agent, a.view); b != nil && b.v != nil {
				r.RMSE = append(r.RMSE, rmseOver(b.v, reference, acted(w.Model)))
			}
		}
		line.show(a.Steps(), r)
	}
	line.end()
	if c.Save != "" { // also what an interrupted or failed run has learned
		err = errors.Join(err, a.save(c.Save))
	}
	if err == nil {
		p := player{world: w, agent: a.Agent, seen: a.view}
		if v, ok := a.Agent.(wants); ok {
			p.table = probabilities(w, v.Wanted())
		}
		g := p.play(c.Evaluate, seed)
		r.Evaluation, r.Error = g.Return, g.Error
	}
	return r, err
}

// every is how many steps lie between two errors.
func (c rlLearnCmd) every() int {
	if c.Every > 0 {
		return c.Every
	}
	return max(c.Steps/100, 1)
}

// reportAgents sums up all runs, the last of which failed if there is an error.
func (c rlLearnCmd) reportAgents(e *env, w *world.World, out agentAnswer, took time.Duration, failed error) error {
	first := out.Runs[0]
	out.Options = first.agent.about.Options
	for k, n := range first.Lengths {
		out.Episodes = append(out.Episodes, episode{float64(n), first.Returns[k]})
	}
	var means []float64
	for _, r := range out.Runs {
		means = append(means, r.Evaluation)
		out.Steps += r.agent.Steps() - startOf(c, r)
	}
	out.RMSE, out.Every = meanRMSE(out.Runs), c.every()
	out.StepsPerS, out.Mean = float64(out.Steps)/took.Seconds(), interquartile(means)
	var b *beliefs
	if failed == nil {
		b = believe(w, first.agent.Agent, first.agent.view)
	}
	if b != nil {
		out.Policy = perAction(w, b.policy.P, len(w.Actions))
		if b.v != nil {
			out.V = values(w, b.v)
		}
		if b.q != nil {
			out.Q = perAction(w, b.q, len(w.Actions))
		}
	}
	if e.JSON {
		return e.object(out)
	}
	e.printf("%s on %s: %s of %s steps, %s a second with learning\n", c.Algorithm, w.Name, plural(len(out.Runs), "run"), count(out.Steps/len(out.Runs)), count(int(out.StepsPerS)))
	if failed != nil {
		e.printf("%s episodes, the last ten with a mean return of %.5g\n", count(len(first.Returns)), meanOf(first.Returns[max(len(first.Returns)-10, 0):]))
		return nil
	}
	for _, r := range out.Runs {
		e.printf("seed %d: %s episodes; its policy earns %.5g ± %.2g over %d\n", r.Seed, count(len(r.Lengths)), r.Evaluation, r.Error, c.Evaluate)
	}
	if len(means) > 1 {
		e.printf("interquartile mean %.5g\n", out.Mean)
	}
	if n := len(out.RMSE); n > 0 {
		e.printf("error of the values %.4g at first, %.4g at last\n", out.RMSE[0], out.RMSE[n-1])
	}
	if b != nil && (w.Grid != nil || w.Count() <= 40) {
		if b.v != nil {
			e.printf("\n%s", gridText(w, b.v))
		}
		e.printf("\n%s", policyText(w, b.policy))
	}
	return nil
}

// startOf is how many steps a run had taken when this command began.
func startOf(c rlLearnCmd, r agentRun) int {
	if c.Load == "" {
		return 0
	}
	return r.agent.about.Steps
}

// meanRMSE is the mean of the runs' errors, as far as all have them.
func meanRMSE(runs []agentRun) []float64 {
	n := len(runs[0].RMSE)
	for _, r := range runs {
		n = min(n, len(r.RMSE))
	}
	out := make([]float64, n)
	for _, r := range runs {
		for k := range out {
			out[k] += r.RMSE[k] / float64(len(runs))
		}
	}
	return out
}

// rmseOver is the error of v over the states that count.
func rmseOver(v, want []float64, counts []bool) float64 {
	var sum, n float64
	for s := range want {
		if counts[s] {
			sum += (v[s] - want[s]) * (v[s] - want[s])
			n++
		}
	}
	return math.Sqrt(sum / n)
}

func meanOf(x []float64) (m float64) {
	for _, v := range x {
		m += v / float64(len(x))
	}
	return m
}

// stepLine shows how far an agent is: on a terminal one line that moves, elsewhere
// a line now and then.
type stepLine struct {
	e            *env
	steps, first int
	start, shown time.Time
	wrote        bool
}

func (p *stepLine) show(steps int, r agentRun) {
	pause := 10 * time.Second
	if p.e.Live {
		pause = 200 * time.Millisecond
	}
	if p.shown.IsZero() {
		p.shown = p.start
	}
	if p.e.JSON || time.Since(p.shown) < pause {
		return
	}
	p.shown = time.Now()
	since := time.Since(p.start)
	rate := float64(steps-p.first) / since.Seconds()
	left := time.Duration(float64(p.steps-steps) / rate * float64(time.Second)).Round(time.Second)
	line := fmt.Sprintf("%s of %s steps, %s a second, %s episodes, return %.4g, %v left", count(steps), count(p.steps), count(int(rate)),
		count(len(r.Returns)), meanOf(r.Returns[max(len(r.Returns)-10, 0):]), max(left, 0))
	if n := len(r.RMSE); n > 0 {
		line += fmt.Sprintf(", error %.4g", r.RMSE[n-1])
	}
	if p.e.Live {
		p.wrote = true
		p.e.printf("\r\x1b[K%s", line)
		return
	}
	p.e.printf("%s\n", line)
}

func (p *stepLine) end() {
	if p.wrote {
		p.e.printf("\r\x1b[K")
	}
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
