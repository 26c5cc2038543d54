package tabular

import (
	"fmt"

	"github.com/rotor-lm/rotor/rl/world"
)

// Solution is what dynamic programming finds: values that satisfy Bellman's
// equation, and the policy that they belong to.
type Solution struct {
	V      []float64 // [States]
	Q      []float64 // [States·Actions]
	Policy *Policy
	Sweeps int         // sweeps or improvements that it took
	Steps  [][]float64 // v after each of them, if asked for
}

// Optimal returns exact optimal values: value iteration to find the policy, then
// the policy's own value by elimination, which rounding leaves to the last digit.
func Optimal(m *world.Model) (*Solution, error) {
	s, err := ValueIteration(m, 0, false)
	if err != nil {
		return nil, err
	}
	for range 100 {
		v, err := Evaluate(m, s.Policy)
		if err != nil { // of equal actions the first may not lead anywhere
			if p := hurried(m, s.V); p != nil {
				s.Policy = p
				if s.V, err = Evaluate(m, p); err != nil {
					return nil, err
				}
				s.Q = ActionValues(m, s.V)
			}
			return s, nil
		}
		q := ActionValues(m, v)
		better := Greedy(q, m.Actions)
		s.V, s.Q = v, q
		if better.same(s.Policy) {
			break
		}
		s.Policy = better
	}
	return s, nil
}

// hurried is, of all policies that are worth v, one that gets to an end. Where
// nothing is lost by waiting, with a discount of 1 and steps that cost nothing, every
// way is as good as another by its value, and the first may go round for ever. It is
// what is best where every step counts a little less than the one before: so little
// that it is worth v still.
//
// Blackwell, Discrete Dynamic Programming, 1962.
func hurried(m *world.Model, v []float64) *Policy {
	for _, gamma := range []float64{.99, .999, .9999, .99999} {
		s, err := Optimal(m.Discounted(gamma))
		if err != nil {
			return nil
		}
		have, err := Evaluate(m, s.Policy)
		if err != nil {
			continue
		}
		worth := true
		for i := range v {
			worth = worth && have[i] >= v[i]-1e-6*max(1, abs(v[i]))
		}
		if worth {
			return s.Policy
		}
	}
	return nil
}

// ValueIteration sweeps with Bellman's optimality equation,
//
//	v_{k+1}(s) = max_a Σ p·(r + γ·v_k(s′))
//
// so many times, or with zero until nothing changes. keep asks for every v_k.
//
// Sutton and Barto 2018, eq. 4.10; Zhao 2025, algorithm 4.1.
func ValueIteration(m *world.Model, sweeps int, keep bool) (*Solution, error) {
	return iterate(m, best, sweeps, keep)
}

// BestSoft returns the best of all ε-greedy policies and its value: the best
// action of v = (1−ε)·max q + ε·mean q. It differs from the ε-greedy policy of
// the optimal one: who stumbles keeps away from the edge.
//
// Zhao 2025, §5.5; Sutton and Barto 2018, §5.4.
func BestSoft(m *world.Model, epsilon float64) (*Solution, error) {
	s, err := iterate(m, soft(epsilon), 0, false)
	if err != nil {
		return nil, err
	}
	s.Policy = s.Policy.Soft(epsilon)
	if v, err := Evaluate(m, s.Policy); err == nil {
		s.V, s.Q = v, ActionValues(m, v)
	}
	return s, nil
}

func iterate(m *world.Model, b backup, sweeps int, keep bool) (*Solution, error) {
	s := &Solution{}
	v, ok := settle(m, make([]float64, m.States), b, sweeps, func(v []float64) {
		s.Sweeps++
		if keep {
			s.Steps = append(s.Steps, append([]float64{}, v...))
		}
	})
	if !ok {
		return nil, fmt.Errorf("value iteration does not settle: rewards without end, and γ = 1; set a γ below 1")
	}
	s.V, s.Q = v, ActionValues(m, v)
	s.Policy = Greedy(s.Q, m.Actions)
	return s, nil
}

// PolicyIteration evaluates a policy exactly and takes the greedy one, until that
// is the same.
//
// Howard, Dynamic Programming and Markov Processes, 1960; Sutton and Barto 2018,
// §4.3; Zhao 2025, algorithm 4.2.
func PolicyIteration(m *world.Model, p *Policy, keep bool) (*Solution, error) {
	return improve(m, p, keep, func(_ []float64, p *Policy) ([]float64, error) { return Evaluate(m, p) })
}

// TruncatedPolicyIteration evaluates by so many sweeps only: one is value
// iteration, more and more are policy iteration.
//
// Zhao 2025, algorithm 4.3; Puterman and Shin, 1978.
func TruncatedPolicyIteration(m *world.Model, p *Policy, sweeps int, keep bool) (*Solution, error) {
	if sweeps < 1 {
		return nil, fmt.Errorf("truncated policy iteration by %d sweeps: want at least 1", sweeps)
	}
	return improve(m, p, keep, func(v []float64, p *Policy) ([]float64, error) {
		v, ok := Sweeps(m, p, v, sweeps)
		if !ok {
			return nil, ErrEndless
		}
		return v, nil
	})
}

func improve(m *world.Model, p *Policy, keep bool, evaluate func(v []float64, p *Policy) ([]float64, error)) (*Solution, error) {
	s := &Solution{V: make([]float64, m.States), Policy: p}
	for ; s.Sweeps < mostSweeps; s.Sweeps++ {
		v, err := evaluate(s.V, s.Policy)
		if err != nil {
			return nil, err
		}
		if keep {
			s.Steps = append(s.Steps, v)
		}
		change := 0.
		for i := range v {
			change = max(change, abs(v[i]-s.V[i]))
		}
		s.V, s.Q = v, ActionValues(m, v)
		better := Greedy(s.Q, m.Actions)
		if better.same(s.Policy) && change <= 1e-13*max(1, norm(v)) || s.Sweeps > 0 && change == 0 {
			return s, nil
		}
		s.Policy = better
	}
	return nil, fmt.Errorf("policy iteration did not settle within %d rounds", mostSweeps)
}

func abs(x float64) float64 { return max(x, -x) }
