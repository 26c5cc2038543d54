package world

import (
	"math/rand/v2"

	"github.com/rotor-lm/rotor/rl"
)

func init() {
	Register(Entry{
		Name: "taxi", About: "a taxi fetches a passenger and brings him where he wants to go",
		Source: "Dietterich, Hierarchical Reinforcement Learning with MAXQ, 2000; Gymnasium, Taxi-v4",
		Make:   newTaxi,
	})
}

// The city: colons can be crossed, bars are walls.
var city = []string{
	"|R: | : :G|",
	"| : | : : |",
	"| : : : : |",
	"| | : | : |",
	"|Y| : |B: |",
}

var stands = [4][2]int{{0, 0}, {0, 4}, {4, 0}, {4, 3}} // R, G, Y, B

// A state of the taxi is ((row·5 + column)·5 + passenger)·4 + destination, where
// passenger 4 sits in the taxi. Actions: down, up, right, left, fetch, drop.
func newTaxi(set *Settings) (*World, error) {
	rainy := set.Bool("is_rainy", false, "moves drift to the side")
	p := set.Within("rainy_probability", .8, 0, 1, "how often a move in the rain goes where it should")
	fickle := set.Bool("fickle_passenger", false, "the passenger may change his mind after one move")
	often := set.Within("fickle_probability", .3, 0, 1, "how often a passenger is fickle")
	gamma, horizon := set.Gamma(1), set.Horizon(200)
	if !rainy {
		p = 1
	}
	m := NewModel(500, 6, func(s, a int) []Outcome { return taxi(s, a, p) })
	for s := range 500 {
		if passenger, goal := s/4%5, s%4; passenger < 4 && passenger != goal {
			m.Start[s] = 1. / 300
		}
	}
	w := finite(m, gamma)
	w.Actions, w.Horizon = []string{"down", "up", "right", "left", "fetch", "drop"}, horizon
	if fickle { // what the passenger will do is not in the state: there is no table of it
		played := w.Model
		w.Model, w.States = nil, 500
		w.table = func() rl.Env[int, int] { return &fickleTaxi{Table: NewTable(played), often: often} }
		w.New = func() Simulator { return Simulate[int, int](&fickleTaxi{Table: NewTable(played), often: often}) }
	}
	return w, nil
}

// TaxiPasses says whether the taxi can cross from column col of its city to the
// next: no wall stands there.
func TaxiPasses(row, col int) bool { return city[row][2*col+2] == ':' }

// shift moves one cell if no wall is in the way.
func shift(row, col, action int) (int, int, bool) {
	switch {
	case action == 0 && row < 4:
		return row + 1, col, true
	case action == 1 && row > 0:
		return row - 1, col, true
	case action == 2 && TaxiPasses(row, col):
		return row, col + 1, true
	case action == 3 && city[row][2*col] == ':':
		return row, col - 1, true
	}
	return row, col, false
}

func taxi(s, a int, p float64) []Outcome {
	row, col, passenger, goal := s/100, s/20%5, s/4%5, s%4
	at := func(row, col, passenger int) int { return ((row*5+col)*5+passenger)*4 + goal }
	stand := -1
	for i, xy := range stands {
		if xy == [2]int{row, col} {
			stand = i
		}
	}
	switch {
	case a == 4 && passenger == stand:
		return []Outcome{{P: 1, Next: at(row, col, 4), Reward: -1, Gamma: 1}}
	case a == 5 && passenger == 4 && stand == goal:
		return []Outcome{{P: 1, Next: at(row, col, goal), Reward: 20}}
	case a == 5 && passenger == 4 && stand >= 0:
		return []Outcome{{P: 1, Next: at(row, col, stand), Reward: -1, Gamma: 1}}
	case a >= 4:
		return []Outcome{{P: 1, Next: s, Reward: -10, Gamma: 1}}
	}
	r, c, free := shift(row, col, a)
	out := []Outcome{{P: p, Next: at(r, c, passenger), Reward: -1, Gamma: 1}}
	if !free { // where the way is barred there is no drift either
		out[0].P = 1
		return out
	}
	for _, side := range [2]int{(a + 2) % 4 &^ 1, (a+2)%4&^1 + 1} { // the two moves across
		r, c, _ := shift(row, col, side)
		out = append(out, Outcome{P: (1 - p) / 2, Next: at(r, c, passenger), Reward: -1, Gamma: 1})
	}
	return out
}

// fickleTaxi changes the destination once, after the first move with a passenger.
type fickleTaxi struct {
	*Table
	often  float64
	fickle bool
}

func (t *fickleTaxi) Reset(rng *rand.Rand) int {
	s := t.Table.Reset(rng)
	t.fickle = rng.Float64() < t.often
	return s
}

func (t *fickleTaxi) Step(a int) (int, float64, float64) {
	before := t.s
	s, r, gamma := t.Table.Step(a)
	if t.fickle && before/4%5 == 4 && s/20 != before/20 {
		t.fickle = false
		s = s - s%4 + (before%4+1+t.rng.IntN(3))%4
		t.s = s
	}
	return s, r, gamma
}
