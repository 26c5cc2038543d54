package gallery

import (
	"fmt"

	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/plot"
	"github.com/rotor-lm/rotor/rl/tabular"
	"github.com/rotor-lm/rotor/rl/world"
)

func init() {
	register(Figure{"sb-02-2-bandit", "Ten arms: greedy and ε-greedy", "Sutton and Barto, figure 2.2", "500 bandits of ten arms, 1,000 pulls each (the book: 2,000 bandits); sample averages, α = 1/k; ε = 0, 0.01, 0.1. Curves are smoothed over 10 pulls.", bandit})
}

// bandit averages 500 bandits of 1,000 pulls; sample averages are Q-learning with
// α = 1/k where every pull is an episode.
func bandit(s *Study) *plot.Picture {
	const pulls = 1000
	reward := plot.Chart{Title: "Mean reward", X: "pull"}
	best := plot.Chart{Title: "Best arm chosen, %", X: "pull", High: 100}
	for _, epsilon := range []float64{0, .01, .1} {
		rows := s.each(s.runs(500), func(i int) []float64 {
			env := world.NewBandit(rl.NewRand(s.Seed, uint64(i)), 10, 0)
			l := &tabular.Learning{Q: tabular.NewQ(1, 10, 0), Alpha: rl.Harmonic(), Epsilon: rl.Const(epsilon), Seed: s.Seed + uint64(i)}
			out, right := make([]float64, 0, 2*pulls), make([]float64, 0, pulls)
			before := 0
			s.learn(env, tabular.QLearning{}, l, pulls, func(ep rl.Episode) {
				out = append(out, ep.Return)
				hit := 0.
				if n := l.Q.Visits[env.Best()]; n > before {
					before, hit = n, 100
				}
				right = append(right, hit)
			})
			return append(out, right...)
		})
		y, name := average(rows), fmt.Sprintf("ε = %g", epsilon)
		reward.Curves = append(reward.Curves, line(name, plot.Steps(y[:pulls], 1), plot.Smooth(y[:pulls], 10)))
		best.Curves = append(best.Curves, line(name, plot.Steps(y[pulls:], 1), plot.Smooth(y[pulls:], 10)))
		want := map[float64][2]float64{0: {1.03, 37}, .01: {1.3, 56}, .1: {1.38, 80}}[epsilon] // read off the figure
		s.check(fmt.Sprintf("mean reward of the last 100 pulls, ε = %g", epsilon), want[0], mean(y[pulls-100:pulls]), .1)
		s.check(fmt.Sprintf("best arm in the last 100 pulls, %%, ε = %g", epsilon), want[1], mean(y[2*pulls-100:]), 8)
	}
	return plot.Beside(2, reward.Picture(), best.Picture())
}
