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
			s.Policy = leading(m, s.Q)
			if v, err := Evaluate(m, s.Policy); err == nil {
				s.V, s.Q = v, ActionValues(m, v)
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

// leading is a greedy policy that gets to an end. Where nothing is lost by waiting,
// with a discount of 1 and steps that cost nothing, every way is as good as another
// by its value, and the first may go round for ever. Here, of equal actions, the
// first is taken that may lead to where an end is nearer.
func leading(m *world.Model, q []float64) *Policy {
	p := Greedy(q, m.Actions)
	near := make([]bool, m.States)
	for s := range near {
		near[s] = m.Ends(s)
	}
	for found := true; found; {
		found = false
		var next []int
		for s := range near {
			if near[s] {
				continue
			}
			if a := toward(m, q, near, s); a >= 0 {
				clear(p.Row(s))
				p.Row(s)[a] = 1
				next, found = append(next, s), true
			}
		}
		for _, s := range next {
			near[s] = true
		}
	}
	return p
}

// toward is the first of the best actions of s that may end the episode or lead to
// a state that is near, or −1.
func toward(m *world.Model, q []float64, near []bool, s int) int {
	row := q[s*m.Actions : (s+1)*m.Actions]
	best := row[argmax(row)]
	for a, x := range row {
		if x < best-1e-9*max(1, abs(best)) {
			continue
		}
		for _, o := range m.Of(s, a) {
			if o.Gamma == 0 || near[o.Next] {
				return a
			}
		}
	}
	return -1
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
