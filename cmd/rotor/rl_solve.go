package main

import (
	"fmt"
	"strings"

	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/tabular"
	"github.com/rotor-lm/rotor/rl/world"
)

type rlSolveCmd struct {
	worldFlags
	Policy      string `default:"optimal" placeholder:"P" help:"Whose values: optimal, uniform, epsilon:E, or a JSON file with policy or a saved run (${default})."`
	OptimalSoft bool   `help:"With epsilon:E, the best of all ε-greedy policies, not the ε-greedy one of the optimal."`
	Method      string `default:"exact" enum:"exact,value-iteration,policy-iteration,truncated,sweeps,mc-basic" help:"How: exact, value-iteration, policy-iteration, truncated (policy iteration), sweeps of evaluation, or mc-basic: policy iteration whose values are means of episodes from every pair (${default})."`
	Sweeps      *int   `placeholder:"N" help:"Sweeps of value-iteration or sweeps (0: until nothing changes), or of each evaluation of truncated."`
	Length      *int   `placeholder:"N" help:"Steps of an episode of mc-basic (100)."`
	Episodes    *int   `placeholder:"N" help:"Episodes of mc-basic from every pair (1, which is enough in a world without chance)."`
	Steps       bool   `help:"Also give the values after every sweep or improvement."`
}

func (rlSolveCmd) Help() string {
	return `Values are exact: the solution of Bellman's equation, not an estimate, but with
mc-basic. Ties between actions go to the first.

Examples:

    rotor rl solve --world zhao5x5 --gamma 0.9 --policy optimal
    rotor rl solve --world zhao5x5 --policy uniform --r-forbidden -10 --json
    rotor rl solve --world zhao5x5 --policy epsilon:0.1 --bump both --r-forbidden -10
    rotor rl solve --world zhao2x2 --method value-iteration --sweeps 2 --steps
    rotor rl solve --world zhao5x5 --r-forbidden -10 --method mc-basic --length 15
    rotor rl solve --world frozenlake --set is_slippery=false`
}

type solved struct {
	World  string       `json:"world"`
	Gamma  float64      `json:"gamma"`
	V      [][]number   `json:"v"`
	Q      [][][]number `json:"q"`
	Policy [][][]number `json:"policy"`
	Names  []string     `json:"actions"`
	Sweeps int          `json:"sweeps,omitempty"`
	Steps  [][][]number `json:"steps,omitempty"` // v after every sweep
}

// Run solves and prints.
func (c rlSolveCmd) Run(e *env) error {
	w, err := c.open(e)
	if err != nil {
		return err
	}
	defer w.Close()
	if w.Model == nil {
		return usagef("world %s has no exact table to solve; learn it: rotor rl learn --world %s", w.Name, w.Name)
	}
	s, err := c.solve(w, e.seed())
	if err != nil {
		return fmt.Errorf("world %s: %w", w.Name, err)
	}
	out := solved{
		World: w.Name, Gamma: w.Gamma, Names: w.Actions, Sweeps: s.Sweeps,
		V: values(w, s.V), Q: perAction(w, s.Q, len(w.Actions)), Policy: perAction(w, s.Policy.P, len(w.Actions)),
	}
	for _, v := range s.Steps {
		out.Steps = append(out.Steps, values(w, v))
	}
	if e.JSON {
		return e.object(out)
	}
	c.print(e, w, s)
	return nil
}

// solve finds the values that the flags ask for.
func (c rlSolveCmd) solve(w *world.World, seed uint64) (*tabular.Solution, error) {
	sweeps := 0
	if c.Sweeps != nil {
		if sweeps = *c.Sweeps; sweeps < 0 || sweeps > 1_000_000 {
			return nil, usagef("--sweeps %d: want a number from 0 to 1,000,000", sweeps)
		}
		if c.Method == "exact" || c.Method == "policy-iteration" || c.Method == "mc-basic" {
			return nil, usagef("--sweeps goes with --method value-iteration, truncated or sweeps")
		}
	}
	soft := strings.HasPrefix(c.Policy, "epsilon:")
	if c.OptimalSoft && !soft {
		return nil, usagef("--optimal-soft goes with --policy epsilon:E")
	}
	if c.Steps && (c.Method == "exact" || c.Method == "mc-basic") {
		return nil, usagef("--steps: method %s has none; choose another --method", c.Method)
	}
	if (c.Length != nil || c.Episodes != nil) && c.Method != "mc-basic" {
		return nil, usagef("--length and --episodes go with --method mc-basic")
	}
	m, uniform := w.Model, tabular.Uniform(w.Model.States, w.Model.Actions)
	if c.Method == "value-iteration" || c.Method == "policy-iteration" || c.Method == "truncated" || c.Method == "mc-basic" {
		if c.Policy != "optimal" {
			return nil, usagef("--method %s finds the optimal policy; with --policy %s choose exact or sweeps", c.Method, c.Policy)
		}
		switch c.Method {
		case "value-iteration":
			return tabular.ValueIteration(m, sweeps, c.Steps)
		case "policy-iteration":
			return tabular.PolicyIteration(m, uniform, c.Steps)
		case "mc-basic":
			return c.basic(m, seed)
		}
		if c.Sweeps == nil {
			sweeps = 5
		}
		return tabular.TruncatedPolicyIteration(m, uniform, sweeps, c.Steps)
	}
	best := func() (*tabular.Solution, error) { return tabular.Optimal(m) }
	if c.Method == "exact" && c.Policy == "optimal" {
		return best()
	}
	if c.OptimalSoft {
		var epsilon float64
		if _, err := fmt.Sscanf(c.Policy, "epsilon:%g", &epsilon); err != nil || !(epsilon >= 0 && epsilon <= 1) {
			return nil, usagef("--policy %s: want epsilon:E with E from 0 to 1", c.Policy)
		}
		return tabular.BestSoft(m, epsilon)
	}
	p, err := readPolicy(w, c.Policy, best)
	if err != nil {
		return nil, err
	}
	s := &tabular.Solution{Policy: p}
	if c.Method == "sweeps" {
		err = c.sweep(s, m, sweeps)
	} else {
		s.V, err = tabular.Evaluate(m, p)
	}
	if err != nil {
		return nil, err
	}
	s.Q = tabular.ActionValues(m, s.V)
	return s, nil
}

// basic is MC Basic, which begins with the first action everywhere and stops when
// the policy no longer changes, or after a thousand rounds.
func (c rlSolveCmd) basic(m *world.Model, seed uint64) (*tabular.Solution, error) {
	length, episodes := 100, 1
	give(&length, c.Length)
	give(&episodes, c.Episodes)
	if length < 1 || length > 1_000_000 || episodes < 1 || episodes > 1_000_000 {
		return nil, usagef("--length %d --episodes %d: want numbers from 1 to 1,000,000", length, episodes)
	}
	first := tabular.Greedy(make([]float64, m.States*m.Actions), m.Actions)
	return tabular.Basic(m, first, length, episodes, 1000, rl.NewRand(seed)), nil
}

// sweep evaluates s.Policy iteratively, from zero.
func (c rlSolveCmd) sweep(s *tabular.Solution, m *world.Model, sweeps int) error {
	s.V = make([]float64, m.States)
	if !c.Steps {
		v, ok := tabular.Sweeps(m, s.Policy, s.V, sweeps)
		if !ok {
			return tabular.ErrEndless
		}
		s.V, s.Sweeps = v, sweeps
		return nil
	}
	if sweeps == 0 {
		return usagef("--steps with --method sweeps: say how many --sweeps")
	}
	for range sweeps {
		v, ok := tabular.Sweeps(m, s.Policy, s.V, 1)
		if !ok {
			return tabular.ErrEndless
		}
		s.V = v
		s.Steps = append(s.Steps, v)
		s.Sweeps++
	}
	return nil
}

func (c rlSolveCmd) print(e *env, w *world.World, s *tabular.Solution) {
	e.printf("%s, γ = %g, %s policy\n\n", w.Name, w.Gamma, c.Policy)
	for i, v := range s.Steps {
		e.printf("after %d\n%s\n", i+1, gridText(w, v))
	}
	e.printf("%s\n%s", gridText(w, s.V), policyText(w, s.Policy))
	if s.Sweeps > 0 {
		e.printf("\n%s rounds\n", count(s.Sweeps))
	}
}

// gridText writes values in rows, to three decimals.
func gridText(w *world.World, v []float64) string {
	rows, cols := layout(w, len(v))
	var b strings.Builder
	for i := range rows {
		for j := range cols {
			if rows == 1 && j > 0 && j%10 == 0 {
				b.WriteByte('\n')
			}
			if s := i*cols + j; wall(w, s) {
				fmt.Fprintf(&b, "%9s", "#")
			} else {
				fmt.Fprintf(&b, "%9.3f", v[s])
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

var arrows = map[string]string{
	"up": "↑", "right": "→", "down": "↓", "left": "←", "stay": "○",
	"up-right": "↗", "down-right": "↘", "down-left": "↙", "up-left": "↖",
}

// policyText writes the likeliest action of every state.
func policyText(w *world.World, p *tabular.Policy) string {
	rows, cols := layout(w, len(p.P)/p.Actions)
	var b strings.Builder
	for i := range rows {
		for j := range cols {
			s := i*cols + j
			likeliest, ties := 0, 0
			for a, x := range p.Row(s) {
				if x > p.Prob(s, likeliest) {
					likeliest = a
				}
			}
			for _, x := range p.Row(s) {
				if x == p.Prob(s, likeliest) {
					ties++
				}
			}
			name := w.Actions[likeliest]
			switch arrow, known := arrows[name]; {
			case wall(w, s):
				name = "#"
			case w.Model != nil && w.Model.Ends(s):
				name = "·"
			case ties == p.Actions && ties > 1:
				name = "*"
			case known:
				name = arrow
			}
			if w.Grid != nil {
				if j > 0 {
					b.WriteByte(' ')
				}
				b.WriteString(name)
			} else if w.Model == nil || !w.Model.Ends(s) {
				fmt.Fprintf(&b, "state %d: %s\n", s, name)
			}
		}
		if w.Grid != nil {
			b.WriteByte('\n')
		}
	}
	return b.String()
}
