package approx

import (
	"math/rand/v2"

	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/returns"
)

// Target is what an action value is moved toward after a step.
type Target int

// The targets.
const (
	Sarsa         Target = iota // r + γ·q̂(s′, a′)
	ExpectedSarsa               // r + γ·Σ_a π(a|s′)·q̂(s′, a)
	QLearning                   // r + γ·max_a q̂(s′, a)
)

// Control learns to act: an ε-greedy policy on a linear action value, improved at
// every step.
//
//	δ = target − q̂(s, a)
//	z ← γλ·z + ∇q̂(s, a)
//	w ← w + α·δ·z
//
// With λ above zero Q-learning is Watkins's: an action that was not the best cuts
// the trace. With Beta above zero the task is continuing and judged by its mean
// reward r̄, which is learned beside it:
//
//	δ = r − r̄ + next − q̂(s, a)     r̄ ← r̄ + β·δ
//
// and discounts are not read. Ties between actions are broken by chance.
//
// Sutton and Barto 2018, §10.1, 10.3 and 12.7; Zhao 2025, §8.3.
type Control[S any] struct {
	Q       *Linear[rl.Pair[S, int]]
	Actions int
	Target  Target
	Alpha   rl.Schedule // by episode; zero keeps Q.Alpha
	Epsilon rl.Schedule // by episode
	Lambda  float64
	Trace   Trace   // Accumulating or Replacing
	Beta    float64 // step size of the mean reward
	Mean    float64 // r̄

	episodes int
	epsilon  float64
	q        []float64 // q̂(s, ·)
	z        []float64
	x        Sparse
}

// Run learns from one episode, which ends by itself or at the horizon (0: none).
func (c *Control[S]) Run(env rl.Env[S, int], rng *rand.Rand, horizon int) (e rl.Episode) {
	c.begin()
	e.N = c.episodes - 1
	s := env.Reset(rng)
	a := c.Act(rng, s)
	fade := 0.
	for {
		next, r, gamma := env.Step(a)
		e.Length++
		e.Return += r
		b, v, best := 0, 0., true
		if gamma != 0 {
			b = c.Act(rng, next) // leaves q̂(s′, ·) in c.q
			v, best = c.after(b)
		}
		c.learn(s, a, r, gamma, v, fade)
		if gamma == 0 {
			return e
		}
		if e.Length == horizon {
			e.Cut = true
			return e
		}
		if fade = gamma * c.Lambda; c.Beta > 0 {
			fade = c.Lambda
		}
		if c.Target == QLearning && !best {
			fade = 0
		}
		s, a = next, b
	}
}

func (c *Control[S]) begin() {
	c.episodes++
	c.epsilon = c.Epsilon.At(c.episodes)
	if c.Alpha != (rl.Schedule{}) {
		c.Q.Alpha = c.Alpha.At(c.episodes)
	}
	if c.q == nil {
		c.q = make([]float64, c.Actions)
	}
	if c.Lambda > 0 && c.z == nil {
		c.z = make([]float64, len(c.Q.W))
	}
}

// Act is ε-greedy, with ties broken by chance.
func (c *Control[S]) Act(rng *rand.Rand, s S) int {
	if c.q == nil {
		c.q = make([]float64, c.Actions)
	}
	best, ties := 0, 1
	for a := range c.q {
		c.q[a] = c.Q.At(rl.Pair[S, int]{State: s, Action: a})
		switch {
		case a == 0 || c.q[a] > c.q[best]:
			best, ties = a, 1
		case c.q[a] == c.q[best]:
			if ties++; rng.IntN(ties) == 0 {
				best = a
			}
		}
	}
	if c.epsilon > 0 && rng.Float64() < c.epsilon {
		return rng.IntN(c.Actions)
	}
	return best
}

// Greedy is the best action in s, the first of equals, and its value.
func (c *Control[S]) Greedy(s S) (int, float64) { return greedy(c.Q, s, c.Actions) }

// after is the value of s′, whose action values are in c.q, when action b is
// taken there, and whether b is the best.
func (c *Control[S]) after(b int) (v float64, best bool) {
	top, sum := c.q[0], 0.
	for _, q := range c.q {
		top = max(top, q)
		sum += q
	}
	best = c.q[b] == top
	switch c.Target {
	case QLearning:
		return top, best
	case ExpectedSarsa:
		return c.epsilon*sum/float64(c.Actions) + (1-c.epsilon)*top, best
	}
	return c.q[b], best
}

func (c *Control[S]) learn(s S, a int, r, gamma, v, fade float64) {
	c.Q.Features.Of(rl.Pair[S, int]{State: s, Action: a}, &c.x)
	delta := returns.One(r, gamma, v) - c.x.Dot(c.Q.W)
	if c.Beta > 0 {
		delta = r - c.Mean + v - c.x.Dot(c.Q.W)
		c.Mean += c.Beta * delta
	}
	if c.Lambda == 0 {
		c.Q.add(&c.x, delta)
		return
	}
	decay(c.z, &c.x, fade, c.Trace, 0)
	c.Q.follow(c.z, delta)
}

// Differential is semi-gradient TD(0) in the average-reward sense:
//
//	δ = r − r̄ + v̂(s′) − v̂(s)     r̄ ← r̄ + β·δ     w ← w + α·δ·∇v̂(s)
//
// Values are differences from the mean and fixed up to a constant. Sutton and
// Barto 2018, §10.3.
type Differential[S any] struct {
	V    *Linear[S]
	Beta float64
	Mean float64 // r̄
}

// Begin does nothing: the task has no episodes.
func (d *Differential[S]) Begin() {}

// Learn makes one update; the discount is not read.
func (d *Differential[S]) Learn(s S, r, _ float64, next S, rho float64) {
	delta := rho * (r - d.Mean + d.V.At(next) - d.V.At(s))
	d.Mean += d.Beta * delta
	d.V.Learn(s, delta)
}
