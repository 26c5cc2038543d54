package gallery

import (
	"fmt"
	"math"

	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/plot"
	"github.com/rotor-lm/rotor/rl/returns"
	"github.com/rotor-lm/rotor/rl/tabular"
)

func init() {
	register(
		Figure{"sb-06-1-random-walk", "TD and Monte Carlo on five states", "Sutton and Barto, example 6.2", "100 runs; values begin at 0.5; γ = 1. Expected errors are means of 400 runs with the same settings.", randomWalk},
		Figure{"sb-06-2-batch", "TD and Monte Carlo in batches", "Sutton and Barto, figure 6.2", "100 runs; all episodes so far are presented until no value moves by 10⁻⁴. In place of the book's α = 0.001 each state moves by its mean error, which has the same fixed point.", batch},
		Figure{"sb-06-3-cliff-alpha", "Three methods on the cliff, early and late", "Sutton and Barto, figure 6.3", "20 runs of 1,000 episodes; ε = 0.1, γ = 1 (the book: 50,000 runs of the first 100 episodes, 10 of 100,000).", cliffAlpha},
		Figure{"sb-06-4-windy", "Sarsa in the wind", "Sutton and Barto, example 6.5", "α = 0.5, ε = 0.1, γ = 1, 170 episodes; lengths are means of 20 runs.", windy},
		Figure{"sb-06-5-cliff", "Sarsa and Q-learning on the cliff", "Sutton and Barto, example 6.6", "α = 0.5, ε = 0.1, γ = 1, 500 episodes, 100 runs; smoothed over 10 episodes. The book does not state α.", cliffOnline},
		Figure{"sb-06-6-double", "Maximisation bias and double Q-learning", "Sutton and Barto, figure 6.5", "2,000 runs of 300 episodes; α = 0.1, ε = 0.1, γ = 1; ten actions in B, of which five lead there from A and five to the end, so that a table has as many in every state.", double},
		Figure{"sb-07-2-n-step", "n-step TD on nineteen states", "Sutton and Barto, figure 7.2", "60 runs of 10 episodes (the book: 100); values begin at 0; γ = 1; α in steps of 0.1.", nStep},
		Figure{"sb-08-2-dyna", "Dyna-Q in the maze", "Sutton and Barto, figure 8.2", "30 runs of 50 episodes; α = 0.1, ε = 0.1, γ = 0.95.", dyna},
	)
}

var walk5 = []float64{1. / 6, 2. / 6, 3. / 6, 4. / 6, 5. / 6}

func randomWalk(s *Study) *plot.Picture {
	w := open("walk5")
	chart := plot.Chart{Title: "Error on five states, mean of 100 runs", X: "episode", Y: "RMS error"}
	for _, c := range []struct {
		name  string
		alg   func() tabular.Algorithm
		alpha []float64
	}{
		{"TD", func() tabular.Algorithm { return &tabular.TD{} }, []float64{.05, .1, .15}},
		{"Monte Carlo", func() tabular.Algorithm { return tabular.MonteCarloPrediction{} }, []float64{.01, .02, .04}},
	} {
		for _, alpha := range c.alpha {
			y := average(s.each(s.runs(100), func(i int) []float64 {
				l := prediction(w, .5, alpha, s.Seed+uint64(i))
				errs := []float64{rmse(l.V.Values[1:6], walk5)}
				s.learn(w.Finite(), c.alg(), l, 100, func(rl.Episode) { errs = append(errs, rmse(l.V.Values[1:6], walk5)) })
				return errs
			}))
			chart.Curves = append(chart.Curves, line(fmt.Sprintf("%s, α = %g", c.name, alpha), plot.Steps(y, 0), y))
			if want, known := map[string][3]float64{"TD 0.05": {.175, .053, .035}, "Monte Carlo 0.01": {.214, .144, .098}}[fmt.Sprintf("%s %g", c.name, alpha)]; known {
				for k, at := range []int{10, 50, 100} {
					s.check(fmt.Sprintf("RMS error of %s, α = %g, after %d episodes", c.name, alpha, at), want[k], y[at], .012)
				}
			}
		}
	}
	s.check("RMS error at the start", .235702, chart.Curves[0].Y[0], 1e-6)
	return chart.Picture()
}

// batch presents all episodes so far again and again, with α = 0.001, until the
// values no longer change.
func batch(s *Study) *plot.Picture {
	w := open("walk5")
	chart := plot.Chart{Title: "Batch training, mean of 100 runs", X: "episodes in the batch", Y: "RMS error"}
	for k, name := range []string{"TD", "Monte Carlo"} {
		y := average(s.each(s.runs(100), func(i int) []float64 {
			var all []rl.Trajectory[int, int]
			var errs []float64
			v := []float64{0, .5, .5, .5, .5, .5, 0}
			for ep := range 100 {
				all = append(all, rl.Rollout(w.Finite(), rl.Policy[int, int](tabular.Uniform(7, 1)), rl.NewRand(s.Seed, uint64(i), uint64(ep)), 0))
				settle(v, all, float64(k))
				errs = append(errs, rmse(v[1:6], walk5))
			}
			return errs
		}))
		chart.Curves = append(chart.Curves, line(name, plot.Steps(y, 1), y))
	}
	td, mc := chart.Curves[0].Y[99], chart.Curves[1].Y[99]
	s.check("RMS error of batch TD after 100 episodes", .036, td, .012) // read off the figure
	s.check("RMS error of batch Monte Carlo after 100 episodes", .07, mc, .02)
	return chart.Picture()
}

// settle goes over all episodes until the sum of their updates is nothing.
func settle(v []float64, all []rl.Trajectory[int, int], lambda float64) {
	move, count := make([]float64, len(v)), make([]float64, len(v))
	for range 1000 {
		clear(move)
		clear(count)
		for _, tr := range all {
			V := make([]float64, len(tr.State))
			for t, st := range tr.State {
				V[t] = v[st]
			}
			G := returns.Lambda(tr.Reward, tr.Discount, V[1:], lambda)
			for t, delta := range returns.Advantage(G, V[:len(G)]) {
				move[tr.State[t]] += delta
				count[tr.State[t]]++
			}
		}
		change := 0.
		for st := range v {
			if count[st] > 0 { // the step that reaches the same place as many small ones, sooner
				step := move[st] / count[st]
				v[st] += step
				change = max(change, math.Abs(step))
			}
		}
		if change < 1e-4 {
			return
		}
	}
}

func cliffAlpha(s *Study) *plot.Picture {
	w := open("cliffwalking")
	alphas := []float64{.1, .2, .3, .4, .5, .6, .7, .8, .9, 1}
	chart := plot.Chart{Title: "Cliff: mean return against α", X: "α", Low: -160, High: 0}
	at := map[string][]float64{}
	for _, c := range []struct {
		name string
		alg  tabular.Algorithm
	}{{"Q-learning", tabular.QLearning{}}, {"Sarsa", tabular.Sarsa{}}, {"Expected Sarsa", tabular.ExpectedSarsa{}}} {
		var early, late []float64
		for _, alpha := range alphas {
			y := average(s.each(s.runs(20), func(i int) []float64 {
				l := control(w, rl.Const(alpha), .1, s.Seed+uint64(i))
				var first, all float64
				s.learn(w.Finite(), c.alg, l, 1000, func(ep rl.Episode) {
					if ep.N < 100 {
						first += ep.Return / 100
					}
					all += ep.Return / 1000
				})
				return []float64{first, all}
			}))
			early, late = append(early, y[0]), append(late, y[1])
		}
		at[c.name] = late
		one := line(c.name+", 100 episodes", alphas, early)
		one.Dashed = true
		chart.Curves = append(chart.Curves, line(c.name+", 1000 episodes", alphas, late), one)
	}
	s.check("mean return of 1,000 episodes, Expected Sarsa, α = 1: steps of any size do", -24, at["Expected Sarsa"][9], 5) // read off the figure
	s.check("mean return of 1,000 episodes, Q-learning, α = 0.5", -50, at["Q-learning"][4], 8)
	return chart.Picture()
}

func windy(s *Study) *plot.Picture {
	w := open("windy")
	l := control(w, rl.Const(.5), .1, s.Seed)
	var steps, episodes []float64
	s.learn(w.Finite(), tabular.Sarsa{}, l, 170, func(ep rl.Episode) {
		steps = append(steps, float64(l.Steps))
		episodes = append(episodes, float64(ep.N+1))
	})
	s.check("steps of the shortest way", 15, -must(tabular.Optimal(w.Model)).V[30], 1e-9)
	last := average(s.each(s.runs(20), func(i int) []float64 {
		l, sum := control(w, rl.Const(.5), .1, s.Seed+uint64(i)), 0.
		s.learn(w.Finite(), tabular.Sarsa{}, l, 1000, func(ep rl.Episode) {
			if ep.N >= 900 {
				sum += float64(ep.Length) / 100
			}
		})
		return []float64{sum}
	}))
	best := must(tabular.BestSoft(w.Model, .1))
	s.check("mean length of episodes 900 to 1,000, against the best 0.1-greedy policy", -best.V[30], last[0], 3)
	tr := rl.Rollout(w.Finite(), rl.Policy[int, int](tabular.Greedy(l.Q.Values, 4)), rl.NewRand(1), 100)
	return plot.Beside(2, plot.Chart{Title: "Sarsa: episodes against steps", X: "step", Y: "episodes", Curves: []plot.Curve{line("", steps, episodes)}}.Picture(),
		plot.Map{Title: "the greedy way", Grid: w.Grid, Walks: [][]int{tr.State}}.Picture())
}

func cliffOnline(s *Study) *plot.Picture {
	w := open("cliffwalking")
	chart := plot.Chart{Title: "Cliff: return of an episode, mean of 100 runs", X: "episode", Low: -100, High: 0}
	var last *plot.Picture
	for _, c := range []struct {
		name string
		alg  tabular.Algorithm
		want float64
	}{{"Sarsa", tabular.Sarsa{}, -25}, {"Q-learning", tabular.QLearning{}, -47}} {
		tables := make([]*tabular.Learning, s.runs(100))
		rows := s.each(len(tables), func(i int) []float64 {
			tables[i] = control(w, rl.Const(.5), .1, s.Seed+uint64(i))
			var y []float64
			s.learn(w.Finite(), c.alg, tables[i], 500, func(ep rl.Episode) { y = append(y, ep.Return) })
			return y
		})
		band := plot.Band(c.name, 1, rows)
		s.check("return of the last 100 episodes, "+c.name, c.want, mean(band.Y[400:]), 6)
		band.Y, band.Low, band.High = plot.Smooth(band.Y, 10), nil, nil
		chart.Curves = append(chart.Curves, band)
		m := plot.Map{Title: c.name + ": the way of the greedy policy", Grid: w.Grid}
		q := tables[0].Q.Values
		m.Walks = [][]int{rl.Rollout(w.Finite(), rl.Policy[int, int](tabular.Greedy(q, 4)), rl.NewRand(1), 60).State}
		if last == nil {
			last = m.Picture()
		} else {
			last = plot.Beside(1, last, m.Picture())
		}
	}
	return plot.Beside(1, chart.Picture(), last)
}

// double is the example of the bias: from A, right ends with nothing; left leads
// to B, where ten actions end with a reward around −0.1.
func double(s *Study) *plot.Picture {
	chart := plot.Chart{Title: "Left chosen from A, %, mean of 2,000 runs", X: "episode", Low: 0, High: 100}
	for _, c := range []struct {
		name string
		alg  func() tabular.Algorithm
		want float64
	}{{"Q-learning", func() tabular.Algorithm { return tabular.QLearning{} }, 12}, {"double Q-learning", func() tabular.Algorithm { return &tabular.DoubleQ{} }, 5}} {
		y := average(s.each(s.runs(2000), func(i int) []float64 {
			l := &tabular.Learning{Q: tabular.NewQ(3, 10, 0), Alpha: rl.Const(.1), Epsilon: rl.Const(.1), Seed: s.Seed + uint64(i)}
			env := &biased{}
			var left []float64
			s.learn(env, c.alg(), l, 300, func(rl.Episode) { left = append(left, env.left) })
			return left
		}))
		chart.Curves = append(chart.Curves, line(c.name, plot.Steps(y, 1), y))
		s.check("left in the last 20 episodes, %, "+c.name, c.want, mean(y[280:]), 4)
	}
	best := line("the least that ε allows", []float64{1, 300}, []float64{5, 5})
	chart.Curves = append(chart.Curves, best)
	return chart.Picture()
}

func nStep(s *Study) *plot.Picture {
	w := open("walk19")
	truth := walk19()
	chart := plot.Chart{Title: "19 states: mean error of the first 10 episodes", X: "α", Y: "RMS error", Low: .2, High: .56}
	s.check("RMS error at the start", .547723, rmse(make([]float64, 19), truth), 1e-6)
	for _, n := range []int{1, 2, 4, 8, 16, 32, 64, 128, 256} {
		var alphas, errs []float64
		for alpha := .0; alpha <= 1.001; alpha += .1 {
			rows := s.each(s.runs(60), func(i int) []float64 {
				l := prediction(w, 0, alpha, s.Seed+uint64(i))
				var sum float64
				s.learn(w.Finite(), tabular.NStepTD{N: n}, l, 10, func(rl.Episode) { sum += rmse(l.V.Values[1:20], truth) / 10 })
				return []float64{sum}
			})
			alphas, errs = append(alphas, alpha), append(errs, average(rows)[0])
		}
		chart.Curves = append(chart.Curves, line(fmt.Sprintf("n = %d", n), alphas, errs))
		switch n {
		case 1:
			s.check("RMS error, n = 1, α = 0.8", .345, errs[8], .015)
		case 4:
			s.check("RMS error, n = 4, α = 0.4", .265, errs[4], .015)
		}
	}
	return chart.Picture()
}

func walk19() []float64 {
	truth := make([]float64, 19)
	for i := range truth {
		truth[i] = float64(i+1)/10 - 1
	}
	return truth
}

func dyna(s *Study) *plot.Picture {
	w := open("maze")
	chart := plot.Chart{Title: "Dyna-Q in the maze, mean of 30 runs", X: "episode", Y: "steps", Low: 0, High: 800}
	for _, c := range []struct {
		planning int
		second   float64
	}{{0, 0}, {5, 0}, {50, 0}} {
		y := average(s.each(s.runs(30), func(i int) []float64 {
			l := control(w, rl.Const(.1), .1, s.Seed+uint64(i))
			var y []float64
			s.learn(w.Finite(), &tabular.DynaQ{Planning: c.planning}, l, 50, func(ep rl.Episode) { y = append(y, float64(ep.Length)) })
			return y
		}))
		chart.Curves = append(chart.Curves, line(fmt.Sprintf("%d imagined steps", c.planning), plot.Steps(y, 1), y))
	}
	for k, at := range []int{30, 6, 4} {
		name := chart.Curves[k].Name
		s.check(fmt.Sprintf("steps of episode %d with %s", at, name), 18, chart.Curves[k].Y[at-1], 5)
	}
	return chart.Picture()
}
