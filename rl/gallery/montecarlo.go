package gallery

import (
	"fmt"
	"math"

	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/plot"
	"github.com/rotor-lm/rotor/rl/tabular"
	"github.com/rotor-lm/rotor/rl/world"
)

func init() {
	register(
		Figure{"sb-05-1-blackjack-values", "Values of sticking on 20 and 21", "Sutton and Barto, figure 5.1", "First-visit Monte Carlo, α = 1/k; the policy sticks on 20 and 21; `sab=false`, as the book does not treat naturals apart. Errors are against dynamic programming.", blackjackValues},
		Figure{"sb-05-2-blackjack-strategy", "The best strategy, by exploring starts", "Sutton and Barto, figure 5.2", "Monte Carlo with exploring starts, first visit, α = 1/k, two million games; `sab=false`. The book does not say how many games.", blackjackStrategy},
		Figure{"sb-05-3-importance", "Ordinary and weighted importance sampling", "Sutton and Barto, figure 5.3", "100 runs of 10,000 games from the hand 13 with a usable ace against a two; first visit; behaviour uniform.", importance},
		Figure{"sb-05-4-infinite-variance", "Ordinary importance sampling that does not settle", "Sutton and Barto, figure 5.4", "Ten runs of a million episodes; first visit; behaviour uniform, target left.", infiniteVariance},
	)
}

// stickFrom is the policy that hits below a sum and sticks from it.
func stickFrom(sum int, m *world.Model) *tabular.Policy {
	p := &tabular.Policy{Actions: 2, P: make([]float64, m.States*2)}
	for s := range m.States {
		a := 1
		if s >= sum*22 {
			a = 0
		}
		p.P[s*2+a] = 1
	}
	return p
}

func blackjackValues(s *Study) *plot.Picture {
	w := open("blackjack", "sab=false")
	p := stickFrom(20, w.Model)
	exact := must(tabular.Evaluate(w.Model, p))
	l := &tabular.Learning{V: tabular.NewV(w.Model.States, 0, rl.Harmonic()), Policy: p, Seed: s.Seed}
	var pictures []*plot.Picture
	for _, episodes := range []int{10_000, 500_000} {
		s.learn(w.Finite(), tabular.MonteCarloPrediction{FirstVisit: true}, l, episodes, nil)
		for ace := 1; ace >= 0; ace-- {
			title := fmt.Sprintf("%s after %d games", []string{"no usable ace", "usable ace"}[ace], episodes)
			pictures = append(pictures, plot.Hands(title, ace, l.V.Values))
		}
	}
	worst := 0.
	for sum := 12; sum <= 21; sum++ {
		for dealer := 1; dealer <= 10; dealer++ {
			at := (sum*11 + dealer) * 2
			worst = max(worst, math.Abs(l.V.Values[at]-exact[at]))
		}
	}
	s.check("largest error without an ace after 500,000 games", 0, worst, .05)
	return plot.Beside(2, pictures...)
}

func blackjackStrategy(s *Study) *plot.Picture {
	w := open("blackjack", "sab=false")
	best := must(tabular.Optimal(w.Model))
	l := control(w, rl.Harmonic(), 0, s.Seed)
	s.learn(w.Finite(), tabular.MonteCarlo{FirstVisit: true, ExploringStarts: true}, l, int(2_000_000*min(s.Runs, 5)), nil)
	same, all, lost := 0., 0., 0.
	learned := must(tabular.Evaluate(w.Model, tabular.Greedy(l.Q.Values, 2)))
	for at, p := range w.Model.Start {
		lost += p * (best.V[at] - learned[at])
	}
	for sum := 12; sum <= 21; sum++ {
		for dealer := 1; dealer <= 10; dealer++ {
			for ace := range 2 {
				at := (sum*11+dealer)*2 + ace
				all++
				if (best.Policy.Prob(at, 1) == 1) == (l.Q.Greedy(at) == 1) {
					same++
				}
			}
		}
	}
	s.check("hands played as the best strategy does, of 200", 200, same/all*200, 14)
	s.check("loss a game against the best strategy", 0, lost, .005)
	var pictures []*plot.Picture
	for ace := 1; ace >= 0; ace-- {
		name := []string{"no usable ace", "usable ace"}[ace]
		hits := make([]float64, w.Model.States)
		for st := range hits {
			hits[st] = float64(l.Q.Greedy(st))
		}
		pictures = append(pictures, plot.Hands("hit (red) or stick, "+name, ace, hits), plot.Hands("value, "+name, ace, l.Q.V()))
	}
	return plot.Beside(2, pictures...)
}

// importance begins every game in one hand: 13 with an ace, against a two.
func importance(s *Study) *plot.Picture {
	m := world.Blackjack(false, false)
	p, start := stickFrom(20, m), (13*11+2)*2+1
	v := must(tabular.Evaluate(m, p))[start]
	s.check("exact value of the hand", -.27726, v, 5e-4)
	clear(m.Start)
	m.Start[start] = 1
	at := []int{1, 2, 3, 5, 8, 13, 20, 35, 60, 100, 180, 300, 560, 1000, 1800, 3200, 5600, 10000}
	chart := plot.Chart{Title: "Mean squared error of 100 runs", X: "games", LogX: true}
	for _, weighted := range []bool{false, true} {
		rows := s.each(s.runs(100), func(i int) []float64 {
			l := &tabular.Learning{V: tabular.NewV(m.States, 0, rl.Harmonic()), Policy: tabular.Uniform(m.States, 2), Target: p, Seed: s.Seed + uint64(i)}
			alg := &tabular.OffPolicy{FirstVisit: true, Weighted: weighted}
			var errs []float64
			for _, games := range at {
				s.learn(world.NewTable(m), alg, l, games, nil)
				errs = append(errs, (l.V.Values[start]-v)*(l.V.Values[start]-v))
			}
			return errs
		})
		y, name := average(rows), map[bool]string{false: "ordinary", true: "weighted"}[weighted]
		c := line(name, nil, y)
		for _, n := range at {
			c.X = append(c.X, float64(n))
		}
		chart.Curves = append(chart.Curves, c)
		s.check("mean squared error after 10,000 games, "+name, 0, y[len(y)-1], .01)
		if weighted {
			s.check("mean squared error after 13 games: how far weighted lies above ordinary", 0, max(y[5]-chart.Curves[0].Y[5], 0), .01)
		}
	}
	return chart.Picture()
}

// infiniteVariance is one state: left comes back nine times of ten, else ends
// with 1; right ends with nothing. The target goes left, who acts tosses a coin.
func infiniteVariance(s *Study) *plot.Picture {
	m := world.NewModel(2, 2, func(st, a int) []world.Outcome {
		switch {
		case st == 1:
			return []world.Outcome{{P: 1, Next: 1}}
		case a == 1:
			return []world.Outcome{{P: 1, Next: 1}}
		}
		return []world.Outcome{{P: .9, Next: 0, Gamma: 1}, {P: .1, Next: 1, Reward: 1}}
	})
	m.Start[0], m.End = 1, []bool{false, true}
	left := &tabular.Policy{Actions: 2, P: []float64{1, 0, 1, 0}}
	s.check("exact value", 1, must(tabular.Evaluate(m, left))[0], 1e-12)
	const episodes = 1_000_000
	var at []float64
	for e := 1.; e <= episodes; e *= 1.12 {
		at = append(at, math.Ceil(e))
	}
	chart := plot.Chart{Title: "Ten runs of ordinary importance sampling", X: "episodes", Y: "estimate of 1", LogX: true, Low: 0, High: 3}
	rows := s.each(10, func(i int) []float64 {
		l := &tabular.Learning{V: tabular.NewV(2, 0, rl.Harmonic()), Policy: tabular.Uniform(2, 2), Target: left, Seed: s.Seed + uint64(i)}
		var y []float64
		alg := &tabular.OffPolicy{FirstVisit: true}
		for _, n := range at {
			s.learn(world.NewTable(m), alg, l, int(n), nil)
			y = append(y, l.V.Values[0])
		}
		return y
	})
	off := 0.
	for _, y := range rows {
		chart.Curves = append(chart.Curves, line("", at, y))
		if math.Abs(y[len(y)-1]-1) > .01 { // ten standard errors, were the variance one
			off++
		}
	}
	s.check("share of ten runs off by more than 0.01 after a million episodes: the error does not go away", 1, off/10, .3)
	return chart.Picture()
}
