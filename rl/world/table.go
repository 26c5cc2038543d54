package world

import (
	"fmt"
	"math/rand/v2"
)

// Table plays a model: a finite world as an environment. A step is one look into
// a table, and a random number only where the outcome is not certain.
type Table struct {
	model   *Model
	moves   []move // [States·Actions]
	actions int
	start   int // −1 if it is random
	s       int
	rng     *rand.Rand
}

// move is what Step needs of one pair, on half a cache line.
type move struct {
	reward, gamma float64
	next          int32
	random        bool
}

// NewTable returns an environment that plays m.
func NewTable(m *Model) *Table {
	t := &Table{model: m, actions: m.Actions, moves: make([]move, m.States*m.Actions), start: -1}
	for pair := range t.moves {
		o := m.Outcomes[m.First[pair]]
		t.moves[pair] = move{reward: o.Reward, gamma: o.Gamma, next: int32(o.Next), random: m.First[pair+1]-m.First[pair] > 1}
	}
	for s, p := range m.Start {
		if p == 1 {
			t.start = s
		}
	}
	t.s = max(t.start, 0)
	return t
}

// Model is the transition table.
func (t *Table) Model() *Model { return t.model }

// Reset begins an episode in a start state.
func (t *Table) Reset(rng *rand.Rand) int {
	t.rng = rng
	if t.start >= 0 {
		t.s = t.start
		return t.s
	}
	u := rng.Float64()
	for s, p := range t.model.Start {
		if p == 0 {
			continue
		}
		t.s = s // the last of them keeps what rounding leaves over
		if u -= p; u < 0 {
			break
		}
	}
	return t.s
}

// Step takes action a.
func (t *Table) Step(a int) (int, float64, float64) {
	if uint(a) >= uint(t.actions) {
		panic(fmt.Sprintf("world: action %d of %d", a, t.actions))
	}
	m := &t.moves[t.s*t.actions+a]
	if m.random {
		return t.draw(t.model.Of(t.s, a))
	}
	t.s = int(m.next)
	return t.s, m.reward, m.gamma
}

func (t *Table) draw(outcomes []Outcome) (int, float64, float64) {
	u := t.rng.Float64()
	last := len(outcomes) - 1
	for i := range outcomes {
		if o := &outcomes[i]; u < o.P || i == last {
			t.s = o.Next
			return o.Next, o.Reward, o.Gamma
		}
		u -= outcomes[i].P
	}
	panic("world: a pair without outcomes")
}

// Width is the length of an observation: the number of the state.
func (t *Table) Width() int { return 1 }

// Observe writes the number of the state.
func (t *Table) Observe(s int, x []float64) { x[0] = float64(s) }

// Place goes to a state, which must exist.
func (t *Table) Place(x []float64) (int, error) {
	if len(x) != 1 {
		return 0, fmt.Errorf("a state of this world is one number, not %d", len(x))
	}
	if s := int(x[0]); float64(s) == x[0] && s >= 0 && s < t.model.States {
		t.s = s
		return s, nil
	}
	return 0, fmt.Errorf("state %g: this world has states 0 to %d", x[0], t.model.States-1)
}

// Numbers is the state as Place takes it.
func (t *Table) Numbers(s int) []float64 { return []float64{float64(s)} }
