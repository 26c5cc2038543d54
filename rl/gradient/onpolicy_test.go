package gradient

import (
	"math"
	"slices"
	"testing"

	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/approx"
	"github.com/rotor-lm/rotor/rl/returns"
	"github.com/rotor-lm/rotor/rl/world"
)

func copies(t testing.TB, name string) func() approx.Env {
	t.Helper()
	w, err := world.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	return func() approx.Env { return w.New() }
}

// Heads: probabilities add to one, and gradients agree with finite differences.
func TestHeads(t *testing.T) {
	rng := stream(1)
	for _, head := range []Head{Categorical{4}, Gaussian{-2, 2}} {
		y, free := make([]float32, head.Outputs()), make([]float32, head.Free())
		for _, x := range [][]float32{y, free} {
			for i := range x {
				x[i] = float32(rng.NormFloat64() / 2)
			}
		}
		a := head.Sample(rng, y, free)
		const p, h = .7, -.3
		f := func() float64 {
			logp, entropy := head.LogProb(y, free, a)
			return p*float64(logp) + h*float64(entropy)
		}
		dy, dfree := make([]float32, len(y)), make([]float32, len(free))
		head.Grad(dy, dfree, y, free, a, p, h)
		check := func(x, g []float32) {
			for i := range x {
				const step = 1e-2
				old := x[i]
				x[i] = old + step
				up := f()
				x[i] = old - step
				down := f()
				x[i] = old
				if d := (up - down) / (2 * step); math.Abs(d-float64(g[i])) > 1e-3 {
					t.Errorf("%T: gradient %g, difference %g", head, g[i], d)
				}
			}
		}
		check(y, dy)
		check(free, dfree)
	}
	var sum float64
	y := []float32{1, 2, -1, 0}
	for a := range y {
		logp, _ := Categorical{4}.LogProb(y, nil, float32(a))
		sum += math.Exp(float64(logp))
	}
	if math.Abs(sum-1) > 1e-6 {
		t.Errorf("probabilities add to %g", sum)
	}
}

// Samples come as often as their probability says.
func TestSamples(t *testing.T) {
	rng := stream(2)
	y := []float32{0, float32(math.Log(2)), float32(math.Log(5))}
	count := make([]float64, 3)
	const n = 40000
	for range n {
		count[int(Categorical{3}.Sample(rng, y, nil))] += 8. / n
	}
	for a, want := range []float64{1, 2, 5} {
		if math.Abs(count[a]-want) > .1 {
			t.Errorf("action %d: %g eighths, want %g", a, count[a], want)
		}
	}
	var mean, square float64
	for range n {
		x := float64(Gaussian{}.Sample(rng, []float32{3}, []float32{float32(math.Log(2))}))
		mean += x / n
		square += x * x / n
	}
	if math.Abs(mean-3) > .05 || math.Abs(square-mean*mean-4) > .15 {
		t.Errorf("mean %g, variance %g, want 3 and 4", mean, square-mean*mean)
	}
}

// The clipped losses and their slopes, case by case of the paper's figure 1.
func TestClipped(t *testing.T) {
	for _, c := range []struct{ rho, A, loss, slope float32 }{
		{1, 2, -2, -2},
		{1.1, 2, -2.2, -2.2},
		{1.5, 2, -2.4, 0},
		{.5, 2, -1, -1},
		{1, -2, 2, 2},
		{.9, -2, 1.8, 1.8},
		{.5, -2, 1.6, 0},
		{1.5, -2, 3, 3},
	} {
		loss, slope := Clipped(c.rho, c.A, .2)
		if math.Abs(float64(loss-c.loss)) > 1e-6 || math.Abs(float64(slope-c.slope)) > 1e-6 {
			t.Errorf("ρ %g, A %g: loss %g, slope %g, want %g, %g", c.rho, c.A, loss, slope, c.loss, c.slope)
		}
	}
	for _, c := range []struct{ v, old, G, loss, slope float32 }{
		{1, 1, 3, 4, -4}, {1.1, 1, 3, 1.9 * 1.9, -3.8}, {2, 1, 3, 1.8 * 1.8, 0}, {0, 1, 3, 9, -6},
	} {
		loss, slope := Closer(c.v, c.old, c.G, .2)
		if math.Abs(float64(loss-c.loss)) > 1e-5 || math.Abs(float64(slope-c.slope)) > 1e-5 {
			t.Errorf("v %g, old %g, G %g: loss %g, slope %g, want %g, %g", c.v, c.old, c.G, loss, slope, c.loss, c.slope)
		}
	}
}

// The window's returns are those of each run apart: an episode's end stops them,
// and a horizon's cut goes on with the value of the state reached.
func TestWindowReturns(t *testing.T) {
	for _, horizon := range []int{0, 7} {
		c := PPO(3)
		c.Window, c.Horizon, c.Hidden, c.Batch = 40, horizon, []int{8}, 0
		a, err := c.New(copies(t, "cartpole"), Categorical{2})
		if err != nil {
			t.Fatal(err)
		}
		// play a window without learning, noting runs as trajectories
		type step struct {
			state, next []float32
			r, gamma    float32
			cut         bool
		}
		rows := make([][]step, 3)
		for range 39 {
			before := make([][]float32, 3)
			for i := range before {
				before[i] = slices.Clone(a.worlds[i].State)
			}
			a.Advance()
			for i := range rows {
				row := i*a.length + a.t - 1
				next := slices.Clone(a.worlds[i].State)
				for k := range a.reached {
					if a.reachedRow[k] == row {
						next = slices.Clone(a.reachedState.Row(k))
					}
				}
				rows[i] = append(rows[i], step{before[i], next, a.reward[row], a.gamma[row], a.cut[row]})
			}
		}
		a.estimate()
		p := a.Value.NewPass(1)
		v := func(s []float32) float32 {
			copy(p.Input(1).Row(0), s)
			return a.Value.Forward(p, 1).Data[0]
		}
		cuts := 0
		for i := range rows {
			for from := 0; from < len(rows[i]); {
				to := from
				var r, gamma, next, now []float32
				for ; to < len(rows[i]); to++ {
					s := rows[i][to]
					r, gamma = append(r, s.r), append(gamma, s.gamma)
					next, now = append(next, v(s.next)), append(now, v(s.state))
					if s.cut {
						cuts++
						to++
						break
					}
				}
				want := returns.Advantage(returns.Lambda(r, gamma, next, float32(a.Lambda)), now)
				for k := range want {
					if got := a.A[i*a.length+from+k]; math.Abs(float64(got-want[k])) > 1e-4 {
						t.Fatalf("horizon %d, world %d, step %d: advantage %g, want %g", horizon, i, from+k, got, want[k])
					}
				}
				from = to
			}
		}
		if cuts == 0 {
			t.Error("no run ended in the window: the test shows nothing")
		}
	}
}

// One pass without clipping is an actor-critic step: the gradient of PPO at ρ = 1.
func TestUnclippedIsActorCritic(t *testing.T) {
	gradient := func(clip float64) []float32 {
		c := A2C(4)
		c.Clip, c.Window, c.Bend = clip, 20, approx.Tanh
		a, err := c.New(copies(t, "cartpole"), Categorical{2})
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			a.Advance()
		}
		return a.adam.W
	}
	if !slices.Equal(gradient(0), gradient(.2)) {
		t.Error("clipping changes a first pass, where every ratio is one")
	}
}

// settings are the rows of the table.
func settings() map[string]OnPolicy {
	short := func(c OnPolicy) OnPolicy { c.Horizon, c.Hidden = 60, []int{16}; return c }
	ppo := PPO(4)
	ppo.Window, ppo.Batch, ppo.Epochs, ppo.Closer, ppo.Entropy = 50, 80, 3, .2, .01
	kl := ppo
	kl.KL = .01
	return map[string]OnPolicy{
		"REINFORCE": short(REINFORCE(false)), "REINFORCE with baseline": short(REINFORCE(true)),
		"one step": short(NStep(1)), "5 steps": short(NStep(5)), "A2C": short(A2C(4)), "PPO": short(ppo), "PPO with KL": short(kl),
	}
}

// Whatever the settings and the head, weights do not depend on the number of
// cores, and a step allocates nothing.
func TestOnPolicySettings(t *testing.T) {
	defer kernel.SetThreads(kernel.Threads())
	for name, c := range settings() {
		for _, w := range []struct {
			world string
			head  Head
		}{{"cartpole", Categorical{2}}, {"pendulum", Gaussian{-2, 2}}} {
			t.Run(name+" "+w.world, func(t *testing.T) {
				run := func(threads int) *Actor {
					kernel.SetThreads(threads)
					a, err := c.New(copies(t, w.world), w.head)
					if err != nil {
						t.Fatal(err)
					}
					before := slices.Clone(a.adam.W)
					for _, err := range approx.Learn(t.Context(), a, 500) {
						if err != nil {
							t.Fatal(err)
						}
					}
					if slices.Equal(before, a.adam.W) {
						t.Fatal("learned nothing")
					}
					return a
				}
				one, two := run(1), run(2)
				if !slices.Equal(one.adam.W, two.adam.W) {
					t.Error("weights depend on the number of cores")
				}
				if n := testing.AllocsPerRun(100, func() { one.Advance() }); n > 0 {
					t.Errorf("%g allocations in a step", n)
				}
			})
		}
	}
}

// PPO balances the pole.
func TestPPOCartPole(t *testing.T) {
	c := PPO(8)
	c.Window, c.Lambda, c.Gamma, c.Epochs, c.LR, c.Horizon = 32, .8, .98, 20, rl.Const(1e-3), 500
	a, err := c.New(copies(t, "cartpole"), Categorical{2})
	if err != nil {
		t.Fatal(err)
	}
	var best float64
	for steps := 8192; steps <= 32768 && best < 400; steps += 4096 {
		for _, err := range approx.Learn(t.Context(), a, steps) {
			if err != nil {
				t.Fatal(err)
			}
		}
		var mean float64
		for _, total := range approx.Evaluate(a.Act, copies(t, "cartpole")(), stream(7), 10, 500) {
			mean += total / 10
		}
		t.Logf("%d steps: %.0f", steps, mean)
		best = max(best, mean)
	}
	if best < 400 {
		t.Errorf("best mean return %.0f after 32,768 steps, want 400", best)
	}
}

func TestOnPolicyRefuses(t *testing.T) {
	for _, change := range []func(*OnPolicy){
		func(c *OnPolicy) { c.Gamma = 2 }, func(c *OnPolicy) { c.Lambda = -1 }, func(c *OnPolicy) { c.Worlds = -1 },
		func(c *OnPolicy) { c.Window = 0 }, func(c *OnPolicy) { c.Critic = false }, func(c *OnPolicy) { c.Clip = -1 },
	} {
		c := PPO(2)
		change(&c)
		if _, err := c.New(copies(t, "cartpole"), Categorical{2}); err == nil {
			t.Errorf("%+v was accepted", c)
		}
	}
	if _, err := PPO(1).New(copies(t, "bandit"), Categorical{10}); err == nil {
		t.Error("a world without anything to see was accepted")
	}
}
