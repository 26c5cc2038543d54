package main

import (
	"fmt"

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
	V         [][]number   `json:"v"`                // mean of the runs
	Q         [][][]number `json:"q"`                // null for prediction
	Policy    [][][]number `json:"policy,omitempty"` // greedy in q
	RMSE      []float64    `json:"rmse"`             // mean of the runs, after every episode or every so many steps
	Every     int          `json:"every,omitempty"`  // steps between errors
	Greedy    *played      `json:"greedy,omitempty"`
	Visits    [][][]number `json:"visits,omitempty"` // all runs
	Steps     int          `json:"steps"`
	StepsPerS float64      `json:"steps_per_s"` // of one core
	Runs      []learned    `json:"runs"`
}

// report sums up all runs.
func (c rlLearnCmd) report(e *env, j *job, runs []learned) error {
	w := j.world
	a := learnAnswer{World: w.Name, Algorithm: j.entry.Name, Gamma: w.Gamma, Alpha: j.alpha, Epsilon: j.epsilon, Runs: runs, RMSE: []float64{}, Every: c.Every}
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
	e.printf("%s on %s, γ = %g, α = %v, ε = %v, %s of %s episodes, %s steps, %s a second\n\n", a.Algorithm, w.Name, w.Gamma, j.alpha, j.epsilon,
		plural(len(runs), "run"), count(len(a.Episodes)), count(a.Steps), count(int(a.StepsPerS)))
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

// plural is "1 run" or "2 runs".
func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return count(n) + " " + what + "s"
}
