package world

import (
	"fmt"
	"math"
	"math/rand/v2"
)

func init() {
	Register(Entry{
		Name: "acrobot", About: "swing two links up by a torque between them",
		Source: "Sutton, Generalization in Reinforcement Learning, 1996; Gymnasium, Acrobot-v1",
		Make: func(set *Settings) (*World, error) {
			c := Acrobot{
				Dt:    set.Within("dt", .2, 1e-6, 1, "seconds of a step"),
				Noise: set.Within("torque_noise_max", 0, 0, 1e6, "largest error of a torque"),
				Gamma: set.Gamma(1),
			}
			switch how := set.Text("book_or_nips", "book", "whose equations: book or nips"); how {
			case "book", "nips":
				c.Paper = how == "nips"
			default:
				set.Fail("book_or_nips", how, "book or nips")
			}
			w := &World{Actions: []string{"torque −1", "torque 0", "torque +1"}, Gamma: c.Gamma, Horizon: set.Horizon(500), Range: [][2]float64{{-1, 1}, {-1, 1}, {-1, 1}, {-1, 1}, {-4 * math.Pi, 4 * math.Pi}, {-9 * math.Pi, 9 * math.Pi}}}
			w.New = func() Simulator { env := c; return Simulate[[4]float64, int](&env) }
			return w, nil
		},
	})
}

// Acrobot is two links that hang; a torque τ of −1, 0 or +1 acts on the joint
// between them. Its state is θ₁ (0 hangs down), θ₂ relative to it, and their
// speeds. With all masses, lengths and moments 1 and centres at 1/2,
//
//	d₁ = 7/2 + cos θ₂              φ₂ = g/2·cos(θ₁ + θ₂ − π/2)
//	d₂ = 5/4 + 1/2·cos θ₂          φ₁ = −1/2·θ̇₂²·sin θ₂ − θ̇₂θ̇₁·sin θ₂ + 3/2·g·cos(θ₁ − π/2) + φ₂
//	θ̈₂ = (τ + d₂/d₁·φ₁ − 1/2·θ̇₁²·sin θ₂ − φ₂) / (5/4 − d₂²/d₁)
//	θ̈₁ = −(d₂·θ̈₂ + φ₁)/d₁
//
// by one Runge–Kutta step of fourth order. Every step pays −1 until the tip
// stands a length above the joint: −cos θ₁ − cos(θ₁ + θ₂) > 1.
//
// Sutton 1996; Sutton and Barto, 1st ed., 1998, §11.3.
type Acrobot struct {
	Dt    float64
	Noise float64
	Paper bool // the equations of the paper, which lack the term in θ̇₁²
	Gamma float64
	s     [4]float64
	rng   *rand.Rand
}

// Reset draws every number from ±0.1, in single precision as Gymnasium does.
func (c *Acrobot) Reset(rng *rand.Rand) [4]float64 {
	c.rng = rng
	for i := range c.s {
		c.s[i] = float64(float32(rng.Float64()*.2 - .1))
	}
	return c.s
}

// Step applies the torque a − 1.
func (c *Acrobot) Step(a int) ([4]float64, float64, float64) {
	torque := float64(a - 1)
	if c.Noise > 0 {
		torque += c.Noise * (2*c.rng.Float64() - 1)
	}
	s := c.integrate(torque)
	s[0], s[1] = wrap(s[0]), wrap(s[1])
	s[2], s[3] = clip(s[2], -4*math.Pi, 4*math.Pi), clip(s[3], -9*math.Pi, 9*math.Pi)
	c.s = s
	if -math.Cos(s[0])-math.Cos(s[1]+s[0]) > 1 {
		return s, 0, 0
	}
	return s, -1, c.Gamma
}

// integrate is one Runge–Kutta step.
func (c *Acrobot) integrate(torque float64) [4]float64 {
	k1 := c.slope(c.s, torque)
	k2 := c.slope(along(c.s, k1, c.Dt/2), torque)
	k3 := c.slope(along(c.s, k2, c.Dt/2), torque)
	k4 := c.slope(along(c.s, k3, c.Dt), torque)
	s := c.s
	for i := range s {
		s[i] += c.Dt / 6 * (k1[i] + 2*k2[i] + 2*k3[i] + k4[i])
	}
	return s
}

func along(s, k [4]float64, dt float64) [4]float64 {
	for i := range s {
		s[i] += dt * k[i]
	}
	return s
}

func (c *Acrobot) slope(s [4]float64, torque float64) [4]float64 {
	const g = 9.8
	theta1, theta2, dot1, dot2 := s[0], s[1], s[2], s[3]
	sin2, cos2 := math.Sincos(theta2)
	d1 := .25 + (1 + .25 + cos2) + 2
	d2 := .25 + .5*cos2 + 1
	phi2 := .5 * g * math.Cos(theta1+theta2-math.Pi/2)
	phi1 := -.5*dot2*dot2*sin2 - dot2*dot1*sin2 + 1.5*g*math.Cos(theta1-math.Pi/2) + phi2
	rest := -phi2
	if !c.Paper {
		rest = -.5*dot1*dot1*sin2 - phi2
	}
	acc2 := (torque + d2/d1*phi1 + rest) / (1.25 - d2*d2/d1)
	acc1 := -(d2*acc2 + phi1) / d1
	return [4]float64{dot1, dot2, acc1, acc2}
}

// wrap turns an angle into [−π, π].
func wrap(x float64) float64 {
	for x > math.Pi {
		x -= 2 * math.Pi
	}
	for x < -math.Pi {
		x += 2 * math.Pi
	}
	return x
}

// Width is the length of an observation.
func (c *Acrobot) Width() int { return 6 }

// Observe shows cosines and sines of the angles, and the speeds.
func (c *Acrobot) Observe(s [4]float64, x []float64) {
	x[1], x[0] = math.Sincos(s[0])
	x[3], x[2] = math.Sincos(s[1])
	x[4], x[5] = s[2], s[3]
}

// Numbers is the state as Place takes it.
func (c *Acrobot) Numbers(s [4]float64) []float64 { return s[:] }

// Place goes to a state.
func (c *Acrobot) Place(x []float64) ([4]float64, error) {
	for i, v := range x {
		if i < 2 && math.Abs(v) > 1e3 { // it is turned back into ±π a turn at a time
			return c.s, fmt.Errorf("angle %g: want one within ±1000", v)
		}
	}
	err := place(c.s[:], x)
	return c.s, err
}
