package approx

import (
	"math"

	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/rl/returns"
)

// Outlook is what an action value says of the return: its mean alone, or its
// whole distribution. Each has a loss against a sampled target and the gradient
// of that loss, for one row and one action.
type Outlook interface {
	Atoms() int               // numbers for each action
	Mean(z []float32) float32 // of the return, from an action's atoms
	// Loss writes into dz the gradient, at the atoms z, of the loss against the
	// return r + gamma·Z′ with Z′ told by the atoms next, and returns the loss.
	Loss(dz, z []float32, r, gamma float32, next []float32) float32
}

// Expected knows the mean alone. Its loss is ½·δ² up to |δ| = Kink, and a line
// from there on, so that no error pulls harder than Kink; 0 means ½·δ² everywhere.
//
// Mnih et al., Human-Level Control through Deep Reinforcement Learning, 2015.
type Expected struct{ Kink float32 }

// Atoms is one.
func (Expected) Atoms() int { return 1 }

// Mean is the atom.
func (Expected) Mean(z []float32) float32 { return z[0] }

// Loss is Huber's.
func (e Expected) Loss(dz, z []float32, r, gamma float32, next []float32) float32 {
	loss, slope := huber(z[0]-returns.One(r, gamma, next[0]), e.Kink)
	dz[0] = slope
	return loss
}

// huber is the loss of an error and its slope.
func huber(e, kink float32) (loss, slope float32) {
	switch {
	case kink == 0 || e >= -kink && e <= kink:
		return e * e / 2, e
	case e > 0:
		return kink * (e - kink/2), kink
	}
	return kink * (-e - kink/2), -kink
}

// Categorical is C51: a probability for each of N returns z_i spread evenly from
// Low to High. The target's probabilities are moved to r + γ·z_i and shared out
// between the two nearest places, m; the loss is the cross entropy, whose
// gradient at the logits is p − m.
//
// Bellemare, Dabney and Munos, A Distributional Perspective on Reinforcement
// Learning, 2017. arXiv:1707.06887, algorithm 1.
type Categorical struct {
	N         int
	Low, High float32
}

// Atoms is N.
func (c Categorical) Atoms() int { return c.N }

func (c Categorical) gap() float32 { return (c.High - c.Low) / float32(c.N-1) }

// Mean is Σ p_i·z_i.
func (c Categorical) Mean(z []float32) float32 {
	top := kernel.Max(z)
	var sum, mean float32
	for i, l := range z {
		p := exp(l - top)
		sum += p
		mean += p * (c.Low + float32(i)*c.gap())
	}
	return mean / sum
}

// Loss is −Σ m_i·log p_i.
func (c Categorical) Loss(dz, z []float32, r, gamma float32, next []float32) float32 {
	all := kernel.LogSumExp(z)
	for i, l := range z {
		dz[i] = exp(l - all)
	}
	var loss float32
	share := func(at, p float32) {
		at = min(max((at-c.Low)/c.gap(), 0), float32(c.N-1))
		low := min(int(at), c.N-2)
		right := at - float32(low)
		dz[low] -= p * (1 - right)
		dz[low+1] -= p * right
		loss -= p * ((1-right)*(z[low]-all) + right*(z[low+1]-all))
	}
	if gamma == 0 {
		share(r, 1)
		return loss
	}
	other := kernel.LogSumExp(next)
	for i, l := range next {
		share(r+gamma*(c.Low+float32(i)*c.gap()), exp(l-other))
	}
	return loss
}

func exp(x float32) float32 { return float32(math.Exp(float64(x))) }

// Quantile is QR-DQN: N atoms θ_i that learn the quantiles τ_i = (i + ½)/N of the
// return, by the asymmetric Huber loss
//
//	L = Σ_i mean_j |τ_i − [u_ij < 0]|·huber(u_ij)     u_ij = r + γ·θ′_j − θ_i
//
// Dabney, Rowland, Bellemare and Munos, Distributional Reinforcement Learning
// with Quantile Regression, 2017. arXiv:1710.10044, eq. 10.
type Quantile struct{ N int }

// Atoms is N.
func (q Quantile) Atoms() int { return q.N }

// Mean is the mean of the atoms.
func (q Quantile) Mean(z []float32) float32 { return kernel.Sum(z) / float32(len(z)) }

// Loss is the sum over the quantiles.
func (q Quantile) Loss(dz, z []float32, r, gamma float32, next []float32) (total float32) {
	for i, theta := range z {
		tau := (float32(i) + .5) / float32(q.N)
		var loss, slope float32
		for _, other := range next {
			u := returns.One(r, gamma, other) - theta
			weight := tau
			if u < 0 {
				weight = 1 - tau
			}
			l, s := huber(u, 1)
			loss += weight * l
			slope -= weight * s
		}
		total += loss / float32(len(next))
		dz[i] = slope / float32(len(next))
	}
	return total
}
