package gallery

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/approx"
	"github.com/rotor-lm/rotor/rl/plot"
	"github.com/rotor-lm/rotor/rl/tabular"
	"github.com/rotor-lm/rotor/rl/world"
)

func init() {
	register(
		Figure{"zhao-03-optimal", "Optimal values and policies of the 5×5 world", "Zhao, figures 3.4 and 4.4", "γ = 0.9, rewards as the titles say; exact.", optimalGrids},
		Figure{"zhao-04-iteration", "Value, policy and truncated policy iteration", "Zhao, §4", "`r-forbidden=-10`; policy and truncated iteration begin with the uniform policy, value iteration with zeros.", iteration},
		Figure{"zhao-04-small", "Small worlds, worked by hand", "Zhao, examples of chapters 4, 5 and 8", "The worlds `zhao1x2`, `zhao2x2` and `zhao3x3`; exact.", small},
		Figure{"zhao-05-4-basic", "MC Basic with episodes of eight lengths", "Zhao, figure 5.4", "`r-forbidden=-10`; one episode of so many steps from every pair, as the world is certain; begins with the policy that always goes up.", basic},
		Figure{"zhao-05-5-epsilon-greedy", "ε-greedy Monte Carlo, a million steps an iteration", "Zhao, figure 5.5", "`r-forbidden=-1`, `r-boundary=-1`; ε = 0.5; one episode of a million steps an iteration, every visit, α = 1/k in a table that begins anew; the first policy is uniform.", softMonteCarlo},
		Figure{"zhao-05-6-soft", "The price of exploration", "Zhao, figures 5.6 and 5.7", "`r-forbidden=-10`, `bump=both`: in these two figures a bump in a forbidden cell pays both rewards; exact.", softPolicies},
		Figure{"zhao-05-8-exploration", "How evenly a million steps visit", "Zhao, figure 5.8", "One run of a million steps for each ε; the policy is the ε-greedy one of the optimal, default rewards.", exploration},
		Figure{"zhao-06-2-mean", "Mean estimation", "Zhao, figure 6.2", "200 samples of ±1 from seed 0.", meanEstimation},
		Figure{"zhao-06-3-robbins-monro", "Robbins–Monro: one that converges, one that does not", "Zhao, §6.2", "a_k = 1/k; begins at 3 and at 0; noise is standard normal.", robbinsMonro},
		Figure{"zhao-06-5-descent", "Stochastic, mini-batch and batch descent", "Zhao, figure 6.5", "100 points evenly from a square of side 20; begins at (20, 20); α = 1/k; 30 steps.", descent},
		Figure{"zhao-07-2-sarsa", "Sarsa", "Zhao, figure 7.2", "α = 0.1, ε = 0.1, q₀ = 0, 500 episodes, 20 runs. γ is not stated: 0.9.", sarsaFigure},
		Figure{"zhao-07-3-q-learning", "Q-learning, on-policy", "Zhao, figure 7.3", "α = 0.1, ε = 0.1, q₀ = 0, 500 episodes, 20 runs. γ is not stated: 0.9.", qFigure},
		Figure{"zhao-07-4-off-policy", "Q-learning, off-policy", "Zhao, figures 7.4 and 7.5", "α = 0.1, γ = 0.9, 10 runs of 100,000 steps. Which ε-greedy policies figure 7.5 follows is not stated: here those of policies drawn by chance.", offPolicy},
		Figure{"zhao-08-7-td-linear", "TD-Linear with polynomials", "Zhao, figures 8.6 to 8.8", "α = 0.0005, γ = 0.9, 500 episodes of 500 steps from states drawn evenly, first weights from N(0, 1), 5 runs.", tdLinear},
		Figure{"zhao-08-9-sarsa-linear", "Sarsa and Q-learning with Fourier features", "Zhao, figures 8.9 and 8.10", "γ = 0.9, ε = 0.1, α = 0.001, r_boundary = r_forbidden = −10, r_target = 1, 500 episodes from the top left, cut at 5,000 steps; 5 runs. How the action enters φ(s, a) is not stated: here as a third coordinate, 216 features.", fourierControl},
	)
}

func grid(title string, w *world.World, v []float64, p *tabular.Policy, digits int) *plot.Picture {
	m := plot.Map{Title: title, Grid: w.Grid, Values: v, Digits: digits}
	if p != nil {
		m.Policy = p.P
	}
	return m.Picture()
}

// The grids of the books, to the digits that are known.
var (
	defaultRewards = []float64{
		5.832, 5.580, 6.200, 6.480, 5.832,
		6.480, 7.200, 8.000, 7.200, 6.480,
		7.200, 8.000, 10.000, 8.000, 7.200,
		8.000, 10.000, 10.000, 10.000, 8.000,
		7.200, 9.000, 10.000, 9.000, 8.100,
	}
	dearForbidden = []float64{ // r_forbidden = −10
		3.487, 3.874, 4.305, 4.783, 5.314,
		3.138, 3.487, 4.783, 5.314, 5.905,
		2.824, 2.542, 10.000, 5.905, 6.561,
		2.542, 10.000, 10.000, 10.000, 7.290,
		2.288, 9.000, 10.000, 9.000, 8.100,
	}
	uniformPolicy = []float64{
		-3.8463, -3.8138, -3.6442, -3.1209, -3.2350,
		-3.7936, -3.8473, -3.8004, -3.1063, -2.9241,
		-3.5724, -3.8965, -3.3817, -3.1944, -2.9444,
		-3.9008, -3.6159, -3.4031, -2.8976, -3.2393,
		-4.4589, -4.1608, -3.3858, -3.3634, -3.4532,
	}
	tenthGreedy = []float64{ // figure 5.6b
		.424, .530, .873, 1.259, 1.443,
		.139, .044, .532, 1.262, 1.670,
		.089, -.411, 3.371, 1.355, 1.910,
		-.094, 3.383, 3.338, 3.669, 2.182,
		-.287, 2.592, 3.699, 3.068, 2.684,
	}
)

// grids checks all values of a grid: the largest difference from what is printed.
func (s *Study) grids(what string, want, have []float64, within float64) {
	worst := 0.
	for i := range want {
		worst = max(worst, math.Abs(have[i]-want[i]))
	}
	s.check("largest difference of 25 values, "+what, 0, worst, within)
}

func optimalGrids(s *Study) *plot.Picture {
	var pictures []*plot.Picture
	for _, c := range []struct {
		title   string
		options []string
		want    []float64
	}{
		{"default rewards", nil, defaultRewards},
		{"γ = 0.5", []string{"gamma=0.5"}, nil},
		{"γ = 0", []string{"gamma=0"}, nil},
		{"r_forbidden = −10", []string{"r-forbidden=-10"}, dearForbidden},
	} {
		w := open("zhao5x5", c.options...)
		best := must(tabular.Optimal(w.Model))
		if c.want != nil {
			s.grids(c.title, c.want, best.V, 5.1e-4)
			s.check("v*(1,1), "+c.title, c.want[0], best.V[0], 5.1e-4)
		}
		pictures = append(pictures, grid(c.title, w, best.V, best.Policy, 1))
	}
	w := open("zhao5x5", "r-forbidden=-10")
	s.check("best actions as in the book, of 25, r_forbidden = −10", 25, asPrinted(must(tabular.Optimal(w.Model)).Policy), 0)
	w = open("zhao5x5")
	uniform := tabular.Uniform(25, 5)
	v := must(tabular.Evaluate(w.Model, uniform))
	s.grids("uniform policy", uniformPolicy, v, 5.1e-5)
	return plot.Beside(3, append(pictures, grid("uniform policy", w, v, uniform, 1))...)
}

// asPrinted counts the cells in which a policy goes as the book's does, which has
// two equal ways in (1,4) and (2,4).
func asPrinted(p *tabular.Policy) (same float64) {
	const book = "RRRRD" + "UURRD" + "ULDRD" + "URSLD" + "URULL"
	for st, want := range book {
		for a, name := range "URDLS" {
			if p.Prob(st, a) == 1 && (name == want || (st == 3 || st == 8) && name == 'D') {
				same++
			}
		}
	}
	return same
}

// small draws the worlds that the book works by hand.
func small(s *Study) *plot.Picture {
	two := open("zhao1x2")
	left := tabular.Greedy(make([]float64, 2*3), 3)
	v := must(tabular.Evaluate(two.Model, left))
	s.check("two cells, always left: v(1)", -10, v[0], 1e-9)
	s.check("two cells, always left: v(2)", -9, v[1], 1e-9)
	for k, want := range [][2]float64{{-1, 0}, {-1.9, -.9}, {-2.71, -1.71}} {
		swept, _ := tabular.Sweeps(two.Model, left, make([]float64, 2), k+1)
		s.check(fmt.Sprintf("two cells, always left: v(1) after sweep %d", k+1), want[0], swept[0], 1e-9)
		s.check(fmt.Sprintf("two cells, always left: v(2) after sweep %d", k+1), want[1], swept[1], 1e-9)
	}
	q := tabular.ActionValues(two.Model, v)
	for i, want := range []float64{-10, -9, -7.1, -9, -7.1, -9.1} {
		s.check(fmt.Sprintf("two cells, always left: q(%d, %s)", i/3+1, two.Actions[i%3]), want, q[i], 1e-9)
	}
	four := open("zhao2x2")
	iterated := must(tabular.ValueIteration(four.Model, 2, true))
	for k, want := range [][]float64{{0, 1, 1, 1}, {.9, 1.9, 1.9, 1.9}} {
		for st, x := range want {
			s.check(fmt.Sprintf("four cells, value iteration: v_%d(%d)", k+1, st+1), x, iterated.Steps[k][st], 1e-9)
		}
	}
	nine := open("zhao3x3")
	soft := must(tabular.Optimal(four.Model)).Policy.Soft(.5)
	d := must(approx.NewProcess(four.Model, rows(soft))).D
	for st, want := range []float64{.0345, .1084, .1330, .7241} {
		s.check(fmt.Sprintf("four cells, ε = 0.5: how often in cell %d", st+1), want, d[st], 5.1e-5)
	}
	best := must(tabular.Optimal(nine.Model))
	return plot.Beside(3, grid("two cells, always left", two, v, left, 1), grid("four cells, after two sweeps", four, iterated.V, iterated.Policy, 1),
		grid("four cells: how often, ε = 0.5", four, d, soft, 3), grid("nine cells, optimal", nine, best.V, best.Policy, 2))
}

// softMonteCarlo evaluates by one long episode and takes the ε-greedy policy, again.
func softMonteCarlo(s *Study) *plot.Picture {
	w := open("zhao5x5")
	best := must(tabular.BestSoft(w.Model, .5))
	p := tabular.Uniform(25, 5)
	pictures := []*plot.Picture{grid("best of the ε-greedy, ε = 0.5", w, best.V, best.Policy, 1)}
	for k := range 2 {
		l := control(w, rl.Harmonic(), 0, s.Seed+uint64(k))
		l.Policy, l.Horizon = p, 1_000_000
		s.learn(w.Finite(), tabular.MonteCarlo{}, l, 1, nil)
		p = tabular.Greedy(l.Q.Values, 5).Soft(.5)
		v := must(tabular.Evaluate(w.Model, p))
		pictures = append(pictures, grid([]string{"after one iteration", "after two iterations"}[k], w, v, p, 1))
		if k == 1 {
			s.check("RMSE of the policy's values against the best ε-greedy policy's, after 2 iterations", 0, rmse(v, best.V), .05)
		}
	}
	return plot.Beside(3, pictures...)
}

func iteration(s *Study) *plot.Picture {
	w := open("zhao5x5", "r-forbidden=-10")
	best, uniform := must(tabular.Optimal(w.Model)), tabular.Uniform(25, 5)
	chart := plot.Chart{Title: "Distance to v* against rounds", X: "round", Y: "max |v − v*|", LogY: true}
	add := func(name string, sol *tabular.Solution) {
		var y []float64
		for _, v := range sol.Steps[:min(len(sol.Steps), 60)] {
			worst := 1e-15
			for i := range v {
				worst = max(worst, math.Abs(v[i]-best.V[i]))
			}
			y = append(y, worst)
		}
		chart.Curves = append(chart.Curves, line(name, plot.Steps(y, 1), y))
	}
	add("value iteration", must(tabular.ValueIteration(w.Model, 0, true)))
	for _, n := range []int{3, 9, 56} {
		add(fmt.Sprintf("truncated, %d sweeps", n), must(tabular.TruncatedPolicyIteration(w.Model, uniform, n, true)))
	}
	pi := must(tabular.PolicyIteration(w.Model, uniform, true))
	add("policy iteration", pi)
	first, last := chart.Curves[0].Y, chart.Curves[len(chart.Curves)-1].Y
	s.check("distance after 40 rounds of value iteration, over γ³⁹ times that after one", 1, first[39]/first[0]/math.Pow(.9, 39), 1e-6)
	s.check("distance after the last round of policy iteration", 0, last[len(last)-1], 1e-9)
	return chart.Picture()
}

func basic(s *Study) *plot.Picture {
	w := open("zhao5x5", "r-forbidden=-10")
	first := tabular.Greedy(make([]float64, 125), 5)
	var pictures []*plot.Picture
	want := map[int][3]float64{1: {1, 0, 0}, 2: {1.9, 0, 0}, 3: {2.7, 0, 0}, 4: {3.4, 0, 0}, 14: {7.7, 1.2, 0}, 15: {7.9, 1.4, .2}, 30: {9.6, 3.1, 1.9}, 100: {10, 3.5, 2.3}}
	for _, length := range []int{1, 2, 3, 4, 14, 15, 30, 100} {
		sol := tabular.Basic(w.Model, first, length, 1, 200, rl.NewRand(s.Seed))
		for k, st := range []int{17, 0, 20} {
			s.check(fmt.Sprintf("v%s with episodes of length %d", []string{"(4,3)", "(1,1)", "(5,1)"}[k], length), want[length][k], sol.V[st], .0501)
		}
		pictures = append(pictures, grid(fmt.Sprintf("episodes of %d steps", length), w, sol.V, sol.Policy, 1))
	}
	return plot.Beside(4, pictures...)
}

func softPolicies(s *Study) *plot.Picture {
	w := open("zhao5x5", "r-forbidden=-10", "bump=both")
	best := must(tabular.Optimal(w.Model))
	var pictures []*plot.Picture
	for _, epsilon := range []float64{0, .1, .2, .5} {
		p := best.Policy.Soft(epsilon)
		v := must(tabular.Evaluate(w.Model, p))
		if epsilon == .1 {
			s.grids("ε-greedy policy of the best, ε = 0.1", tenthGreedy, v, 5.1e-4)
			s.check("v(1,1) of the ε-greedy policy, ε = 0.1", .424, v[0], 5.1e-4)
		}
		pictures = append(pictures, grid(fmt.Sprintf("ε-greedy of the best, ε = %g", epsilon), w, v, p, 1))
	}
	for _, epsilon := range []float64{.1, .2, .5} {
		sol := must(tabular.BestSoft(w.Model, epsilon))
		pictures = append(pictures, grid(fmt.Sprintf("best of the ε-greedy, ε = %g", epsilon), w, sol.V, sol.Policy, 1))
	}
	return plot.Beside(4, pictures...)
}

func exploration(s *Study) *plot.Picture {
	w := open("zhao5x5")
	best := must(tabular.Optimal(w.Model))
	var pictures []*plot.Picture
	for _, epsilon := range []float64{1, .5} {
		p := best.Policy.Soft(epsilon)
		for _, steps := range []int{100, 1000, 10_000} {
			tr := rl.Rollout(w.Finite(), rl.Policy[int, int](p), rl.NewRand(s.Seed), steps)
			pictures = append(pictures, plot.Map{Title: fmt.Sprintf("ε = %g, %d steps", epsilon, steps), Grid: w.Grid, Walks: [][]int{tr.State[:min(len(tr.State), 2000)]}}.Picture())
		}
		l := control(w, rl.Const(0), epsilon, s.Seed)
		l.Policy, l.Horizon = p, 1_000_000
		s.learn(w.Finite(), tabular.QLearning{}, l, 1, nil)
		x, y, low, high := make([]float64, 125), make([]float64, 125), math.Inf(1), 0.
		for i, n := range l.Q.Visits {
			x[i], y[i] = float64(i), float64(n)
			low, high = min(low, y[i]), max(high, y[i])
		}
		if epsilon == 1 {
			s.check("fewest visits of a pair, ε = 1", 7700, low, 200)
			s.check("most visits of a pair, ε = 1", 8300, high, 200)
		}
		pictures = append(pictures, plot.Chart{Title: fmt.Sprintf("visits in a million steps, ε = %g", epsilon), X: "pair", Curves: []plot.Curve{{X: x, Y: y, Bars: true}}}.Picture())
	}
	return plot.Beside(4, pictures...)
}

func meanEstimation(s *Study) *plot.Picture {
	rng := rl.NewRand(s.Seed)
	x := make([]float64, 200)
	for i := range x {
		x[i] = float64(2*rng.IntN(2) - 1)
	}
	chart := plot.Chart{Title: "200 samples of ±1: their mean so far", X: "sample"}
	chart.Curves = append(chart.Curves, plot.Curve{Name: "samples", X: plot.Steps(x, 1), Y: x, Dots: true})
	for _, alpha := range []string{"1/k", "0.02", "2/k"} {
		w := tabular.Mean(x, 0, must(rl.ParseSchedule(alpha)))
		chart.Curves = append(chart.Curves, line("α = "+alpha, plot.Steps(w, 1), w))
		if alpha == "1/k" {
			s.check("estimate with α = 1/k, less the mean of the samples", 0, w[199]-mean(x), 1e-12)
		}
	}
	return chart.Picture()
}

func robbinsMonro(s *Study) *plot.Picture {
	g := func(w float64) float64 { return math.Tanh(w - 1) }
	calm := must(tabular.RobbinsMonro(g, 3, rl.Harmonic(), nil, 50))
	for k, want := range []float64{3, 2.035972, 1.647826, 1.457758} {
		s.check(fmt.Sprintf("w_%d of tanh(w − 1)", k+1), want, calm[k], 1e-6)
	}
	noisy := must(tabular.RobbinsMonro(g, 3, rl.Harmonic(), rl.NewRand(s.Seed).NormFloat64, 50))
	wild, _ := tabular.RobbinsMonro(func(w float64) float64 { return w*w*w - 5 }, 0, rl.Harmonic(), nil, 3)
	for k, want := range []float64{0, 5, -55, 55405} {
		s.check(fmt.Sprintf("w_%d of w³ − 5, which diverges", k+1), want, wild[k], 1e-6)
	}
	size := make([]float64, len(wild))
	for i, w := range wild {
		size[i] = math.Abs(w) + 1e-3
	}
	return plot.Beside(2, plot.Chart{Title: "g(w) = tanh(w − 1), a = 1/k", X: "step", Curves: []plot.Curve{
		line("without noise", plot.Steps(calm, 1), calm), line("with noise", plot.Steps(noisy, 1), noisy),
	}}.Picture(),
		plot.Chart{Title: "g(w) = w³ − 5, a = 1/k: |w|", X: "step", LogY: true, Curves: []plot.Curve{line("", plot.Steps(size, 1), size)}}.Picture())
}

func descent(s *Study) *plot.Picture {
	rng := rl.NewRand(s.Seed)
	points := make([]tabular.Point, 100)
	var mid tabular.Point
	for i := range points {
		points[i] = tabular.Point{20*rng.Float64() - 10, 20*rng.Float64() - 10}
		mid[0] += points[i][0] / 100
		mid[1] += points[i][1] / 100
	}
	way := plot.Chart{Title: "100 points, and the way to their mean", X: "x", Y: "y"}
	distance := plot.Chart{Title: "Distance to the mean, 1 run", X: "step"}
	var x, y []float64
	for _, p := range points {
		x, y = append(x, p[0]), append(y, p[1])
	}
	way.Curves = append(way.Curves, plot.Curve{Name: "samples", X: x, Y: y, Dots: true})
	distance.Curves = append(distance.Curves, plot.Curve{})
	for _, batch := range []int{1, 5, 50} {
		path := tabular.Descend(points, tabular.Point{20, 20}, batch, rl.Harmonic(), 30, rl.NewRand(s.Seed, uint64(batch)))
		var px, py, d []float64
		for _, w := range path {
			px, py = append(px, w[0]), append(py, w[1])
			d = append(d, math.Hypot(w[0]-mid[0], w[1]-mid[1]))
		}
		name := fmt.Sprintf("batches of %d", batch)
		way.Curves, distance.Curves = append(way.Curves, line(name, px, py)), append(distance.Curves, line(name, plot.Steps(d, 0), d))
		s.check("distance to the mean after 30 steps, "+name, 0, d[30], map[int]float64{1: 3, 5: 1.4, 50: .5}[batch])
	}
	return plot.Beside(2, way.Picture(), distance.Picture())
}

// lengths runs 500 episodes of the book's episodic world. Ties between actions are
// broken by chance.
func (s *Study) lengths(alg tabular.Algorithm, name string, first, last, earned, best [2]float64) *plot.Picture {
	w := open("zhao5x5-episodic")
	tables := make([]*tabular.Learning, s.runs(20))
	rows := s.each(len(tables), func(i int) []float64 {
		tables[i] = control(w, rl.Const(.1), .1, s.Seed+uint64(i))
		var y, r []float64
		s.learn(w.Finite(), alg, tables[i], 500, func(ep rl.Episode) {
			y, r = append(y, float64(ep.Length)), append(r, ep.Return)
		})
		return append(y, r...)
	})
	band := plot.Band("", 1, rows)
	part := func(from, to int, title string) *plot.Picture {
		return plot.Chart{Title: title, X: "episode", Curves: []plot.Curve{{X: plot.Steps(band.Y[from:to], 1), Y: band.Y[from:to], Low: band.Low[from:to], High: band.High[from:to]}}}.Picture()
	}
	s.check("mean length of the first 10 episodes, "+name, first[0], mean(band.Y[:10]), first[1])
	s.check("mean length of the last 100 episodes, "+name, last[0], mean(band.Y[400:500]), last[1])
	s.check("mean return of the last 100 episodes, "+name, earned[0], mean(band.Y[900:]), earned[1])
	shortest := 0.
	for _, l := range tables {
		if tr := rl.Rollout(w.Finite(), rl.Policy[int, int](tabular.Greedy(l.Q.Values, 5)), rl.NewRand(s.Seed), 50); tr.Len() == 11 && tr.Return() == -10 {
			shortest += 20 / float64(len(tables))
		}
	}
	s.check("greedy paths that are the shortest safe one, of 20, "+name, best[0], shortest, best[1])
	l := tables[0]
	return plot.Beside(3, grid(name+": values and policy of one run", w, l.Q.V(), tabular.Greedy(l.Q.Values, 5), 1),
		part(500, 1000, "return, mean of 20 runs"), part(0, 500, "length, mean of 20 runs"))
}

func sarsaFigure(s *Study) *plot.Picture {
	return s.lengths(tabular.Sarsa{}, "Sarsa", [2]float64{62, 15}, [2]float64{14.5, 1.8}, [2]float64{-18.7, 3}, [2]float64{16.4, 4}) // 0.82 of 4,000 runs
}

func qFigure(s *Study) *plot.Picture {
	return s.lengths(tabular.QLearning{}, "Q-learning", [2]float64{62, 15}, [2]float64{12.3, .9}, [2]float64{-15.5, 2}, [2]float64{20, 0})
}

func offPolicy(s *Study) *plot.Picture {
	w := open("zhao5x5")
	best := must(tabular.Optimal(w.Model))
	chart := plot.Chart{Title: "Error of max q, mean of 10 runs", X: "step", Y: "RMSE"}
	curve := func(name string, first, epsilon float64) []float64 {
		y := average(s.each(s.runs(10), func(i int) []float64 {
			l := control(w, rl.Const(.1), 0, s.Seed+uint64(i))
			for k := range l.Q.Values {
				l.Q.Values[k] = first
			}
			errs := []float64{rmse(l.Q.V(), best.V)}
			// who explores less follows, as in the book's figure 7.5, the ε-greedy
			// policy of one that was drawn by chance
			p := tabular.Uniform(25, 5)
			if epsilon < 1 {
				rng, q := rl.NewRand(s.Seed, uint64(i), 1), make([]float64, 125)
				for k := range q {
					q[k] = rng.Float64()
				}
				p = tabular.Greedy(q, 5).Soft(epsilon)
			}
			l.Policy, l.Horizon, l.Every = p, 100_000, 1000
			l.Watch = func(l *tabular.Learning) { errs = append(errs, rmse(l.Q.V(), best.V)) }
			s.learn(w.Finite(), tabular.QLearning{}, l, 1, nil)
			return errs
		}))
		x := make([]float64, len(y))
		for k := range x {
			x[k] = float64(1000 * k)
		}
		chart.Curves = append(chart.Curves, line(name, x, y))
		return y
	}
	y := curve("uniform, q₀ = 0", 0, 1)
	for _, c := range []struct {
		at           int
		want, within float64
	}{{0, 7.9256, 5e-4}, {10, 4.81, .5}, {20, 2.19, .5}, {40, .47, .18}, {60, .10, .05}, {80, .019, .015}, {100, .004, .004}} {
		s.check(fmt.Sprintf("RMSE after %d thousand steps, q₀ = 0", c.at), c.want, y[c.at], c.within)
	}
	uniform := y[100]
	y = curve("uniform, q₀ = 10", 10, 1)
	s.check("RMSE after 100 thousand steps, q₀ = 10", 0, y[100], .01)
	y = curve("uniform, q₀ = 100", 100, 1)
	s.check("RMSE after 100 thousand steps, q₀ = 100", 0, y[100], .1)
	y = curve("ε = 0.5, q₀ = 0", 0, .5)
	s.check("with ε = 0.5 more than ten times the error of the uniform policy is left (1 for yes)", 1, yes(y[100] > 10*uniform), 0)
	y = curve("ε = 0.1, q₀ = 0", 0, .1)
	s.check("RMSE after 100 thousand steps with ε = 0.1: hardly learned; the book's policies: 7.7 and 7.9", 7.8, y[100], 3.5)
	chart.Low, chart.High = 0, 12
	return chart.Picture()
}

func yes(x bool) float64 {
	if x {
		return 1
	}
	return 0
}

func tdLinear(s *Study) *plot.Picture {
	w := open("zhao5x5")
	p := tabular.Uniform(25, 5)
	process := must(approx.NewProcess(w.Model, rows(p)))
	chart := plot.Chart{Title: "TD-Linear, α = 0.0005: error of the values", X: "episode", Y: "RMSE", Low: 0, High: 1.5}
	pictures := []*plot.Picture{grid("exact values of the uniform policy", w, must(tabular.Evaluate(w.Model, p)), nil, 1)}
	for degree := 1; degree <= 3; degree++ {
		f := approx.Cells(5, approx.NewPolynomial(approx.Square(2, 0, 4), degree))
		fixed := must(process.Fixed(approx.Matrix(f, 25)))
		exact := []float64{.2228, .1935, .1251}[degree-1]
		s.check(fmt.Sprintf("RMSE of w*, polynomial of degree %d", degree), exact, fixed.RMSE, 1e-3)
		phi := approx.Matrix(f, 25)
		s.check(fmt.Sprintf("least RMSE that a polynomial of degree %d can have", degree), []float64{.2215, .1919, .1246}[degree-1], approx.RMSE(phi, must(process.Project(phi, fixed.V)), fixed.V), 1e-3)
		if degree == 1 {
			for k, want := range []float64{-3.52, .4186, -.0930} {
				s.check(fmt.Sprintf("w*, polynomial of degree 1, of %s", []string{"1", "x", "y"}[k]), want, fixed.W[k], 1e-3)
			}
		}
		values := make([][]float64, s.runs(5))
		y := average(s.each(len(values), func(i int) []float64 {
			v := approx.NewLinear(f, 5e-4)
			rng := rl.NewRand(s.Seed, uint64(i))
			v.Randomise(rng, 1)
			td, env := &approx.TD[int]{V: v}, &anywhere{Table: world.NewTable(w.Model)}
			var errs []float64
			for range 500 {
				approx.Predict(td, env, rl.Policy[int, int](p), rng, 500)
				values[i] = make([]float64, 25)
				for st := range values[i] {
					values[i][st] = v.At(st)
				}
				errs = append(errs, rmse(values[i], fixed.V))
			}
			return errs
		}))
		chart.Curves = append(chart.Curves, line(fmt.Sprintf("%d features", f.Len()), plot.Steps(y, 1), y))
		s.check(fmt.Sprintf("RMSE at the end of TD-Linear, degree %d", degree), exact, y[499], .03)
		s.check(fmt.Sprintf("RMSE after 250 episodes of TD-Linear, degree %d", degree), []float64{.224, .201, .189}[degree-1], y[249], .06)
		pictures = append(pictures, grid(fmt.Sprintf("learned with %d features", f.Len()), w, values[0], nil, 1))
	}
	return plot.Beside(1, plot.Beside(4, pictures...), chart.Picture())
}

func median(x []float64) float64 {
	x = slices.Clone(x)
	slices.Sort(x)
	return (x[(len(x)-1)/2] + x[len(x)/2]) / 2
}

// anywhere begins every episode in a state drawn from all.
type anywhere struct{ *world.Table }

func fourierControl(s *Study) *plot.Picture {
	w := open("zhao5x5-episodic", "r-target=1", "r-step=0")
	see := func(n int, x []float64) { x[0], x[1], x[2] = float64(n/5%5), float64(n/25), float64(n%5) }
	f := approx.Pairs(approx.Tabulate(approx.On(3, see, approx.NewFourier(approx.Square(3, 0, 4), 5)), 125), 5)
	var pictures []*plot.Picture
	for _, c := range []struct {
		name   string
		target approx.Target
	}{{"Sarsa", approx.Sarsa}, {"Q-learning", approx.QLearning}} {
		rows := s.each(s.runs(5), func(i int) []float64 {
			agent := &approx.Control[int]{Q: approx.NewLinear(f, .001), Actions: 5, Target: c.target, Epsilon: rl.Const(.1)}
			rng, env := rl.NewRand(s.Seed, uint64(i)), w.Finite()
			var y []float64
			for range 500 {
				y = append(y, float64(agent.Run(env, rng, 5000).Length))
			}
			return y
		})
		y := average(rows)
		pictures = append(pictures, plot.Chart{
			Title: c.name + ", Fourier order 5, action as a third coordinate", X: "episode", Y: "length, mean of the runs", LogY: true,
			Curves: []plot.Curve{line("", plot.Steps(y, 1), y)},
		}.Picture())
		var medians []float64
		for _, y := range rows {
			medians = append(medians, median(y[400:]))
		}
		s.check("median length of the last 100 episodes, "+c.name, 12.5, median(medians), 1.5)
	}
	return plot.Beside(2, pictures...)
}

// Reset goes to a state, each as likely as the others.
func (a *anywhere) Reset(rng *rand.Rand) int {
	a.Table.Reset(rng)
	return must(a.Place([]float64{float64(rng.IntN(a.Model().States))}))
}
