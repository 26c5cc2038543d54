package world

import (
	"fmt"
	"math/rand/v2"
)

func init() {
	Register(Entry{
		Name: "asterix", About: "gather gold and keep away from enemies that pass by", Source: arcade,
		Make: func(set *Settings) (*World, error) {
			g := Asterix{Ramp: set.Bool("ramp", true, "it becomes faster every 102 steps"), Gamma: set.Gamma(.99)}
			w := &World{Actions: []string{"stay", "left", "up", "right", "down"}, Gamma: g.Gamma, Horizon: set.Horizon(5000)}
			w.New = func() Simulator { env := g; return Simulate[AsterixState, int](&env) }
			return w, nil
		},
	})
}

// Asterix walks in rows 1 to 8, through which things pass from side to side: gold,
// a third of them, pays 1; any other ends the episode. With Ramp it becomes faster
// every 102 steps: things come a step sooner, and every second time they also wait
// a step less between their moves.
type Asterix struct {
	Ramp  bool
	Gamma float64
	s     AsterixState
	rng   *rand.Rand
}

// AsterixState is all that there is to know.
type AsterixState struct {
	X, Y              int8
	Things            [8]Thing // one in a row at most
	Spawn, SpawnEvery int8     // steps until the next thing comes, and between two
	Move, MoveEvery   int8     // the same of their moves
	Ramp, Ramps       int8     // steps until it becomes faster, from 100 to −1, and how often it has
}

// Thing passes through a row.
type Thing struct {
	There, Gold bool
	X, D        int8 // where it is, and its way
}

const rampEvery = 100

// Reset places the walker in the middle of empty rows.
func (g *Asterix) Reset(rng *rand.Rand) AsterixState {
	g.rng = rng
	g.s = AsterixState{X: 5, Y: 5, Spawn: 10, SpawnEvery: 10, Move: 5, MoveEvery: 5, Ramp: rampEvery}
	return g.s
}

// Step stays (0) or walks left (1), up (2), right (3) or down (4).
func (g *Asterix) Step(a int) (AsterixState, float64, float64) {
	s, r, dead := &g.s, 0., false
	if s.Spawn == 0 {
		g.spawn()
		s.Spawn = s.SpawnEvery
	}
	switch a {
	case 1:
		s.X = max(s.X-1, 0)
	case 2:
		s.Y = max(s.Y-1, 1)
	case 3:
		s.X = min(s.X+1, side-1)
	case 4:
		s.Y = min(s.Y+1, side-2)
	}
	meet := func(i int) {
		if t := &s.Things[i]; t.There && t.X == s.X && int8(i+1) == s.Y {
			if !t.Gold {
				dead = true
				return
			}
			r++
			*t = Thing{}
		}
	}
	for i := range s.Things {
		meet(i)
	}
	if s.Move == 0 {
		s.Move = s.MoveEvery
		for i := range s.Things {
			t := &s.Things[i]
			if t.X += t.D; t.X < 0 || t.X >= side {
				*t = Thing{}
			}
			meet(i)
		}
	}
	s.Spawn--
	s.Move--
	g.ramp()
	if dead {
		return *s, r, 0
	}
	return *s, r, g.Gamma
}

// spawn lets a thing come into a row that has none, from either side.
func (g *Asterix) spawn() {
	free := 0
	for _, t := range g.s.Things {
		if !t.There {
			free++
		}
	}
	coin, gold := g.rng.Uint64()&1, g.rng.IntN(3) == 0
	if free == 0 {
		return
	}
	n := g.rng.IntN(free)
	for i := range g.s.Things {
		if g.s.Things[i].There {
			continue
		}
		if n == 0 {
			t := Thing{There: true, Gold: gold, X: 0, D: 1}
			if coin == 1 {
				t.X, t.D = side-1, -1
			}
			g.s.Things[i] = t
			return
		}
		n--
	}
}

func (g *Asterix) ramp() {
	s := &g.s
	if !g.Ramp || s.SpawnEvery == 1 && s.MoveEvery == 1 {
		return
	}
	if s.Ramp >= 0 {
		s.Ramp--
		return
	}
	s.Ramp = rampEvery
	if s.MoveEvery > 1 && s.Ramps%2 == 1 {
		s.MoveEvery--
	}
	s.SpawnEvery = max(s.SpawnEvery-1, 1)
	s.Ramps++
}

// Width is four boards: walker, enemies, where things just were, gold.
func (g *Asterix) Width() int { return 4 * side * side }

// Observe draws the boards.
func (g *Asterix) Observe(s AsterixState, x []float64) {
	clear(x)
	light(x, 0, s.X, s.Y)
	for i, t := range s.Things {
		if !t.There {
			continue
		}
		board := 1
		if t.Gold {
			board = 3
		}
		light(x, board, t.X, int8(i+1))
		light(x, 2, t.X-t.D, int8(i+1))
	}
}

// Numbers is the state as Place takes it.
func (g *Asterix) Numbers(s AsterixState) []float64 {
	x := []float64{float64(s.X), float64(s.Y), float64(s.Spawn), float64(s.SpawnEvery), float64(s.Move), float64(s.MoveEvery), float64(s.Ramp), float64(s.Ramps)}
	for _, t := range s.Things {
		kind := 0. // none, enemy, gold
		if t.There {
			kind = 1
		}
		if t.Gold {
			kind = 2
		}
		x = append(x, kind, float64(t.X), float64(t.D))
	}
	return x
}

// Place goes to a state.
func (g *Asterix) Place(x []float64) (AsterixState, error) {
	if len(x) != 32 {
		return g.s, fmt.Errorf("a state of asterix is 32 numbers: x, y, six clocks, and kind, x, way of eight things; not %d", len(x))
	}
	low := []float64{0, 1, 0, 1, 0, 1, -1, 0}
	high := []float64{9, 8, 10, 10, 5, 5, rampEvery, 100}
	for range 8 {
		low, high = append(low, 0, 0, -1), append(high, 2, 9, 1)
	}
	for i, v := range x {
		if v != float64(int8(v)) || v < low[i] || v > high[i] {
			return g.s, fmt.Errorf("number %d of the state is %g: want a whole number from %g to %g", i+1, v, low[i], high[i])
		}
	}
	g.s = AsterixState{X: int8(x[0]), Y: int8(x[1]), Spawn: int8(x[2]), SpawnEvery: int8(x[3]), Move: int8(x[4]), MoveEvery: int8(x[5]), Ramp: int8(x[6]), Ramps: int8(x[7])}
	for i := range g.s.Things {
		if k := 8 + 3*i; x[k] > 0 {
			g.s.Things[i] = Thing{There: true, Gold: x[k] == 2, X: int8(x[k+1]), D: int8(x[k+2])}
		}
	}
	return g.s, nil
}
