// Command own_algorithm adds an algorithm: SARSA's cautious cousin, which takes
// the worst of the next actions for granted, and walks far from the cliff.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/returns"
	"github.com/rotor-lm/rotor/rl/tabular"
	"github.com/rotor-lm/rotor/rl/world"
)

// cautious moves q toward r + γ·[(1−κ)·max q(s′,·) + κ·min q(s′,·)].
type cautious struct{ kappa float64 }

// Episode learns from one episode. Act and More are what every algorithm has from
// its Learning: who acts, and whether the run goes on.
func (c cautious) Episode(env rl.Env[int, int], l *tabular.Learning) (ep rl.Episode) {
	s := env.Reset(l.Rand())
	for {
		a := l.Act(s)
		next, r, gamma := env.Step(a)
		row := l.Q.Row(next)
		l.Toward(s, a, returns.One(r, gamma, (1-c.kappa)*slices.Max(row)+c.kappa*slices.Min(row)))
		if !l.More(&ep, r, gamma) {
			return ep
		}
		s = next
	}
}

func main() { compare(os.Stdout) }

func compare(out io.Writer) {
	w, err := world.Open("cliffwalking", "gamma=0.95")
	if err != nil {
		fmt.Fprintln(out, err)
		return
	}
	for _, kappa := range []float64{0, .1} {
		l := &tabular.Learning{Q: tabular.NewQ(48, 4, 0), Alpha: rl.Const(.5), Epsilon: rl.Const(.1), Horizon: 2000}
		total := 0.
		for ep, err := range tabular.Learn(context.Background(), w.Finite(), cautious{kappa}, l, 500) {
			if err != nil {
				fmt.Fprintln(out, err)
				return
			}
			if ep.N >= 300 {
				total += ep.Return / 200
			}
		}
		fmt.Fprintf(out, "caution %g: mean return %.1f while learning\n", kappa, total)
	}
}
