package gradient

import (
	"math/rand/v2"

	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/approx"
	"github.com/rotor-lm/rotor/rl/returns"
)

// ActorCritic learns at every step: a critic v̂ says how much better than expected
// the step was, δ, and both learn from that, along traces if λ is above zero.
//
//	δ   = r + γ·v̂(s′) − v̂(s)
//	z_w ← ρ·(γ·λ_w·z_w + ∇v̂(s))         w ← w + α_w·δ·z_w
//	z_θ ← ρ·(γ·λ_θ·z_θ + ∇log π(a|s))    θ ← θ + α_θ·δ·z_θ
//
// With a Behaviour that acts in place of the policy, ρ = π(a|s)/β(a|s) and what is
// learned is off-policy; else ρ = 1.
//
// Sutton and Barto 2018, §13.5; Degris, White and Sutton, Off-Policy Actor-Critic,
// 2012, arXiv:1205.4839; Zhao 2025, algorithm 10.3.
type ActorCritic[S any] struct {
	Policy                    *Softmax[S]
	Critic                    *approx.Linear[S]
	LambdaPolicy, LambdaValue float64
	Behaviour                 rl.Prober[S, int] // nil: the policy acts

	td  *approx.TD[S]
	z   []float64 // of the policy
	num int
}

// Episode acts for one run and learns at every step. A horizon of zero is none.
func (c *ActorCritic[S]) Episode(env rl.Env[S, int], rng *rand.Rand, horizon int) (e rl.Episode) {
	if c.td == nil {
		c.td = &approx.TD[S]{V: c.Critic}
		c.z = make([]float64, len(c.Policy.Theta))
	}
	c.td.Lambda = c.LambdaValue
	c.td.Begin()
	clear(c.z)
	e.N = c.num
	c.num++
	fade := 0.
	s := env.Reset(rng)
	for {
		a, rho := c.act(rng, s)
		next, r, gamma := env.Step(a)
		e.Length++
		e.Return += r
		v := 0.
		if gamma != 0 {
			v = c.Critic.At(next)
		}
		delta := returns.One(r, gamma, v) - c.Critic.At(s)
		c.td.Learn(s, r, gamma, next, rho)
		c.improve(s, a, rho, delta, fade)
		if gamma == 0 {
			return e
		}
		if e.Length == horizon {
			e.Cut = true
			return e
		}
		s, fade = next, gamma*c.LambdaPolicy
	}
}

func (c *ActorCritic[S]) act(rng *rand.Rand, s S) (a int, rho float64) {
	if c.Behaviour == nil {
		return c.Policy.Act(rng, s), 1
	}
	a = c.Behaviour.Act(rng, s)
	return a, c.Policy.Prob(s, a) / c.Behaviour.Prob(s, a)
}

func (c *ActorCritic[S]) improve(s S, a int, rho, delta, fade float64) {
	if c.LambdaPolicy == 0 {
		c.Policy.Learn(s, a, rho*delta)
		return
	}
	for i := range c.z {
		c.z[i] *= fade
	}
	c.Policy.Grad(c.z, s, a, 1)
	for i := range c.z {
		c.z[i] *= rho
		c.Policy.Theta[i] += c.Policy.Alpha * delta * c.z[i]
	}
}
