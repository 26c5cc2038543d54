package approx

import (
	"slices"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/world"
)

// With one-hot features and traces of zero, the three targets learn the optimal
// values of the book's world by their own rules; Expected Sarsa that explores
// nowhere is Q-learning, step for step.
func TestExpectedSarsaUnderGreedyIsQLearning(t *testing.T) {
	w := open(t, "zhao5x5-episodic", "gamma=0.9")
	weights := func(target Target) []float64 {
		c := &Control[int]{Q: NewLinear(Blocks[int](OneHot(25), 5), .1), Actions: 5, Target: target}
		rng, env := stream(1), w.Finite()
		for range 30 {
			c.Run(env, rng, 10000)
		}
		return c.Q.W
	}
	near(t, "Expected Sarsa without exploration", weights(ExpectedSarsa), weights(QLearning), 0)
}

// fourier has the action as a third coordinate beside column and row: 216 waves.
func fourier(order int) Features[rl.Pair[int, int]] {
	see := func(n int, x []float64) { x[0], x[1], x[2] = float64(n/5%5), float64(n/25), float64(n%5) }
	return Pairs(Tabulate(On(3, see, NewFourier(Square(3, 0, 4), order)), 125), 5)
}

// Sarsa and Q-learning with Fourier features of order 5, figures 8.9 and 8.10,
// whose last 100 episodes have medians of 12 and 13 steps. The book leaves open
// how the action enters; with the action as a coordinate its curves come out.
func TestFourierControl(t *testing.T) {
	w := open(t, "zhao5x5-episodic", "gamma=0.9", "r-forbidden=-10", "r-boundary=-10", "r-target=1", "r-step=0")
	f := fourier(5)
	for name, target := range map[string]Target{"Sarsa": Sarsa, "Q-learning": QLearning} {
		first, median := make([]float64, 3), make([]float64, 3)
		for seed := range median {
			c := &Control[int]{Q: NewLinear(f, .001), Actions: 5, Target: target, Epsilon: rl.Const(.1)}
			rng, env := stream(uint64(seed)), w.Finite()
			var last []float64
			for n := range 500 {
				e := c.Run(env, rng, 5000)
				if n < 10 {
					first[seed] += float64(e.Length) / 10
				}
				if n >= 400 {
					last = append(last, float64(e.Length))
				}
			}
			slices.Sort(last)
			median[seed] = last[50]
		}
		slices.Sort(median)
		slices.Sort(first)
		t.Logf("%s: median of the first 10's mean %.0f, of the last 100's median %.0f", name, first[1], median[1])
		if median[1] > 14 || first[1] < 80 || first[1] > 500 {
			t.Errorf("%s: last 100 median %g, first 10 mean %g, of three seeds", name, median, first)
		}
	}
}

// Semi-gradient Sarsa(λ) with tiles climbs the mountain, as in figure 10.1 and 12.10.
func TestMountainCar(t *testing.T) {
	c, env := newMountainCar(t)
	c.Lambda, c.Trace = .9, Replacing
	rng := stream(3)
	var last float64
	for n := range 60 {
		e := c.Run(env, rng, 5000)
		if n >= 50 {
			last += float64(e.Length) / 10
		}
	}
	t.Logf("last 10: %.0f steps", last)
	if last > 200 {
		t.Errorf("the car needs %.0f steps after 60 episodes, want at most 200", last)
	}
}

// The step loop allocates nothing.
func TestControlAllocates(t *testing.T) {
	c, env := newMountainCar(t)
	rng := stream(3)
	c.Run(env, rng, 100)
	if n := testing.AllocsPerRun(3, func() { c.Run(env, rng, 500) }); n > 0 {
		t.Errorf("%g allocations in a run", n)
	}
}

func newMountainCar(t testing.TB) (*Control[[2]float64], *world.MountainCar) {
	t.Helper()
	tiles, err := NewTiles(Box{[]float64{-1.2, -.07}, []float64{.6, .07}}, 8, []int{8, 8}, 2048)
	if err != nil {
		t.Fatal(err)
	}
	f := On(2, func(s [2]float64, x []float64) { copy(x, s[:]) }, tiles)
	q := NewLinear(Blocks(f, 3), .5/8)
	return &Control[[2]float64]{Q: q, Actions: 3, Target: Sarsa}, &world.MountainCar{Gamma: 1}
}

// The samples of chance are enough for LSPI to find the best policy, and, in a world
// without chance and with a weight for every pair, its values.
func TestLeastSquaresPolicy(t *testing.T) {
	w := open(t, "zhao5x5", "gamma=0.9", "r-forbidden=-10")
	c := LeastSquaresPolicy{Basis: Basis{Features: "one-hot"}, Gamma: 1, Ridge: 1e-6, Every: 2000, Horizon: 100, Seed: 1}
	a, err := c.New(w.New(), Square(1, 0, 24), len(w.Actions))
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range Learn(t.Context(), a, 10_000) {
		if err != nil {
			t.Fatal(err)
		}
	}
	if a.Policies != 5 {
		t.Errorf("%d policies in %d steps, want one every %d", a.Policies, a.Taken, a.Every)
	}
	v := make([]float64, 25)
	for s := range v {
		v[s] = slices.Max(a.Values([]float64{float64(s)}))
	}
	near(t, "first row", v[:5], []float64{3.487, 3.874, 4.305, 4.783, 5.314}, 5e-4)
	near(t, "third row", v[10:15], []float64{2.824, 2.542, 10, 5.905, 6.561}, 5e-4)
}

// What cannot be is refused by name.
func TestLeastSquaresPolicySettings(t *testing.T) {
	w := open(t, "zhao5x5")
	for says, c := range map[string]LeastSquaresPolicy{
		"gamma 2": {Gamma: 2}, "ridge -1": {Ridge: -1}, "every": {Every: -1}, "at most 2048": {Basis: Basis{Tilings: 9}}, "no features": {Basis: Basis{Features: "none"}},
	} {
		if _, err := c.New(w.New(), Square(1, 0, 24), 30); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%+v: %v, want a word of %q", c, err, says)
		}
	}
	if _, err := (LeastSquaresPolicy{}).New(w.New(), Square(1, 0, 24), 0); err == nil {
		t.Error("a world without actions is no error")
	}
}
