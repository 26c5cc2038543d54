package tabular

import (
	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/returns"
)

func init() {
	register(Entry{
		Name: "n-step-sarsa", Row: Row{"q(s_n,a_n) after n", "NStep", "q(s,a)", "q += α·(G − q)"}, Control: true,
		Uses: []string{"n"}, Source: "Sutton and Barto 2018, §7.2",
		New: func(o Options) Algorithm { return NStepSarsa{N: o.N} },
	})
	register(Entry{
		Name: "tree-backup", Row: Row{"Σ π(a|s′)·q(s′,a)", "π(a′|s′)", "q(s,a)", "q += α·(G − q)"}, Control: true,
		Uses: []string{"n"}, Source: "Precup, Sutton and Singh 2000; Sutton and Barto 2018, §7.5",
		New: func(o Options) Algorithm { return TreeBackup{N: o.N} },
	})
	register(Entry{
		Name: "n-step-td", Row: Row{"v(s_n) after n", "NStep", "v(s)", "v += α·(G − v)"},
		Uses: []string{"n"}, Source: "Sutton and Barto 2018, §7.1",
		New: func(o Options) Algorithm { return NStepTD{N: o.N} },
	})
}

// NStepSarsa looks n steps ahead before it asks the table.
//
//	G = r_{t+1} + γ_{t+1}·(r_{t+2} + … + γ_{t+n}·q(s_{t+n}, a_{t+n}))
//	q(s_t,a_t) ← q(s_t,a_t) + α·[G − q(s_t,a_t)]
//
// It learns at time t + n what was done at t: one step is Sarsa, more than the
// episode has are Monte Carlo.
//
// Sutton and Barto 2018, §7.2; Zhao 2025, §7.3.
type NStepSarsa struct{ N int }

// Episode learns from one episode.
func (n NStepSarsa) Episode(env rl.Env[int, int], l *Learning) (ep rl.Episode) {
	tr := &l.tr
	s := env.Reset(l.rng)
	tr.Begin(s)
	a, last := l.Act(s), 0
	back := func(t int) {
		G := l.Q.At(tr.State[last], a) // where the episode ended, a zero γ keeps it out
		for k := last - 1; k >= t; k-- {
			G = returns.One(tr.Reward[k], tr.Discount[k], G)
		}
		l.Toward(tr.State[t], tr.Action[t], G)
	}
	for more := true; more; {
		next, r, gamma := env.Step(a)
		tr.Add(a, r, gamma, next)
		last = tr.Len()
		a = l.Act(next)
		if last >= n.N {
			back(last - n.N)
		}
		more = l.More(&ep, r, gamma)
	}
	for t := max(last-n.N+1, 0); t < last; t++ {
		back(t)
	}
	return ep
}

// TreeBackup looks n steps ahead and weighs each by how likely the policy that is
// learned would have taken it, so any policy may act without importance ratios.
//
//	G_t = r + γ·[Σ π(a|s′)·q(s′,a) + π(a′|s′)·(G_{t+1} − q(s′,a′))]
//
// Sutton and Barto 2018, eq. 7.16.
type TreeBackup struct{ N int }

// Episode learns from one episode.
func (n TreeBackup) Episode(env rl.Env[int, int], l *Learning) (ep rl.Episode) {
	tr := &l.tr
	s := env.Reset(l.rng)
	tr.Begin(s)
	last := 0
	back := func(t int) {
		k := last - 1
		G := returns.One(tr.Reward[k], tr.Discount[k], l.expected(tr.State[last]))
		for k--; k >= t; k-- {
			s, a := tr.State[k+1], tr.Action[k+1]
			G = returns.Step(tr.Reward[k], tr.Discount[k], l.expected(s), l.prob(s, a), G, l.Q.At(s, a))
		}
		l.Toward(tr.State[t], tr.Action[t], G)
	}
	for more := true; more; {
		a := l.Act(s)
		next, r, gamma := env.Step(a)
		tr.Add(a, r, gamma, next)
		last = tr.Len()
		if last >= n.N {
			back(last - n.N)
		}
		s, more = next, l.More(&ep, r, gamma)
	}
	for t := max(last-n.N+1, 0); t < last; t++ {
		back(t)
	}
	return ep
}

// NStepTD learns the values of the policy that acts, n steps ahead.
//
//	v(s_t) ← v(s_t) + α·[r_{t+1} + … + γ·v(s_{t+n}) − v(s_t)]
//
// Sutton and Barto 2018, eq. 7.2.
type NStepTD struct{ N int }

// Episode learns from one episode.
func (n NStepTD) Episode(env rl.Env[int, int], l *Learning) (ep rl.Episode) {
	tr := &l.tr
	s := env.Reset(l.rng)
	tr.Begin(s)
	last := 0
	back := func(t int) {
		G := l.V.Values[tr.State[last]]
		for k := last - 1; k >= t; k-- {
			G = returns.One(tr.Reward[k], tr.Discount[k], G)
		}
		l.V.Learn(tr.State[t], G-l.V.Values[tr.State[t]])
	}
	for more := true; more; {
		next, r, gamma := l.step(env, s)
		last = tr.Len()
		if last >= n.N {
			back(last - n.N)
		}
		s, more = next, l.More(&ep, r, gamma)
	}
	for t := max(last-n.N+1, 0); t < last; t++ {
		back(t)
	}
	return ep
}

// step acts in s and records what came of it.
func (l *Learning) step(env rl.Env[int, int], s int) (next int, r, gamma float64) {
	a := l.Act(s)
	next, r, gamma = env.Step(a)
	l.tr.Add(a, r, gamma, next)
	return next, r, gamma
}
