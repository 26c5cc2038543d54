package tabular

import (
	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/returns"
)

func init() {
	register(Entry{
		Name: "sarsa", Row: Row{"q(s′,a′)", "0", "q(s,a)", "q += α·(G − q)"}, Control: true,
		Source: "Rummery and Niranjan 1994; Sutton and Barto 2018, §6.4",
		New:    func(Options) Algorithm { return Sarsa{} },
	})
	register(Entry{
		Name: "expected-sarsa", Row: Row{"Σ π(a|s′)·q(s′,a)", "0", "q(s,a)", "q += α·(G − q)"}, Control: true,
		Source: "van Seijen et al. 2009; Sutton and Barto 2018, eq. 6.9",
		New:    func(Options) Algorithm { return ExpectedSarsa{} },
	})
}

// Sarsa learns the values of the policy that acts, from what it does next.
//
//	q(s,a) ← q(s,a) + α·[r + γ·q(s′,a′) − q(s,a)]
//
// Sutton and Barto 2018, eq. 6.7; Zhao 2025, algorithm 7.1.
type Sarsa struct{}

// Episode learns from one episode.
func (Sarsa) Episode(env rl.Env[int, int], l *Learning) (ep rl.Episode) {
	s := env.Reset(l.rng)
	a := l.Act(s)
	for {
		next, r, gamma := env.Step(a)
		b := l.Act(next)
		l.Toward(s, a, returns.One(r, gamma, l.Q.At(next, b)))
		if !l.More(&ep, r, gamma) {
			return ep
		}
		s, a = next, b
	}
}

// ExpectedSarsa takes the mean over what the policy might do next, which has less
// variance, and with a greedy policy is Q-learning.
//
//	q(s,a) ← q(s,a) + α·[r + γ·Σ π(a′|s′)·q(s′,a′) − q(s,a)]
//
// Sutton and Barto 2018, eq. 6.9.
type ExpectedSarsa struct{}

// Episode learns from one episode.
func (ExpectedSarsa) Episode(env rl.Env[int, int], l *Learning) (ep rl.Episode) {
	s := env.Reset(l.rng)
	for {
		a := l.Act(s)
		next, r, gamma := env.Step(a)
		l.Toward(s, a, returns.One(r, gamma, l.expected(next)))
		if !l.More(&ep, r, gamma) {
			return ep
		}
		s = next
	}
}
