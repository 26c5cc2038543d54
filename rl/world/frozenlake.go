package world

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

var lakes = map[string]string{
	"4x4": "SFFF FHFH FFFH HFFG",
	"8x8": "SFFFFFFF FFFFFFFF FFFHFFFF FFFFFHFF FFFHFFFF FHHFFFHF FHFFHFHF FFFHFFFG",
}

// The order in which Gymnasium counts the moves on ice.
var leftDownRightUp = []Move{{"left", 0, -1}, {"down", 1, 0}, {"right", 0, 1}, {"up", -1, 0}}

func init() {
	for name, size := range map[string]string{"frozenlake": "4x4", "frozenlake8x8": "8x8"} {
		Register(Entry{
			Name: name, About: "a frozen lake of " + size + " cells with holes; ice slips",
			Source: "Gymnasium, FrozenLake-v1",
			Make:   func(set *Settings) (*World, error) { return frozenLake(set, size) },
		})
	}
}

// frozenLake is a grid without rewards but at the goal, where a move goes to
// either side as often as success_rate leaves over.
func frozenLake(set *Settings, size string) (*World, error) {
	size = set.Text("map_name", size, "4x4 or 8x8")
	text, known := lakes[size]
	if !known {
		return nil, fmt.Errorf("map_name=%s: want 4x4 or 8x8", size)
	}
	path := set.Text("map", "", "a file that draws the lake: S start, F ice, H hole, G goal")
	slippery := set.Bool("is_slippery", true, "moves slip to the side")
	rate := set.Within("success_rate", 1./3, 0, 1, "how often a move on slippery ice goes where it should")
	goal, hole, ice, err := threeRewards(set.Text("reward_schedule", "1,0,0", "rewards for reaching goal, hole and ice"))
	if err != nil {
		return nil, err
	}
	gamma, horizon := set.Gamma(1), set.Horizon(map[string]int{"4x4": 100, "8x8": 200}[size])
	if path != "" {
		if text, err = readGrid(path); err != nil {
			return nil, err
		}
	}
	g, err := parseLake(text)
	if err != nil {
		return nil, fmt.Errorf("the lake's map: %w", err)
	}
	m := NewModel(len(g.Cells), 4, func(s, a int) []Outcome {
		if g.ends(s) {
			return []Outcome{{P: 1, Next: s}}
		}
		var out []Outcome
		for turn, p := range []float64{(1 - rate) / 2, rate, (1 - rate) / 2} {
			if !slippery {
				p = float64(turn & 1)
			}
			o := g.land(s, leftDownRightUp[(a+turn+3)%4], 0)
			o.P = p
			switch g.Cells[o.Next] { // Gymnasium has no price for a bump: the cell is entered again
			case Target:
				o.Reward = goal
			case Hole:
				o.Reward = hole
			default:
				o.Reward = ice
			}
			out = append(out, o)
		}
		return out
	})
	m.End = make([]bool, len(g.Cells))
	for s := range m.End {
		m.End[s] = g.ends(s)
	}
	for _, s := range g.Start {
		m.Start[s] = 1 / float64(len(g.Start))
	}
	w := finite(m, gamma)
	w.Horizon, w.Grid, w.Actions = horizon, g, names(leftDownRightUp)
	w.Warnings = g.unreachable(m.Reachable())
	return w, nil
}

func names(moves []Move) (list []string) {
	for _, m := range moves {
		list = append(list, m.Name)
	}
	return list
}

func parseLake(text string) (*Grid, error) {
	g := &Grid{Episodic: true, Moves: leftDownRightUp}
	for _, row := range strings.Fields(text) {
		if g.Rows++; g.Rows > 1 && len(row) != g.Cols {
			return nil, fmt.Errorf("row %d has %d cells, the first has %d", g.Rows, len(row), g.Cols)
		}
		if g.Cols = len(row); g.Cols > maxSide || g.Rows > maxSide {
			return nil, fmt.Errorf("more than %d cells along a side", maxSide)
		}
		for _, letter := range row {
			switch letter {
			case 'S':
				g.Start = append(g.Start, len(g.Cells))
				g.Cells = append(g.Cells, Free)
			case 'F':
				g.Cells = append(g.Cells, Free)
			case 'H':
				g.Cells = append(g.Cells, Hole)
			case 'G':
				g.Cells = append(g.Cells, Target)
			default:
				return nil, fmt.Errorf("row %d: unknown letter %q; known are S start, F ice, H hole, G goal", g.Rows, letter)
			}
		}
	}
	if len(g.Start) == 0 {
		return nil, errors.New("no start S")
	}
	for _, cell := range g.Cells {
		if cell == Target {
			return g, nil
		}
	}
	return nil, errors.New("no goal G")
}

func threeRewards(text string) (goal, hole, ice float64, err error) {
	var x [3]float64
	parts := strings.Split(strings.Trim(text, "()[]"), ",")
	for i := range parts {
		if len(parts) != 3 {
			break
		}
		var bad error
		if x[i], bad = strconv.ParseFloat(strings.TrimSpace(parts[i]), 64); bad != nil || x[i]-x[i] != 0 {
			parts = nil
			break
		}
	}
	if len(parts) != 3 {
		return 0, 0, 0, fmt.Errorf("reward_schedule=%s: want three numbers: goal, hole, ice", text)
	}
	return x[0], x[1], x[2], nil
}
