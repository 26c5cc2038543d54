package tabular

import (
	"math/rand/v2"

	"github.com/rotor-lm/rotor/rl"
)

// Q is a table of action values q(s, a), one row a state.
type Q struct {
	States  int       `json:"states"`
	Actions int       `json:"actions"`
	Values  []float64 `json:"values"` // [States·Actions]
	Visits  []int     `json:"visits"` // how often each pair has learned     [States·Actions]
}

// NewQ is a table that begins with first in every place.
func NewQ(states, actions int, first float64) *Q {
	q := &Q{States: states, Actions: actions, Values: make([]float64, states*actions), Visits: make([]int, states*actions)}
	for i := range q.Values {
		q.Values[i] = first
	}
	return q
}

// Row is the values of the actions in s.
func (q *Q) Row(s int) []float64 { return q.Values[s*q.Actions : (s+1)*q.Actions] }

// At is q(s, a).
func (q *Q) At(s, a int) float64 { return q.Values[s*q.Actions+a] }

// Max is max_a q(s, a).
func (q *Q) Max(s int) float64 {
	row := q.Row(s)
	best := row[0]
	for _, x := range row[1:] {
		if x > best {
			best = x
		}
	}
	return best
}

// Greedy is argmax_a q(s, a), the first of them where several are best.
func (q *Q) Greedy(s int) int { return argmax(q.Row(s)) }

func argmax(row []float64) int {
	a, best := 0, row[0]
	for i, x := range row {
		if x > best {
			a, best = i, x
		}
	}
	return a
}

// EpsilonGreedy is the greedy action, or with probability ε any action, each as
// likely as the others. Where several are best, each of them is as likely. One
// random number decides.
func (q *Q) EpsilonGreedy(rng *rand.Rand, s int, epsilon float64) int {
	u := rng.Float64()
	if u < epsilon {
		return min(int(u/epsilon*float64(q.Actions)), q.Actions-1) // u/ε is again uniform
	}
	row := q.Row(s)
	a, best, ties := 0, row[0], 0
	for i, x := range row {
		if x > best {
			a, best, ties = i, x, 1
		} else if x == best {
			ties++
		}
	}
	if ties > 1 {
		return tied(row, best, int((u-epsilon)/(1-epsilon)*float64(ties)))
	}
	return a
}

// tied is the n-th of the actions that are worth best, or the last of them.
func tied(row []float64, best float64, n int) (a int) {
	for i, x := range row {
		if x == best {
			if a = i; n == 0 {
				return a
			}
			n--
		}
	}
	return a
}

// V is max_a q(s, a) of every state.
func (q *Q) V() []float64 {
	v := make([]float64, q.States)
	for s := range v {
		v[s] = q.Max(s)
	}
	return v
}

// Pairs is the table as a value of pairs, which learns with step size alpha.
func (q *Q) Pairs(alpha float64) rl.Value[rl.Pair[int, int]] { return pairs{q, alpha} }

type pairs struct {
	q     *Q
	alpha float64
}

func (p pairs) At(x rl.Pair[int, int]) float64 { return p.q.At(x.State, x.Action) }

func (p pairs) Learn(x rl.Pair[int, int], delta float64) {
	p.q.Values[x.State*p.q.Actions+x.Action] += p.alpha * delta
}

// V is a table of state values v(s). It learns with step size Alpha, counted by
// the visits of each state.
//
//	v(s) ← v(s) + α·δ
type V struct {
	Values []float64   `json:"values"`
	Visits []int       `json:"visits"`
	Alpha  rl.Schedule `json:"alpha"`
}

// NewV is a table of state values that begin with first.
func NewV(states int, first float64, alpha rl.Schedule) *V {
	v := &V{Values: make([]float64, states), Visits: make([]int, states), Alpha: alpha}
	for s := range v.Values {
		v.Values[s] = first
	}
	return v
}

// At is v(s).
func (v *V) At(s int) float64 { return v.Values[s] }

// Learn moves v(s) by α·δ.
func (v *V) Learn(s int, delta float64) { v.Values[s] += v.rate(s) * delta }

// rate counts a visit of s and returns its step size.
func (v *V) rate(s int) float64 {
	v.Visits[s]++
	return v.Alpha.At(v.Visits[s])
}
