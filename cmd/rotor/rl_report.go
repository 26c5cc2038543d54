package main

import (
	"fmt"
	"math"

	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/tabular"
	"github.com/rotor-lm/rotor/rl/world"
)

type episode struct {
	Length float64 `json:"length"`
	Return float64 `json:"return"`
}

type learnAnswer struct {
	World     string       `json:"world"`
	Algorithm string       `json:"algorithm"`
	Gamma     float64      `json:"gamma"`
	Alpha     rl.Schedule  `json:"alpha"`
	Epsilon   rl.Schedule  `json:"epsilon"`
	Episodes  []episode    `json:"episodes"` // mean of the runs
	Lengths   []float64    `json:"lengths"`
	Returns   []float64    `json:"returns"`
	V         [][]number   `json:"v"` // mean of the runs
	Q         [][][]number `json:"q,omitempty"`
	Policy    [][][]number `json:"policy,omitempty"` // greedy in q
	RMSE      []float64    `json:"rmse"`             // mean of the runs, after every episode or every --every steps
	Greedy    *played      `json:"greedy,omitempty"`
	Visits    [][][]number `json:"visits,omitempty"` // all runs
	Steps     int          `json:"steps"`
	StepsPerS float64      `json:"steps_per_s"` // of one core
	Runs      []learned    `json:"runs"`
}

// report sums up all runs.
func (c rlLearnCmd) report(e *env, j *job, runs []learned) error {
	w := j.world
	a := learnAnswer{World: w.Name, Algorithm: j.entry.Name, Gamma: w.Gamma, Alpha: j.alpha, Epsilon: j.epsilon, Runs: runs, RMSE: []float64{}}
	n := float64(len(runs))
	var seconds float64
	for k := range runs[0].Lengths {
		var ep episode
		for _, r := range runs {
			ep.Length += float64(r.Lengths[k]) / n
			ep.Return += r.Returns[k] / n
		}
		a.Episodes = append(a.Episodes, ep)
		a.Lengths, a.Returns = append(a.Lengths, ep.Length), append(a.Returns, ep.Return)
	}
	for k := range shortest(runs) {
		x := 0.
		for _, r := range runs {
			x += r.RMSE[k] / n
		}
		a.RMSE = append(a.RMSE, x)
	}
	v := make([]float64, w.Count())
	q, visits := make([]float64, w.Count()*len(w.Actions)), make([]float64, w.Count()*len(w.Actions))
	for _, r := range runs {
		a.Steps += r.l.Steps
		seconds += r.duration.Seconds()
		for s, x := range now(r.l) {
			v[s] += x / n
		}
		if r.l.Q != nil {
			for i, x := range r.l.Q.Values {
				q[i] += x / n
				visits[i] += float64(r.l.Q.Visits[i])
			}
		}
	}
	a.V, a.StepsPerS = values(w, v), float64(a.Steps)/max(seconds, 1e-9)
	var p *tabular.Policy
	if j.entry.Control {
		p = tabular.Greedy(q, len(w.Actions))
		a.Q, a.Policy, a.Visits = perAction(w, q, len(w.Actions)), perAction(w, p.P, len(w.Actions)), perAction(w, visits, len(w.Actions))
		episodes := 100
		if w.Horizon > 2000 {
			episodes = max(1, 200_000/w.Horizon)
		}
		a.Greedy = tryPlay(w, p, episodes, e.seed())
	}
	if e.JSON {
		return e.object(a)
	}
	e.printf("%s on %s, γ = %g, α = %v, ε = %v, %d runs of %s episodes, %s steps, %s a second\n\n", a.Algorithm, w.Name, w.Gamma, j.alpha, j.epsilon,
		len(runs), count(len(a.Episodes)), count(a.Steps), count(int(a.StepsPerS)))
	var t table
	a.window(&t, "first", 0, min(10, len(a.Episodes)))
	a.window(&t, "last", max(0, len(a.Episodes)-100), len(a.Episodes))
	if len(a.RMSE) > 0 {
		t.add("error", "%.4g at first, %.4g at last", a.RMSE[0], a.RMSE[len(a.RMSE)-1])
	}
	if a.Greedy != nil {
		t.add("greedy policy", "length %.4g, return %.4g", a.Greedy.Length, a.Greedy.Return)
	}
	t.print(e)
	if w.Grid != nil || w.Count() <= 40 {
		e.printf("\n%s", gridText(w, v))
		if p != nil {
			e.printf("\n%s", policyText(w, p))
		}
	}
	return nil
}

func (a learnAnswer) window(t *table, what string, from, to int) {
	var length, total float64
	for _, ep := range a.Episodes[from:to] {
		length += ep.Length / float64(to-from)
		total += ep.Return / float64(to-from)
	}
	t.add(fmt.Sprintf("%s %d episodes", what, to-from), "length %.1f, return %.4g", length, total)
}

// shortest is as many errors as every run has measured.
func shortest(runs []learned) []float64 {
	least := runs[0].RMSE
	for _, r := range runs {
		if len(r.RMSE) < len(least) {
			least = r.RMSE
		}
	}
	return least
}

// played is what a policy earned.
type played struct {
	Episodes int     `json:"episodes"`
	Length   float64 `json:"length"`
	Return   float64 `json:"return"`
	Error    float64 `json:"return_error"` // 95 % of such means lie within
	Cut      int     `json:"cut"`          // how many the horizon ended
}

// tryPlay is play, or nothing in a world that fails: what was learned is told all
// the same.
func tryPlay(w *world.World, p rl.Policy[int, int], episodes int, seed uint64) *played {
	var g played
	var err error
	func() {
		defer rl.Catch(&err)
		g = play(w, p, episodes, seed)
	}()
	if err != nil {
		return nil
	}
	return &g
}

// endless is where an episode is cut that no horizon cuts.
const endless = 10_000

// play lets a policy act for so many episodes.
func play(w *world.World, p rl.Policy[int, int], episodes int, seed uint64) played {
	horizon := w.Horizon
	if horizon == 0 {
		horizon = endless
	}
	out, env := played{Episodes: episodes}, w.Finite()
	var tr rl.Trajectory[int, int]
	var square float64
	for k := range episodes {
		rl.RolloutInto(&tr, env, p, rl.NewRand(seed, 1<<40, uint64(k)), horizon)
		out.Length += float64(tr.Len())
		out.Return += tr.Return()
		square += tr.Return() * tr.Return()
		if tr.Discount[tr.Len()-1] != 0 {
			out.Cut++
		}
	}
	n := float64(episodes)
	out.Length /= n
	out.Return /= n
	if episodes > 1 {
		out.Error = 1.96 * math.Sqrt(max(square/n-out.Return*out.Return, 0)/(n-1))
	}
	return out
}

type rlEvaluateCmd struct {
	worldFlags
	Policy   string `required:"" placeholder:"P" help:"Who acts: optimal, uniform, epsilon:E, a JSON file with policy, or a saved run (its greedy policy)."`
	Episodes int    `default:"1000" placeholder:"N" help:"How many to play (${default})."`
}

func (rlEvaluateCmd) Help() string {
	return `Where the world has an exact table the exact value stands beside what was earned.

Examples:

    rotor rl evaluate --world frozenlake --policy optimal
    rotor rl evaluate --world blackjack --policy run.json --episodes 100000`
}

// Run plays and prints.
func (c rlEvaluateCmd) Run(e *env) (err error) {
	w, err := c.open(e)
	if err != nil {
		return err
	}
	defer w.Close()
	switch {
	case w.Count() == 0:
		return usagef("world %s has states that are not numbered; policies in files speak of numbered ones", w.Name)
	case c.Episodes < 1:
		return usagef("--episodes %d: want at least 1", c.Episodes)
	}
	p, err := readPolicy(w, c.Policy, func() (*tabular.Solution, error) {
		if w.Model == nil {
			return nil, usagef("world %s has no exact table: its optimal policy is not known", w.Name)
		}
		return tabular.Optimal(w.Model)
	})
	if err != nil {
		return err
	}
	defer rl.Catch(&err)
	out := struct {
		World string `json:"world"`
		played
		Exact *float64 `json:"exact_value"` // discounted, of the start, without a horizon
	}{World: w.Name, played: play(w, p, c.Episodes, e.seed())}
	if w.Model != nil {
		if v, err := tabular.Evaluate(w.Model, p); err == nil {
			out.Exact = new(float64)
			for s, x := range w.Model.Start {
				*out.Exact += x * v[s]
			}
		}
	}
	if e.JSON {
		return e.object(out)
	}
	var t table
	t.add("return", "%.5g ± %.2g, not discounted, over %s episodes", out.Return, out.Error, count(out.Episodes))
	t.add("length", "%.5g", out.Length)
	if out.Cut > 0 {
		t.add("cut", "%s of the episodes, at the horizon", count(out.Cut))
	}
	if out.Exact != nil {
		t.add("exact value", "%.6g, discounted by γ = %g and without a horizon", *out.Exact, w.Gamma)
	}
	t.print(e)
	return nil
}
