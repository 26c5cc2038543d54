package returns

import (
	"math"
	"math/rand/v2"
	"testing"
)

// run draws T transitions, some of which end an episode.
func run(rng *rand.Rand, T int) (r, gamma, v []float64) {
	r, gamma, v = make([]float64, T), make([]float64, T), make([]float64, T)
	for t := range r {
		r[t], v[t] = rng.NormFloat64(), rng.NormFloat64()
		gamma[t] = rng.Float64()
		if rng.IntN(6) == 0 {
			gamma[t] = 0
		}
	}
	return r, gamma, v
}

func near(t *testing.T, what string, have, want []float64) {
	t.Helper()
	if len(have) != len(want) {
		t.Fatalf("%s: %d elements, want %d", what, len(have), len(want))
	}
	for i := range have {
		if !(math.Abs(have[i]-want[i]) <= 1e-12*(1+math.Abs(want[i]))) {
			t.Fatalf("%s: element %d is %v, want %v", what, i, have[i], want[i])
		}
	}
}

func each(t *testing.T, f func(t *testing.T, rng *rand.Rand, r, gamma, v []float64)) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 1))
		r, gamma, v := run(rng, 1+rng.IntN(30))
		f(t, rng, r, gamma, v)
	}
}

// GAE as its authors wrote it: A_t = Σ_k (γλ)^k·δ_{t+k}.
func TestLambdaIsGAE(t *testing.T) {
	each(t, func(t *testing.T, rng *rand.Rand, r, gamma, v []float64) {
		lambda, first := rng.Float64(), rng.NormFloat64()
		b := append([]float64{first}, v[:len(v)-1]...) // v(s_t) beside v(s_{t+1})
		gae, next := make([]float64, len(r)), 0.0
		for k := len(r) - 1; k >= 0; k-- {
			next = r[k] + gamma[k]*v[k] - b[k] + gamma[k]*lambda*next
			gae[k] = next
		}
		near(t, "advantage", Advantage(Lambda(r, gamma, v, lambda), b), gae)
	})
}

// (1−λ)·Σ λⁿ⁻¹·G⁽ⁿ⁾, the rest of the weight on the return of the whole run.
func TestLambdaMixesNStep(t *testing.T) {
	each(t, func(t *testing.T, rng *rand.Rand, r, gamma, v []float64) {
		lambda, T := rng.Float64(), len(r)
		mix := make([]float64, T)
		for n := 1; n <= T; n++ {
			for k, g := range NStep(r, gamma, v, n) {
				switch left := T - k; {
				case n < left:
					mix[k] += (1 - lambda) * math.Pow(lambda, float64(n-1)) * g
				case n == left:
					mix[k] += math.Pow(lambda, float64(n-1)) * g
				}
			}
		}
		near(t, "mixture", Lambda(r, gamma, v, lambda), mix)
	})
}

func TestEndsOfTheFamily(t *testing.T) {
	each(t, func(t *testing.T, rng *rand.Rand, r, gamma, v []float64) {
		near(t, "NStep(1)", NStep(r, gamma, v, 1), TD(r, gamma, v))
		near(t, "NStep(T)", NStep(r, gamma, v, len(r)), MonteCarlo(r, gamma, v))
		near(t, "NStep(∞)", NStep(r, gamma, v, math.MaxInt), MonteCarlo(r, gamma, v))
		near(t, "Lambda(0)", Lambda(r, gamma, v, 0), TD(r, gamma, v))
		near(t, "Lambda(1)", Lambda(r, gamma, v, 1), MonteCarlo(r, gamma, v))
		c := constant(len(r), .7)
		near(t, "Corrected", Corrected(r, gamma, v, v, c), Lambda(r, gamma, v, .7))
		gamma[len(gamma)-1] = 0
		near(t, "no prediction", MonteCarlo(r, gamma, v), MonteCarlo(r, gamma, nil))
	})
}

// Offline, the forward view equals accumulating eligibility traces (Sutton and
// Barto 2018, §12.2): over an episode with frozen values both change each state alike.
func TestForwardViewIsBackwardView(t *testing.T) {
	each(t, func(t *testing.T, rng *rand.Rand, r, gamma, _ []float64) {
		T, states, lambda := len(r), 5, rng.Float64()
		s, table := make([]int, T+1), make([]float64, states)
		for k := range s {
			s[k] = rng.IntN(states)
		}
		for k := range table {
			table[k] = rng.NormFloat64()
		}
		v, b := make([]float64, T), make([]float64, T)
		for k := range v {
			v[k], b[k] = table[s[k+1]], table[s[k]]
		}
		forward := make([]float64, states)
		for k, a := range Advantage(Lambda(r, gamma, v, lambda), b) {
			forward[s[k]] += a
		}
		backward, e, before := make([]float64, states), make([]float64, states), 0.0
		for k := range T {
			for i := range e {
				e[i] *= before * lambda // γ of the transition that led here
			}
			e[s[k]]++
			delta := r[k] + gamma[k]*v[k] - b[k]
			for i := range e {
				backward[i] += delta * e[i]
			}
			before = gamma[k]
		}
		near(t, "backward view", backward, forward)
	})
}

// What stands beyond an end must not leak through it, even if it is not a number.
func TestEpisodesAreApart(t *testing.T) {
	each(t, func(t *testing.T, rng *rand.Rand, r, gamma, v []float64) {
		gamma[len(gamma)-1] = 0
		v[len(v)-1] = math.NaN()
		bad := func(x []float64) []float64 {
			return append(append([]float64{}, x...), math.NaN(), math.Inf(1))
		}
		T := len(r)
		for what, f := range map[string]func(r, gamma, v []float64) []float64{
			"Lambda":      func(r, gamma, v []float64) []float64 { return Lambda(r, gamma, v, .9) },
			"MonteCarlo":  MonteCarlo[float64],
			"TD":          TD[float64],
			"NStep":       func(r, gamma, v []float64) []float64 { return NStep(r, gamma, v, 3) },
			"Corrected":   func(r, gamma, v []float64) []float64 { return Corrected(r, gamma, v, v, constant(len(r), .5)) },
			"CorrectedTo": func(r, gamma, v []float64) []float64 { return CorrectedTo(make([]float64, len(r)), r, gamma, v, v, r) },
		} {
			clean := append([]float64{}, v...)
			clean[T-1] = 0
			near(t, what, f(bad(r), bad(gamma), bad(v))[:T], f(r, gamma, clean))
		}
		c := constant(T, 0.) // a trust of zero cuts as well
		q := constant(T, math.NaN())
		clean := append([]float64{}, v...)
		clean[T-1] = 0
		near(t, "c = 0", Corrected(r, gamma, v, q, c), TD(r, gamma, clean))
	})
}

// Tree backup as Sutton and Barto 2018, eq. 7.16 has it, the greedy case of
// which is Watkins's Q(λ), and Retrace as the sum of Munos et al. 2016, eq. 4.
func TestOffPolicy(t *testing.T) {
	each(t, func(t *testing.T, rng *rand.Rand, r, gamma, _ []float64) {
		T, actions := len(r), 3
		q := make([][]float64, T+1) // q(s_t, ·)
		pi := make([][]float64, T+1)
		a := make([]int, T+1)
		for k := range q {
			q[k], pi[k] = make([]float64, actions), make([]float64, actions)
			sum := 0.0
			for i := range actions {
				q[k][i], pi[k][i] = rng.NormFloat64(), rng.Float64()
				sum += pi[k][i]
			}
			for i := range actions {
				pi[k][i] /= sum
			}
			a[k] = rng.IntN(actions)
		}
		expected := func(k int) (x float64) {
			for i := range actions {
				x += pi[k][i] * q[k][i]
			}
			return x
		}
		v, taken, tree, retrace := make([]float64, T), make([]float64, T), make([]float64, T), make([]float64, T)
		const lambda, mu = .8, 1. / 3
		for k := range T {
			v[k], taken[k] = expected(k+1), q[k+1][a[k+1]]
			tree[k] = pi[k+1][a[k+1]]
			retrace[k] = lambda * min(1, pi[k+1][a[k+1]]/mu)
		}

		want := make([]float64, T)
		for k := T - 1; k >= 0; k-- {
			if k == T-1 {
				want[k] = r[k] + gamma[k]*expected(k+1)
				continue
			}
			others := 0.0
			for i := range actions {
				if i != a[k+1] {
					others += pi[k+1][i] * q[k+1][i]
				}
			}
			want[k] = r[k] + gamma[k]*others + gamma[k]*pi[k+1][a[k+1]]*want[k+1]
		}
		near(t, "tree backup", Corrected(r, gamma, v, taken, tree), want)

		for k := range T {
			want[k] = q[k][a[k]]
			weight := 1.0
			for j := k; j < T; j++ {
				want[k] += weight * (r[j] + gamma[j]*v[j] - q[j][a[j]])
				weight *= gamma[j] * retrace[j]
			}
		}
		near(t, "Retrace", Corrected(r, gamma, v, taken, retrace), want)
	})
}

func TestBaselines(t *testing.T) {
	each(t, func(t *testing.T, rng *rand.Rand, R, _, _ []float64) {
		n := float64(len(R))
		mean, sum := 0.0, 0.0
		for _, x := range R {
			mean += x / n
			sum += x
		}
		loo, group := LeaveOneOut(R), Group(R, 0)
		if len(R) == 1 {
			near(t, "alone", append(loo, group...), []float64{R[0], 0})
			return
		}
		want, square := make([]float64, len(R)), 0.0
		for i, x := range R {
			want[i] = x - (sum-x)/(n-1)
		}
		near(t, "leave one out", loo, want)
		sum = 0
		for _, x := range group {
			sum += x
			square += x * x
		}
		near(t, "group", []float64{sum + 1, square}, []float64{1, n - 1})
	})
	near(t, "equal rewards", Group([]float64{2, 2, 2}, 0), []float64{0, 0, 0})
}

func TestFloat32(t *testing.T) {
	G := Lambda([]float32{1, 2}, []float32{.5, .5}, []float32{4, 8}, .5)
	if G[1] != 6 || G[0] != 3.5 {
		t.Fatal(G)
	}
}

func TestMismatchPanics(t *testing.T) {
	for what, f := range map[string]func(){
		"length": func() { TD([]float64{1}, []float64{1, 2}, []float64{1}) },
		"n":      func() { NStep([]float64{1}, []float64{1}, []float64{1}, 0) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", what)
				}
			}()
			f()
		}()
	}
}

func TestNoAllocation(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	r, gamma, v := run(rng, 100)
	G := make([]float64, 100)
	if n := testing.AllocsPerRun(10, func() { LambdaTo(G, r, gamma, v, .9); CorrectedTo(G, r, gamma, v, v, v) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
