package world

import (
	"fmt"
	"math/rand/v2"
)

// The games move as MinAtar 1.0.15 does, by its golden file, and number the actions
// that matter in its order. They differ from it in three ways: no action is repeated
// by chance ("sticky"), time limits are horizons, and the boards stand one after the
// other, each row by row.
const arcade = "Young and Tian, MinAtar, 2019, arXiv:1903.03176"

func init() {
	Register(Entry{
		Name: "breakout", About: "bounce a ball off a paddle and break three rows of bricks", Source: arcade,
		Make: func(set *Settings) (*World, error) {
			g := Breakout{Gamma: set.Gamma(.99)}
			w := &World{Actions: []string{"stay", "left", "right"}, Gamma: g.Gamma, Horizon: set.Horizon(5000)}
			w.New = func() Simulator { env := g; return Simulate[BreakoutState, int](&env) }
			return w, nil
		},
	})
}

// side is the length of the arcade's boards.
const side = 10

// Breakout is a ball on a board of ten by ten that moves along diagonals. It
// bounces off the walls and off the paddle in the last row; a brick that it meets
// breaks, pays 1 and throws it back. The episode ends when the ball falls past the
// paddle. When no bricks are left, all stand again once the ball is down.
//
// Of a paddle met from the side, where the ball's old column is not the paddle's
// but the new one is, it goes back the way it came.
type Breakout struct {
	Gamma float64
	s     BreakoutState
	rng   *rand.Rand
}

// BreakoutState is all that there is to know.
type BreakoutState struct {
	Paddle       int8
	X, Y         int8 // of the ball
	DX, DY       int8 // where it goes
	LastX, LastY int8 // where it was
	Struck       bool // a brick was met in the step before: no brick breaks twice in a row
	Bricks       uint32
}

const allBricks = 1<<(3*side) - 1

// Reset places the ball in a corner under the bricks.
func (g *Breakout) Reset(rng *rand.Rand) BreakoutState {
	g.rng = rng
	g.s = BreakoutState{Paddle: 4, X: 0, Y: 3, DX: 1, DY: 1, LastX: 0, LastY: 3, Bricks: allBricks}
	if rng.Uint64()&1 == 1 {
		g.s.X, g.s.LastX, g.s.DX = side-1, side-1, -1
	}
	return g.s
}

// brick is the bit of a brick; rows 1 to 3 have them.
func brick(x, y int8) uint32 {
	if y < 1 || y > 3 {
		return 0
	}
	return 1 << (int(y-1)*side + int(x))
}

// Step stays (0), or moves the paddle left (1) or right (2).
func (g *Breakout) Step(a int) (BreakoutState, float64, float64) {
	s := &g.s
	switch a {
	case 1:
		s.Paddle = max(s.Paddle-1, 0)
	case 2:
		s.Paddle = min(s.Paddle+1, side-1)
	}
	s.LastX, s.LastY = s.X, s.Y
	x, y := s.X+s.DX, s.Y+s.DY
	if x < 0 || x >= side {
		x, s.DX = min(max(x, 0), side-1), -s.DX
	}
	r, gamma, met := 0., g.Gamma, false
	switch {
	case y < 0:
		y, s.DY = 0, -s.DY
	case s.Bricks&brick(x, y) != 0:
		met = true
		if !s.Struck {
			r, s.Struck = 1, true
			s.Bricks &^= brick(x, y)
			y, s.DY = s.LastY, -s.DY
		}
	case y == side-1:
		if s.Bricks == 0 {
			s.Bricks = allBricks
		}
		switch s.Paddle {
		case s.X:
			y, s.DY = s.LastY, -s.DY
		case x:
			y, s.DX, s.DY = s.LastY, -s.DX, -s.DY
		default:
			gamma = 0
		}
	}
	if !met {
		s.Struck = false
	}
	s.X, s.Y = x, y
	return *s, r, gamma
}

// Width is four boards: paddle, ball, where the ball was, bricks.
func (g *Breakout) Width() int { return 4 * side * side }

// Observe draws the four boards.
func (g *Breakout) Observe(s BreakoutState, x []float64) {
	clear(x)
	light(x, 0, s.Paddle, side-1)
	light(x, 1, s.X, s.Y)
	light(x, 2, s.LastX, s.LastY)
	for y := range int8(3) {
		for col := range int8(side) {
			if s.Bricks&brick(col, y+1) != 0 {
				light(x, 3, col, y+1)
			}
		}
	}
}

// light sets one cell of one board.
func light(x []float64, board int, col, row int8) {
	if col >= 0 && col < side && row >= 0 && row < side {
		x[board*side*side+int(row)*side+int(col)] = 1
	}
}

// Numbers is the state as Place takes it.
func (g *Breakout) Numbers(s BreakoutState) []float64 {
	struck := 0.
	if s.Struck {
		struck = 1
	}
	return []float64{float64(s.Paddle), float64(s.X), float64(s.Y), float64(s.DX), float64(s.DY), float64(s.LastX), float64(s.LastY), struck, float64(s.Bricks)}
}

// Place goes to a state.
func (g *Breakout) Place(x []float64) (BreakoutState, error) {
	if len(x) != 9 {
		return g.s, fmt.Errorf("a state of breakout is 9 numbers: paddle, ball x, y, dx, dy, last x, y, struck, bricks; not %d", len(x))
	}
	for i, low := range []float64{0, 0, 0, -1, -1, 0, 0, 0, 0} {
		high := []float64{9, 9, 9, 1, 1, 9, 9, 1, allBricks}[i]
		if v := x[i]; v != float64(int64(v)) || v < low || v > high || (i == 3 || i == 4) && v == 0 {
			return g.s, fmt.Errorf("number %d of the state is %g: want a whole number from %g to %g", i+1, v, low, high)
		}
	}
	g.s = BreakoutState{int8(x[0]), int8(x[1]), int8(x[2]), int8(x[3]), int8(x[4]), int8(x[5]), int8(x[6]), x[7] == 1, uint32(x[8])}
	return g.s, nil
}
