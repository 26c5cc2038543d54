package gallery

import (
	"fmt"
	"math"

	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/approx"
	"github.com/rotor-lm/rotor/rl/plot"
	"github.com/rotor-lm/rotor/rl/returns"
	"github.com/rotor-lm/rotor/rl/tabular"
	"github.com/rotor-lm/rotor/rl/world"
)

func init() {
	register(
		Figure{"sb-09-1-aggregation", "Gradient Monte Carlo with groups of states", "Sutton and Barto, figure 9.1", "100,000 episodes of one run, α = 2·10⁻⁵; ten groups of 100 states.", aggregation},
		Figure{"sb-09-2-bootstrapping", "Semi-gradient TD with groups of states, and n steps", "Sutton and Barto, figure 9.2", "Left: 100,000 episodes, α = 2·10⁻⁴. Right: 20 groups, 10 runs of 10 episodes (the book: 100).", bootstrapping},
		Figure{"sb-09-10-tiles", "Fifty tilings against one", "Sutton and Barto, figure 9.10", "10 runs of 5,000 episodes; 50 tilings, each shifted by 4 states; α = 10⁻⁴ over the number of tilings, as in the book, and beside it α = 1/episode over the number of tilings, with which so many weights come near their end in 5,000 episodes.", tilings},
		Figure{"sb-10-1-mountain", "Cost to go of the mountain car", "Sutton and Barto, figure 10.1", "Sarsa, 8 tilings of 8 by 8 tiles, α = 0.1/8, ε = 0 with values that begin at 0, which explores by itself; γ = 1; one run of 3,000 episodes.", mountain},
		Figure{"sb-11-2-baird", "Baird's counterexample", "Sutton and Barto, figure 11.2", "α = 0.01, γ = 0.99, 1,000 steps of one run and 1,000 sweeps; weights begin at 1, but the seventh at 10.", baird},
	)
}

// walk1000 is the walk, its exact values and the policy that has no choice.
func walk1000() (*world.World, []float64, rl.Policy[int, int]) {
	w := open("walk1000")
	p := tabular.Uniform(1002, 1)
	return w, must(tabular.Evaluate(w.Model, p)), p
}

func aggregation(s *Study) *plot.Picture {
	w, exact, p := walk1000()
	v := approx.NewLinear[int](approx.Aggregate{First: 1, Size: 100, Groups: 10}, 2e-5)
	env, visits := w.Finite(), make([]float64, 1002)
	for ep := range int(100_000 * min(s.Runs, 1)) {
		s.alive()
		tr := rl.Rollout(env, p, rl.NewRand(s.Seed, uint64(ep)), 0)
		approx.Forward(v, tr, func(r, gamma, v []float64) []float64 { return returns.MonteCarlo(r, gamma, v) })
		for _, st := range tr.State[:tr.Len()] {
			visits[st]++
		}
	}
	s.check("value of states 1 to 100", -.83, v.At(50), .05) // what weighting by visits gives
	s.check("value of states 901 to 1,000", .83, v.At(950), .05)
	s.check("value of states 401 to 500", -.10, v.At(450), .04)
	x := plot.Steps(exact[1:1001], 1)
	return plot.Beside(2, plot.Chart{Title: "1,000 states in ten groups", X: "state", Y: "value", Curves: []plot.Curve{
		line("exact", x, exact[1:1001]), line("gradient Monte Carlo", x, states(v)),
	}}.Picture(),
		plot.Chart{Title: "How often each state is visited", X: "state", Curves: []plot.Curve{line("", x, visits[1:1001])}}.Picture())
}

// states are the values of states 1 to 1,000.
func states(v rl.Value[int]) []float64 {
	y := make([]float64, 1000)
	for i := range y {
		y[i] = v.At(i + 1)
	}
	return y
}

func bootstrapping(s *Study) *plot.Picture {
	w, exact, p := walk1000()
	x := plot.Steps(exact[1:1001], 1)
	v := approx.NewLinear[int](approx.Aggregate{First: 1, Size: 100, Groups: 10}, 2e-4)
	td, env := &approx.TD[int]{V: v}, w.Finite()
	for ep := range int(100_000 * min(s.Runs, 1)) {
		s.alive()
		approx.Predict(td, env, p, rl.NewRand(s.Seed, uint64(ep)), 0)
	}
	process := must(approx.NewProcess(w.Model, rows(tabular.Uniform(1002, 1))))
	fixed := must(process.Fixed(approx.Matrix(approx.Aggregate{First: 1, Size: 100, Groups: 10}, 1002)))
	s.check("value of states 1 to 100, against the exact fixed point", fixed.W[0], v.At(50), .05)
	s.check("value of states 901 to 1,000, against the exact fixed point", fixed.W[9], v.At(950), .05)
	left := plot.Chart{Title: "Semi-gradient TD(0)", X: "state", Y: "value", Curves: []plot.Curve{line("exact", x, exact[1:1001]), line("TD", x, states(v))}}

	right := plot.Chart{Title: "n-step TD, 20 groups: error of 10 episodes", X: "α", Y: "RMS error", Low: .2, High: .56}
	for _, n := range []int{1, 2, 4, 8, 16, 32, 64, 128} {
		var alphas, errs []float64
		for alpha := .0; alpha <= 1.001; alpha += .1 {
			y := s.each(s.runs(10), func(i int) []float64 {
				v := approx.NewLinear[int](approx.Aggregate{First: 1, Size: 50, Groups: 20}, alpha)
				env, sum := w.Finite(), 0.
				for ep := range 10 {
					online(v, rl.Rollout(env, p, rl.NewRand(s.Seed, uint64(i), uint64(ep)), 0), n)
					sum += rmse(states(v), exact[1:1001]) / 10
				}
				return []float64{sum}
			})
			alphas, errs = append(alphas, alpha), append(errs, average(y)[0])
		}
		right.Curves = append(right.Curves, line(fmt.Sprintf("n = %d", n), alphas, errs))
	}
	s.check("least error of n = 4", .27, lowest(right.Curves[2].Y), .04) // read off the figure
	return plot.Beside(2, left.Picture(), right.Picture())
}

func lowest(y []float64) float64 {
	low := math.Inf(1)
	for _, v := range y {
		low = min(low, v)
	}
	return low
}

// online is n-step TD with the values of the moment at which n steps are past.
func online(v rl.Value[int], tr rl.Trajectory[int, int], n int) {
	T := tr.Len()
	for tau := range T {
		last := min(tau+n, T)
		G := v.At(tr.State[last])
		for k := last - 1; k >= tau; k-- {
			G = returns.One(tr.Reward[k], tr.Discount[k], G)
		}
		v.Learn(tr.State[tau], G-v.At(tr.State[tau]))
	}
}

// rows is a policy as package approx has it.
func rows(p *tabular.Policy) [][]float64 {
	out := make([][]float64, len(p.P)/p.Actions)
	for st := range out {
		out[st] = p.Row(st)
	}
	return out
}

func tilings(s *Study) *plot.Picture {
	w, exact, p := walk1000()
	chart := plot.Chart{Title: "1,000 states: tiles of 200, mean of 10 runs", X: "episode", Y: "RMS error", Low: 0, High: .5}
	const episodes = 5000
	last := map[string]float64{}
	for _, c := range []struct {
		name  string
		n     int
		alpha func(episode int) float64
	}{
		{"50 tilings, α = 1/episode", 50, func(ep int) float64 { return 1 / float64(ep+1) }},
		{"1 tiling, α = 1/episode", 1, func(ep int) float64 { return 1 / float64(ep+1) }},
		{"50 tilings, α = 0.0001", 50, func(int) float64 { return 1e-4 }},
		{"1 tiling, α = 0.0001", 1, func(int) float64 { return 1e-4 }},
	} {
		y := average(s.each(s.runs(10), func(i int) []float64 {
			v := approx.NewLinear(overlapping(c.n), 0)
			env, errs := w.Finite(), []float64{}
			for ep := range episodes {
				v.Alpha = c.alpha(ep) / float64(c.n)
				approx.Forward(v, rl.Rollout(env, p, rl.NewRand(s.Seed, uint64(i), uint64(ep)), 0),
					func(r, gamma, v []float64) []float64 { return returns.MonteCarlo(r, gamma, v) })
				if ep%10 == 9 {
					errs = append(errs, rmse(states(v), exact[1:1001]))
				}
			}
			return errs
		}))
		x := make([]float64, len(y))
		for i := range x {
			x[i] = float64(10*i + 10)
		}
		curve := line(c.name, x, y)
		curve.Dashed = c.alpha(0) < 1
		chart.Curves, last[c.name] = append(chart.Curves, curve), y[len(y)-1]
	}
	process := must(approx.NewProcess(w.Model, rows(tabular.Uniform(1002, 1))))
	phi := approx.Matrix(approx.Aggregate{First: 1, Size: 200, Groups: 5}, 1002)
	best := must(process.Project(phi, exact))
	least := approx.RMSE(phi[1:1001], best, exact[1:1001])
	s.check("RMS error of one tiling after 5,000 episodes, α = 0.0001, against the least that it can have", least, last["1 tiling, α = 0.0001"], .02)
	s.check("RMS error of one tiling after 5,000 episodes, α = 1/episode, against the least that it can have", least, last["1 tiling, α = 1/episode"], .02)
	s.check("RMS error of 50 tilings after 5,000 episodes, α = 1/episode", .06, last["50 tilings, α = 1/episode"], .04)
	return chart.Picture()
}

// overlapping lays tiles of 200 states, shifted against each other by 4.
type overlapping int

// Len is five tiles of every grid, and one more where the shift begins.
func (n overlapping) Len() int { return 6 * int(n) }

// Of has a one for the tile of every grid.
func (n overlapping) Of(st int, phi *approx.Sparse) {
	phi.Reset()
	if st < 1 || st > 1000 {
		return
	}
	for t := range int(n) {
		phi.Put(t*6+(st-1+4*t)/200, 1)
	}
}

func mountain(s *Study) *plot.Picture {
	tiles := must(approx.NewTiles(approx.Box{Low: []float64{-1.2, -.07}, High: []float64{.6, .07}}, 8, []int{8, 8}, 0))
	f := approx.On(2, func(st [2]float64, x []float64) { copy(x, st[:]) }, tiles)
	c := &approx.Control[[2]float64]{Q: approx.NewLinear(approx.Blocks(f, 3), .1/8), Actions: 3, Target: approx.Sarsa}
	env, rng := &world.MountainCar{Gamma: 1}, rl.NewRand(s.Seed)
	var pictures []*plot.Picture
	var lengths []float64
	shown := map[int]bool{12: true, 104: true, 1000: true, 3000: true}
	for ep := 1; ep <= 3000; ep++ {
		s.alive()
		lengths = append(lengths, float64(c.Run(env, rng, 20_000).Length))
		if shown[ep] {
			pictures = append(pictures, costToGo(c, fmt.Sprintf("cost to go after %d episodes", ep)))
		}
	}
	s.check("mean length of episodes 2,900 to 3,000", 120, mean(lengths[2900:]), 25)
	pictures = append(pictures, plot.Chart{
		Title: "Length of an episode", X: "episode", LogY: true,
		Curves: []plot.Curve{line("", plot.Steps(lengths[:500], 1), plot.Smooth(lengths[:500], 5))},
	}.Picture())
	return plot.Beside(2, pictures...)
}

func costToGo(c *approx.Control[[2]float64], title string) *plot.Picture {
	h := plot.Heat{Title: title, X: "position −1.2 to 0.6", Y: "velocity −0.07 to 0.07"}
	for i := range 28 {
		var row []float64
		for j := range 28 {
			_, v := c.Greedy([2]float64{-1.2 + 1.7*float64(j)/27, -.07 + .14*float64(i)/27})
			row = append(row, -v)
		}
		h.Values = append(h.Values, row)
	}
	return h.Picture()
}

// baird sets semi-gradient TD(0), from samples, beside its expected form.
func baird(s *Study) *plot.Picture {
	b := approx.Baird{}
	v := approx.NewLinear[int](b, .01)
	copy(v.W, b.Weights())
	td, env, rng := &approx.TD[int]{V: v}, world.NewTable(b.Model()), rl.NewRand(s.Seed)
	sampled := plot.Chart{Title: "Semi-gradient TD: the weights", X: "step"}
	swept := plot.Chart{Title: "Dynamic programming: the weights", X: "sweep"}
	for range 8 {
		sampled.Curves, swept.Curves = append(sampled.Curves, plot.Curve{}), append(swept.Curves, plot.Curve{})
	}
	note := func(c *plot.Chart, k int, w []float64) {
		for i := range w {
			c.Curves[i].X, c.Curves[i].Y = append(c.Curves[i].X, float64(k)), append(c.Curves[i].Y, w[i])
		}
	}
	st := env.Reset(rng)
	behaviour, target := b.Behaviour(), b.Target()
	for k := range 1000 {
		note(&sampled, k, v.W)
		a := behaviour.Act(rng, st)
		rho := target.Prob(st, a) / behaviour.Prob(st, a)
		next, r, gamma := env.Step(a)
		td.Learn(st, r, gamma, next, rho)
		st = next
	}
	phi := approx.Matrix(b, 7)
	w := b.Weights()
	for k := range 1000 {
		note(&swept, k, w)
		// w ← w + α/7·Σ_s (γ·v̂(7) − v̂(s))·φ(s): the target policy goes to the seventh state
		seventh, move := dot(phi[6], w), make([]float64, 8)
		for st := range phi {
			e := .99*seventh - dot(phi[st], w)
			for i, x := range phi[st] {
				move[i] += e * x
			}
		}
		for i := range w {
			w[i] += .01 / 7 * move[i]
		}
	}
	s.check("largest weight after 1,000 sweeps: it grows without bound", 290, largest(swept), 110)
	s.check("largest weight after 1,000 steps of TD: so too", 230, largest(sampled), 200)
	return plot.Beside(2, sampled.Picture(), swept.Picture())
}

// largest is the largest last place of a curve.
func largest(c plot.Chart) (most float64) {
	for _, curve := range c.Curves {
		most = max(most, math.Abs(curve.Y[len(curve.Y)-1]))
	}
	return most
}

func dot(a, b []float64) (sum float64) {
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

// alive ends the figure if it was told to stop.
func (s *Study) alive() {
	if err := s.ctx.Err(); err != nil {
		panic(stopped{err})
	}
}
