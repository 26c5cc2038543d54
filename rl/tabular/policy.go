package tabular

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Policy is a table of probabilities π(a|s), one row a state. It is an rl.Prober.
type Policy struct {
	Actions int
	P       []float64 // [States·Actions]
}

// Row is the distribution of actions in s.
func (p *Policy) Row(s int) []float64 { return p.P[s*p.Actions : (s+1)*p.Actions] }

// Prob is π(a|s).
func (p *Policy) Prob(s, a int) float64 { return p.P[s*p.Actions+a] }

// Act draws an action.
func (p *Policy) Act(rng *rand.Rand, s int) int {
	u, last := rng.Float64(), 0
	for a, x := range p.Row(s) {
		if x == 0 {
			continue
		}
		if u < x {
			return a
		}
		u -= x
		last = a
	}
	return last // what rounding leaves over
}

// Uniform chooses every action alike.
func Uniform(states, actions int) *Policy {
	p := &Policy{actions, make([]float64, states*actions)}
	for i := range p.P {
		p.P[i] = 1 / float64(actions)
	}
	return p
}

// tie is how close two exact values are that rounding alone sets apart.
const tie = 1e-9

// Greedy takes the best action of every row of q, the first of those that are
// equal but for rounding.
func Greedy(q []float64, actions int) *Policy {
	p := &Policy{actions, make([]float64, len(q))}
	for i := 0; i < len(q); i += actions {
		row := q[i : i+actions]
		best := row[argmax(row)]
		for a, x := range row {
			if x >= best-tie*max(1, math.Abs(best)) {
				p.P[i+a] = 1
				break
			}
		}
	}
	return p
}

// Soft mixes p with the uniform policy. Of a policy that takes one action it is
// the ε-greedy one, which takes that action with probability 1 − ε·(n−1)/n and
// each other with ε/n.
func (p *Policy) Soft(epsilon float64) *Policy {
	soft := &Policy{p.Actions, make([]float64, len(p.P))}
	for i, x := range p.P {
		soft.P[i] = (1-epsilon)*x + epsilon/float64(p.Actions)
	}
	return soft
}

// Check returns what is wrong with a policy for so many states and actions.
func (p *Policy) Check(states, actions int) error {
	if p.Actions != actions || len(p.P) != states*actions {
		return fmt.Errorf("a policy of %d numbers over %d actions does not fit a world of %d states and %d actions", len(p.P), p.Actions, states, actions)
	}
	for s := range states {
		var sum float64
		for a, x := range p.Row(s) {
			if !(x >= 0 && x <= 1) {
				return fmt.Errorf("policy: state %d, action %d: probability %g", s, a, x)
			}
			sum += x
		}
		if math.Abs(sum-1) > 1e-6 {
			return fmt.Errorf("policy: state %d: probabilities add to %g, not 1", s, sum)
		}
	}
	return nil
}

// same says whether two policies choose alike.
func (p *Policy) same(other *Policy) bool {
	for i, x := range p.P {
		if x != other.P[i] {
			return false
		}
	}
	return true
}
