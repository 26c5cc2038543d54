package world

func init() {
	Register(Entry{
		Name: "gambler", About: "stakes on a coin that falls badly, until 100 or nothing",
		Source: "Sutton and Barto, Reinforcement Learning, 2018, example 4.3",
		Make: func(set *Settings) (*World, error) {
			p := set.Within("p", .4, 0, 1, "how often the coin falls well")
			goal := set.Int("goal", 100, 2, 2000, "the capital that wins")
			w := finite(Gambler(goal, p), set.Gamma(1))
			w.Horizon = set.Horizon(0)
			for a := range w.Model.Actions {
				w.Actions = append(w.Actions, "stake "+itoa(a+1))
			}
			return w, nil
		},
	})
}

// Gambler is the table of capitals 0 … goal. Action a stakes a + 1, or what there
// is, or what is missing. Reaching the goal pays 1.
func Gambler(goal int, p float64) *Model {
	m := NewModel(goal+1, goal/2, func(s, a int) []Outcome {
		if s == 0 || s == goal {
			return []Outcome{{P: 1, Next: s}}
		}
		stake := min(a+1, s, goal-s)
		won, lost := Outcome{P: p, Next: s + stake, Gamma: 1}, Outcome{P: 1 - p, Next: s - stake, Gamma: 1}
		if won.Next == goal {
			won.Reward, won.Gamma = 1, 0
		}
		if lost.Next == 0 {
			lost.Gamma = 0
		}
		return []Outcome{won, lost}
	})
	m.End = make([]bool, goal+1)
	m.End[0], m.End[goal] = true, true
	for s := 1; s < goal; s++ {
		m.Start[s] = 1 / float64(goal-1)
	}
	return m
}
