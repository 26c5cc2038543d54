package world

import "fmt"

func init() {
	for _, walk := range []struct {
		n, reach int
		left     float64
		source   string
	}{{5, 1, 0, "example 6.2"}, {19, 1, -1, "example 7.1"}, {1000, 100, -1, "example 9.1"}} {
		Register(Entry{
			Name: fmt.Sprintf("walk%d", walk.n), About: fmt.Sprintf("a random walk of %d states, paid at its ends", walk.n),
			Source: "Sutton and Barto, Reinforcement Learning, 2018, " + walk.source,
			Make: func(set *Settings) (*World, error) {
				reach := set.Int("reach", walk.reach, 1, 1000, "a step goes to one of so many states on either side")
				left := set.Float("r-left", walk.left, "reward at the left end")
				right := set.Float("r-right", 1, "reward at the right end")
				w := finite(Walk(walk.n, reach, left, right), set.Gamma(1))
				w.Horizon, w.Actions = set.Horizon(0), []string{"step"}
				return w, nil
			},
		})
	}
}

// Walk is a random walk over states 1 … n, which begins in the middle. Each step
// goes to one of reach states on either side; beyond an end stands state 0, paid
// left, or n + 1, paid right. There is one action.
//
// Sutton and Barto 2018, examples 6.2, 7.1 and 9.1.
func Walk(n, reach int, left, right float64) *Model {
	m := NewModel(n+2, 1, func(s, _ int) []Outcome {
		if s == 0 || s == n+1 {
			return []Outcome{{P: 1, Next: s}}
		}
		var out []Outcome
		p, low, high := 1/float64(2*reach), 0., 0.
		for d := 1; d <= reach; d++ {
			if s-d < 1 {
				low += p
			} else {
				out = append(out, Outcome{P: p, Next: s - d, Gamma: 1})
			}
			if s+d > n {
				high += p
			} else {
				out = append(out, Outcome{P: p, Next: s + d, Gamma: 1})
			}
		}
		return append(out, Outcome{P: low, Next: 0, Reward: left}, Outcome{P: high, Next: n + 1, Reward: right})
	})
	m.Start[(n+1)/2] = 1
	m.End = make([]bool, n+2)
	m.End[0], m.End[n+1] = true, true
	return m
}
