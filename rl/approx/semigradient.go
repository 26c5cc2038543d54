package approx

import (
	"fmt"
	"io"
	"math/rand/v2"

	"github.com/rotor-lm/rotor/rl"
)

// SemiGradient are the settings of Control as an agent: a linear action value
// q̂(s, a) = w_a·φ(s), moved toward the target of Sarsa, of Expected Sarsa or of
// Q-learning after every step.
//
// Zeros of the settings mean the defaults beside them.
type SemiGradient struct {
	Basis
	Alpha     rl.Schedule // step size, by episode, over the number of tilings; zero: 0.1
	Epsilon   rl.Schedule // of exploration, by episode; zero: 0.1
	Gamma     float64     // discount of a step, times the world's own; 0: 1
	Lambda    float64     // of the trace
	Replacing bool        // a visit sets the trace, and does not add to it
	Beta      float64     // step size of the mean reward; 0: returns are discounted sums
	Horizon   int         // a run is cut after so many steps; 0: never

	Seed uint64
}

// Basis names a set of features, and its sizes.
type Basis struct {
	Features string    // tiles, fourier, polynomial, radial, one-hot or plain; "": tiles
	Tilings  int       // grids of tiles; 0: 8
	Tiles    int       // along each coordinate; 0: 8
	Hash     int       // weights that tiles share; 0: one for each
	Order    int       // of fourier, or degree of polynomial; 0: 3
	Bells    int       // of radial, along each coordinate; 0: 5
	Width    float64   // of a bell, where the coordinate goes from 0 to 1; 0: 0.2
	Low      []float64 // of each coordinate; none: what the world says
	High     []float64
}

// MaxDense bounds how many features may be computed, all of them, at every step.
const MaxDense = 1 << 16

// Usual puts the defaults in the place of zeros.
func (b Basis) Usual() Basis {
	or(&b.Features, "tiles")
	or(&b.Tilings, 8)
	or(&b.Tiles, 8)
	or(&b.Order, 3)
	or(&b.Bells, 5)
	or(&b.Width, .2)
	return b
}

// Usual puts the defaults in the place of zeros.
func (c SemiGradient) Usual() SemiGradient {
	c.Basis = c.Basis.Usual()
	or(&c.Alpha, rl.Const(.1))
	or(&c.Epsilon, rl.Const(.1))
	or(&c.Gamma, 1)
	return c
}

// Over makes the features of d coordinates that lie in box, unless Low and High
// say otherwise.
func (b Basis) Over(d int, box Box) (Features[[]float64], error) {
	b = b.Usual()
	if b.Low != nil || b.High != nil {
		box = Box{b.Low, b.High}
	}
	if b.Features == "plain" {
		return plain(d), nil
	}
	if len(box.Low) != d || len(box.High) != d {
		return nil, fmt.Errorf("features of %d numbers want to know between which each lies: low=[…] and high=[…], %d numbers each", d, d)
	}
	for i := range d {
		if !(box.Low[i] < box.High[i]) {
			return nil, fmt.Errorf("coordinate %d lies between low %g and high %g: want low below high", i+1, box.Low[i], box.High[i])
		}
	}
	if min(b.Tilings, b.Tiles, b.Order, b.Bells) < 1 || b.Hash < 0 || !(b.Width > 0) {
		return nil, fmt.Errorf("tilings, tiles, order, bells and width of features want to be above zero")
	}
	switch b.Features {
	case "tiles":
		tiles := make([]int, d)
		for i := range tiles {
			tiles[i] = b.Tiles
		}
		return NewTiles(box, b.Tilings, tiles, b.Hash)
	case "fourier":
		if err := affordable(b.Order+1, d); err != nil {
			return nil, err
		}
		return NewFourier(box, b.Order), nil
	case "polynomial":
		if err := affordable(b.Order+1, d); err != nil {
			return nil, err
		}
		return NewPolynomial(box, b.Order), nil
	case "radial":
		if err := affordable(b.Bells, d); err != nil {
			return nil, err
		}
		return NewRadial(box, b.Bells, b.Width), nil
	case "one-hot":
		n := 1
		for i := range d {
			if n *= int(box.High[i]-box.Low[i]) + 1; n > MaxFeatures || n < 1 {
				return nil, fmt.Errorf("one-hot: more than %d places", MaxFeatures)
			}
		}
		return places{box, n}, nil
	}
	return nil, fmt.Errorf("no features %q: want tiles, fourier, polynomial, radial, one-hot or plain", b.Features)
}

// affordable refuses n^d features that are too many to compute at every step.
func affordable(n, d int) error {
	all := 1
	for range d {
		if all *= n; all > MaxDense {
			return fmt.Errorf("%d^%d features are more than %d; take tiles, which light few of many", n, d, MaxDense)
		}
	}
	return nil
}

// plain are the numbers themselves, and a one.
type plain int

func (n plain) Len() int { return int(n) + 1 }

func (n plain) Of(x []float64, phi *Sparse) {
	phi.Reset()
	for i, v := range x {
		if v != 0 {
			phi.Put(i, v)
		}
	}
	phi.Put(int(n), 1)
}

// places has a one for every point of a lattice of whole numbers: a table.
type places struct {
	box Box
	n   int
}

func (p places) Len() int { return p.n }

func (p places) Of(x []float64, phi *Sparse) {
	phi.Reset()
	at := 0
	for i, v := range x {
		side := int(p.box.High[i]-p.box.Low[i]) + 1
		at = at*side + min(max(int(v-p.box.Low[i]), 0), side-1)
	}
	phi.Put(at, 1)
}

// LinearQ is SemiGradient at work in a world. It advances a whole episode at a time.
type LinearQ struct {
	SemiGradient
	Control *Control[[]float64]
	Taken   int // steps

	env   rl.Env[[]float64, int]
	ended [1]rl.Episode
}

// New begins to act in env, which has so many actions and shows numbers that lie
// in box.
func (c SemiGradient) New(target Target, env Env, box Box, actions int) (*LinearQ, error) {
	c = c.Usual()
	switch {
	case actions < 1:
		return nil, fmt.Errorf("approx: Sarsa and Q-learning need actions to choose from; this world takes a force")
	case c.Gamma < 0 || c.Gamma > 1 || c.Lambda < 0 || c.Lambda > 1:
		return nil, fmt.Errorf("approx: gamma %g and lambda %g: want numbers from 0 to 1", c.Gamma, c.Lambda)
	case c.Horizon < 0 || c.Beta < 0:
		return nil, fmt.Errorf("approx: horizon %d and beta %g may not be negative", c.Horizon, c.Beta)
	}
	f, err := c.Over(env.Width(), box)
	if err != nil {
		return nil, fmt.Errorf("approx: %w", err)
	}
	if f.Len() > MaxFeatures/actions {
		return nil, fmt.Errorf("approx: %d features for %d actions are more than %d", f.Len(), actions, MaxFeatures)
	}
	if t, tiled := f.(*Tiles); tiled {
		c.Alpha.First, c.Alpha.Last = c.Alpha.First/float64(t.tilings), c.Alpha.Last/float64(t.tilings)
	}
	a := &LinearQ{SemiGradient: c, env: Look(env, c.Gamma)}
	a.Control = &Control[[]float64]{
		Q: NewLinear(Blocks(f, actions), 0), Actions: actions, Target: target,
		Alpha: c.Alpha, Epsilon: c.Epsilon, Lambda: c.Lambda, Beta: c.Beta,
	}
	if c.Replacing {
		a.Control.Trace = Replacing
	}
	return a, nil
}

// Advance learns from one episode.
func (a *LinearQ) Advance() []rl.Episode {
	a.ended[0] = a.Control.Run(a.env, rl.NewRand(a.Seed, uint64(a.Control.episodes)), a.Horizon)
	a.Taken += a.ended[0].Length
	return a.ended[:]
}

// Steps is how many were taken.
func (a *LinearQ) Steps() int { return a.Taken }

// Act is the best action for what is seen, x.
func (a *LinearQ) Act(x []float64) float64 {
	best, _ := a.Control.Greedy(x)
	return float64(best)
}

// Values are the action values of what is seen, x.
func (a *LinearQ) Values(x []float64) []float64 {
	q := make([]float64, a.Control.Actions)
	for i := range q {
		q[i] = a.Control.Q.At(rl.Pair[[]float64, int]{State: x, Action: i})
	}
	return q
}

// Save writes all that is needed to go on exactly.
func (a *LinearQ) Save(w io.Writer) error { return Save(w, "semi-gradient", a.parts()...) }

// Load goes on from what an agent with the same settings saved.
func (a *LinearQ) Load(r io.Reader) error {
	if err := Load(r, "semi-gradient", a.parts()...); err != nil {
		return err
	}
	if a.Control.episodes < 0 || a.Taken < 0 {
		return fmt.Errorf("the saved agent's counts are below zero")
	}
	return nil
}

func (a *LinearQ) parts() []Part {
	c := a.Control
	return []Part{Numbers(c.Q.W), Number(&c.Mean), Number(&c.episodes), Number(&a.Taken)}
}

// Look is env as a world whose states are what is seen of them, and whose discounts
// are multiplied by gamma. A state is good until the step after the next.
func Look(env Env, gamma float64) rl.Env[[]float64, int] {
	l := &lookout{env: env, gamma: gamma}
	for i := range l.x {
		l.x[i] = make([]float64, env.Width())
	}
	return l
}

// lookout shows the present state and the one before.
type lookout struct {
	env   Env
	gamma float64
	x     [2][]float64
	now   int
}

func (l *lookout) look() []float64 {
	l.now = 1 - l.now
	l.env.Observe(l.x[l.now])
	return l.x[l.now]
}

// Reset begins an episode.
func (l *lookout) Reset(rng *rand.Rand) []float64 {
	l.env.Reset(rng)
	return l.look()
}

// Step takes an action.
func (l *lookout) Step(a int) ([]float64, float64, float64) {
	r, gamma := l.env.Act(float64(a))
	return l.look(), r, gamma * l.gamma
}
