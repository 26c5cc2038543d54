package world

import (
	"math"
	"math/rand/v2"
)

func init() {
	const source = "Moore, Efficient Memory-based Learning for Robot Control, 1990; Gymnasium, "
	Register(Entry{
		Name: "mountaincar", About: "swing a weak car out of a valley", Source: source + "MountainCar-v0",
		Make: func(set *Settings) (*World, error) {
			c := MountainCar{Goal: set.Float("goal_velocity", 0, "speed that the car must have at the top"), Gamma: set.Gamma(1)}
			w := &World{Actions: []string{"left", "coast", "right"}, Gamma: c.Gamma, Horizon: set.Horizon(200), Range: valley}
			w.New = func() Simulator { env := c; return Simulate[[2]float64, int](&env) }
			return w, nil
		},
	})
	Register(Entry{
		Name: "mountaincar-continuous", About: "the same valley, with a throttle", Source: source + "MountainCarContinuous-v0",
		Make: func(set *Settings) (*World, error) {
			c := MountainCarContinuous{Goal: set.Float("goal_velocity", 0, "speed that the car must have at the top"), Gamma: set.Gamma(1)}
			w := &World{Low: -1, High: 1, Gamma: c.Gamma, Horizon: set.Horizon(999), Range: valley}
			w.New = func() Simulator { env := c; return Simulate[[2]float64, float64](&env) }
			return w, nil
		},
	})
}

// valley is where the car may be, and how fast.
var valley = [][2]float64{{-1.2, .6}, {-.07, .07}}

// MountainCar must leave a valley that is steeper than its engine is strong: it
// swings. Actions 0, 1, 2 accelerate by −1, 0, +1; every step pays −1.
//
//	ẋ ← clip(ẋ + 0.001·(a − 1) − 0.0025·cos 3x, ±0.07)
//	x ← clip(x + ẋ, −1.2, 0.6)
//
// The left wall stops the car; the episode ends at x ≥ 0.5.
//
// Sutton and Barto 2018, example 10.1.
type MountainCar struct {
	Goal  float64 // speed that the car must have at the top
	Gamma float64
	s     [2]float64
}

// Reset places the car at rest between −0.6 and −0.4.
func (c *MountainCar) Reset(rng *rand.Rand) [2]float64 {
	c.s = [2]float64{rng.Float64()*.2 - .6, 0}
	return c.s
}

// Step accelerates by a − 1.
func (c *MountainCar) Step(a int) ([2]float64, float64, float64) {
	x, v := c.s[0], c.s[1]
	v = clip(v+(float64(a-1)*.001+math.Cos(3*x)*-.0025), -.07, .07)
	x = clip(x+v, -1.2, .6)
	if x == -1.2 && v < 0 {
		v = 0
	}
	c.s = [2]float64{x, v}
	if x >= .5 && v >= c.Goal {
		return c.s, -1, 0
	}
	return c.s, -1, c.Gamma
}

// Width is the length of an observation.
func (c *MountainCar) Width() int { return 2 }

// Observe shows the state itself.
func (c *MountainCar) Observe(s [2]float64, x []float64) { copy(x, s[:]) }

// Numbers is the state as Place takes it.
func (c *MountainCar) Numbers(s [2]float64) []float64 { return s[:] }

// Place goes to a state.
func (c *MountainCar) Place(x []float64) ([2]float64, error) {
	err := place(c.s[:], x)
	return c.s, err
}

// MountainCarContinuous has a throttle a in [−1, 1] and pays 100 at the top and
// −0.1·a² a step.
//
//	ẋ ← clip(ẋ + 0.0015·a − 0.0025·cos 3x, ±0.07)
//
// It ends at x ≥ 0.45. Gymnasium keeps the state in single precision between
// steps, and computes 3x so from the second step on; this world does as well.
type MountainCarContinuous struct {
	Goal   float64
	Gamma  float64
	s      [2]float64
	single bool // the state came out of Step, not out of Reset or Place
}

// Reset places the car at rest between −0.6 and −0.4.
func (c *MountainCarContinuous) Reset(rng *rand.Rand) [2]float64 {
	c.s, c.single = [2]float64{rng.Float64()*.2 - .6, 0}, false
	return c.s
}

// Step opens the throttle by a.
func (c *MountainCarContinuous) Step(a float64) ([2]float64, float64, float64) {
	x, v := c.s[0], c.s[1]
	push := func(angle float64) float64 { return clip(a, -1, 1)*.0015 - .0025*math.Cos(angle) }
	switch {
	case !c.single:
		v = clip(v+push(3*x), -.07, .07)
		x = clip(x+v, -1.2, .6)
	case a < -1 || a > 1: // NumPy then adds in single precision too
		v = clip(float64(float32(v)+float32(push(float64(3*float32(x))))), -.07, .07)
		x = clip(float64(float32(x)+float32(v)), -1.2, .6)
	default:
		v = clip(v+push(float64(3*float32(x))), -.07, .07)
		x = clip(x+v, -1.2, .6)
	}
	if x == -1.2 && v < 0 {
		v = 0
	}
	r, gamma := -a*a*.1, c.Gamma
	if x >= .45 && v >= c.Goal {
		r, gamma = 100+r, 0
	}
	c.s, c.single = [2]float64{float64(float32(x)), float64(float32(v))}, true
	return c.s, r, gamma
}

// Width is the length of an observation.
func (c *MountainCarContinuous) Width() int { return 2 }

// Observe shows the state itself.
func (c *MountainCarContinuous) Observe(s [2]float64, x []float64) { copy(x, s[:]) }

// Numbers is the state as Place takes it.
func (c *MountainCarContinuous) Numbers(s [2]float64) []float64 { return s[:] }

// Place goes to a state. One that single precision can hold came out of a step.
func (c *MountainCarContinuous) Place(x []float64) ([2]float64, error) {
	err := place(c.s[:], x)
	c.single = float64(float32(c.s[0])) == c.s[0] && float64(float32(c.s[1])) == c.s[1]
	return c.s, err
}
