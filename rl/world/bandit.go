package world

import (
	"math/rand/v2"

	"github.com/rotor-lm/rotor/rl"
)

func init() {
	Register(Entry{
		Name: "bandit", About: "one state, ten arms, each paid around a mean of its own",
		Source: "Sutton and Barto, Reinforcement Learning, 2018, §2.3",
		Make: func(set *Settings) (*World, error) {
			arms := set.Int("arms", 10, 1, 1000, "how many arms")
			seed := set.Int("arms-seed", 0, 0, 1<<30, "which bandit: the seed of its means")
			drift := set.Within("drift", 0, 0, 1e6, "deviation by which every mean walks at each pull")
			w := &World{Gamma: set.Gamma(1), Horizon: set.Horizon(0), States: 1}
			w.table = func() rl.Env[int, int] { return NewBandit(rl.NewRand(uint64(seed)), arms, drift) }
			w.New = func() Simulator { return Simulate[int, int](NewBandit(rl.NewRand(uint64(seed)), arms, drift)) }
			for a := range arms {
				w.Actions = append(w.Actions, "arm "+itoa(a))
			}
			return w, nil
		},
	})
}

// Bandit is a machine of several arms. Every pull is an episode: there is one
// state and nothing to bootstrap from.
//
//	q*(a) ~ N(0, 1)     r ~ N(q*(a), 1)
//
// Sutton and Barto 2018, §2.3; with a drift, exercise 2.5.
type Bandit struct {
	Means []float64 // q*
	Drift float64
	rng   *rand.Rand
}

// NewBandit draws the means of a bandit, which begin equal if they drift.
func NewBandit(rng *rand.Rand, arms int, drift float64) *Bandit {
	b := &Bandit{Means: make([]float64, arms), Drift: drift}
	for a := range b.Means {
		if drift == 0 {
			b.Means[a] = rng.NormFloat64()
		}
	}
	return b
}

// Reset goes to the one state.
func (b *Bandit) Reset(rng *rand.Rand) int { b.rng = rng; return 0 }

// Step pulls arm a.
func (b *Bandit) Step(a int) (int, float64, float64) {
	r := b.Means[a] + b.rng.NormFloat64()
	if b.Drift > 0 {
		for i := range b.Means {
			b.Means[i] += b.Drift * b.rng.NormFloat64()
		}
	}
	return 0, r, 0
}

// Best is the arm with the highest mean.
func (b *Bandit) Best() int {
	best := 0
	for a, mean := range b.Means {
		if mean > b.Means[best] {
			best = a
		}
	}
	return best
}

// Width is zero: there is nothing to see.
func (b *Bandit) Width() int { return 0 }

// Observe writes nothing.
func (b *Bandit) Observe(int, []float64) {}

// Numbers is the one state.
func (b *Bandit) Numbers(int) []float64 { return []float64{0} }

// Place goes to the one state.
func (b *Bandit) Place([]float64) (int, error) { return 0, nil }
