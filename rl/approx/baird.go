package approx

import "github.com/rotor-lm/rotor/rl/world"

// Baird is the counterexample on which off-policy semi-gradient TD diverges
// though all rewards are zero and the value is in reach of the features. Action 0
// (dashed) leads to one of six upper states, action 1 (solid) to the lower one:
//
//	v̂(upper i) = 2·w_i + w_8     v̂(lower) = w_7 + 2·w_8
//
// The behaviour takes dashed with 6/7, so that all states come up alike; the
// target takes solid. γ = 0.99.
//
// Baird, Residual Algorithms, 1995; Sutton and Barto 2018, figure 11.1.
type Baird struct{}

// Model is the transition table.
func (Baird) Model() *world.Model {
	m := world.NewModel(7, 2, func(_, a int) []world.Outcome {
		if a == 1 {
			return []world.Outcome{{P: 1, Next: 6, Gamma: .99}}
		}
		out := make([]world.Outcome, 6)
		for i := range out {
			out[i] = world.Outcome{P: 1. / 6, Next: i, Gamma: .99}
		}
		return out
	})
	for s := range m.Start {
		m.Start[s] = 1. / 7
	}
	return m
}

// Len is the number of weights.
func (Baird) Len() int { return 8 }

// Of is the row of state s.
func (Baird) Of(s int, phi *Sparse) {
	phi.Reset()
	if s == 6 {
		phi.Put(6, 1)
		phi.Put(7, 2)
		return
	}
	phi.Put(s, 2)
	phi.Put(7, 1)
}

// Weights are those that figure 11.2 begins with.
func (Baird) Weights() []float64 { return []float64{1, 1, 1, 1, 1, 1, 10, 1} }

// Behaviour and Target are the two policies.
func (Baird) Behaviour() Policy { return Policy{Probability: repeat([]float64{6. / 7, 1. / 7}, 7)} }

// Target always takes the solid action.
func (Baird) Target() Policy { return Policy{Probability: repeat([]float64{0, 1}, 7)} }

func repeat(row []float64, n int) [][]float64 {
	rows := make([][]float64, n)
	for i := range rows {
		rows[i] = row
	}
	return rows
}

// Process is the target's chain with all states weighed alike, as the behaviour
// visits them.
func (b Baird) Process() *Process {
	m := b.Model()
	p := &Process{P: square(7), G: square(7), R: make([]float64, 7), D: make([]float64, 7)}
	for s := range 7 {
		p.D[s] = 1. / 7
		for _, o := range m.Of(s, 1) {
			p.step(s, o.P, o, m.Start)
		}
	}
	return p
}
