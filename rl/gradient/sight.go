package gradient

import (
	"github.com/rotor-lm/rotor/rl/approx"
	"github.com/rotor-lm/rotor/rl/world"
)

// Sight is a copy of a world as a network sees it: in the numbers that the world
// shows. Where it shows the number of the state alone, there is a one in the place
// of the state, and zeros elsewhere.
func Sight(w *world.World) world.Simulator {
	m := w.New()
	if n := w.Count(); n > 0 && m.Width() == 1 && n <= mostSeen {
		return &oneHot{m, n}
	}
	return m
}

// mostSeen bounds the width of what a network sees of a numbered state.
const mostSeen = 1 << 14

type oneHot struct {
	world.Simulator
	n int
}

func (o *oneHot) Width() int { return o.n }

func (o *oneHot) Observe(x []float64) {
	clear(x)
	var s [1]float64
	o.Simulator.Observe(s[:])
	x[int(s[0])] = 1
}

// Coordinates is a copy of a world as features see it, and between which numbers
// that lies: column and row of a grid, the number of a numbered state, else what
// the world shows, whose bounds are nil where the world does not know them.
func Coordinates(w *world.World) (world.Simulator, approx.Box) {
	m := w.New()
	n := w.Count()
	if w.Grid != nil && n == w.Grid.Rows*w.Grid.Cols && m.Width() == 1 {
		high := []float64{float64(max(w.Grid.Cols-1, 1)), float64(max(w.Grid.Rows-1, 1))}
		return &cells{m, w.Grid.Cols}, approx.Box{Low: []float64{0, 0}, High: high}
	}
	if n > 0 && m.Width() == 1 {
		return m, approx.Square(1, 0, float64(max(n-1, 1)))
	}
	var b approx.Box
	for _, r := range w.Range {
		b.Low, b.High = append(b.Low, r[0]), append(b.High, r[1])
	}
	return m, b
}

type cells struct {
	world.Simulator
	cols int
}

func (c *cells) Width() int { return 2 }

func (c *cells) Observe(x []float64) {
	var s [1]float64
	c.Simulator.Observe(s[:])
	x[0], x[1] = float64(int(s[0])%c.cols), float64(int(s[0])/c.cols)
}

func coordinates(w *world.World) world.Simulator {
	m, _ := Coordinates(w)
	return m
}
