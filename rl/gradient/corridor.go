package gradient

import "github.com/rotor-lm/rotor/rl/world"

// Corridor is three states in a row, 0 to 2, that lead to the goal, 3. Action 0 is
// left and 1 is right, but in state 1 they are exchanged, and a policy that cannot
// tell the states apart does best to go right with probability 2 − √2. Each step
// costs 1.
//
// Sutton and Barto 2018, example 13.1.
func Corridor() *world.Model {
	m := world.NewModel(4, 2, func(s, a int) []world.Outcome {
		step := 2*a - 1
		if s == 1 {
			step = -step
		}
		next, gamma := max(s+step, 0), 1.
		if s == 3 {
			next = 3
		}
		if next == 3 {
			gamma = 0
		}
		return []world.Outcome{{P: 1, Next: next, Reward: -1, Gamma: gamma}}
	})
	m.Start[0] = 1
	m.End = []bool{3: true}
	return m
}
