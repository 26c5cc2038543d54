package world

import "strings"

func init() {
	for name, slippery := range map[string]bool{"cliffwalking": false, "cliffwalkingslippery": true} {
		Register(Entry{
			Name: name, About: "a walk along a cliff: one wrong step costs 100 and leads back to the start",
			Source: "Sutton and Barto, Reinforcement Learning, 2018, example 6.6; Gymnasium, CliffWalking-v1",
			Make:   func(set *Settings) (*World, error) { return cliffWalking(set, slippery) },
		})
	}
}

const cliff = `............
............
............
SCCCCCCCCCCT`

// cliffWalking pays −1 a step and −100 over the cliff, which leads to the start.
func cliffWalking(set *Settings, slippery bool) (*World, error) {
	slippery = set.Bool("is_slippery", slippery, "a move goes to each side a third of the time")
	gamma, horizon := set.Gamma(1), set.Horizon(0)
	g := &Grid{Rows: 4, Cols: 12, Moves: moves[:4], Start: []int{36}, Episodic: true, StepReward: -1, BoundaryReward: -1, TargetReward: -1, ForbiddenReward: -100}
	for _, letter := range strings.ReplaceAll(strings.ReplaceAll(cliff, "\n", ""), "S", ".") {
		g.Cells = append(g.Cells, Cell(letter))
	}
	if slippery {
		g.Slip = 2. / 3
	}
	m := NewModel(len(g.Cells), 4, func(s, a int) []Outcome { return g.outcomes(s, g.Moves[a]) })
	m.Start[36] = 1
	m.End = make([]bool, len(g.Cells))
	m.End[47] = true
	w := finite(m, gamma)
	w.Horizon, w.Grid, w.Actions = horizon, g, names(g.Moves)
	return w, nil
}
