package tabular

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/rotor-lm/rotor/rl"
)

// Mean estimates a mean as the samples come in,
//
//	w_{k+1} = w_k − α_k·(w_k − x_k)
//
// and returns w after every sample. With α = 1/k it is the mean of all samples
// so far, exactly.
//
// Zhao 2025, §6.1; Sutton and Barto 2018, eq. 2.3.
func Mean(x []float64, first float64, alpha rl.Schedule) []float64 {
	w, path := first, make([]float64, len(x))
	for k, sample := range x {
		w -= alpha.At(k+1) * (w - sample)
		path[k] = w
	}
	return path
}

// RobbinsMonro looks for the root of g, which is only seen with noise, from w:
//
//	w_{k+1} = w_k − a_k·(g(w_k) + η_k)
//
// and returns w_1 … w_{n+1}. It ends early, with an error, where w leaves all
// bounds, as it does where g grows faster than a line.
//
// Robbins and Monro, A Stochastic Approximation Method, 1951; Zhao 2025, §6.2.
func RobbinsMonro(g func(w float64) float64, w float64, a rl.Schedule, noise func() float64, n int) ([]float64, error) {
	path := []float64{w}
	for k := 1; k <= n; k++ {
		seen := g(w)
		if noise != nil {
			seen += noise()
		}
		w -= a.At(k) * seen
		path = append(path, w)
		if math.IsNaN(w) || math.Abs(w) > 1e12 {
			return path, fmt.Errorf("the iteration diverges: w = %g after %d steps", w, k)
		}
	}
	return path, nil
}

// Conditions checks on [low, high] what makes Robbins–Monro converge: a slope of g
// between two positive bounds, 0 < c₁ ≤ g′ ≤ c₂, step sizes with Σa = ∞ and
// Σa² < ∞, and no step that leaves the interval, for beyond it nothing is known. It
// returns the bounds that it found and what fails. The slope is that of chords of
// 10,000 equal pieces, so a flaw between two of them goes unseen.
//
// Zhao 2025, theorem 6.1.
func Conditions(g func(w float64) float64, low, high float64, a rl.Schedule) (c1, c2 float64, err error) {
	const pieces = 10000
	c1, c2 = math.Inf(1), math.Inf(-1)
	width := (high - low) / pieces
	var leaves error
	for k := range pieces {
		w := low + float64(k)*width
		slope := (g(w+width) - g(w)) / width
		if math.IsNaN(slope) || math.IsInf(slope, 0) {
			return c1, c2, fmt.Errorf("g is not finite near w = %g", w)
		}
		c1, c2 = min(c1, slope), max(c2, slope)
		if next := w - a.At(1)*g(w); leaves == nil && (next < low-width || next > high+width) {
			leaves = fmt.Errorf("a first step of %g leads from w = %g to %.4g, out of [%g, %g]: g grows too fast for such steps", a.At(1), w, next, low, high)
		}
	}
	var slope error
	if c1 <= 1e-9 {
		slope = fmt.Errorf("the slope of g falls to %.3g: it must stay above zero, so that g points to one root", c1)
	}
	return c1, c2, errors.Join(slope, leaves, a.RobbinsMonro())
}

// Point is a place in the plane.
type Point [2]float64

// Descend estimates the mean of points as the lowest place of ½·E|w − x|², from w,
// with a batch of samples a step:
//
//	w_{k+1} = w_k − α_k·mean_batch(w_k − x)
//
// A batch of one is stochastic gradient descent, of all points (batch = 0)
// gradient descent, and anything between mini-batch descent. Samples are drawn
// with replacement. It returns w_1 … w_{n+1}.
//
// Zhao 2025, §6.4 and figure 6.5.
func Descend(x []Point, w Point, batch int, alpha rl.Schedule, n int, rng *rand.Rand) []Point {
	path := []Point{w}
	for k := 1; k <= n; k++ {
		var mean Point
		size := max(batch, 1)
		if batch == 0 {
			size = len(x)
		}
		for i := range size {
			sample := x[i%len(x)]
			if batch > 0 {
				sample = x[rng.IntN(len(x))]
			}
			mean[0] += sample[0] / float64(size)
			mean[1] += sample[1] / float64(size)
		}
		a := alpha.At(k)
		w[0] -= a * (w[0] - mean[0])
		w[1] -= a * (w[1] - mean[1])
		path = append(path, w)
	}
	return path
}
