package world

import (
	"fmt"
	"math/rand/v2"
)

func init() {
	Register(Entry{
		Name: "freeway", About: "cross eight lanes of traffic, again and again", Source: arcade,
		Make: func(set *Settings) (*World, error) {
			g := Freeway{Gamma: set.Gamma(.99)}
			w := &World{Actions: []string{"stay", "up", "down"}, Gamma: g.Gamma, Horizon: set.Horizon(2500), Continuing: true}
			w.New = func() Simulator { env := g; return Simulate[FreewayState, int](&env) }
			return w, nil
		},
	})
}

// Freeway is a hen that walks from row 9 to row 0 across eight lanes of cars. The
// top pays 1, sends her back and draws new speeds; a car that she is hit by sends
// her back. She can take a step every third move. A car of speed v moves when it
// has waited |v| steps, to the right if v > 0, else to the left; all begin in column
// 0. It never ends: MinAtar's limit of 2,500 steps is a horizon here.
type Freeway struct {
	Gamma float64
	s     FreewayState
	rng   *rand.Rand
}

// FreewayState is all that there is to know.
type FreewayState struct {
	Hen, Rest int8 // her row, and how many steps she must still rest
	Cars      [8]Car
}

// Car is one lane's.
type Car struct{ X, Wait, Speed int8 }

const henColumn, henRest = 4, 3

// Reset draws cars and places the hen below.
func (g *Freeway) Reset(rng *rand.Rand) FreewayState {
	g.rng = rng
	g.s = FreewayState{Hen: side - 1, Rest: henRest}
	g.drawCars()
	return g.s
}

// drawCars gives every lane's car a new speed.
func (g *Freeway) drawCars() {
	for i := range g.s.Cars {
		speed := int8(1 + g.rng.IntN(5))
		if g.rng.Uint64()&1 == 1 {
			speed = -speed
		}
		c := &g.s.Cars[i]
		c.Speed, c.Wait = speed, max(speed, -speed)
	}
}

// Step stays (0), or moves up (1) or down (2) if the hen has rested.
func (g *Freeway) Step(a int) (FreewayState, float64, float64) {
	s, r := &g.s, 0.
	if s.Rest == 0 && a == 1 {
		s.Rest, s.Hen = henRest, max(s.Hen-1, 0)
	} else if s.Rest == 0 && a == 2 {
		s.Rest, s.Hen = henRest, min(s.Hen+1, side-1)
	}
	if s.Hen == 0 {
		r, s.Hen = 1, side-1
		g.drawCars()
	}
	for i := range s.Cars {
		c := &s.Cars[i]
		hit := func() bool { return c.X == henColumn && s.Hen == int8(i+1) }
		if hit() {
			s.Hen = side - 1
		}
		if c.Wait > 0 {
			c.Wait--
			continue
		}
		c.Wait = max(c.Speed, -c.Speed)
		if c.Speed > 0 {
			c.X = (c.X + 1) % side
		} else {
			c.X = (c.X + side - 1) % side
		}
		if hit() {
			s.Hen = side - 1
		}
	}
	s.Rest = max(s.Rest-1, 0)
	return *s, r, g.Gamma
}

// Width is seven boards: hen, cars, and where cars of each speed just were.
func (g *Freeway) Width() int { return 7 * side * side }

// Observe draws the boards.
func (g *Freeway) Observe(s FreewayState, x []float64) {
	clear(x)
	light(x, 0, henColumn, s.Hen)
	for i, c := range s.Cars {
		if c.Speed == 0 {
			continue
		}
		row := int8(i + 1)
		light(x, 1, c.X, row)
		behind, speed := c.X-1, c.Speed
		if c.Speed < 0 {
			behind, speed = c.X+1, -c.Speed
		}
		light(x, 1+int(speed), (behind+side)%side, row)
	}
}

// Numbers is the state as Place takes it.
func (g *Freeway) Numbers(s FreewayState) []float64 {
	x := []float64{float64(s.Hen), float64(s.Rest)}
	for _, c := range s.Cars {
		x = append(x, float64(c.X), float64(c.Wait), float64(c.Speed))
	}
	return x
}

// Place goes to a state.
func (g *Freeway) Place(x []float64) (FreewayState, error) {
	if len(x) != 26 {
		return g.s, fmt.Errorf("a state of freeway is 26 numbers: hen, rest, and x, wait, speed of eight cars; not %d", len(x))
	}
	for i, v := range x {
		low, high := 0., 9.
		switch {
		case i == 1:
			high = henRest
		case i > 1 && i%3 == 0:
			high = 5
		case i > 1 && i%3 == 1:
			low, high = -5, 5
		}
		if v != float64(int8(v)) || v < low || v > high || low < 0 && v == 0 {
			return g.s, fmt.Errorf("number %d of the state is %g: want a whole number from %g to %g", i+1, v, low, high)
		}
	}
	g.s.Hen, g.s.Rest = int8(x[0]), int8(x[1])
	for i := range g.s.Cars {
		g.s.Cars[i] = Car{int8(x[2+3*i]), int8(x[3+3*i]), int8(x[4+3*i])}
	}
	return g.s, nil
}
