package main

import (
	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/tabular"
)

type rlEvaluateCmd struct {
	worldFlags
	Policy   string `required:"" placeholder:"P" help:"Who acts: optimal, uniform, epsilon:E, a JSON file with policy, or what rotor rl learn --save wrote (its greedy policy)."`
	Episodes int    `default:"1000" placeholder:"N" help:"How many to play (${default})."`
}

func (rlEvaluateCmd) Help() string {
	return `Where the world has an exact table the exact value stands beside what was earned.

Examples:

    rotor rl evaluate --world frozenlake --policy optimal
    rotor rl evaluate --world blackjack --policy run.json --episodes 100000
    rotor rl evaluate --world cartpole --policy ppo.agent --episodes 100
    rotor rl evaluate --world pendulum --policy uniform`
}

// Run plays and prints.
func (c rlEvaluateCmd) Run(e *env) (err error) {
	w, err := c.open(e)
	if err != nil {
		return err
	}
	defer w.Close()
	if c.Episodes < 1 {
		return usagef("--episodes %d: want at least 1", c.Episodes)
	}
	defer rl.Catch(&err)
	p, err := newPlayer(w, c.Policy)
	if err != nil {
		return err
	}
	out := struct {
		World string `json:"world"`
		played
		Exact *float64 `json:"exact_value"` // discounted, of the start, without a horizon
	}{World: w.Name, played: p.play(c.Episodes, e.seed()), Exact: p.exact()}
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

// exact is the value of the start, or nil where the world's table is not known or
// the policy has no value in it.
func (p *player) exact() *float64 {
	w, policy := p.world, p.table
	if w.Model == nil {
		return nil
	}
	if p.agent != nil {
		b := believe(w, p.agent, p.seen)
		if b == nil {
			return nil
		}
		policy = b.policy
	}
	v, err := tabular.Evaluate(w.Model, policy)
	if err != nil {
		return nil
	}
	var value float64
	for s, x := range w.Model.Start {
		value += x * v[s]
	}
	return &value
}
