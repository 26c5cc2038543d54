package tabular

import (
	"context"
	"iter"
	"math/rand/v2"

	"github.com/rotor-lm/rotor/rl"
)

// Algorithm learns from one episode at a time, or from one run that a horizon
// cuts. What it remembers beside the tables of a Learning it keeps itself.
type Algorithm interface {
	Episode(env rl.Env[int, int], l *Learning) rl.Episode
}

// Learning is what all algorithms share: tables, step sizes, exploration, random
// numbers. Episode k draws from stream k of the seed, so a run that was saved
// between episodes goes on exactly as if it had not been.
type Learning struct {
	Q        *Q                  // action values; nil for prediction
	V        *V                  // state values; nil for control
	Policy   rl.Policy[int, int] // who acts; nil for the ε-greedy policy of Q
	Target   rl.Prober[int, int] // whose values are wanted, where that is not who acts
	Alpha    rl.Schedule         // step size; where it changes, by the visits of the pair
	Epsilon  rl.Schedule         // exploration, by episodes
	Horizon  int                 // steps after which a run is cut; 0 for never
	Seed     uint64
	Episodes int // how many have been run
	Steps    int // how many steps they had
	Every    int // Watch is called each so many steps, and never for zero
	Watch    func(l *Learning)

	source   *rand.PCG
	rng      *rand.Rand
	constant bool    // α does not change
	alpha    float64 // then this is it
	epsilon  float64 // ε of this episode
	next     int     // the step that looks up from learning
	ctx      context.Context
	tr       rl.Trajectory[int, int]
	noted    []int // when each place was first visited, counted over all episodes
	base     int   // where that count stood when this episode began
}

// patience is how many steps may pass until a run notices that it shall end.
const patience = 1 << 16

// Learn runs episodes until so many have been run in all, and yields each. It ends
// with an error if ctx does, or if the environment fails; what was learned stays.
func Learn(ctx context.Context, env rl.Env[int, int], alg Algorithm, l *Learning, episodes int) iter.Seq2[rl.Episode, error] {
	return func(yield func(rl.Episode, error) bool) {
		l.begin(ctx)
		for l.Episodes < episodes {
			ep, err := l.episode(env, alg)
			if err != nil {
				yield(ep, err)
				return
			}
			if !yield(ep, nil) {
				return
			}
		}
	}
}

func (l *Learning) begin(ctx context.Context) {
	l.ctx = ctx
	l.source = rl.NewSource(l.Seed)
	l.rng = rand.New(l.source)
	l.constant, l.alpha = l.Alpha.Constant(), l.Alpha.First
	l.schedule()
}

// schedule finds the next step at which something else than learning is to do.
func (l *Learning) schedule() {
	l.next = l.Steps + patience
	if l.Every > 0 {
		l.next = min(l.next, (l.Steps/l.Every+1)*l.Every)
	}
}

func (l *Learning) episode(env rl.Env[int, int], alg Algorithm) (ep rl.Episode, err error) {
	if err := l.ctx.Err(); err != nil {
		return ep, err
	}
	defer rl.Catch(&err)
	*l.source = *rl.NewSource(l.Seed, uint64(l.Episodes))
	l.epsilon = l.Epsilon.At(l.Episodes + 1)
	ep = alg.Episode(env, l)
	ep.N = l.Episodes
	if err := l.ctx.Err(); err != nil && ep.Cut {
		return ep, err
	}
	l.Episodes++
	return ep, nil
}

// More counts a step, and says whether the run goes on after it.
func (l *Learning) More(ep *rl.Episode, r, gamma float64) bool {
	ep.Length++
	ep.Return += r
	if l.Steps++; l.Steps == l.next && !l.lookUp(ep) {
		return false
	}
	if gamma == 0 {
		return false
	}
	if ep.Length == l.Horizon {
		ep.Cut = true
		return false
	}
	return true
}

// lookUp does what is to do every so many steps.
func (l *Learning) lookUp(ep *rl.Episode) bool {
	if l.Every > 0 && l.Steps%l.Every == 0 && l.Watch != nil {
		l.Watch(l)
	}
	l.schedule()
	ep.Cut = l.ctx.Err() != nil
	return !ep.Cut
}

// Act chooses an action in s.
func (l *Learning) Act(s int) int {
	if l.Policy != nil {
		return l.Policy.Act(l.rng, s)
	}
	return l.Q.EpsilonGreedy(l.rng, s, l.epsilon)
}

// rate counts a visit of pair i and returns its step size.
func (l *Learning) rate(i int) float64 {
	l.Q.Visits[i]++
	if l.constant {
		return l.alpha
	}
	return l.Alpha.At(l.Q.Visits[i])
}

// Toward moves q(s, a) toward G.
//
//	q(s, a) ← q(s, a) + α·[G − q(s, a)]
func (l *Learning) Toward(s, a int, G float64) {
	i := s*l.Q.Actions + a
	l.Q.Values[i] += l.rate(i) * (G - l.Q.Values[i])
}

// prob is π(a|s) of the policy that is learned: the target, or the ε-greedy one.
func (l *Learning) prob(s, a int) float64 {
	if l.Target != nil {
		return l.Target.Prob(s, a)
	}
	p := l.epsilon / float64(l.Q.Actions)
	if a == l.Q.Greedy(s) {
		p += 1 - l.epsilon
	}
	return p
}

// expected is Σ_a π(a|s)·q(s, a) under the policy that is learned.
func (l *Learning) expected(s int) (x float64) {
	row := l.Q.Row(s)
	if l.Target != nil {
		for a, q := range row {
			x += l.Target.Prob(s, a) * q
		}
		return x
	}
	for _, q := range row {
		x += q
	}
	return (1-l.epsilon)*row[argmax(row)] + l.epsilon*x/float64(len(row))
}

// Rand is the stream of random numbers of this episode.
func (l *Learning) Rand() *rand.Rand { return l.rng }
