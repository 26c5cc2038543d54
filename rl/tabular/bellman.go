package tabular

import (
	"math"

	"github.com/rotor-lm/rotor/rl/returns"
	"github.com/rotor-lm/rotor/rl/world"
)

// ActionValue is one look ahead, written into row [Actions]:
//
//	q(s, a) = Σ p(s′, r, γ|s, a)·(r + γ·v(s′))
//
// Sutton and Barto 2018, eq. 4.6.
func ActionValue(row []float64, m *world.Model, v []float64, s int) {
	for a := range row {
		row[a] = 0
		if m.Ends(s) {
			continue
		}
		for _, o := range m.Of(s, a) {
			row[a] += o.P * returns.One(o.Reward, o.Gamma, v[o.Next])
		}
	}
}

// ActionValues is q(s, a) of every pair, from the values of the states.
func ActionValues(m *world.Model, v []float64) []float64 {
	q := make([]float64, m.States*m.Actions)
	for s := range m.States {
		ActionValue(q[s*m.Actions:(s+1)*m.Actions], m, v, s)
	}
	return q
}

// A backup says what s is worth, given the values v of the states that follow.
// row [Actions] is its scratch.
type backup func(m *world.Model, v, row []float64, s int) float64

// best takes the best action: Bellman's optimality equation.
func best(m *world.Model, v, row []float64, s int) float64 {
	ActionValue(row, m, v, s)
	return row[argmax(row)]
}

// under takes what a policy takes: Bellman's expectation equation.
func under(p *Policy) backup {
	return func(m *world.Model, v, _ []float64, s int) (x float64) {
		for a, prob := range p.Row(s) {
			if prob == 0 {
				continue
			}
			for _, o := range m.Of(s, a) {
				x += prob * o.P * returns.One(o.Reward, o.Gamma, v[o.Next])
			}
		}
		return x
	}
}

// soft takes the best action but any with probability ε.
func soft(epsilon float64) backup {
	return func(m *world.Model, v, row []float64, s int) float64 {
		ActionValue(row, m, v, s)
		var mean float64
		for _, x := range row {
			mean += x / float64(len(row))
		}
		return (1-epsilon)*row[argmax(row)] + epsilon*mean
	}
}

// sweep backs up every state of v into next, and returns the largest change.
func sweep(next []float64, m *world.Model, v, row []float64, b backup) (change float64) {
	for s := range next {
		next[s] = 0
		if !m.Ends(s) {
			next[s] = b(m, v, row, s)
		}
		change = max(change, math.Abs(next[s]-v[s]))
	}
	return change
}
