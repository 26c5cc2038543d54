package gradient

import (
	"fmt"
	"io"
	"math/rand/v2"

	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/approx"
)

// LinearActor are the settings of ActorCritic as an agent: a softmax policy and a
// critic, both linear in the same features. Who acts is the policy in a share of the
// steps and chance in the rest, and the ratio of the two corrects what is learned:
//
//	β(a|s) = (1 − c)·π(a|s) + c/n     ρ = π(a|s)/β(a|s) ≤ n/c
//
// Zeros of the settings mean the defaults beside them.
type LinearActor struct {
	approx.Basis
	Alpha   float64 // step size of the policy, over the number of tilings; 0: 0.01
	Beta    float64 // of the critic; 0: twice alpha
	Lambda  float64 // of the traces of both
	Chance  float64 // c, the share of steps by chance; 0: the policy acts alone, on-policy
	Gamma   float64 // discount of a step, times the world's own; 0: 0.99
	Horizon int     // a run is cut after so many steps; 0: never

	Seed uint64
}

// Usual puts the defaults in the place of zeros.
func (c LinearActor) Usual() LinearActor {
	c.Basis = c.Basis.Usual()
	or(&c.Alpha, .01)
	or(&c.Gamma, .99)
	return c
}

// LinearAC is LinearActor at work in a world. It advances a whole episode at a time.
type LinearAC struct {
	LinearActor
	Learner *ActorCritic[[]float64]
	Taken   int // steps

	env   rl.Env[[]float64, int]
	ended [1]rl.Episode
}

// New begins to act in env, which has so many actions and shows numbers that lie
// in box.
func (c LinearActor) New(env approx.Env, box approx.Box, actions int) (*LinearAC, error) {
	c = c.Usual()
	switch {
	case actions < 1:
		return nil, fmt.Errorf("gradient: this actor needs actions to choose from; this world takes a force")
	case c.Gamma < 0 || c.Gamma > 1 || c.Lambda < 0 || c.Lambda > 1 || c.Chance < 0 || c.Chance > 1:
		return nil, fmt.Errorf("gradient: gamma %g, lambda %g and chance %g: want numbers from 0 to 1", c.Gamma, c.Lambda, c.Chance)
	case !(c.Alpha > 0) || c.Beta < 0 || c.Horizon < 0:
		return nil, fmt.Errorf("gradient: alpha %g wants to be above zero, beta %g and horizon %d not below", c.Alpha, c.Beta, c.Horizon)
	}
	f, err := c.Over(env.Width(), box)
	if err != nil {
		return nil, fmt.Errorf("gradient: %w", err)
	}
	if f.Len() > approx.MaxFeatures/actions {
		return nil, fmt.Errorf("gradient: %d features for %d actions are more than %d", f.Len(), actions, approx.MaxFeatures)
	}
	or(&c.Beta, 2*c.Alpha)
	share := 1.
	if c.Features == "tiles" {
		share = float64(c.Tilings)
	}
	pi := NewSoftmax(approx.Blocks(f, actions), actions, c.Alpha/share)
	learner := &ActorCritic[[]float64]{Policy: pi, Critic: approx.NewLinear(f, c.Beta/share), LambdaPolicy: c.Lambda, LambdaValue: c.Lambda}
	if c.Chance > 0 {
		learner.Behaviour = mixed[[]float64]{pi, c.Chance}
	}
	return &LinearAC{LinearActor: c, Learner: learner, env: approx.Look(env, c.Gamma)}, nil
}

// mixed acts by the policy, and in a share of the steps by chance.
type mixed[S any] struct {
	pi     *Softmax[S]
	chance float64
}

func (m mixed[S]) Act(rng *rand.Rand, s S) int {
	if rng.Float64() < m.chance {
		return rng.IntN(m.pi.Actions)
	}
	return m.pi.Act(rng, s)
}

func (m mixed[S]) Prob(s S, a int) float64 {
	return (1-m.chance)*m.pi.Prob(s, a) + m.chance/float64(m.pi.Actions)
}

// Advance learns from one episode.
func (a *LinearAC) Advance() []rl.Episode {
	a.ended[0] = a.Learner.Episode(a.env, rl.NewRand(a.Seed, uint64(a.Learner.num)), a.Horizon)
	a.Taken += a.ended[0].Length
	return a.ended[:]
}

// Steps is how many were taken.
func (a *LinearAC) Steps() int { return a.Taken }

// Act is the likeliest action for what is seen, x.
func (a *LinearAC) Act(x []float64) float64 {
	best, p := 0, a.Learner.Policy.Probs(x)
	for k := range p {
		if p[k] > p[best] {
			best = k
		}
	}
	return float64(best)
}

// Values is what the critic says of what is seen, x.
func (a *LinearAC) Values(x []float64) []float64 { return []float64{a.Learner.Critic.At(x)} }

// Save writes all that is needed to go on exactly.
func (a *LinearAC) Save(w io.Writer) error { return approx.Save(w, "linear actor", a.parts()...) }

// Load goes on from what an agent with the same settings saved.
func (a *LinearAC) Load(r io.Reader) error {
	if err := approx.Load(r, "linear actor", a.parts()...); err != nil {
		return err
	}
	if a.Learner.num < 0 || a.Taken < 0 {
		return fmt.Errorf("the saved agent's counts are below zero")
	}
	return nil
}

func (a *LinearAC) parts() []approx.Part {
	c := a.Learner
	return []approx.Part{approx.Numbers(c.Policy.Theta), approx.Numbers(c.Critic.W), approx.Number(&c.num), approx.Number(&a.Taken)}
}
