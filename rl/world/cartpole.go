package world

import (
	"math"
	"math/rand/v2"
)

func init() {
	Register(Entry{
		Name: "cartpole", About: "keep a pole upright on a cart",
		Source: "Barto, Sutton and Anderson, Neuronlike Adaptive Elements, 1983; Gymnasium, CartPole-v1",
		Make: func(set *Settings) (*World, error) {
			c := CartPole{
				Gravity:  set.Float("gravity", 9.8, "acceleration of fall"),
				CartMass: set.Within("masscart", 1, 1e-6, 1e6, "mass of the cart"),
				PoleMass: set.Within("masspole", .1, 1e-6, 1e6, "mass of the pole"),
				Length:   set.Within("length", .5, 1e-6, 1e6, "half the length of the pole"),
				Force:    set.Float("force_mag", 10, "force of a push"),
				Tau:      set.Within("tau", .02, 1e-6, 1, "seconds of a step"),
				Signed:   set.Bool("sutton_barto_reward", false, "pay 0 a step and −1 for the fall"),
				Gamma:    set.Gamma(1),
			}
			switch how := set.Text("kinematics_integrator", "euler", "euler or semi-implicit euler"); how {
			case "euler":
			case "semi-implicit euler", "semi-implicit":
				c.SemiImplicit = true
			default:
				set.Fail("kinematics_integrator", how, "euler or semi-implicit")
			}
			w := &World{Actions: []string{"left", "right"}, Gamma: c.Gamma, Horizon: set.Horizon(500), Range: [][2]float64{{-2.4, 2.4}, {-3, 3}, {-poleLimit, poleLimit}, {-3.5, 3.5}}}
			w.New = func() Simulator { env := c; return Simulate[[4]float64, int](&env) }
			return w, nil
		},
	})
}

// CartPole is a cart on rails with a pole that falls. Its state is the cart's
// place x and speed ẋ, and the pole's angle θ and speed θ̇; the cart is pushed left
// (0) or right (1) with force F. With M the mass of both and l half the length,
//
//	u = (F + m·l·θ̇²·sin θ)/M
//	θ̈ = (g·sin θ − u·cos θ) / (l·(4/3 − m·cos²θ/M))
//	ẍ = u − m·l·θ̈·cos θ/M
//
// integrated by Euler's step. It pays 1 a step and ends beyond 2.4 or 12 degrees.
//
// Barto, Sutton and Anderson 1983; equations as corrected by Florian 2007.
type CartPole struct {
	Gravity, CartMass, PoleMass, Length, Force, Tau float64
	SemiImplicit                                    bool // speeds first, then places
	Signed                                          bool // 0 a step, −1 for the fall
	Gamma                                           float64

	s [4]float64
}

// NewCartPole has Gymnasium's numbers, and discount gamma.
func NewCartPole(gamma float64) *CartPole {
	return &CartPole{Gravity: 9.8, CartMass: 1, PoleMass: .1, Length: .5, Force: 10, Tau: .02, Gamma: gamma}
}

const poleLimit = 12 * 2 * math.Pi / 360

// Reset draws every number of the state from ±0.05.
func (c *CartPole) Reset(rng *rand.Rand) [4]float64 {
	for i := range c.s {
		c.s[i] = rng.Float64()*.1 - .05
	}
	return c.s
}

// Step pushes left (0) or right (1).
func (c *CartPole) Step(a int) ([4]float64, float64, float64) {
	x, xDot, theta, thetaDot := c.s[0], c.s[1], c.s[2], c.s[3]
	force := -c.Force
	if a == 1 {
		force = c.Force
	}
	mass, moment := c.CartMass+c.PoleMass, c.PoleMass*c.Length
	sin, cos := math.Sincos(theta)
	u := (force + moment*(thetaDot*thetaDot)*sin) / mass
	thetaAcc := (c.Gravity*sin - cos*u) / (c.Length * (4./3 - c.PoleMass*(cos*cos)/mass))
	xAcc := u - moment*thetaAcc*cos/mass
	if c.SemiImplicit {
		xDot += c.Tau * xAcc
		thetaDot += c.Tau * thetaAcc
		x += c.Tau * xDot
		theta += c.Tau * thetaDot
	} else {
		x += c.Tau * xDot
		theta += c.Tau * thetaDot
		xDot += c.Tau * xAcc
		thetaDot += c.Tau * thetaAcc
	}
	c.s = [4]float64{x, xDot, theta, thetaDot}
	r, gamma := 1., c.Gamma
	if c.Signed {
		r = 0
	}
	if x < -2.4 || x > 2.4 || theta < -poleLimit || theta > poleLimit {
		gamma = 0
		if c.Signed {
			r = -1
		}
	}
	return c.s, r, gamma
}

// Width is the length of an observation.
func (c *CartPole) Width() int { return 4 }

// Observe shows the state itself.
func (c *CartPole) Observe(s [4]float64, x []float64) { copy(x, s[:]) }

// Numbers is the state as Place takes it.
func (c *CartPole) Numbers(s [4]float64) []float64 { return s[:] }

// Place goes to a state.
func (c *CartPole) Place(x []float64) ([4]float64, error) {
	err := place(c.s[:], x)
	return c.s, err
}
