package tabular

import (
	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/returns"
)

func init() {
	register(Entry{
		Name: "off-policy-monte-carlo", Row: Row{"none", "1", "v(s)", "v += (ρ·G − v)/k, or ρ/Σρ·(G − v)"}, Off: true, Alpha: "1/k",
		Uses: []string{"first-visit", "weighted"}, Source: "Sutton and Barto 2018, eq. 5.5 and 5.6",
		New: func(o Options) Algorithm { return &OffPolicy{FirstVisit: o.FirstVisit, Weighted: o.Weighted} },
	})
	register(Entry{
		Name: "off-policy-monte-carlo-control", Row: Row{"none", "1", "q(s,a)", "q += ρ/Σρ·(G − q)"}, Control: true, Off: true, Alpha: "1/k",
		Source: "Sutton and Barto 2018, §5.7",
		New:    func(Options) Algorithm { return &OffPolicyControl{} },
	})
}

// OffPolicy learns the values of a target policy π from episodes of another, b,
// which must know how likely its choices are. With ρ the ratio of their
// probabilities from the visit to the end,
//
//	ordinary   v(s) = mean of ρ·G             without bias, of wide spread
//	weighted   v(s) = Σ ρ·G / Σ ρ             biased at first, and calm
//
// Sutton and Barto 2018, eq. 5.5 and 5.6.
type OffPolicy struct {
	FirstVisit bool
	Weighted   bool
	Sum        []float64 `json:"sum"` // Σ ρ of every state
}

// Episode learns from one episode.
func (o *OffPolicy) Episode(env rl.Env[int, int], l *Learning) (ep rl.Episode) {
	if o.Sum == nil {
		o.Sum = make([]float64, len(l.V.Values))
	}
	behaviour := l.Policy.(rl.Prober[int, int])
	s := env.Reset(l.rng)
	l.tr.Begin(s)
	for more := true; more; {
		next, r, gamma := l.step(env, s)
		s, more = next, l.More(&ep, r, gamma)
	}
	first := l.firsts(o.FirstVisit, len(l.V.Values), 0)
	rho := 1.
	for t, G := range backward(l.tr) {
		s, a := l.tr.State[t], l.tr.Action[t]
		rho *= l.Target.Prob(s, a) / behaviour.Prob(s, a)
		if !first(t) {
			continue
		}
		if !o.Weighted {
			l.V.Learn(s, rho*G-l.V.Values[s])
			continue
		}
		l.V.Visits[s]++
		if o.Sum[s] += rho; rho != 0 {
			l.V.Values[s] += rho / o.Sum[s] * (G - l.V.Values[s])
		}
	}
	return ep
}

// OffPolicyControl learns the greedy policy from episodes of another, by weighted
// importance sampling. It learns from the tail of an episode only, back to the
// last action that was not greedy.
//
//	C ← C + ρ     q ← q + ρ/C·(G − q)     ρ ← ρ/b(a|s) while a is greedy
//
// Sutton and Barto 2018, §5.7.
type OffPolicyControl struct {
	Sum []float64 `json:"sum"` // C of every pair

	chance []float64 // b(a|s) of every step, as it was when a was taken
}

// Episode learns from one episode.
func (o *OffPolicyControl) Episode(env rl.Env[int, int], l *Learning) (ep rl.Episode) {
	if o.Sum == nil {
		o.Sum = make([]float64, len(l.Q.Values))
	}
	s := env.Reset(l.rng)
	l.tr.Begin(s)
	o.chance = o.chance[:0]
	for more := true; more; {
		next, r, gamma := l.step(env, s)
		o.chance = append(o.chance, l.behaviour(s, l.tr.Action[l.tr.Len()-1]))
		s, more = next, l.More(&ep, r, gamma)
	}
	rho, G := 1., 0.
	for t := l.tr.Len() - 1; t >= 0; t-- {
		G = returns.One(l.tr.Reward[t], l.tr.Discount[t], G)
		s, a := l.tr.State[t], l.tr.Action[t]
		i := s*l.Q.Actions + a
		l.Q.Visits[i]++
		o.Sum[i] += rho
		l.Q.Values[i] += rho / o.Sum[i] * (G - l.Q.Values[i])
		if a != l.Q.Greedy(s) {
			break
		}
		rho /= o.chance[t]
	}
	return ep
}

// behaviour is how likely who acts takes a in s.
func (l *Learning) behaviour(s, a int) float64 {
	if b, ok := l.Policy.(rl.Prober[int, int]); ok {
		return b.Prob(s, a)
	}
	return l.prob(s, a)
}
