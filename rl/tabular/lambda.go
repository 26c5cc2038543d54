package tabular

import (
	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/returns"
)

func init() {
	register(Entry{
		Name: "td", Row: Row{"v(s′)", "λ", "v(s)", "v += α·(G − v)"},
		Uses: []string{"lambda", "trace"}, Source: "Sutton 1988; Sutton and Barto 2018, §6.1 and 12.2",
		New: func(o Options) Algorithm { return &TD{Lambda: o.Lambda, marks: marks{kind: o.Trace}} },
	})
	register(Entry{
		Name: "sarsa-lambda", Row: Row{"q(s′,a′)", "λ", "q(s,a)", "q += α·(G − q)"}, Control: true,
		Uses: []string{"lambda", "trace"}, Source: "Rummery 1995; Sutton and Barto 2018, §12.7",
		New: func(o Options) Algorithm { return &SarsaLambda{Lambda: o.Lambda, marks: marks{kind: o.Trace}} },
	})
	register(Entry{
		Name: "q-lambda", Row: Row{"max q(s′,·)", "λ·[a′ greedy]", "q(s,a)", "q += α·(G − q)"}, Control: true,
		Uses: []string{"lambda", "trace"}, Source: "Watkins 1989; Sutton and Barto 2018, §12.10",
		New: func(o Options) Algorithm { return &QLambda{Lambda: o.Lambda, marks: marks{kind: o.Trace}} },
	})
}

// TD learns the values of the policy that acts. TD(0) is λ = 0.
//
//	δ = r + γ·v(s′) − v(s)
//	v ← v + α·δ·z     z ← γλ·z + x(s)
//
// It is the backward view of the λ-return: while v stands still, both move it
// alike. See Trace for other marks.
//
// Sutton, Learning to Predict by the Methods of Temporal Differences, 1988;
// Sutton and Barto 2018, eq. 12.5 to 12.7.
type TD struct {
	Lambda float64
	marks
}

// Episode learns from one episode.
func (d *TD) Episode(env rl.Env[int, int], l *Learning) (ep rl.Episode) {
	w := l.V.Values
	d.begin(len(w))
	s := env.Reset(l.rng)
	for {
		next, r, gamma := env.Step(l.Act(s))
		ahead := w[next]
		d.learn(w, s, l.V.rate(s), returns.One(r, gamma, ahead), ahead, gamma*d.Lambda)
		if !l.More(&ep, r, gamma) {
			return ep
		}
		s = next
	}
}

// SarsaLambda is Sarsa with traces.
//
//	δ = r + γ·q(s′,a′) − q(s,a)
//	q ← q + α·δ·z     z ← γλ·z + x(s,a)
//
// Sutton and Barto 2018, §12.7.
type SarsaLambda struct {
	Lambda float64
	marks
}

// Episode learns from one episode.
func (d *SarsaLambda) Episode(env rl.Env[int, int], l *Learning) (ep rl.Episode) {
	w := l.Q.Values
	d.begin(len(w))
	s := env.Reset(l.rng)
	a := l.Act(s)
	for {
		next, r, gamma := env.Step(a)
		b := l.Act(next)
		i, ahead := s*l.Q.Actions+a, l.Q.At(next, b)
		d.learn(w, i, l.rate(i), returns.One(r, gamma, ahead), ahead, gamma*d.Lambda)
		if !l.More(&ep, r, gamma) {
			return ep
		}
		s, a = next, b
	}
}

// QLambda is Watkins's Q(λ): traces reach back to the last action that was not
// greedy, for what came before it did not follow from the best policy.
//
//	δ = r + γ·max q(s′,·) − q(s,a)
//	q ← q + α·δ·z     z ← γλ·z if a′ is greedy, else 0
//
// Sutton and Barto 2018, §12.10.
type QLambda struct {
	Lambda float64
	marks
}

// Episode learns from one episode.
func (d *QLambda) Episode(env rl.Env[int, int], l *Learning) (ep rl.Episode) {
	w := l.Q.Values
	d.begin(len(w))
	s := env.Reset(l.rng)
	a := l.Act(s)
	for {
		next, r, gamma := env.Step(a)
		b, best := l.Act(next), l.Q.Max(next)
		i, fade := s*l.Q.Actions+a, gamma*d.Lambda
		if l.Q.At(next, b) != best {
			fade = 0
		}
		d.learn(w, i, l.rate(i), returns.One(r, gamma, best), best, fade)
		if !l.More(&ep, r, gamma) {
			return ep
		}
		s, a = next, b
	}
}
