package approx

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/returns"
	"github.com/rotor-lm/rotor/rl/world"
)

func stream(path ...uint64) *rand.Rand { return rl.NewRand(1, path...) }

// TD-Linear of the book: the mean of five seeds comes within 0.03 of w*.
func TestTDLinearOnZhao(t *testing.T) {
	m, p := zhao(t)
	for i := range m.Start {
		m.Start[i] = 1. / 25
	}
	for degree := 1; degree <= 3; degree++ {
		phi := Matrix(polynomial(degree), 25)
		f, err := p.Fixed(phi)
		if err != nil {
			t.Fatal(err)
		}
		var mean float64
		for seed := range uint64(5) {
			v := NewLinear(polynomial(degree), .0005)
			rng := stream(seed)
			v.Randomise(rng, 1)
			td, env := &TD[int]{V: v}, world.NewTable(m)
			for range 500 {
				Predict[int, int](td, env, Uniform(25, 5), rng, 500)
			}
			mean += RMSE(phi, v.W, f.V) / 5
		}
		if math.Abs(mean-f.RMSE) > .03 {
			t.Errorf("polynomial %d: TD ends at %.4f, w* is at %.4f", degree, mean, f.RMSE)
		}
	}
}

// A table is the linear case: with one-hot features TD(0) is v(s) += α·δ.
func TestTabularIsLinear(t *testing.T) {
	w := open(t, "walk19")
	table := make([]float64, 21)
	v := NewLinear[int](OneHot(21), .1)
	td := &TD[int]{V: v}
	for n := range uint64(50) {
		tr := rl.Rollout[int, int](w.Finite(), Uniform(21, 1), stream(n), 0)
		td.Begin()
		for k := range tr.Action {
			s, next := tr.State[k], tr.State[k+1]
			table[s] += .1 * (returns.One(tr.Reward[k], tr.Discount[k], table[next]) - table[s])
			td.Learn(s, tr.Reward[k], tr.Discount[k], next, 1)
		}
	}
	near(t, "linear", v.W, table, 0)
}

// Summed over an episode with weights held, the backward view is the forward one:
// TD(λ) moves w as far as the λ-return does, and TD(1) as far as Monte Carlo.
func TestTracesAreTheForwardView(t *testing.T) {
	w := open(t, "walk19", "gamma=0.95")
	f := Tabulate(On(1, func(s int, x []float64) { x[0] = float64(s) }, NewFourier(Square(1, 0, 20), 4)), 21)
	tr := rl.Rollout[int, int](w.Finite(), Uniform(21, 1), stream(3), 0)
	for _, lambda := range []float64{.3, .9, 1} {
		const alpha = 1e-9 // so small that w is held
		back, ahead := NewLinear(f, alpha), NewLinear(f, alpha)
		back.Randomise(stream(4), 1)
		copy(ahead.W, back.W)
		begin := append([]float64(nil), back.W...)
		td := &TD[int]{V: back, Lambda: lambda}
		td.Begin()
		for k := range tr.Action {
			td.Learn(tr.State[k], tr.Reward[k], tr.Discount[k], tr.State[k+1], 1)
		}
		Forward(ahead, tr, func(r, gamma, v []float64) []float64 {
			if lambda == 1 {
				return returns.MonteCarlo(r, gamma, v)
			}
			return returns.Lambda(r, gamma, v, lambda)
		})
		for i := range begin {
			back.W[i] = (back.W[i] - begin[i]) / alpha
			ahead.W[i] = (ahead.W[i] - begin[i]) / alpha
		}
		near(t, "TD(λ)", back.W, ahead.W, 1e-4)
	}
}

// True online TD(λ) equals the online λ-return algorithm, which at every step
// does the whole episode so far again with returns cut at that step.
func TestDutchTraceIsOnline(t *testing.T) {
	w := open(t, "walk19", "gamma=0.9")
	f := Tabulate(On(1, func(s int, x []float64) { x[0] = float64(s) }, NewRadial(Square(1, 0, 20), 6, .15)), 21)
	const alpha, lambda = .1, .8
	online := NewLinear(f, alpha)
	td := &TD[int]{V: online, Lambda: lambda, Trace: Dutch}
	slow := NewLinear(f, alpha)
	for n := range uint64(5) {
		tr := rl.Rollout[int, int](w.Finite(), Uniform(21, 1), stream(n), 0)
		td.Begin()
		for k := range tr.Action {
			td.Learn(tr.State[k], tr.Reward[k], tr.Discount[k], tr.State[k+1], 1)
		}
		begin := append([]float64(nil), slow.W...)
		var v []float64 // v[k] = v̂(s_{k+1}) by the weights at time k, as the algorithm prescribes
		for h := 1; h <= tr.Len(); h++ {
			v = append(v, slow.At(tr.State[h]))
			G := returns.Lambda(tr.Reward[:h], tr.Discount[:h], v, lambda)
			copy(slow.W, begin)
			for k, g := range G {
				slow.Learn(tr.State[k], g-slow.At(tr.State[k]))
			}
		}
	}
	near(t, "true online TD(λ)", online.W, slow.W, 1e-9)
}

// LSTD on many samples comes to w*, and the recursive form to the same weights.
func TestLSTD(t *testing.T) {
	m, p := zhao(t)
	phi := Matrix(polynomial(3), 25)
	f, err := p.Fixed(phi)
	if err != nil {
		t.Fatal(err)
	}
	a := NewLSTD(NewLinear(polynomial(3), 0), 0, 1e-3)
	b := NewRecursive(NewLinear(polynomial(3), 0), 0, 1e-3)
	Predict[int, int](a, world.NewTable(m), Uniform(25, 5), stream(1), 40000)
	Predict[int, int](b, world.NewTable(m), Uniform(25, 5), stream(1), 40000)
	if err := a.Solve(); err != nil {
		t.Fatal(err)
	}
	near(t, "recursive", b.V.W, a.V.W, 1e-6)
	if e := RMSE(phi, a.V.W, f.V); e > f.RMSE+.03 {
		t.Errorf("LSTD is %.4f from v, w* is %.4f", e, f.RMSE)
	}
	empty := NewLSTD(NewLinear[int](OneHot(3), 0), 0, 0)
	if empty.Solve() == nil {
		t.Error("equations of nothing were solved")
	}
}

// LSTD(1) with one-hot features, from episodes each state visited, is the mean of
// the returns: Monte Carlo.
func TestLSTDOneIsMonteCarlo(t *testing.T) {
	w := open(t, "walk5")
	l := NewLSTD(NewLinear[int](OneHot(7), 0), 1, 1e-9)
	sum, count := make([]float64, 7), make([]float64, 7)
	for n := range uint64(200) {
		tr := rl.Rollout[int, int](w.Finite(), Uniform(7, 1), stream(n), 0)
		l.Begin()
		for k := range tr.Action {
			l.Learn(tr.State[k], tr.Reward[k], tr.Discount[k], tr.State[k+1], 1)
		}
		for k, g := range returns.MonteCarlo(tr.Reward, tr.Discount, nil) {
			sum[tr.State[k]] += g
			count[tr.State[k]]++
		}
	}
	if err := l.Solve(); err != nil {
		t.Fatal(err)
	}
	for s := 1; s <= 5; s++ {
		sum[s] /= count[s]
	}
	near(t, "LSTD(1)", l.V.W, sum, 1e-6)
}

// LSPI with one-hot features and every pair once is policy iteration: optimal.
func TestLSPI(t *testing.T) {
	w := open(t, "zhao5x5", "gamma=0.9", "r-forbidden=-10")
	var samples []Sample[int]
	for s := range 25 {
		for a := range 5 {
			o := w.Model.Of(s, a)[0]
			samples = append(samples, Sample[int]{s, a, o.Reward, o.Gamma, o.Next})
		}
	}
	q := NewLinear(Blocks[int](OneHot(25), 5), 0)
	rounds, err := LSPI(context.Background(), q, 5, samples, 1e-12, 1e-6, 50)
	if err != nil {
		t.Fatal(err)
	}
	v := make([]float64, 25)
	for s := range v {
		_, v[s] = greedy(q, s, 5)
	}
	near(t, "first row", v[:5], []float64{3.487, 3.874, 4.305, 4.783, 5.314}, 5e-4)
	near(t, "third row", v[10:15], []float64{2.824, 2.542, 10, 5.905, 6.561}, 5e-4)
	if rounds > 15 {
		t.Errorf("took %d rounds", rounds)
	}
	if _, err := LSPI(context.Background(), q, 5, samples, 1e-12, -1, 2); err == nil {
		t.Error("weights that never settle are no error")
	}
}

// Samples of Baird's example: TD diverges, TDC and GTD2 keep the error small.
func TestBairdSampled(t *testing.T) {
	b := Baird{}
	run := func(p Predictor[int], v *Linear[int]) float64 {
		v.W = b.Weights()
		PredictOff[int, int](p, world.NewTable(b.Model()), b.Behaviour(), b.Target(), stream(5), 2000)
		return norm(v.W)
	}
	v := NewLinear[int](b, .01)
	if n := run(&TD[int]{V: v}, v); n < 1e3 {
		t.Errorf("semi-gradient TD has weights of length %g: should diverge", n)
	}
	for _, rule := range []Correction{TDC, GTD2} {
		v := NewLinear[int](b, .005)
		if n := run(&GradientTD[int]{V: v, Rule: rule, Beta: .05}, v); !(n < 20) {
			t.Errorf("rule %d has weights of length %g: should stay", rule, n)
		}
	}
}

func norm(w []float64) float64 { return math.Sqrt(dot(w, w)) }

// On-policy, with one-hot features, all methods lead to v. Their weights swing
// about it, so the second half of the run is averaged.
func TestGradientMethodsOnPolicy(t *testing.T) {
	w := open(t, "walk5")
	truth := []float64{0, 1. / 6, 2. / 6, 3. / 6, 4. / 6, 5. / 6, 0}
	for _, c := range []struct {
		name  string
		alpha float64
		make  func(v *Linear[int]) Predictor[int]
	}{
		{"TDC", .05, func(v *Linear[int]) Predictor[int] { return &GradientTD[int]{V: v, Rule: TDC, Beta: .1} }},
		{"GTD2", .05, func(v *Linear[int]) Predictor[int] { return &GradientTD[int]{V: v, Rule: GTD2, Beta: .1} }},
		{"emphatic", .002, func(v *Linear[int]) Predictor[int] { return &EmphaticTD[int]{V: v} }},
	} {
		v := NewLinear[int](OneHot(7), c.alpha)
		learner, env, rng := c.make(v), w.Finite(), stream(9)
		mean := make([]float64, 7)
		for n := range 6000 {
			Predict(learner, env, rl.Policy[int, int](Uniform(7, 1)), rng, 0)
			if n >= 3000 {
				axpy(mean, 1./3000, v.W)
			}
		}
		near(t, c.name, mean, truth, .05)
	}
}

// Differential TD learns the mean reward, and values up to a constant.
func TestDifferentialTD(t *testing.T) {
	m, p := zhao(t)
	d := &Differential[int]{V: NewLinear[int](OneHot(25), .02), Beta: .001}
	Predict[int, int](d, world.NewTable(m), Uniform(25, 5), stream(2), 300000)
	if math.Abs(d.Mean-p.Average()) > .02 {
		t.Errorf("mean reward %.4f, want %.4f", d.Mean, p.Average())
	}
	want, err := p.Differential()
	if err != nil {
		t.Fatal(err)
	}
	shift := dot(p.D, d.V.W)
	for i := range d.V.W {
		d.V.W[i] -= shift
	}
	near(t, "differential values", d.V.W, want, .4)
}
