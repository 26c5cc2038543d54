package position

import (
	"fmt"
	"slices"
	"sync"

	"github.com/rotor-lm/rotor/op"
)

// growth is a rotary encoding whose angles depend on how long a text is. Lengths
// that have the same angles are one regime.
//
// A row's answer then depends on rows that come after it: all turn by the angles
// of the whole text, as in the released implementations of the kinds that do
// this, and an earlier answer does not hold once the text has grown into another
// regime. Keys that were kept, turned or not, came out of rows that attended by
// the old angles. So whoever keeps keys asks for the regime (model.Info has it)
// and reads the text again when it has changed; whoever runs a part of a text
// says in op.Span how long the whole is.
type growth struct {
	regime func(length int) int
	build  func(regime int) *angles

	mu    sync.Mutex
	known map[int]*angles // by regime
}

// mostRegimes bounds the sets of angles that are kept.
const mostRegimes = 16

// of returns the angles of a regime.
func (g *growth) of(regime int) *angles {
	g.mu.Lock()
	defer g.mu.Unlock()
	a := g.known[regime]
	if a == nil {
		if len(g.known) >= mostRegimes {
			clear(g.known)
		}
		a = g.build(regime)
		g.known[regime] = a
	}
	return a
}

// turn returns a table, and the row of it that each row of a pass turns by.
func (g *growth) turn(at op.Places) (op.Turn, []int32) {
	if len(at.Spans) == 0 { // plain rows, of one text
		last := slices.Max(at.Pos)
		return g.of(g.regime(int(last) + 1)).turn(last), at.Pos
	}
	first, same, last := g.regime(at.Spans[0].Length()), true, int32(0)
	for _, s := range at.Spans {
		same = same && g.regime(s.Length()) == first
		last = max(last, s.Pos+int32(s.Len)-1)
	}
	if same {
		return g.of(first).turn(last), at.Pos
	}
	return g.mixed(at)
}

// mixed makes a table of the pass's own: of every row, the angles that it has.
func (g *growth) mixed(at op.Places) (op.Turn, []int32) {
	n := len(g.of(g.regime(1)).inverse)
	t := op.Turn{Cos: make([]float32, len(at.Pos)*n), Sin: make([]float32, len(at.Pos)*n), N: n}
	rows := slices.Clone(at.Pos)
	for _, s := range at.Spans {
		a := g.of(g.regime(s.Length()))
		for i := s.Row; i < s.Row+s.Len; i++ {
			if at.Pos[i] >= 0 { // what stands before time zero is left alone
				a.fill(t.Cos[i*n:][:n], t.Sin[i*n:][:n], at.Pos[i])
				rows[i] = int32(i)
			}
		}
	}
	return t, rows
}

// Regime tells texts apart whose rows turn by other angles: two lengths with one
// answer have the same. It is nil where no encoding of the list makes a difference.
func Regime(list ...*Rotary) func(length int) int {
	var growing []*growth
	for _, r := range list {
		if r.growth != nil {
			growing = append(growing, r.growth)
		}
	}
	switch len(growing) {
	case 0:
		return nil
	case 1:
		return growing[0].regime
	}
	return func(length int) (both int) {
		for _, g := range growing {
			both = both<<31 + g.regime(length)
		}
		return both
	}
}

// grow makes the encoding of a kind whose angles depend on the length.
func grow(c RopeConfig, kind RopeKind, regime func(c RopeConfig, length int) int) (*Rotary, error) {
	at := func(regime int) (*angles, error) {
		c.Length = regime
		theta := frequencies(c.Dim, c.Theta)
		amplitude, err := kind(c, theta)
		if err != nil {
			return nil, err
		}
		return newAngles(theta, amplitude), nil
	}
	g := &growth{known: map[int]*angles{}}
	g.regime = func(length int) int { return regime(c, length) }
	short, err := at(g.regime(1))
	if err != nil {
		return nil, err
	}
	g.known[g.regime(1)] = short
	g.build = func(regime int) *angles {
		a, err := at(regime)
		if err != nil { // the kind has accepted these parameters before
			panic(fmt.Sprintf("position: RoPE %s of %d positions: %v", c.Type, regime, err))
		}
		return a
	}
	return &Rotary{angles: short, growth: g}, nil
}
