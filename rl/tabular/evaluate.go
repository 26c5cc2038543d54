package tabular

import (
	"errors"
	"math"

	"github.com/rotor-lm/rotor/rl/world"
)

// ErrEndless says that a policy may never end an episode whose rewards are not
// discounted, so that its value is no number.
var ErrEndless = errors.New("under this policy an episode may never end, and γ = 1: its value is not finite; set a γ below 1")

// largestSolve is how many states are solved directly; the work grows with the cube.
const largestSolve = 1200

// Evaluate returns the exact value of a policy, the solution of
//
//	v = r_π + γ·P_π·v
//
// by elimination, or by sweeps where the states are too many for that.
//
// Zhao 2025, §2.7; Sutton and Barto 2018, eq. 4.4.
func Evaluate(m *world.Model, p *Policy) ([]float64, error) {
	if m.States > largestSolve {
		v, ok := Sweeps(m, p, make([]float64, m.States), 0)
		if !ok {
			return nil, ErrEndless
		}
		return v, nil
	}
	n := m.States
	a, v := make([]float64, n*n), make([]float64, n)
	for s := range n {
		a[s*n+s] = 1
		if m.Ends(s) {
			continue
		}
		for action, prob := range p.Row(s) {
			if prob == 0 {
				continue
			}
			for _, o := range m.Of(s, action) {
				a[s*n+o.Next] -= prob * o.P * o.Gamma
				v[s] += prob * o.P * o.Reward
			}
		}
	}
	if !solve(a, v) {
		return nil, ErrEndless
	}
	return v, nil
}

// Sweeps backs up under a policy from v, so many times, or with sweeps of zero
// until nothing changes; false if it does not settle.
func Sweeps(m *world.Model, p *Policy, v []float64, sweeps int) ([]float64, bool) {
	return settle(m, v, under(p), sweeps, nil)
}

// mostSweeps bounds iteration to convergence.
const mostSweeps = 100_000

// settle sweeps so many times, or until nothing changes but by rounding. It tells
// tell of every sweep.
func settle(m *world.Model, v []float64, b backup, sweeps int, tell func(v []float64)) ([]float64, bool) {
	v, next, row := append([]float64{}, v...), make([]float64, len(v)), make([]float64, m.Actions)
	for k := 1; sweeps == 0 || k <= sweeps; k++ {
		change := sweep(next, m, v, row, b)
		v, next = next, v
		if tell != nil {
			tell(v)
		}
		switch size := norm(v); {
		case math.IsNaN(change) || size > 1e15 || sweeps == 0 && k == mostSweeps:
			return v, false
		case sweeps == 0 && change <= 1e-14*max(1, size):
			return v, true
		}
	}
	return v, true
}

func norm(v []float64) (size float64) {
	for _, x := range v {
		size = max(size, math.Abs(x))
	}
	return size
}

// solve replaces b by the solution of A·x = b, by elimination with pivots; false
// if A is singular. A is spent.
func solve(a, b []float64) bool {
	n := len(b)
	for k := range n {
		pivot := k
		for i := k + 1; i < n; i++ {
			if math.Abs(a[i*n+k]) > math.Abs(a[pivot*n+k]) {
				pivot = i
			}
		}
		if math.Abs(a[pivot*n+k]) < 1e-12 {
			return false
		}
		if pivot != k {
			for j := k; j < n; j++ {
				a[k*n+j], a[pivot*n+j] = a[pivot*n+j], a[k*n+j]
			}
			b[k], b[pivot] = b[pivot], b[k]
		}
		top := a[k*n+k+1 : (k+1)*n]
		for i := k + 1; i < n; i++ {
			f := a[i*n+k] / a[k*n+k]
			if f == 0 {
				continue
			}
			row := a[i*n+k+1 : (i+1)*n]
			for j, x := range top {
				row[j] -= f * x
			}
			b[i] -= f * b[k]
		}
	}
	for k := n - 1; k >= 0; k-- {
		for j := k + 1; j < n; j++ {
			b[k] -= a[k*n+j] * b[j]
		}
		b[k] /= a[k*n+k]
	}
	return true
}
