package approx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"

	"github.com/rotor-lm/rotor/rl"
)

// LeastSquaresPolicy are the settings of LSPI as an agent: it gathers samples, by
// chance unless Epsilon says otherwise, and after every so many steps finds the best
// policy that its features can tell from all that it remembers.
//
// With Epsilon below one it acts by what it has found, which is online LSPI: Buşoniu,
// Ernst, De Schutter and Babuška, Online Least-Squares Policy Iteration for
// Reinforcement Learning Control, 2010.
//
// Zeros of the settings mean the defaults beside them.
type LeastSquaresPolicy struct {
	Basis
	Gamma    float64     // discount of a step, times the world's own; 0: 0.99
	Ridge    float64     // with which A begins, times the identity; 0: 0.001
	Epsilon  rl.Schedule // of exploration, by policies found; zero: 1, everything by chance
	Every    int         // steps between policies; 0: 5,000
	Rounds   int         // policies evaluated on the same samples, at most; 0: 20
	Capacity int         // samples that are remembered, the last; 0: 100,000
	Horizon  int         // a run is cut after so many steps; 0: never

	Seed uint64
}

// Usual puts the defaults in the place of zeros.
func (c LeastSquaresPolicy) Usual() LeastSquaresPolicy {
	c.Basis = c.Basis.Usual()
	or(&c.Gamma, .99)
	or(&c.Ridge, .001)
	or(&c.Epsilon, rl.Const(1))
	or(&c.Every, 5000)
	or(&c.Rounds, 20)
	or(&c.Capacity, 100_000)
	return c
}

// LinearPI is LeastSquaresPolicy at work in a world. It advances a whole episode at
// a time.
type LinearPI struct {
	LeastSquaresPolicy
	Q        *Linear[rl.Pair[[]float64, int]]
	Actions  int
	Replay   *Replay
	Taken    int // steps
	Policies int // found so far

	env      rl.Env[[]float64, int]
	episodes int
	fresh    int // steps since the last policy
	before   []float32
	after    []float32
	taken    [1]float32
	ended    [1]rl.Episode
}

// New begins to act in env, which has so many actions and shows numbers that lie
// in box.
func (c LeastSquaresPolicy) New(env Env, box Box, actions int) (*LinearPI, error) {
	c = c.Usual()
	switch {
	case actions < 1:
		return nil, fmt.Errorf("approx: LSPI needs actions to choose from; this world takes a force")
	case c.Gamma < 0 || c.Gamma > 1 || c.Ridge < 0 || c.Horizon < 0:
		return nil, fmt.Errorf("approx: gamma %g, ridge %g and horizon %d: want gamma from 0 to 1, and the others not below zero", c.Gamma, c.Ridge, c.Horizon)
	case min(c.Every, c.Rounds, c.Capacity) < 1:
		return nil, fmt.Errorf("approx: every, rounds and capacity must be at least 1")
	}
	f, err := c.Over(env.Width(), box)
	if err != nil {
		return nil, fmt.Errorf("approx: %w", err)
	}
	if f.Len() > mostLeastSquares/actions {
		return nil, fmt.Errorf("approx: LSPI keeps the square of its weights, %d features for each of %d actions; want at most %d in all (fewer tilings or tiles, or features=fourier, radial, polynomial or one-hot)", f.Len(), actions, mostLeastSquares)
	}
	n := env.Width()
	return &LinearPI{
		LeastSquaresPolicy: c, Q: NewLinear(Blocks(f, actions), 0), Actions: actions,
		Replay: NewReplay(c.Capacity, n, 1, 1, false), env: Look(env, c.Gamma), before: make([]float32, n), after: make([]float32, n),
	}, nil
}

// Advance gathers the samples of one episode, and finds a policy when it is time.
func (a *LinearPI) Advance() []rl.Episode {
	rng, e := rl.NewRand(a.Seed, uint64(a.episodes)), rl.Episode{N: a.episodes}
	s := a.env.Reset(rng)
	for gamma := 1.; gamma != 0 && !e.Cut; {
		action := a.act(rng, s)
		var next []float64
		var r float64
		next, r, gamma = a.env.Step(action)
		narrow(a.before, s)
		narrow(a.after, next)
		a.taken[0] = float32(action)
		a.Replay.Add(a.before, a.taken[:], float32(r), float32(gamma), a.after, gamma == 0)
		e.Length++
		e.Return += r
		e.Cut = gamma != 0 && e.Length == a.Horizon
		s = next
	}
	a.episodes++
	a.Taken += e.Length
	if a.fresh += e.Length; a.fresh >= a.Every {
		a.improve()
	}
	a.ended[0] = e
	return a.ended[:]
}

// act explores, always until there is a policy.
func (a *LinearPI) act(rng *rand.Rand, s []float64) int {
	if a.Policies == 0 || rng.Float64() < a.Epsilon.At(a.Policies) {
		return rng.IntN(a.Actions)
	}
	best, _ := greedy(a.Q, s, a.Actions)
	return best
}

// improve finds the policy of all samples. One that circles between a few is as good
// as any of them.
func (a *LinearPI) improve() {
	a.fresh = 0
	a.Policies++
	samples := make([]Sample[[]float64], a.Replay.N)
	for i := range samples {
		samples[i] = Sample[[]float64]{
			widen(a.Replay.State.Row(i)), int(a.Replay.Action.Row(i)[0]), float64(a.Replay.Reward[i]), float64(a.Replay.Discount[i]), widen(a.Replay.Next.Row(i)),
		}
	}
	if _, err := LSPI(context.Background(), a.Q, a.Actions, samples, a.Ridge, 1e-6, a.Rounds); err != nil && !errors.Is(err, ErrMoving) {
		panic(rl.Failure{Err: fmt.Errorf("approx: LSPI: %w; ridge above zero helps", err)})
	}
}

func widen(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

// Steps is how many were taken.
func (a *LinearPI) Steps() int { return a.Taken }

// Act is the best action for what is seen, x.
func (a *LinearPI) Act(x []float64) float64 {
	best, _ := greedy(a.Q, x, a.Actions)
	return float64(best)
}

// Values are the action values of what is seen, x.
func (a *LinearPI) Values(x []float64) []float64 {
	q := make([]float64, a.Actions)
	for i := range q {
		q[i] = a.Q.At(rl.Pair[[]float64, int]{State: x, Action: i})
	}
	return q
}

// Save writes all that is needed to go on exactly.
func (a *LinearPI) Save(w io.Writer) error { return Save(w, "least-squares policy", a.parts()...) }

// Load goes on from what an agent with the same settings saved.
func (a *LinearPI) Load(r io.Reader) error {
	if err := Load(r, "least-squares policy", a.parts()...); err != nil {
		return err
	}
	if min(a.episodes, a.Taken, a.Policies, a.fresh) < 0 {
		return fmt.Errorf("the saved agent's counts are below zero")
	}
	return a.Replay.within(a.Actions)
}

func (a *LinearPI) parts() []Part {
	return []Part{Numbers(a.Q.W), a.Replay, Number(&a.episodes), Number(&a.Taken), Number(&a.Policies), Number(&a.fresh)}
}
