package gallery

import (
	"fmt"
	"math"

	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/rl/approx"
	"github.com/rotor-lm/rotor/rl/plot"
	"github.com/rotor-lm/rotor/rl/tabular"
)

func init() {
	register(Figure{"zhao-08-11-deep", "Deep Q-learning from 1,000 steps, and from 100", "Zhao, figures 8.11 and 8.12", "One run of the uniform policy; batches of 100 and 50; one hidden layer of 100; row, column and action in [0, 1] as inputs; 1,000 iterations. The book leaves the rest open: here tanh, first weights four times as wide as usual, ten steps of Adam at 0.03 an iteration, each on a batch of its own, and a slow copy that follows every five iterations.", deep})
}

// deep takes one run of the uniform policy into the replay and learns from it: one
// hidden layer of 100; row, column and action in [0, 1] as inputs; 1,000
// iterations. The book leaves the rest open. Here: tanh, first weights four times
// as wide as usual, ten steps of Adam at 0.03 an iteration, each on a batch of its
// own, and a slow copy that follows every five iterations. How wrong values are
// that 100 steps have not seen depends on all that; that they are wrong does not.
func deep(s *Study) *plot.Picture {
	w := open("zhao5x5", "r-forbidden=-10", "r-boundary=-10")
	best := must(tabular.Optimal(w.Model))
	loss := plot.Chart{Title: "Loss", X: "iteration", LogY: true}
	wrong := plot.Chart{Title: "RMSE of the values", X: "iteration", LogY: true}
	for _, c := range []struct{ steps, batch int }{{1000, 100}, {100, 50}} {
		env := approx.See(w.Finite(), 2, func(st int, x []float64) { x[0], x[1] = float64(st/5)/4, float64(st%5)/4 })
		a := must(approx.DQN{
			Hidden: []int{100}, Bend: approx.Tanh, LR: .03, Gamma: 1, Capacity: c.steps, Batch: c.batch, Warmup: c.steps,
			Outlook: approx.Expected{}, ActionInput: true, MaxNorm: math.Inf(1), Seed: s.Seed,
		}.New(env, 5))
		first := a.Net.W[:4*100]
		kernel.Scale(first, 4, first)
		for range c.steps { // all by chance: the uniform policy
			a.Advance()
		}
		values := make([]float64, 25)
		var x, losses, errs []float64
		for k := range 1000 {
			s.alive()
			for j := range 10 {
				if (10*k+j)%50 == 0 {
					a.Sync()
				}
				a.Update()
			}
			for st := range values {
				values[st] = math.Inf(-1)
				for _, q := range a.Values([]float64{float64(st/5) / 4, float64(st%5) / 4}) {
					values[st] = max(values[st], q)
				}
			}
			x, losses, errs = append(x, float64(k+1)), append(losses, a.Loss), append(errs, rmse(values, best.V))
		}
		name := fmt.Sprintf("%d steps", c.steps)
		loss.Curves, wrong.Curves = append(loss.Curves, line(name, x, plot.Smooth(losses, 20))), append(wrong.Curves, line(name, x, plot.Smooth(errs, 20)))
		if c.steps == 1000 {
			s.check("RMSE after learning from 1,000 steps", 0, mean(errs[980:]), .5)
		} else {
			far := 0.
			for _, e := range errs[980:] {
				if e > 2 {
					far += 1. / 20
				}
			}
			s.check("share of the last 20 iterations of 100 steps whose RMSE is above 2 (the book's network stays at 4.98)", 1, far, 1e-9)
		}
		s.check("loss after learning from "+name, 0, mean(losses[980:]), .1)
	}
	return plot.Beside(2, loss.Picture(), wrong.Picture())
}
