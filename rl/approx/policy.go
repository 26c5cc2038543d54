package approx

import "math/rand/v2"

// Policy is a table of probabilities, π(a|s), for numbered states.
type Policy struct{ Probability [][]float64 }

// Uniform takes every action as often.
func Uniform(states, actions int) Policy {
	row := make([]float64, actions)
	for a := range row {
		row[a] = 1 / float64(actions)
	}
	return Policy{repeat(row, states)}
}

// Act draws an action.
func (p Policy) Act(rng *rand.Rand, s int) int {
	u := rng.Float64()
	last := 0
	for a, x := range p.Probability[s] {
		if x == 0 {
			continue
		}
		if last = a; u < x {
			return a
		}
		u -= x
	}
	return last
}

// Prob is π(a|s).
func (p Policy) Prob(s, a int) float64 { return p.Probability[s][a] }
