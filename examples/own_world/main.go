// Command own_world learns an environment of one's own: any type with Reset and
// Step.
package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"

	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/tabular"
)

// stairs has ten steps. Climbing (1) may slip back to the ground; waiting (0)
// does not. The top pays 10, every move costs 1.
type stairs struct {
	at  int
	rng *rand.Rand
}

func (s *stairs) Reset(rng *rand.Rand) int {
	s.at, s.rng = 0, rng
	return s.at
}

func (s *stairs) Step(a int) (next int, r, gamma float64) {
	switch {
	case a == 0:
		return s.at, -1, .95
	case s.rng.Float64() < .1:
		s.at = 0
	default:
		s.at++
	}
	if s.at == 9 {
		return s.at, 10, 0 // a discount of zero ends the episode
	}
	return s.at, -1, .95
}

func main() { learn(os.Stdout) }

func learn(out io.Writer) {
	l := &tabular.Learning{Q: tabular.NewQ(10, 2, 0), Alpha: rl.Const(.1), Epsilon: rl.Const(.1), Horizon: 1000}
	for ep, err := range tabular.Learn(context.Background(), &stairs{}, tabular.QLearning{}, l, 2000) {
		if err != nil {
			fmt.Fprintln(out, err)
			return
		}
		if ep.N%500 == 499 {
			fmt.Fprintf(out, "episode %d: %d moves, return %g\n", ep.N+1, ep.Length, ep.Return)
		}
	}
	fmt.Fprintf(out, "climb at the ground: worth %.2f, wait: %.2f\n", l.Q.At(0, 1), l.Q.At(0, 0))
}
