package world

import (
	"math"
	"math/rand/v2"
)

func init() {
	Register(Entry{
		Name: "pendulum", About: "swing a pendulum up and hold it there", Source: "Gymnasium, Pendulum-v1",
		Make: func(set *Settings) (*World, error) {
			c := Pendulum{G: set.Float("g", 10, "acceleration of fall"), Gamma: set.Gamma(1)}
			w := &World{Low: -2, High: 2, Gamma: c.Gamma, Horizon: set.Horizon(200), Continuing: true, Range: [][2]float64{{-1, 1}, {-1, 1}, {-8, 8}}}
			w.New = func() Simulator { env := c; return Simulate[[2]float64, float64](&env) }
			return w, nil
		},
	})
}

// Pendulum is a rod of mass and length 1 that a torque u in [−2, 2] turns. Its
// state is the angle θ, 0 upright, and its speed.
//
//	r = −(θ² + 0.1·θ̇² + 0.001·u²)     with θ in [−π, π)
//	θ̇ ← clip(θ̇ + (3/2·g·sin θ + 3·u)·0.05, ±8)
//	θ ← θ + 0.05·θ̇
//
// It never ends.
type Pendulum struct {
	G     float64
	Gamma float64
	s     [2]float64
}

// Reset draws the angle from ±π and the speed from ±1.
func (c *Pendulum) Reset(rng *rand.Rand) [2]float64 {
	c.s[0] = (2*rng.Float64() - 1) * math.Pi
	c.s[1] = 2*rng.Float64() - 1
	return c.s
}

// Step turns with torque u.
func (c *Pendulum) Step(u float64) ([2]float64, float64, float64) {
	theta, dot := c.s[0], c.s[1]
	u = clip(u, -2, 2)
	up := math.Mod(theta+math.Pi, 2*math.Pi)
	if up < 0 {
		up += 2 * math.Pi
	}
	up -= math.Pi
	cost := up*up + .1*(dot*dot) + .001*(u*u)
	dot = clip(dot+(3*c.G/2*math.Sin(theta)+3*u)*.05, -8, 8)
	c.s = [2]float64{theta + dot*.05, dot}
	return c.s, -cost, c.Gamma
}

// Width is the length of an observation.
func (c *Pendulum) Width() int { return 3 }

// Observe shows cosine and sine of the angle, and its speed.
func (c *Pendulum) Observe(s [2]float64, x []float64) {
	x[1], x[0] = math.Sincos(s[0])
	x[2] = s[1]
}

// Numbers is the state as Place takes it.
func (c *Pendulum) Numbers(s [2]float64) []float64 { return s[:] }

// Place goes to a state.
func (c *Pendulum) Place(x []float64) ([2]float64, error) {
	err := place(c.s[:], x)
	return c.s, err
}
