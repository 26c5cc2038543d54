package approx

import (
	"context"
	"io"
	"iter"
	"math/rand/v2"

	"github.com/rotor-lm/rotor/rl"
)

// Agent is something with a network that learns by acting.
type Agent interface {
	Advance() []rl.Episode   // take a step in every world that it has; the episodes that ended, until the next call
	Steps() int              // taken so far, in all worlds
	Act(x []float64) float64 // the best action for what is seen: the number of one, or a force
	Save(w io.Writer) error  // all that is needed to go on exactly
	Load(r io.Reader) error  // what an agent with the same settings saved
}

// Valuer is an agent that says what it expects to earn from what is seen, x: by each
// action where it has values of actions, else from the state alone; nothing where it
// has no opinion.
type Valuer interface{ Values(x []float64) []float64 }

// Learn lets an agent act until it has taken so many steps in all, and yields
// every episode that ends. It may be stopped and called again, and goes on where
// it was. It ends with an error if ctx does or if a world fails; what was learned
// stays.
func Learn(ctx context.Context, a Agent, steps int) iter.Seq2[rl.Episode, error] {
	return func(yield func(rl.Episode, error) bool) {
		for a.Steps() < steps {
			ended, err := advance(ctx, a)
			if err != nil {
				yield(rl.Episode{}, err)
				return
			}
			for _, e := range ended {
				if !yield(e, nil) {
					return
				}
			}
		}
	}
}

func advance(ctx context.Context, a Agent) (ended []rl.Episode, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	defer rl.Catch(&err)
	return a.Advance(), nil
}

// Evaluate lets act, the number of an action or a force for what is seen, play so
// many episodes, and returns the sum of the rewards of each.
func Evaluate(act func(x []float64) float64, env Env, rng *rand.Rand, episodes, horizon int) []float64 {
	x := make([]float64, env.Width())
	total := make([]float64, episodes)
	for n := range total {
		env.Reset(rng)
		for k := 0; horizon == 0 || k < horizon; k++ {
			env.Observe(x)
			r, gamma := env.Act(act(x))
			total[n] += r
			if gamma == 0 {
				break
			}
		}
	}
	return total
}

// See turns any environment into numbers: see writes what there is to see of a
// state into x, which has width elements.
func See[S any, A int | float64](env rl.Env[S, A], width int, see func(s S, x []float64)) Env {
	return &seen[S, A]{env: env, width: width, see: see}
}

type seen[S any, A int | float64] struct {
	env   rl.Env[S, A]
	width int
	see   func(S, []float64)
	s     S
}

func (e *seen[S, A]) Reset(rng *rand.Rand) { e.s = e.env.Reset(rng) }
func (e *seen[S, A]) Observe(x []float64)  { e.see(e.s, x) }
func (e *seen[S, A]) Width() int           { return e.width }

func (e *seen[S, A]) Act(a float64) (r, gamma float64) {
	e.s, r, gamma = e.env.Step(A(a))
	return r, gamma
}
