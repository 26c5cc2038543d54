package gallery

import (
	"fmt"
	"math"
	"slices"

	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/approx"
	"github.com/rotor-lm/rotor/rl/plot"
	"github.com/rotor-lm/rotor/rl/returns"
	"github.com/rotor-lm/rotor/rl/tabular"
	"github.com/rotor-lm/rotor/rl/world"
)

func init() {
	register(Figure{"zhao-08-11-deep", "Deep Q-learning from 1,000 steps, and from 100", "Zhao, figures 8.11 and 8.12", "Runs of the uniform policy; batches of 100 and 50; one hidden layer of 100; row, column and action in [0, 1] as inputs; 1,000 iterations. The book leaves the rest open: here tanh, first weights 16 times as wide as usual, so that what is learned of one pair says little of others, ten steps of Adam at 0.01 an iteration, each on a batch of its own, and a slow copy that follows every five iterations. Of 100 steps a table that leaves alone the pairs they lack learns values 5 off, as in the book; a network guesses those pairs, and max takes the highest guess.", deep})
}

// deep takes runs of the uniform policy into the replay and learns from them.
//
// What 100 steps teach depends on what becomes of the pairs that they lack, some
// 70 of 125. Where those stay as they began, as in a table, the values end about
// 5 off, as the book's do. A network guesses them, and max takes the highest guess,
// so that its values are off by more than that as often as by less.
func deep(s *Study) *plot.Picture {
	w := open("zhao5x5", "r-forbidden=-10", "r-boundary=-10")
	best := must(tabular.Optimal(w.Model))
	loss := plot.Chart{Title: "Loss", X: "iteration", LogY: true}
	wrong := plot.Chart{Title: "RMSE of the values, runs of the median", X: "iteration", LogY: true}
	for _, c := range []struct{ steps, batch, runs int }{{1000, 100, 3}, {100, 50, 5}} {
		runs := s.each(s.runs(c.runs), func(i int) []float64 { return deepRun(s, w, best.V, c.steps, c.batch, s.Seed+uint64(i)) })
		name := fmt.Sprintf("%d steps", c.steps)
		var last, losses []float64
		for _, y := range runs {
			last, losses = append(last, mean(y[1980:])), append(losses, mean(y[980:1000]))
		}
		middle := runs[slices.Index(last, slices.Sorted(slices.Values(last))[len(last)/2])]
		x := plot.Steps(middle[:1000], 1)
		loss.Curves, wrong.Curves = append(loss.Curves, line(name, x, plot.Smooth(middle[:1000], 20))), append(wrong.Curves, line(name, x, plot.Smooth(middle[1000:], 20)))
		if c.steps == 1000 {
			s.check("RMSE after learning from 1,000 steps, median run", 0, median(last), .5)
		} else {
			s.check("least RMSE after learning from 100 steps, of all runs: it stays (the book's network at 4.98)", 4.98, slices.Min(last), 3)
			s.check("RMSE after learning from 100 steps, median run", 4.98, median(last), 4)
		}
		s.check("loss after learning from "+name+", median run", 0, median(losses), .1)
	}
	table := make([]float64, s.runs(4000))
	for i := range table {
		table[i] = replayed(rl.Rollout(w.Finite(), rl.Policy[int, int](tabular.Uniform(25, 5)), rl.NewRand(s.Seed, uint64(i)), 100), best.V)
	}
	s.check("RMSE of a table that begins with 1, from 100 steps, median run", 4.98, median(table), .5)
	return plot.Beside(2, loss.Picture(), wrong.Picture())
}

// deepRun learns from one run of so many steps, and returns the loss of each of
// 1,000 iterations and then the error of the values after each.
func deepRun(s *Study, w *world.World, truth []float64, steps, batch int, seed uint64) []float64 {
	env := approx.See(w.Finite(), 2, func(st int, x []float64) { x[0], x[1] = float64(st/5)/4, float64(st%5)/4 })
	a := must(approx.DQN{
		Hidden: []int{100}, Bend: approx.Tanh, LR: .01, Gamma: 1, Capacity: steps, Batch: batch, Warmup: steps,
		Outlook: approx.Expected{}, ActionInput: true, MaxNorm: math.Inf(1), Seed: seed,
	}.New(env, 5))
	first := a.Net.W[:4*100]
	kernel.Scale(first, 16, first)
	for range steps { // all by chance: the uniform policy
		a.Advance()
	}
	values, out := make([]float64, 25), make([]float64, 2000)
	for k := range 1000 {
		s.alive()
		for j := range 10 {
			if (10*k+j)%50 == 0 {
				a.Sync()
			}
			a.Update()
		}
		for st := range values {
			values[st] = slices.Max(a.Values([]float64{float64(st/5) / 4, float64(st%5) / 4}))
		}
		out[k], out[1000+k] = a.Loss, rmse(values, truth)
	}
	return out
}

// replayed is the error of a table of ones after Q-learning with α = 1 has gone
// over a run a hundred times.
func replayed(tr rl.Trajectory[int, int], truth []float64) float64 {
	q := tabular.NewQ(25, 5, 1)
	for range 100 {
		for t, a := range tr.Action {
			q.Values[tr.State[t]*5+a] = returns.One(tr.Reward[t], tr.Discount[t], q.Max(tr.State[t+1]))
		}
	}
	return rmse(q.V(), truth)
}
