package tabular

import (
	"math/rand/v2"

	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/returns"
	"github.com/rotor-lm/rotor/rl/world"
)

func init() {
	register(Entry{
		Name: "monte-carlo", Row: Row{"none", "1", "v(s)", "v += α·(G − v)"}, Alpha: "1/k",
		Uses: []string{"first-visit"}, Source: "Sutton and Barto 2018, §5.1",
		New: func(o Options) Algorithm { return MonteCarloPrediction{FirstVisit: o.FirstVisit} },
	})
	register(Entry{
		Name: "monte-carlo-control", Row: Row{"none", "1", "q(s,a)", "q += α·(G − q)"}, Control: true, Alpha: "1/k",
		Uses: []string{"first-visit"}, Source: "Sutton and Barto 2018, §5.4; Zhao 2025, algorithm 5.3",
		New: func(o Options) Algorithm { return MonteCarlo{FirstVisit: o.FirstVisit} },
	})
	register(Entry{
		Name: "monte-carlo-es", Row: Row{"none", "1", "q(s,a)", "q += α·(G − q)"}, Control: true, Alpha: "1/k", Exploring: true,
		Uses: []string{"first-visit"}, Source: "Sutton and Barto 2018, §5.3; Zhao 2025, algorithm 5.2",
		New: func(o Options) Algorithm { return MonteCarlo{FirstVisit: o.FirstVisit, ExploringStarts: true} },
	})
}

// MonteCarlo learns from what was really earned. With α = 1/k a value is the mean
// of all returns that followed its pair.
//
//	q(s_t,a_t) ← q(s_t,a_t) + α·[G_t − q(s_t,a_t)]
//
// Who acts is ε-greedy, or, with exploring starts, greedy after a first state and
// action drawn from all of them. Pairs are visited backward; with FirstVisit only
// the first visit in an episode counts, else each does. Where a horizon cuts, what
// would have followed counts as nothing, as in Zhao's book.
//
// Sutton and Barto 2018, §5.3 and 5.4; Zhao 2025, algorithms 5.2 and 5.3.
type MonteCarlo struct{ FirstVisit, ExploringStarts bool }

// Episode learns from one episode.
func (m MonteCarlo) Episode(env rl.Env[int, int], l *Learning) (ep rl.Episode) {
	s := env.Reset(l.rng)
	a := -1
	if m.ExploringStarts {
		s, a = explore(env, l)
	}
	l.tr.Begin(s)
	for more := true; more; {
		if a < 0 {
			a = l.Act(s)
		}
		next, r, gamma := env.Step(a)
		l.tr.Add(a, r, gamma, next)
		s, a = next, -1
		more = l.More(&ep, r, gamma)
	}
	first := l.firsts(m.FirstVisit, len(l.Q.Values), l.Q.Actions)
	for t, G := range backward(l.tr) {
		if first(t) {
			l.Toward(l.tr.State[t], l.tr.Action[t], G)
		}
	}
	return ep
}

// backward yields the return of every step, the last first.
func backward(tr rl.Trajectory[int, int]) func(yield func(int, float64) bool) {
	return func(yield func(int, float64) bool) {
		G := 0.
		for t := tr.Len() - 1; t >= 0; t-- {
			G = returns.One(tr.Reward[t], tr.Discount[t], G)
			if !yield(t, G) {
				return
			}
		}
	}
}

// firsts says of a step whether it is the first of its pair, or, with no actions
// to tell apart, of its state. Each place notes when it was first visited; what it
// noted before this episode lies below base.
func (l *Learning) firsts(only bool, places, actions int) func(t int) bool {
	if !only {
		return func(int) bool { return true }
	}
	if len(l.noted) != places {
		l.noted, l.base = make([]int, places), 1
	}
	place := func(t int) int {
		if actions == 0 {
			return l.tr.State[t]
		}
		return l.tr.State[t]*actions + l.tr.Action[t]
	}
	base := l.base
	for t := range l.tr.Action {
		if at := &l.noted[place(t)]; *at < base {
			*at = base + t
		}
	}
	l.base += l.tr.Len()
	return func(t int) bool { return l.noted[place(t)] == base+t }
}

// placer is an environment that can be put into a state.
type placer interface {
	Place(state []float64) (int, error)
}

// explore places env in a state drawn from all that can be left, with an action
// drawn from all.
func explore(env rl.Env[int, int], l *Learning) (s, a int) {
	p, ok := env.(placer)
	if !ok {
		panic("tabular: exploring starts in a world that cannot be put into a state")
	}
	model, _ := env.(interface{ Model() *world.Model })
	for {
		s = l.rng.IntN(l.Q.States)
		if model != nil && model.Model().Ends(s) {
			continue
		}
		if _, err := p.Place([]float64{float64(s)}); err == nil {
			return s, l.rng.IntN(l.Q.Actions)
		}
	}
}

// MonteCarloPrediction learns the values of the policy that acts.
//
//	v(s_t) ← v(s_t) + α·[G_t − v(s_t)]
//
// Sutton and Barto 2018, §5.1.
type MonteCarloPrediction struct{ FirstVisit bool }

// Episode learns from one episode.
func (m MonteCarloPrediction) Episode(env rl.Env[int, int], l *Learning) (ep rl.Episode) {
	s := env.Reset(l.rng)
	l.tr.Begin(s)
	for more := true; more; {
		next, r, gamma := l.step(env, s)
		s, more = next, l.More(&ep, r, gamma)
	}
	first := l.firsts(m.FirstVisit, len(l.V.Values), 0)
	for t, G := range backward(l.tr) {
		if first(t) {
			l.V.Learn(l.tr.State[t], G-l.V.Values[l.tr.State[t]])
		}
	}
	return ep
}

// Basic is MC Basic: policy iteration whose values are the mean return of episodes
// of a given length under the policy, from every pair. In a world without chance
// one episode is enough. It stops when the policy no longer changes.
//
// Zhao 2025, algorithm 5.1.
func Basic(m *world.Model, p *Policy, length, episodes, rounds int, rng *rand.Rand) *Solution {
	s := &Solution{Policy: p}
	env := world.NewTable(m)
	env.Reset(rng)
	for ; s.Sweeps < rounds; s.Sweeps++ {
		s.Q = make([]float64, m.States*m.Actions)
		for i := range s.Q {
			for range episodes {
				s.Q[i] += roll(env, s.Policy, i/m.Actions, i%m.Actions, length, rng) / float64(episodes)
			}
		}
		better := Greedy(s.Q, m.Actions)
		if better.same(s.Policy) {
			break
		}
		s.Policy = better
	}
	s.V = make([]float64, m.States)
	for i := range s.V {
		row := s.Q[i*m.Actions : (i+1)*m.Actions]
		s.V[i] = row[argmax(row)]
	}
	return s
}

// roll is the return of one episode that begins with a in s.
func roll(env *world.Table, p *Policy, s, a, length int, rng *rand.Rand) (G float64) {
	if env.Model().Ends(s) {
		return 0
	}
	if _, err := env.Place([]float64{float64(s)}); err != nil {
		panic(err)
	}
	weight := 1.
	for range length {
		next, r, gamma := env.Step(a)
		G += weight * r
		if weight *= gamma; weight == 0 {
			break
		}
		a = p.Act(rng, next)
	}
	return G
}
