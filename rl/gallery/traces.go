package gallery

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/approx"
	"github.com/rotor-lm/rotor/rl/plot"
	"github.com/rotor-lm/rotor/rl/returns"
	"github.com/rotor-lm/rotor/rl/tabular"
)

func init() {
	register(
		Figure{"sb-12-3-lambda-return", "The off-line λ-return on nineteen states", "Sutton and Barto, figure 12.3", "40 runs of 10 episodes; α in steps of 0.1; an error above 10 counts as 10.", lambdaReturn},
		Figure{"sb-12-6-td-lambda", "TD(λ) on nineteen states", "Sutton and Barto, figure 12.6", "40 runs of 10 episodes; accumulating traces; α in steps of 0.1; an error above 10 counts as 10.", tdLambda},
		Figure{"sb-13-1-reinforce", "REINFORCE in the short corridor", "Sutton and Barto, figure 13.1", "100 runs of 1,000 episodes, cut at 1,000 steps; the policy begins with right at 5 %; γ = 1; smoothed over 10 episodes.", corridorFigure},
	)
}

// lambdaReturn moves the states of an episode one after another at its end, toward
// returns whose predictions stood still meanwhile.
func lambdaReturn(s *Study) *plot.Picture {
	chart := s.overAlpha("Off-line λ-return: error of 10 episodes", func(lambda, alpha float64, seed uint64) func() []float64 {
		w := open("walk19")
		v, env, ep := tabular.NewV(21, 0, rl.Const(alpha)), w.Finite(), uint64(0)
		return func() []float64 {
			tr := rl.Rollout(env, rl.Policy[int, int](tabular.Uniform(21, 1)), rl.NewRand(seed, ep), 0)
			approx.Forward(v, tr, func(r, gamma, v []float64) []float64 { return returns.Lambda(r, gamma, v, lambda) })
			ep++
			return v.Values
		}
	})
	s.check("least error over λ and α", .25, least(chart), .03) // read off the figure
	return chart.Picture()
}

func tdLambda(s *Study) *plot.Picture {
	chart := s.overAlpha("TD(λ): error of 10 episodes", func(lambda, alpha float64, seed uint64) func() []float64 {
		w := open("walk19")
		l, alg, env, n := prediction(w, 0, alpha, seed), &tabular.TD{Lambda: lambda}, w.Finite(), 0
		return func() []float64 {
			n++
			s.learn(env, alg, l, n, nil)
			return l.V.Values
		}
	})
	s.check("least error over λ and α", .27, least(chart), .04)
	s.check("λ = 0 at α = 0.8 is one-step TD", .345, chart.Curves[0].Y[8], .02)
	return chart.Picture()
}

func least(c plot.Chart) float64 {
	low := math.Inf(1)
	for _, curve := range c.Curves {
		for _, y := range curve.Y {
			low = min(low, y)
		}
	}
	return low
}

// overAlpha measures, for every λ and α, the mean error over ten episodes. Each
// call of what learner returns is one episode.
func (s *Study) overAlpha(title string, learner func(lambda, alpha float64, seed uint64) func() []float64) plot.Chart {
	truth := walk19()
	chart := plot.Chart{Title: title, X: "α", Y: "RMS error", Low: .2, High: .56}
	for _, lambda := range []float64{0, .4, .8, .9, .95, .975, .99, 1} {
		var alphas, errs []float64
		for alpha := .0; alpha <= 1.001; alpha += .1 {
			rows := s.each(s.runs(40), func(i int) []float64 {
				episode, sum := learner(lambda, alpha, s.Seed+uint64(i)), 0.
				for range 10 {
					e := rmse(episode()[1:20], truth)
					if math.IsNaN(e) || e > 10 {
						e = 10 // it diverges, far above what is drawn
					}
					sum += e / 10
				}
				return []float64{sum}
			})
			alphas, errs = append(alphas, alpha), append(errs, average(rows)[0])
		}
		chart.Curves = append(chart.Curves, line(fmt.Sprintf("λ = %g", lambda), alphas, errs))
	}
	return chart
}

// corridor has three states that look alike, and a goal. In the second one left
// and right are exchanged. Every step costs 1.
//
// Sutton and Barto 2018, example 13.1.
type corridor struct{ at int }

// Reset goes to the first state. There is one thing to be seen.
func (c *corridor) Reset(*rand.Rand) int { c.at = 0; return 0 }

// Step goes left (0) or right (1).
func (c *corridor) Step(a int) (int, float64, float64) {
	if c.at == 1 {
		a = 1 - a
	}
	c.at = max(c.at+2*a-1, 0)
	if c.at == 3 {
		return 0, -1, 0
	}
	return 0, -1, 1
}

// right is the policy of one number: to the right with probability σ(θ).
type right struct{ theta float64 }

func (p *right) chance() float64 { return 1 / (1 + math.Exp(-p.theta)) }

// Act draws an action.
func (p *right) Act(rng *rand.Rand, _ int) int {
	if rng.Float64() < p.chance() {
		return 1
	}
	return 0
}

// Learn climbs by α·G·∇log π, where ∇log π(a) = a − σ(θ). θ is the difference of
// the book's two preferences, which both move: hence twice.
func (p *right) Learn(a int, step float64) { p.theta += 2 * step * (float64(a) - p.chance()) }

// corridorFigure begins with right at 5 %, as the book's code does, and cuts
// episodes at 1,000 steps.
func corridorFigure(s *Study) *plot.Picture {
	chart := plot.Chart{Title: "Return of an episode, mean of 100 runs", X: "episode", Low: -100, High: 0}
	for _, exponent := range []int{12, 13, 14} {
		alpha := math.Pow(2, -float64(exponent))
		y := average(s.each(s.runs(100), func(i int) []float64 {
			p, env := &right{theta: math.Log(.05 / .95)}, &corridor{}
			var y []float64
			var tr rl.Trajectory[int, int]
			for ep := range 1000 {
				rl.RolloutInto[int, int](&tr, env, p, rl.NewRand(s.Seed, uint64(i), uint64(ep)), 1000)
				for t, G := range returns.MonteCarlo(tr.Reward, tr.Discount, nil) {
					p.Learn(tr.Action[t], alpha*G)
				}
				y = append(y, tr.Return())
			}
			return y
		}))
		chart.Curves = append(chart.Curves, line(fmt.Sprintf("α = 2^−%d", exponent), plot.Steps(y, 1), plot.Smooth(y, 10)))
	}
	chart.Curves = append(chart.Curves, line("best of all such policies", []float64{1, 1000}, []float64{-11.66, -11.66}))
	s.check("mean return of the last 100 episodes, α = 2^−13", -11.66, mean(chart.Curves[1].Y[900:]), 3)
	return chart.Picture()
}
