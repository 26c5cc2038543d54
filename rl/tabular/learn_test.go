package tabular

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/world"
)

// run learns so many episodes and returns them.
func run(t testing.TB, env rl.Env[int, int], alg Algorithm, l *Learning, episodes int) (list []rl.Episode) {
	t.Helper()
	for ep, err := range Learn(context.Background(), env, alg, l, episodes) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, ep)
	}
	return list
}

// table is a Learning of q values in a world.
func table(w *world.World, alpha, epsilon float64, seed uint64) *Learning {
	return &Learning{Q: NewQ(w.Model.States, w.Model.Actions, 0), Alpha: rl.Const(alpha), Epsilon: rl.Const(epsilon), Seed: seed, Horizon: w.Horizon}
}

// Zhao's figure 5.8: who explores always visits every pair about 8,000 times in a
// million steps, who explores half the time very unevenly.
func TestExplorationCounts(t *testing.T) {
	w := open(t, "zhao5x5")
	best, err := Optimal(w.Model)
	if err != nil {
		t.Fatal(err)
	}
	for _, epsilon := range []float64{1, .5} {
		l := table(w, 0, epsilon, 1)
		l.Horizon, l.Policy = 1_000_000, best.Policy.Soft(epsilon)
		run(t, w.Finite(), QLearning{}, l, 1)
		low, high := slices.Min(l.Q.Visits), slices.Max(l.Q.Visits)
		if even := low > 7600 && high < 8400; even != (epsilon == 1) {
			t.Errorf("ε = %g: visits from %d to %d", epsilon, low, high)
		}
		if epsilon == .5 && high < 10*low {
			t.Errorf("ε = 0.5: visits from %d to %d are not uneven", low, high)
		}
	}
}

// Zhao's figures 7.2 and 7.3: episodes of Sarsa and Q-learning. The path of
// Q-learning's greedy policy is the shortest in all runs; that of Sarsa's, whose
// values keep moving, in five of six, and in the others it bumps forever. Of 20 runs
// 19 or 20 arrive one time in eight: a series in which one run loops is such a one.
// Whether ties go to the first action or to any changes the share by 0.01.
func TestSarsaAndQLearningOfTheBook(t *testing.T) {
	w := open(t, "zhao5x5-episodic")
	for _, c := range []struct {
		alg               Algorithm
		low, high, reward float64
		least, most       int
	}{{Sarsa{}, 12.7, 18, -18.7, 310, 355}, {QLearning{}, 11.7, 13.5, -15.5, 400, 400}} {
		const seeds = 400
		first, last, reward, median := make([]float64, seeds), make([]float64, seeds), make([]float64, seeds), make([]float64, seeds)
		best, arrives := make([]bool, seeds), make([]bool, seeds)
		rl.Each(seeds, func(i int) {
			l := table(w, .1, .1, uint64(i))
			list := run(t, w.Finite(), c.alg, l, 500)
			var lengths []int
			for k, ep := range list {
				if k < 10 {
					first[i] += float64(ep.Length) / 10
				}
				if k >= 400 {
					last[i] += float64(ep.Length) / 100
					reward[i] += ep.Return / 100
					lengths = append(lengths, ep.Length)
				}
			}
			slices.Sort(lengths)
			median[i] = float64(lengths[50])
			tr := rl.Rollout(w.Finite(), rl.Policy[int, int](Greedy(l.Q.Values, 5)), rl.NewRand(1), 50)
			best[i] = tr.Len() == 11 && tr.Return() == -10
			arrives[i] = tr.Discount[tr.Len()-1] == 0
		})
		if m := mean(first); m < 50 || m > 78 {
			t.Errorf("%T: the first ten have mean length %.1f, want about 62", c.alg, m)
		}
		if m := mean(last); m < c.low || m > c.high {
			t.Errorf("%T: the last hundred have mean length %.2f, want %g to %g", c.alg, m, c.low, c.high)
		}
		if m := mean(reward); math.Abs(m-c.reward) > 3 {
			t.Errorf("%T: the last hundred have mean return %.1f, want about %g", c.alg, m, c.reward)
		}
		if m := mean(median); m < 11 || m > 13 {
			t.Errorf("%T: median length %g, want about 12", c.alg, m)
		}
		if n, m := count(arrives), count(best); n < c.least || n > c.most || m < n-5 {
			t.Errorf("%T: the greedy path arrives in %d of %d runs and is the best in %d, want %d to %d", c.alg, n, seeds, m, c.least, c.most)
		}
	}
}

func count(list []bool) (n int) {
	for _, b := range list {
		if b {
			n++
		}
	}
	return n
}

func mean(x []float64) (m float64) {
	for _, v := range x {
		m += v / float64(len(x))
	}
	return m
}

func rmse(v, want []float64) float64 {
	var sum float64
	for i := range v {
		sum += (v[i] - want[i]) * (v[i] - want[i])
	}
	return math.Sqrt(sum / float64(len(v)))
}

// Zhao's figure 7.4: one run of 100,000 steps under the uniform policy.
func TestOffPolicyErrorCurve(t *testing.T) {
	w := open(t, "zhao5x5")
	exact, err := Optimal(w.Model)
	if err != nil {
		t.Fatal(err)
	}
	if e := rmse(make([]float64, 25), exact.V); math.Abs(e-7.9256) > 5e-4 {
		t.Errorf("at the start the error is %.4f, want 7.9256", e)
	}
	const seeds = 10
	curves := make([][]float64, seeds)
	rl.Each(seeds, func(i int) {
		l := table(w, .1, 0, uint64(i))
		l.Policy, l.Horizon, l.Every = Uniform(25, 5), 100_000, 10_000
		l.Watch = func(l *Learning) { curves[i] = append(curves[i], rmse(l.Q.V(), exact.V)) }
		run(t, w.Finite(), QLearning{}, l, 1)
	})
	for _, c := range []struct {
		at        int
		low, high float64
	}{{0, 4.32, 5.52}, {1, 1.70, 2.83}, {3, .29, .68}, {5, .05, .14}, {7, .005, .05}, {9, .0008, .012}} {
		var have []float64
		for _, curve := range curves {
			have = append(have, curve[c.at])
		}
		if m := mean(have); m < c.low || m > c.high {
			t.Errorf("after %d0,000 steps the error is %.4f, want %g to %g", c.at+1, m, c.low, c.high)
		}
	}
}

// Sutton and Barto's example 6.2: mean error of TD and Monte Carlo on five states.
func TestFiveStateWalk(t *testing.T) {
	w := open(t, "walk5")
	truth := []float64{1. / 6, 2. / 6, 3. / 6, 4. / 6, 5. / 6}
	if e := rmse([]float64{.5, .5, .5, .5, .5}, truth); math.Abs(e-.235702) > 1e-6 {
		t.Fatalf("initial error %g", e)
	}
	const runs = 400
	for _, c := range []struct {
		alg   func() Algorithm
		alpha float64
		want  [3]float64
	}{
		{func() Algorithm { return &TD{} }, .05, [3]float64{.175, .053, .035}},
		{func() Algorithm { return MonteCarloPrediction{} }, .01, [3]float64{.214, .144, .098}},
	} {
		errs := [3][]float64{make([]float64, runs), make([]float64, runs), make([]float64, runs)}
		rl.Each(runs, func(i int) {
			l := &Learning{V: NewV(7, .5, rl.Const(c.alpha)), Policy: Uniform(7, 1), Seed: uint64(i)}
			for k, episodes := range []int{10, 50, 100} {
				run(t, w.Finite(), c.alg(), l, episodes)
				errs[k][i] = rmse(l.V.Values[1:6], truth)
			}
		})
		for k, want := range c.want {
			if m := mean(errs[k]); math.Abs(m-want) > .006 {
				t.Errorf("%T: error %.4f at point %d, want %.3f", c.alg(), m, k, want)
			}
		}
	}
}

// Sutton and Barto's figure 7.2: mean error of n-step TD over ten episodes.
func TestNineteenStateWalk(t *testing.T) {
	w := open(t, "walk19")
	truth := make([]float64, 19)
	for i := range truth {
		truth[i] = float64(i+1)/10 - 1
	}
	if e := rmse(make([]float64, 19), truth); math.Abs(e-.547723) > 1e-6 {
		t.Fatalf("initial error %g", e)
	}
	const runs = 200
	for _, c := range []struct {
		n           int
		alpha, want float64
	}{{1, .8, .345}, {4, .4, .265}} {
		errs := make([]float64, runs)
		rl.Each(runs, func(i int) {
			l := &Learning{V: NewV(21, 0, rl.Const(c.alpha)), Policy: Uniform(21, 1), Seed: uint64(i)}
			for ep := range 10 {
				run(t, w.Finite(), NStepTD{N: c.n}, l, ep+1)
				errs[i] += rmse(l.V.Values[1:20], truth) / 10
			}
		})
		if m := mean(errs); math.Abs(m-c.want) > .01 {
			t.Errorf("n = %d: error %.4f, want %.3f", c.n, m, c.want)
		}
	}
}

// Zhao's figure 5.4: MC Basic with episodes of eight lengths.
func TestMonteCarloBasic(t *testing.T) {
	m := open(t, "zhao5x5", "r-forbidden=-10").Model
	for _, c := range []struct {
		length              int
		target, first, last float64
	}{{1, 1, 0, 0}, {2, 1.9, 0, 0}, {3, 2.7, 0, 0}, {4, 3.4, 0, 0}, {14, 7.7, 1.2, 0}, {15, 7.9, 1.4, .2}, {30, 9.6, 3.1, 1.9}, {100, 10, 3.5, 2.3}} {
		s := Basic(m, Uniform(25, 5).argmax(), c.length, 1, 200, rl.NewRand(1))
		swept, err := ValueIteration(m, c.length, false)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "MC Basic", s.V, swept.V, 1e-9)
		near(t, "figure 5.4", []float64{s.V[17], s.V[0], s.V[20]}, []float64{c.target, c.first, c.last}, .05001)
	}
}

// argmax makes a policy certain, the first action where several are equal.
func (p *Policy) argmax() *Policy { return Greedy(p.P, p.Actions) }

// Zhao's 3×3 example in chapter 5: what the first round of MC Basic finds.
func TestMonteCarloByHand(t *testing.T) {
	m := open(t, "zhao3x3").Model
	s, err := Optimal(m)
	if err != nil {
		t.Fatal(err)
	}
	p := s.Policy
	copy(p.Row(0), []float64{1, 0, 0, 0, 0}) // s₁ bumps upward; all others know the way
	basic := Basic(m, p, 400, 1, 1, rl.NewRand(1))
	near(t, "q(s₁,·)", basic.Q[:5], []float64{-10, 7.29, 7.29, -10, -9}, 1e-9)
}

// Zhao's figure 5.5: a run of a million steps is enough to find the best
// ε-greedy policy in two rounds, the first of them under the uniform policy.
func TestMonteCarloSoft(t *testing.T) {
	w := open(t, "zhao5x5")
	best, err := BestSoft(w.Model, .5)
	if err != nil {
		t.Fatal(err)
	}
	l := table(w, 0, .5, 3)
	l.Alpha, l.Horizon, l.Policy = rl.Harmonic(), 1_000_000, Uniform(25, 5)
	run(t, w.Finite(), MonteCarlo{}, l, 1)
	l.Policy = Greedy(l.Q.Values, 5).Soft(.5)
	l.Q = NewQ(25, 5, 0) // each round evaluates its own policy
	run(t, w.Finite(), MonteCarlo{}, l, 2)
	v, err := Evaluate(w.Model, Greedy(l.Q.Values, 5).Soft(.5))
	if err != nil {
		t.Fatal(err)
	}
	if e := rmse(v, best.V); e > .06 {
		t.Errorf("after two rounds the policy's value is %.4f from the best", e)
	}
}

func TestExploringStarts(t *testing.T) {
	w := open(t, "zhao5x5", "r-forbidden=-10")
	exact, _ := Optimal(w.Model)
	for _, first := range []bool{false, true} {
		l := table(w, 0, 0, 1)
		l.Alpha, l.Horizon = rl.Const(.2), 60
		run(t, w.Finite(), MonteCarlo{FirstVisit: first, ExploringStarts: true}, l, 12000)
		v, _ := Evaluate(w.Model, Greedy(l.Q.Values, 5))
		if e := rmse(v, exact.V); e > .35 {
			t.Errorf("first visit %v: the policy is %.3f from the best", first, e)
		}
	}
	s, _ := Optimal(world.Blackjack(false, true))
	b := open(t, "blackjack")
	l := table(b, 0, 0, 5)
	l.Alpha, l.Horizon = rl.Harmonic(), 0
	run(t, b.Finite(), MonteCarlo{FirstVisit: true, ExploringStarts: true}, l, 150_000)
	lost := 0.
	v, _ := Evaluate(b.Model, Greedy(l.Q.Values, 2))
	for i, p := range b.Model.Start {
		lost += p * (s.V[i] - v[i])
	}
	if lost > .01 {
		t.Errorf("the strategy that was learned loses %.4f a game to the best", lost)
	}
}

// Sutton and Barto's figure 5.3: 13 with an ace against a two, stick from 20.
func TestOffPolicyBlackjack(t *testing.T) {
	w := open(t, "blackjack")
	target := &Policy{2, make([]float64, w.Model.States*2)}
	for s := range w.Model.States {
		a := 1
		if s >= 20*22 {
			a = 0
		}
		target.P[s*2+a] = 1
	}
	v, err := Evaluate(w.Model, target)
	if err != nil {
		t.Fatal(err)
	}
	start := (13*11+2)*2 + 1
	if math.Abs(v[start]+.27726) > 5e-4 {
		t.Fatalf("the exact value is %.5f, want −0.27726", v[start])
	}
	only := *w.Model // the figure begins every episode in that state
	only.Start = make([]float64, only.States)
	only.Start[start] = 1
	for _, weighted := range []bool{false, true} {
		const runs, episodes = 40, 4000
		estimates := make([]float64, runs)
		rl.Each(runs, func(i int) {
			l := &Learning{V: NewV(only.States, 0, rl.Harmonic()), Policy: Uniform(only.States, 2), Target: target, Seed: uint64(i)}
			run(t, world.NewTable(&only), &OffPolicy{FirstVisit: true, Weighted: weighted}, l, episodes)
			estimates[i] = l.V.Values[start]
		})
		spread := 0.
		for _, x := range estimates {
			spread += (x - v[start]) * (x - v[start]) / runs
		}
		if m := mean(estimates); math.Abs(m-v[start]) > .02 || math.Sqrt(spread) > .1 {
			t.Errorf("weighted %v: mean %.4f with deviation %.4f, want %.4f", weighted, m, math.Sqrt(spread), v[start])
		}
	}
}

// On Blackjack, from hands that are played at random.
func TestOffPolicyControl(t *testing.T) {
	w := open(t, "blackjack")
	best, _ := Optimal(w.Model)
	l := table(w, 0, 0, 1)
	l.Policy = Uniform(w.Model.States, 2)
	run(t, w.Finite(), &OffPolicyControl{}, l, 100_000)
	v, err := Evaluate(w.Model, Greedy(l.Q.Values, 2))
	if err != nil {
		t.Fatal(err)
	}
	lost := 0.
	for i, p := range w.Model.Start {
		lost += p * (best.V[i] - v[i])
	}
	if lost > .01 {
		t.Errorf("the strategy that was learned loses %.4f a game to the best", lost)
	}
}

// One step of each family, and no end of it.
func TestIdentities(t *testing.T) {
	w := open(t, "zhao5x5-episodic", "slip=0.1")
	learn := func(alg Algorithm, change func(l *Learning)) []float64 {
		l := table(w, .1, .2, 7)
		l.Horizon = 400
		if change != nil {
			change(l)
		}
		run(t, w.Finite(), alg, l, 60)
		if l.V != nil {
			return l.V.Values
		}
		return l.Q.Values
	}
	greedy := func(l *Learning) { l.Epsilon = rl.Const(0) }
	given := func(l *Learning) { l.Policy = Uniform(25, 5) }
	averaged := func(l *Learning) { given(l); l.Alpha = rl.Harmonic(); l.Horizon = 0 }
	predict := func(l *Learning) { given(l); l.Q, l.V = nil, NewV(25, 0, rl.Const(.1)) }
	for _, c := range []struct {
		what     string
		one, two Algorithm
		change   func(l *Learning)
	}{
		{"one-step n-step Sarsa is Sarsa", NStepSarsa{N: 1}, Sarsa{}, nil},
		{"Sarsa(0) is Sarsa", &SarsaLambda{}, Sarsa{}, nil},
		{"Sarsa(0) with replacing traces is Sarsa", &SarsaLambda{marks: marks{kind: Replacing}}, Sarsa{}, nil},
		{"true online Sarsa(0) is Sarsa", &SarsaLambda{marks: marks{kind: TrueOnline}}, Sarsa{}, nil},
		{"one-step tree backup is Expected Sarsa", TreeBackup{N: 1}, ExpectedSarsa{}, nil},
		{"greedy Expected Sarsa is Q-learning", ExpectedSarsa{}, QLearning{}, greedy},
		{"Q(0) is Q-learning", &QLambda{}, QLearning{}, given},
		{"endless n-step Sarsa is Monte Carlo", NStepSarsa{N: math.MaxInt32}, MonteCarlo{}, averaged},
		{"Dyna-Q without planning is Q-learning", &DynaQ{}, QLearning{}, nil},
		{"TD(0) is one-step TD", &TD{}, NStepTD{N: 1}, predict},
		{"true online TD(0) is TD(0)", &TD{marks: marks{kind: TrueOnline}}, &TD{}, predict},
	} {
		a, b := learn(c.one, c.change), learn(c.two, c.change)
		for i := range a {
			if math.Abs(a[i]-b[i]) > 1e-9 {
				t.Errorf("%s: value %d is %g, and %g", c.what, i, a[i], b[i])
				break
			}
		}
		if norm(a) == 0 {
			t.Errorf("%s: nothing was learned", c.what)
		}
	}
}

// True online TD(λ) is the online λ-return algorithm, which after every step goes
// over the episode again with the returns cut at that step (Sutton and Barto 2018,
// §12.4): the slow twin.
func TestTrueOnline(t *testing.T) {
	const states, lambda, alpha, gamma = 6, .8, .3, .95
	rng := rl.NewRand(4)
	for range 20 {
		first := make([]float64, states)
		for i := range first {
			first[i] = rng.NormFloat64()
		}
		script := &script{}
		for range 12 {
			script.s = append(script.s, rng.IntN(states))
			script.r = append(script.r, rng.NormFloat64())
		}
		l := &Learning{V: NewV(states, 0, rl.Const(alpha)), Policy: Uniform(states, 1)}
		copy(l.V.Values, first)
		run(t, script, &TD{Lambda: lambda, marks: marks{kind: TrueOnline}}, l, 1)

		var w []float64
		visited := []float64{} // v̂(s_{k+1}) as it was when that state was reached
		T := len(script.s) - 1
		prior := append([]float64{}, first...)
		for h := 1; h <= T; h++ {
			end := 0.
			if h < T {
				end = prior[script.s[h]]
			}
			visited = append(visited, end)
			w = append([]float64{}, first...)
			for k := range h { // G of step k, cut at h
				G := visited[h-1]
				for j := h - 1; j >= k; j-- {
					v := visited[j]
					if j < h-1 {
						v = (1-lambda)*visited[j] + lambda*G
					}
					G = script.r[j] + gamma*v
					if j == T-1 {
						G = script.r[j]
					}
				}
				w[script.s[k]] += alpha * (G - w[script.s[k]])
			}
			prior = w
		}
		near(t, "true online", l.V.Values, w, 1e-9)
	}
}

// script goes through given states, for given rewards.
type script struct {
	s []int
	r []float64
	t int
}

func (e *script) Reset(*rand.Rand) int { e.t = 0; return e.s[0] }
func (e *script) Step(int) (int, float64, float64) {
	e.t++
	if e.t == len(e.s)-1 {
		return e.s[e.t], e.r[e.t-1], 0
	}
	return e.s[e.t], e.r[e.t-1], .95
}

// Every control method finds its way; every prediction method the values.
func TestAllLearn(t *testing.T) {
	w := open(t, "zhao5x5-episodic")
	walk := open(t, "walk5")
	for _, e := range Catalogue() {
		if e.Control && e.Off {
			continue // it learns from the ends of episodes only; see TestOffPolicyControl
		}
		alg := e.New(Options{Lambda: .7, N: 3, Planning: 5, Theta: 1e-3, Weighted: true})
		if !e.Control {
			l := &Learning{V: NewV(7, .5, rl.Schedule{First: 1, Power: .7}), Policy: Uniform(7, 1), Target: Uniform(7, 1)}
			run(t, walk.Finite(), alg, l, 4000)
			if err := rmse(l.V.Values[1:6], []float64{1. / 6, 2. / 6, 3. / 6, 4. / 6, 5. / 6}); err > .04 {
				t.Errorf("%s: error %.3f", e.Name, err)
			}
			continue
		}
		l := table(w, 0, .1, 2)
		l.Alpha, l.Horizon = e.Usual(), 500
		if e.Exploring {
			l.Alpha = rl.Const(.1)
		}
		run(t, w.Finite(), alg, l, 3000)
		tr := rl.Rollout(w.Finite(), rl.Policy[int, int](Greedy(l.Q.Values, 5)), rl.NewRand(1), 100)
		if tr.Return() < -30 || tr.Len() == 100 {
			t.Errorf("%s: the greedy path has %d steps and return %g", e.Name, tr.Len(), tr.Return())
		}
	}
}

// Sutton and Barto's figures 6.4 and 8.2, roughly.
func TestCliffAndMaze(t *testing.T) {
	w := open(t, "cliffwalking")
	online := func(alg Algorithm) float64 {
		const seeds = 12
		sum := make([]float64, seeds)
		rl.Each(seeds, func(i int) {
			l := table(w, .5, .1, uint64(i))
			for k, ep := range run(t, w.Finite(), alg, l, 500) {
				if k >= 100 {
					sum[i] += ep.Return / 400
				}
			}
		})
		return mean(sum)
	}
	sarsa, q, expected := online(Sarsa{}), online(QLearning{}), online(ExpectedSarsa{})
	if sarsa < -32 || sarsa > -20 || q < -60 || q > -40 || expected < sarsa-1 {
		t.Errorf("returns on the cliff: Sarsa %.1f, Q-learning %.1f, Expected Sarsa %.1f", sarsa, q, expected)
	}
	maze := open(t, "maze")
	third := map[int]float64{}
	for _, n := range []int{0, 5, 50} {
		const seeds = 20
		lengths := make([]float64, seeds)
		rl.Each(seeds, func(i int) {
			lengths[i] = float64(run(t, maze.Finite(), &DynaQ{Planning: n}, table(maze, .1, .1, uint64(i)), 3)[2].Length)
		})
		third[n] = mean(lengths)
	}
	if third[0] < 2*third[5] || third[50] > 30 || third[5] < third[50] {
		t.Errorf("third episodes in the maze: %v", third)
	}
}

// A run that was saved and loaded goes on as if it had not been.
func TestResumesExactly(t *testing.T) {
	w := open(t, "zhao5x5-episodic", "slip=0.2")
	for _, e := range Catalogue() {
		o := Options{Lambda: .7, N: 3, Planning: 5, Theta: 1e-3, Trace: Dutch}
		begin := func() *Learning {
			l := table(w, .1, .2, 5)
			l.Horizon = 200
			if !e.Control {
				l.Q, l.V = nil, NewV(25, 0, rl.Const(.1))
			}
			return l
		}
		dress := func(l *Learning) *Learning {
			if !e.Control || e.Off {
				l.Policy, l.Target = Uniform(25, 5), Uniform(25, 5)
			}
			return l
		}
		whole, alg := dress(begin()), e.New(o)
		run(t, w.Finite(), alg, whole, 40)

		half, alg := dress(begin()), e.New(o)
		run(t, w.Finite(), alg, half, 15)
		var file bytes.Buffer
		if err := Save(&file, Saved{World: "x", Algorithm: e.Name, Options: o}, alg, half); err != nil {
			t.Fatal(err)
		}
		text := file.Bytes()
		_, alg, loaded, err := Load(bytes.NewReader(text), 25, 5)
		if err != nil {
			t.Fatal(e.Name, err)
		}
		run(t, w.Finite(), alg, dress(loaded), 40)
		if loaded.Steps != whole.Steps || e.Control && !slices.Equal(loaded.Q.Values, whole.Q.Values) || !e.Control && !slices.Equal(loaded.V.Values, whole.V.Values) {
			t.Errorf("%s does not go on as it was", e.Name)
		}
		if _, _, _, err := Load(bytes.NewReader(text), 24, 5); err == nil {
			t.Errorf("%s fits a world of another size", e.Name)
		}
	}
	for text, want := range map[string]string{
		"{}": "form 0", "nonsense": "not a saved run", `{"rotor_rl":9}`: "form 9", `{"rotor_rl":1,"algorithm":"x"}`: "does not exist",
		`{"rotor_rl":1,"algorithm":"sarsa"}`: "do not fit",
	} {
		if _, _, _, err := Load(strings.NewReader(text), 25, 5); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func FuzzLoad(f *testing.F) {
	w := open(f, "zhao1x2")
	for _, e := range Catalogue() {
		l := &Learning{Q: NewQ(2, 3, 0), V: NewV(2, 0, rl.Const(.1)), Alpha: rl.Const(.1), Horizon: 5, Policy: Uniform(2, 3), Target: Uniform(2, 3)}
		alg := e.New(Options{N: 2, Planning: 2})
		run(f, w.Finite(), alg, l, 2)
		var file bytes.Buffer
		if err := Save(&file, Saved{Algorithm: e.Name, Options: Options{N: 2, Planning: 2}}, alg, l); err != nil {
			f.Fatal(err)
		}
		f.Add(file.Bytes())
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, alg, l, err := Load(bytes.NewReader(text), 2, 3)
		if err != nil || s.Options.Planning > 100 || s.Options.N < 1 {
			return
		}
		l.Policy, l.Target, l.Horizon = Uniform(2, 3), Uniform(2, 3), 5
		for _, err := range Learn(context.Background(), w.Finite(), alg, l, min(l.Episodes, 1<<40)+1) {
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestStepsAllocateNothing(t *testing.T) {
	w := open(t, "zhao5x5", "horizon=400")
	env := w.Finite()
	for _, e := range Catalogue() {
		for _, trace := range []Trace{Accumulating, Replacing, Dutch, TrueOnline} {
			alg := e.New(Options{Lambda: .9, N: 4, Planning: 3, Theta: 1e-3, Trace: trace, FirstVisit: true, Weighted: true, Kappa: 1e-3})
			l := table(w, .1, .1, 1)
			if !e.Control {
				l.Q, l.V = nil, NewV(25, 0, rl.Const(.1))
			}
			if !e.Control || e.Off {
				l.Policy, l.Target = Uniform(25, 5), Uniform(25, 5)
			}
			l.begin(context.Background())
			run(t, env, alg, l, 60)
			if n := testing.AllocsPerRun(40, func() {
				if ep, err := l.episode(env, alg); err != nil || ep.Length != 400 {
					t.Fatal(ep, err)
				}
			}); n > 4 { // of an episode, not of its 400 steps: the functions that it makes
				t.Errorf("%s, %v: %g allocations an episode", e.Name, trace, n)
			}
			if !slices.Contains(e.Uses, "trace") {
				break
			}
		}
	}
}

// Learning ends promptly when it is told to, even within an endless episode, and
// keeps what it has.
func TestCancelled(t *testing.T) {
	w := open(t, "zhao5x5")
	ctx, cancel := context.WithCancel(context.Background())
	l := table(w, .1, .1, 1)
	l.Every = 1000
	l.Watch = func(l *Learning) {
		if l.Steps == 5000 {
			cancel()
		}
	}
	var last error
	for _, err := range Learn(ctx, w.Finite(), QLearning{}, l, 1) {
		last = err
	}
	if !errors.Is(last, context.Canceled) || l.Steps != 5000 || norm(l.Q.Values) == 0 {
		t.Errorf("%v after %d steps", last, l.Steps)
	}
}

// An environment that fails ends learning with its error.
func TestFailure(t *testing.T) {
	env := &failing{script: script{s: []int{0, 1, 0, 1}, r: []float64{1, 1, 1}}}
	l := &Learning{Q: NewQ(2, 1, 0), Alpha: rl.Const(.5)}
	n, last := 0, error(nil)
	for _, err := range Learn(context.Background(), env, Sarsa{}, l, 10) {
		if last = err; err == nil {
			n++
		}
	}
	if n != 2 || last == nil || last.Error() != "unplugged" || l.Episodes != 2 {
		t.Errorf("%d episodes, %v", n, last)
	}
}

type failing struct {
	script
	steps int
}

func (e *failing) Step(a int) (int, float64, float64) {
	if e.steps++; e.steps > 7 {
		panic(rl.Failure{Err: errors.New("unplugged")})
	}
	return e.script.Step(a)
}
