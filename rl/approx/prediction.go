package approx

import (
	"fmt"
	"io"

	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/returns"
)

// Prediction are the settings of a linear value v̂(s) = w·φ(s) of a given policy,
// learned in a world with numbered states.
//
// Zeros of the settings mean the defaults beside them.
type Prediction struct {
	Basis
	Alpha   float64 // step size, over the number of tilings; 0: 0.01
	Beta    float64 // of the second weights of TDC and GTD2; 0: ten times alpha
	Lambda  float64 // of the trace of TD and LSTD
	Dutch   bool    // TD's trace is that of true online TD(λ)
	Ridge   float64 // with which LSTD's A begins, times the identity; 0: 0.001
	First   float64 // deviation of the first weights, which are normal
	Horizon int     // a run is cut after so many steps; 0: never

	Seed uint64
}

// Usual puts the defaults in the place of zeros.
func (c Prediction) Usual() Prediction {
	c.Basis = c.Basis.Usual()
	or(&c.Alpha, .01)
	or(&c.Ridge, .001)
	return c
}

// Rule is how a LinearV learns.
type Rule int

// The rules.
const (
	SemiGradientTD Rule = iota
	GradientMonteCarlo
	TDCorrected
	GradientTD2
	Emphatic
	LeastSquares
)

// Chain is a world with numbered states under a policy, as LinearV asks for it.
type Chain struct {
	World             rl.Env[int, int]
	Behaviour, Target rl.Prober[int, int] // who acts, and whose values are wanted
	Width             int                 // coordinates of a state
	See               func(s int, x []float64)
	Number            func(x []float64) int // the state of coordinates
	Box               Box
	Actions           int
}

// LinearV is Prediction at work. It advances a whole episode at a time.
type LinearV struct {
	Prediction
	Rule  Rule
	V     *Linear[int]
	Chain Chain
	Taken int // steps

	predictor Predictor[int]
	lstd      *LSTD[int]
	gradient  *GradientTD[int]
	episodes  int
	ended     [1]rl.Episode
}

// mostLeastSquares bounds the features of LSTD, whose square it keeps.
const mostLeastSquares = 2048

// New begins to learn.
func (c Prediction) New(rule Rule, chain Chain) (*LinearV, error) {
	c = c.Usual()
	f, err := c.Over(chain.Width, chain.Box)
	switch {
	case err != nil:
		return nil, fmt.Errorf("approx: %w", err)
	case !(c.Alpha > 0) || c.Beta < 0 || c.Ridge < 0 || c.First < 0 || c.Horizon < 0 || c.Lambda < 0 || c.Lambda > 1:
		return nil, fmt.Errorf("approx: alpha wants to be above zero, beta, ridge, first and horizon not below, and lambda from 0 to 1")
	case c.Dutch && chain.Behaviour != chain.Target:
		return nil, fmt.Errorf("approx: true online TD(λ) learns the values of who acts")
	case rule == GradientMonteCarlo && chain.Behaviour != chain.Target:
		return nil, fmt.Errorf("approx: gradient Monte Carlo learns the values of who acts")
	case rule == LeastSquares && f.Len() > mostLeastSquares:
		return nil, fmt.Errorf("approx: LSTD keeps the square of its features, of which there are %d; want at most %d", f.Len(), mostLeastSquares)
	}
	if t, tiled := f.(*Tiles); tiled {
		c.Alpha /= float64(t.tilings)
	}
	or(&c.Beta, 10*c.Alpha)
	a := &LinearV{Prediction: c, Rule: rule, Chain: chain, V: NewLinear(On(chain.Width, chain.See, f), c.Alpha)}
	a.V.Randomise(rl.NewRand(c.Seed, 1<<40), c.First)
	switch rule {
	case SemiGradientTD:
		td := &TD[int]{V: a.V, Lambda: c.Lambda}
		if c.Dutch {
			td.Trace = Dutch
		}
		a.predictor = td
	case TDCorrected, GradientTD2:
		a.gradient = &GradientTD[int]{V: a.V, Beta: c.Beta, u: make([]float64, len(a.V.W))}
		if rule == GradientTD2 {
			a.gradient.Rule = GTD2
		}
		a.predictor = a.gradient
	case Emphatic:
		a.predictor = &EmphaticTD[int]{V: a.V}
	case LeastSquares:
		a.lstd = NewLSTD(a.V, c.Lambda, c.Ridge)
		a.predictor = a.lstd
	}
	return a, nil
}

// Advance learns from one episode.
func (a *LinearV) Advance() []rl.Episode {
	rng, c := rl.NewRand(a.Seed, uint64(a.episodes)), &a.Chain
	switch {
	case a.Rule == GradientMonteCarlo:
		tr := rl.Rollout(c.World, rl.Policy[int, int](c.Target), rng, a.Horizon)
		Forward(a.V, tr, func(r, gamma, v []float64) []float64 { return returns.MonteCarlo(r, gamma, v) })
		a.ended[0] = rl.Episode{Length: tr.Len(), Return: tr.Return(), Cut: tr.Discount[tr.Len()-1] != 0}
	case c.Behaviour == c.Target:
		a.ended[0] = Predict(a.predictor, c.World, rl.Policy[int, int](c.Target), rng, a.Horizon)
	default:
		a.ended[0] = PredictOff(a.predictor, c.World, c.Behaviour, c.Target, rng, a.Horizon)
	}
	if a.lstd != nil {
		if err := a.lstd.Solve(); err != nil {
			panic(rl.Failure{Err: fmt.Errorf("approx: LSTD: %w", err)})
		}
	}
	a.ended[0].N = a.episodes
	a.episodes++
	a.Taken += a.ended[0].Length
	return a.ended[:]
}

// Steps is how many were taken.
func (a *LinearV) Steps() int { return a.Taken }

// Act is the action that the target policy takes most often, for the coordinates x.
func (a *LinearV) Act(x []float64) float64 {
	s, best := a.Chain.Number(x), 0
	for k := range a.Chain.Actions {
		if a.Chain.Target.Prob(s, k) > a.Chain.Target.Prob(s, best) {
			best = k
		}
	}
	return float64(best)
}

// Values is v̂ of the state with coordinates x.
func (a *LinearV) Values(x []float64) []float64 { return []float64{a.V.At(a.Chain.Number(x))} }

// Wanted is the policy whose values are learned.
func (a *LinearV) Wanted() rl.Prober[int, int] { return a.Chain.Target }

// Save writes all that is needed to go on exactly.
func (a *LinearV) Save(w io.Writer) error { return Save(w, "linear value", a.parts()...) }

// Load goes on from what an agent with the same settings saved.
func (a *LinearV) Load(r io.Reader) error {
	if err := Load(r, "linear value", a.parts()...); err != nil {
		return err
	}
	if a.episodes < 0 || a.Taken < 0 {
		return fmt.Errorf("the saved agent's counts are below zero")
	}
	return nil
}

func (a *LinearV) parts() []Part {
	parts := []Part{Numbers(a.V.W), Number(&a.episodes), Number(&a.Taken)}
	if a.gradient != nil {
		parts = append(parts, Numbers(a.gradient.u))
	}
	if a.lstd != nil {
		parts = append(parts, Numbers(a.lstd.B))
		for _, row := range a.lstd.A {
			parts = append(parts, Numbers(row))
		}
	}
	return parts
}
