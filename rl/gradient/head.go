package gradient

import (
	"math"
	"math/rand/v2"

	"github.com/rotor-lm/rotor/kernel"
)

// Head turns the outputs of a network into a distribution of actions. An action is
// one number: that of a choice, or a force.
type Head interface {
	Outputs() int // of the network
	Free() int    // parameters beside the network
	Sample(rng *rand.Rand, y, free []float32) float32
	Best(y []float32) float32
	World(a float32) float64 // the action as the world takes it
	Has(a float32) bool      // there is such an action

	// LogProb is log π(a) and the entropy of π.
	LogProb(y, free []float32, a float32) (logp, entropy float32)

	// Grad writes into dy the gradient of  p·log π(a) + h·entropy  and adds to
	// dfree that of the free parameters. LogProb was called before with the same.
	Grad(dy, dfree, y, free []float32, a, p, h float32)
}

// Categorical chooses among N actions with probabilities softmax(y).
//
//	∇ log π(a) = 1[i = a] − π_i     ∇ H = −π_i·(log π_i + H)
type Categorical struct{ N int }

// Outputs is one for each action.
func (c Categorical) Outputs() int { return c.N }

// Free is none.
func (Categorical) Free() int { return 0 }

// Sample draws an action: the highest of y_i − log(−log u_i) would do; walking the
// sum needs one random number.
func (c Categorical) Sample(rng *rand.Rand, y, _ []float32) float32 {
	all := kernel.LogSumExp(y)
	u := rng.Float64()
	for a, l := range y {
		if u -= math.Exp(float64(l - all)); u < 0 {
			return float32(a)
		}
	}
	return float32(len(y) - 1)
}

// Best is the most likely action, the first of equals.
func (Categorical) Best(y []float32) float32 {
	best := 0
	for a, l := range y {
		if l > y[best] {
			best = a
		}
	}
	return float32(best)
}

// World is the number of the action.
func (Categorical) World(a float32) float64 { return float64(a) }

// Has says whether a is one of the N.
func (c Categorical) Has(a float32) bool { return a >= 0 && a < float32(c.N) }

// LogProb is that of action a.
func (Categorical) LogProb(y, _ []float32, a float32) (logp, entropy float32) {
	all := kernel.LogSumExp(y)
	for _, l := range y {
		entropy -= exp(l-all) * (l - all)
	}
	return y[int(a)] - all, entropy
}

// Grad is that of the type's comment.
func (c Categorical) Grad(dy, _, y, free []float32, a, p, h float32) {
	all := kernel.LogSumExp(y)
	var entropy float32
	if h != 0 {
		_, entropy = c.LogProb(y, free, a)
	}
	for i, l := range y {
		pi := exp(l - all)
		dy[i] = -p * pi
		if h != 0 {
			dy[i] -= h * pi * (l - all + entropy)
		}
	}
	dy[int(a)] += p
}

// Gaussian is a force drawn around the network's output with a deviation that is
// one free parameter, its logarithm; the world gets it cut to its bounds.
//
//	log π(a) = −½·((a − μ)/σ)² − log σ − ½·log 2π     H = log σ + ½·log 2πe
type Gaussian struct{ Low, High float64 }

const halfLog2Pi = 0.9189385332046727

// Outputs is the mean.
func (Gaussian) Outputs() int { return 1 }

// Free is log σ.
func (Gaussian) Free() int { return 1 }

// Sample draws a force.
func (Gaussian) Sample(rng *rand.Rand, y, free []float32) float32 {
	return y[0] + exp(free[0])*float32(rng.NormFloat64())
}

// Best is the mean.
func (Gaussian) Best(y []float32) float32 { return y[0] }

// World is the force, cut to the bounds.
func (g Gaussian) World(a float32) float64 { return min(max(float64(a), g.Low), g.High) }

// Has is true of every number.
func (Gaussian) Has(a float32) bool { return !math.IsNaN(float64(a)) }

// LogProb is the logarithm of the density.
func (Gaussian) LogProb(y, free []float32, a float32) (logp, entropy float32) {
	z := (a - y[0]) / exp(free[0])
	return -z*z/2 - free[0] - halfLog2Pi, free[0] + halfLog2Pi + .5
}

// Grad is by μ and log σ.
func (Gaussian) Grad(dy, dfree, y, free []float32, a, p, h float32) {
	sigma := exp(free[0])
	z := (a - y[0]) / sigma
	dy[0] = p * z / sigma
	dfree[0] += p*(z*z-1) + h
}

func exp(x float32) float32 { return float32(math.Exp(float64(x))) }
