package approx

import (
	"fmt"

	"github.com/rotor-lm/rotor/rl/world"
)

// Process is a finite world under one policy: a Markov chain with rewards.
type Process struct {
	P [][]float64 // where a step leads; an end leads to the next start   [S][S]
	G [][]float64 // the same times its discount, γP; an end leads nowhere [S][S]
	R []float64   // expected reward of a step                             [S]
	D []float64   // how much each state counts: how often it is visited   [S]
}

// NewProcess lets a policy, pi[s][a], act in a world. D is its stationary
// distribution; a world that falls into parts has none, which is an error.
func NewProcess(m *world.Model, pi [][]float64) (*Process, error) {
	if len(pi) != m.States {
		return nil, fmt.Errorf("approx: a policy for %d states in a world of %d", len(pi), m.States)
	}
	p := &Process{P: square(m.States), G: square(m.States), R: make([]float64, m.States)}
	for s := range pi {
		if m.Ends(s) { // nobody is here: the next episode has begun
			copy(p.P[s], m.Start)
			continue
		}
		for a, weight := range pi[s] {
			for _, o := range m.Of(s, a) {
				p.step(s, weight*o.P, o, m.Start)
			}
		}
	}
	var err error
	p.D, err = Stationary(p.P)
	return p, err
}

func (p *Process) step(s int, weight float64, o world.Outcome, start []float64) {
	p.R[s] += weight * o.Reward
	if o.Gamma == 0 {
		axpy(p.P[s], weight, start)
		return
	}
	p.P[s][o.Next] += weight
	p.G[s][o.Next] += weight * o.Gamma
}

// Stationary is the distribution that a step leaves as it is,
//
//	d = Pᵀ·d     Σ d = 1
//
// Zhao 2025, box 8.1.
func Stationary(P [][]float64) ([]float64, error) {
	n := len(P)
	a, b := square(n), make([]float64, n)
	for s := range P {
		for next, p := range P[s] {
			a[next][s] += p
		}
		a[s][s]--
	}
	for s := range n { // the equations add to zero: the last says Σ d = 1 instead
		a[n-1][s] = 1
	}
	b[n-1] = 1
	d, err := solve(a, b)
	if err != nil {
		return nil, fmt.Errorf("approx: no single stationary distribution: the policy keeps to parts of the world that do not meet")
	}
	return d, nil
}

// Average is the mean reward of a step in the long run, r̄ = d·r.
func (p *Process) Average() float64 { return dot(p.D, p.R) }

// Values is v = (I − γP)⁻¹·r, exactly.
func (p *Process) Values() ([]float64, error) {
	a := square(len(p.R))
	for s := range a {
		axpy(a[s], -1, p.G[s])
		a[s][s]++
	}
	return solve(a, p.R)
}

// Differential is the value of each state in the average-reward sense,
//
//	v = r − r̄ + P·v     with d·v = 0
//
// Sutton and Barto 2018, §10.3.
func (p *Process) Differential() ([]float64, error) {
	a, b := square(len(p.R)), make([]float64, len(p.R))
	mean := p.Average()
	for s := range a {
		axpy(a[s], -1, p.P[s])
		axpy(a[s], 1, p.D) // adds d·v, which is zero: (I − P + 1·dᵀ) can be inverted
		a[s][s]++
		b[s] = p.R[s] - mean
	}
	return solve(a, b)
}
