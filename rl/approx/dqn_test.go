package approx

import (
	"math"
	"os"
	"slices"
	"testing"

	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/rl"
)

// The gradient of every loss agrees with finite differences.
func TestOutlookGradients(t *testing.T) {
	rng := stream(1)
	for _, o := range []Outlook{Expected{}, Expected{Kink: 1}, Categorical{11, -2, 3}, Quantile{1}, Quantile{7}} {
		n := o.Atoms()
		z, next, dz, scratch := make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n)
		for round := range 20 {
			for i := range z {
				z[i], next[i] = float32(rng.NormFloat64()), float32(rng.NormFloat64())
			}
			r, gamma := float32(rng.NormFloat64()), float32(.9)
			if round%3 == 0 {
				gamma = 0
				for i := range next {
					next[i] = float32(math.NaN())
				}
			}
			o.Loss(dz, z, r, gamma, next)
			for i := range z {
				const h = 4e-3
				old := z[i]
				z[i] = old + h
				up := o.Loss(scratch, z, r, gamma, next)
				z[i] = old - h
				down := o.Loss(scratch, z, r, gamma, next)
				z[i] = old
				if d := (up - down) / (2 * h); math.Abs(float64(d-dz[i])) > .02 {
					t.Errorf("%#v: atom %d: gradient %g, difference %g", o, i, dz[i], d)
				}
			}
		}
	}
}

// The projected target is a distribution with the mean of the target, as long as
// that lies inside; and its own projection where nothing moves.
func TestCategoricalProjection(t *testing.T) {
	c := Categorical{21, -5, 5}
	rng := stream(2)
	z, next, dz := make([]float32, 21), make([]float32, 21), make([]float32, 21)
	for i := range next {
		next[i] = float32(rng.NormFloat64())
	}
	const r, gamma = .7, .5
	c.Loss(dz, z, r, gamma, next)
	var sum, mean float64
	for i, d := range dz {
		m := 1./21 - float64(d) // p − dz, with p uniform
		sum += m
		mean += m * float64(c.Low+float32(i)*c.gap())
	}
	if want := r + gamma*float64(c.Mean(next)); math.Abs(sum-1) > 1e-5 || math.Abs(mean-want) > 1e-4 {
		t.Errorf("projected: sum %g, mean %g, want 1 and %g", sum, mean, want)
	}
	copy(z, next)
	c.Loss(dz, z, 0, 1, next)
	for i, d := range dz {
		if math.Abs(float64(d)) > 1e-5 {
			t.Errorf("atom %d moves by %g though nothing changes", i, d)
		}
	}
}

// Quantiles learned from samples are those of the samples.
func TestQuantilesOfADie(t *testing.T) {
	q := Quantile{5}
	rng := stream(3)
	z, dz := make([]float32, 5), make([]float32, 5)
	for k := range 60000 {
		q.Loss(dz, z, 100*rng.Float32(), 0, z)
		rate := float32(2)
		if k > 30000 {
			rate = .2
		}
		for i := range z {
			z[i] -= rate * dz[i]
		}
	}
	for i, v := range z {
		if want := 10 + 20*float32(i); math.Abs(float64(v-want)) > 3 {
			t.Errorf("quantile %d is %g, want %g", i, v, want)
		}
	}
}

func TestSumTree(t *testing.T) {
	tree := newSumTree(6)
	p := []float64{1, 0, 3, 2, 0, 4}
	for i, x := range p {
		tree.set(i, x)
	}
	count := make([]float64, 6)
	for k := range 1000 {
		count[tree.find((float64(k)+.5)/1000*10)]++
	}
	near(t, "draws", count, []float64{100, 0, 300, 200, 0, 400}, 0)
	if i := tree.find(10); i != 5 {
		t.Errorf("the end of the sum is leaf %d, want 5", i)
	}
}

// Three steps of a run become their discounted sums, shorter where it is cut, and
// the ring forgets the oldest.
func TestReplaySteps(t *testing.T) {
	r := NewReplay(4, 1, 1, 3, false)
	for k := range 5 {
		x := float32(k)
		gamma := float32(.5)
		if k == 4 {
			gamma = 0
		}
		r.Add([]float32{x}, []float32{10 + x}, 1, gamma, []float32{x + 1}, k == 4)
	}
	// starts 0 … 4; the first fell out
	type row struct{ s, a, next, r, gamma float32 }
	want := []row{{4, 14, 5, 1, 0}, {1, 11, 4, 1.75, .125}, {2, 12, 5, 1.75, 0}, {3, 13, 5, 1.5, 0}}
	for i, w := range want {
		got := row{r.State.Row(i)[0], r.Action.Row(i)[0], r.Next.Row(i)[0], r.Reward[i], r.Discount[i]}
		if got != w {
			t.Errorf("row %d is %+v, want %+v", i, got, w)
		}
	}
}

// zhaoNet is deep Q-learning of the book's figures 8.11 and 8.12, with what the book
// leaves open as rl/gallery has it.
func zhaoNet(t *testing.T, steps, batch int) *DeepQ {
	w := open(t, "zhao5x5", "gamma=0.9", "r-forbidden=-10", "r-boundary=-10")
	env := See(w.Finite(), 2, func(s int, x []float64) { x[0], x[1] = float64(s/5)/4, float64(s%5)/4 })
	a, err := DQN{
		Hidden: []int{100}, Bend: Tanh, LR: .01, Gamma: 1, Capacity: steps, Batch: batch, Warmup: steps,
		Outlook: Expected{}, ActionInput: true, MaxNorm: math.Inf(1),
	}.New(env, 5)
	if err != nil {
		t.Fatal(err)
	}
	first := a.Net.W[:4*100]
	kernel.Scale(first, 16, first)
	for range steps { // all by chance: the uniform policy
		a.Advance()
	}
	for k := range 10_000 {
		if k%50 == 0 {
			a.Sync()
		}
		a.Update()
	}
	return a
}

// optimal are the values of the book's figure 3.4d, which a bump at −10 leaves.
var optimal = []float64{
	3.4868, 3.8742, 4.3047, 4.7830, 5.3144,
	3.1381, 3.4868, 4.7830, 5.3144, 5.9049,
	2.8243, 2.5419, 10, 5.9049, 6.5610,
	2.5419, 10, 10, 10, 7.2900,
	2.2877, 9, 10, 9, 8.1,
}

func valueError(a *DeepQ) float64 {
	var sum float64
	for s, want := range optimal {
		e := slices.Max(a.Values([]float64{float64(s/5) / 4, float64(s%5) / 4})) - want
		sum += e * e / 25
	}
	return math.Sqrt(sum)
}

// A thousand steps are enough, and a hundred are not though their loss vanishes.
func TestDQNOnZhao(t *testing.T) {
	if os.Getenv("ROTOR_LONG") == "" {
		t.Skip("twenty thousand updates: set ROTOR_LONG=1")
	}
	a := zhaoNet(t, 1000, 100)
	long := valueError(a)
	t.Logf("1,000 steps: error %.3f, loss %.4f", long, a.Loss)
	if long > .5 || a.Loss > .1 {
		t.Errorf("values learned from 1,000 steps are %.2f off, loss %.3f", long, a.Loss)
	}
	short := zhaoNet(t, 100, 50)
	e := valueError(short)
	t.Logf("100 steps: error %.3f, loss %.4f", e, short.Loss)
	if e < 2 || e > 30 || short.Loss > .1 {
		t.Errorf("from 100 steps: error %.2f, loss %.3f: want a large error, though none without bound, and a small loss", e, short.Loss)
	}
}

// options are those that compose, all at once and each alone.
func options() map[string]DQN {
	base := DQN{Hidden: []int{32, 32}, LR: 1e-3, Batch: 40, Warmup: 100, Capacity: 300, Copy: 50, Horizon: 200}
	with := func(f func(*DQN)) DQN { c := base; f(&c); return c }
	return map[string]DQN{
		"plain":       base,
		"double":      with(func(c *DQN) { c.Double = true }),
		"dueling":     with(func(c *DQN) { c.Dueling = true }),
		"prioritised": with(func(c *DQN) { c.Priority, c.Correction = .6, rl.Linear(.4, 1, 1000) }),
		"3-step":      with(func(c *DQN) { c.Steps = 3 }),
		"categorical": with(func(c *DQN) { c.Outlook = Categorical{21, 0, 100} }),
		"quantile":    with(func(c *DQN) { c.Outlook = Quantile{20} }),
		"action in":   with(func(c *DQN) { c.ActionInput = true }),
		"all": with(func(c *DQN) {
			c.Double, c.Dueling, c.Priority, c.Steps, c.Outlook = true, true, .5, 3, Categorical{21, 0, 100}
		}),
		"all with quantiles": with(func(c *DQN) {
			c.Double, c.Dueling, c.Priority, c.Steps, c.Outlook, c.Tau, c.Copy = true, true, .5, 3, Quantile{9}, .01, 1
		}),
	}
}

// Whatever the options, weights are the same on one core and on two, and a step
// allocates nothing.
func TestDQNOptions(t *testing.T) {
	defer kernel.SetThreads(kernel.Threads())
	for name, c := range options() {
		t.Run(name, func(t *testing.T) {
			run := func(threads int) *DeepQ {
				kernel.SetThreads(threads)
				w := open(t, "cartpole")
				a, err := c.New(w.New(), 2)
				if err != nil {
					t.Fatal(err)
				}
				before := slices.Clone(a.Net.W)
				for _, err := range Learn(t.Context(), a, 160) {
					if err != nil {
						t.Fatal(err)
					}
				}
				if slices.Equal(before, a.Net.W) {
					t.Fatal("learned nothing")
				}
				return a
			}
			one, two := run(1), run(2)
			if !slices.Equal(one.Net.W, two.Net.W) {
				t.Error("weights depend on the number of cores")
			}
			if n := testing.AllocsPerRun(20, func() { one.Advance() }); n > 0 {
				t.Errorf("%g allocations in a step", n)
			}
		})
	}
}

func TestDQNRefuses(t *testing.T) {
	env := open(t, "cartpole").New()
	for _, c := range []DQN{
		{Gamma: 1.5},
		{Batch: -1},
		{Tau: 2},
		{Steps: 10, Capacity: 5},
		{Priority: -1},
		{ActionInput: true, Dueling: true},
		{Outlook: Categorical{1, 0, 1}},
		{Outlook: Categorical{5, 1, 1}},
		{Outlook: Quantile{}},
	} {
		if _, err := c.New(env, 2); err == nil {
			t.Errorf("%+v was accepted", c)
		}
	}
	if _, err := (DQN{}).New(env, 0); err == nil {
		t.Error("a world without numbered actions was accepted")
	}
}
