package tabular

import (
	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/returns"
)

func init() {
	register(Entry{
		Name: "q-learning", Row: Row{"max q(s′,·)", "0", "q(s,a)", "q += α·(G − q)"}, Control: true,
		Source: "Watkins 1989; Sutton and Barto 2018, eq. 6.8; Zhao 2025, algorithms 7.2 and 7.3",
		New:    func(Options) Algorithm { return QLearning{} },
	})
	register(Entry{
		Name: "double-q-learning", Row: Row{"q₂(s′, argmax q₁(s′,·))", "0", "q₁(s,a)", "q₁ += α·(G − q₁)"}, Control: true,
		Source: "van Hasselt 2010; Sutton and Barto 2018, eq. 6.10",
		New:    func(Options) Algorithm { return &DoubleQ{} },
	})
}

// QLearning learns the values of the best policy, whoever acts: the ε-greedy
// policy of the table (on-policy, as Zhao calls it) or another (off-policy).
//
//	q(s,a) ← q(s,a) + α·[r + γ·max_a′ q(s′,a′) − q(s,a)]
//
// Watkins, Learning from Delayed Rewards, 1989.
type QLearning struct{}

// Episode learns from one episode.
func (QLearning) Episode(env rl.Env[int, int], l *Learning) (ep rl.Episode) {
	s := env.Reset(l.rng)
	for {
		a := l.Act(s)
		next, r, gamma := env.Step(a)
		l.Toward(s, a, returns.One(r, gamma, l.Q.Max(next)))
		if !l.More(&ep, r, gamma) {
			return ep
		}
		s = next
	}
}

// DoubleQ keeps two tables. A coin says which learns; one chooses the best action
// and the other says what it is worth, so that luck is not taken for value.
//
//	q₁(s,a) ← q₁(s,a) + α·[r + γ·q₂(s′, argmax q₁(s′,·)) − q₁(s,a)]
//
// The table of the Learning is their mean, and who acts goes by that.
//
// van Hasselt, Double Q-learning, 2010; Sutton and Barto 2018, §6.7.
type DoubleQ struct {
	Tables [2]*Q `json:"tables"`
}

// Episode learns from one episode.
func (d *DoubleQ) Episode(env rl.Env[int, int], l *Learning) (ep rl.Episode) {
	if d.Tables[0] == nil {
		for k := range d.Tables {
			d.Tables[k] = NewQ(l.Q.States, l.Q.Actions, 0)
			copy(d.Tables[k].Values, l.Q.Values)
		}
	}
	s := env.Reset(l.rng)
	for {
		a := l.Act(s)
		next, r, gamma := env.Step(a)
		coin := l.rng.Uint64() & 1
		one, other := d.Tables[coin], d.Tables[1-coin]
		i := s*l.Q.Actions + a
		G := returns.One(r, gamma, other.At(next, one.Greedy(next)))
		one.Values[i] += l.rate(i) * (G - one.Values[i])
		l.Q.Values[i] = (one.Values[i] + other.Values[i]) / 2
		if !l.More(&ep, r, gamma) {
			return ep
		}
		s = next
	}
}
