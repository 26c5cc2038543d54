package approx

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/rotor-lm/rotor/rl"
)

// Sample is one transition that somebody made.
type Sample[S any] struct {
	State  S
	Action int
	Reward float64
	Gamma  float64
	Next   S
}

// LSPI finds the best policy that features can tell from a fixed set of samples.
// It evaluates a policy by LSTD on pairs, takes the greedy one, and repeats until
// the weights stay:
//
//	A = ridge·I + Σ φ(s,a)·[φ(s,a) − γ·φ(s′,π(s′))]ᵀ     b = Σ r·φ(s,a)
//	w = A⁻¹·b     π(s) = argmax_a w·φ(s,a)
//
// It needs no step size and no particular behaviour, only samples that cover what
// matters. It returns the number of policies evaluated, at most limit, and ErrMoving
// if they have not settled by then (the last is kept).
//
// Lagoudakis and Parr, Least-Squares Policy Iteration, 2003.
func LSPI[S any](ctx context.Context, q *Linear[rl.Pair[S, int]], actions int, samples []Sample[S], ridge, tolerance float64, limit int) (int, error) {
	n := len(q.W)
	base, b := square(n), make([]float64, n) // what does not depend on the policy
	phi := make([]Sparse, len(samples))
	for i := range base {
		base[i][i] = ridge
	}
	for i := range samples {
		x := &samples[i]
		q.Features.Of(rl.Pair[S, int]{State: x.State, Action: x.Action}, &phi[i])
		phi[i].AddTo(b, x.Reward)
		for k, j := range phi[i].Index {
			phi[i].AddTo(base[j], phi[i].Value[k])
		}
	}
	a := square(n)
	var next Sparse
	for round := 1; round <= limit; round++ {
		if err := ctx.Err(); err != nil {
			return round - 1, err
		}
		for i := range a {
			copy(a[i], base[i])
		}
		for i := range samples {
			x := &samples[i]
			if x.Gamma == 0 {
				continue
			}
			best, _ := greedy(q, x.Next, actions)
			q.Features.Of(rl.Pair[S, int]{State: x.Next, Action: best}, &next)
			for k, j := range phi[i].Index {
				next.AddTo(a[j], -x.Gamma*phi[i].Value[k])
			}
		}
		w, err := solve(a, b)
		if err != nil {
			return round, err
		}
		var moved float64
		for i := range w {
			moved = max(moved, math.Abs(w[i]-q.W[i]))
		}
		copy(q.W, w)
		if moved <= tolerance {
			return round, nil
		}
	}
	return limit, fmt.Errorf("%w, after %d policies", ErrMoving, limit)
}

// ErrMoving says that LSPI has not settled.
var ErrMoving = errors.New("approx: LSPI: the weights still move: it may circle between a few policies; the last was kept")

// greedy is the best action in s, the first of equals, and its value.
func greedy[S any](q rl.Value[rl.Pair[S, int]], s S, actions int) (best int, value float64) {
	for a := range actions {
		if x := q.At(rl.Pair[S, int]{State: s, Action: a}); a == 0 || x > value {
			best, value = a, x
		}
	}
	return best, value
}
