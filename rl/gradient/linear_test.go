package gradient

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/approx"
	"github.com/rotor-lm/rotor/rl/world"
)

func stream(path ...uint64) *rand.Rand { return rl.NewRand(1, path...) }

// blind features cannot tell states apart: one weight for each action.
type blind struct{}

func (blind) Len() int { return 2 }

func (blind) Of(p rl.Pair[int, int], phi *approx.Sparse) {
	phi.Reset()
	phi.Put(p.Action, 1)
}

// one is the feature of a value that cannot tell states apart.
type one struct{}

func (one) Len() int { return 1 }

func (one) Of(_ int, phi *approx.Sparse) {
	phi.Reset()
	phi.Put(0, 1)
}

// J is the value of the corridor's start if right is taken with probability p.
func J(p float64) float64 { return (2*p - 4) / (p * (1 - p)) }

// The model says what the book says of it.
func TestCorridor(t *testing.T) {
	for _, p := range []float64{.1, .5, .59, .9} {
		chain, err := approx.NewProcess(Corridor(), [][]float64{{1 - p, p}, {1 - p, p}, {1 - p, p}, {1 - p, p}})
		if err != nil {
			t.Fatal(err)
		}
		v, err := chain.Values()
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(v[0]-J(p)) > 1e-9 {
			t.Errorf("v(start) at p = %g is %g, want %g", p, v[0], J(p))
		}
	}
}

// ∇log π agrees with finite differences.
func TestSoftmaxGradient(t *testing.T) {
	f := approx.Blocks[int](approx.OneHot(3), 4)
	pi := NewSoftmax(f, 4, 0)
	rng := stream(1)
	for i := range pi.Theta {
		pi.Theta[i] = rng.NormFloat64()
	}
	g := make([]float64, len(pi.Theta))
	pi.Grad(g, 2, 1, 1)
	for i := range pi.Theta {
		const h = 1e-6
		old := pi.Theta[i]
		pi.Theta[i] = old + h
		up := math.Log(pi.Prob(2, 1))
		pi.Theta[i] = old - h
		down := math.Log(pi.Prob(2, 1))
		pi.Theta[i] = old
		if d := (up - down) / (2 * h); math.Abs(d-g[i]) > 1e-6 {
			t.Errorf("weight %d: gradient %g, difference %g", i, g[i], d)
		}
	}
}

// The mean of REINFORCE's updates is the gradient of J, with or without a baseline.
func TestReinforceIsUnbiased(t *testing.T) {
	const theta = -.4
	p := 1 / (1 + math.Exp(-theta))
	const h = 1e-5
	sigmoid := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	want := (J(sigmoid(theta+h)) - J(sigmoid(theta-h))) / (2 * h) // by θ_right, θ_left held
	for name, baseline := range map[string]rl.Value[int]{"none": nil, "constant": constant(J(p))} {
		pi := NewSoftmax[int](blind{}, 2, 0)
		pi.Theta[1] = theta
		r := &Reinforce[int]{Policy: pi, Baseline: baseline}
		env, rng := world.NewTable(Corridor()), stream(2)
		var sum, square float64
		const n = 20000
		for range n {
			pi.Alpha = 1e-7 // so small that θ is held within an episode
			r.Episode(env, rng, 0)
			g := (pi.Theta[1] - theta) / pi.Alpha
			sum += g
			square += g * g
			pi.Theta[0], pi.Theta[1] = 0, theta
		}
		mean := sum / n
		deviation := math.Sqrt(square/n - mean*mean)
		t.Logf("baseline %s: mean update %.3f, gradient %.3f, deviation %.1f", name, mean, want, deviation)
		if math.Abs(mean-want) > 4*deviation/math.Sqrt(n) {
			t.Errorf("baseline %s: mean update %.3f, gradient %.3f", name, mean, want)
		}
	}
}

// constant is a value that does not learn.
type constant float64

func (c constant) At(int) float64   { return float64(c) }
func (constant) Learn(int, float64) {}

// REINFORCE comes to the best probability, and sooner with a baseline: figures 13.1
// and 13.2.
func TestReinforceLearnsCorridor(t *testing.T) {
	run := func(alpha float64, baseline *approx.Linear[int]) float64 {
		var last float64
		const seeds = 5
		for seed := range uint64(seeds) {
			pi := NewSoftmax[int](blind{}, 2, alpha)
			pi.Theta[0] = math.Log(19) // ε-greedy left, as the book begins
			r := &Reinforce[int]{Policy: pi}
			if baseline != nil {
				r.Baseline = approx.NewLinear(baseline.Features, baseline.Alpha)
			}
			env, rng := world.NewTable(Corridor()), stream(seed)
			for range 1000 {
				r.Episode(env, rng, 0)
			}
			last += J(pi.Prob(0, 1)) / seeds
		}
		return last
	}
	plain := run(math.Pow(2, -13), nil)
	helped := run(math.Pow(2, -9), approx.NewLinear[int](one{}, math.Pow(2, -6)))
	t.Logf("after 1,000 episodes: %.2f without, %.2f with a baseline", plain, helped)
	if plain < -20 || helped < -13 {
		t.Errorf("after 1,000 episodes: %.2f without and %.2f with a baseline, best is −11.66", plain, helped)
	}
}

// The actor-critic finds the way in the book's grid world, on-policy, with traces,
// and from an exploring behaviour off-policy.
func TestActorCriticOnZhao(t *testing.T) {
	w, err := world.Open("zhao5x5-episodic", "gamma=0.9")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]*ActorCritic[int]{
		"one step":   {},
		"traces":     {LambdaPolicy: .8, LambdaValue: .8},
		"off-policy": {Behaviour: approx.Uniform(25, 5)},
	} {
		alpha := map[string]float64{"one step": .05, "traces": .01, "off-policy": .01}[name]
		c.Policy = NewSoftmax(approx.Blocks[int](approx.OneHot(25), 5), 5, alpha)
		c.Critic = approx.NewLinear[int](approx.OneHot(25), 2*alpha)
		rng := stream(3)
		env := rl.Env[int, int](w.Finite())
		for range 800 {
			c.Episode(env, rng, 500)
		}
		var length float64
		for n := range uint64(20) {
			length += float64(rl.Rollout(env, rl.Policy[int, int](c.Policy), stream(9, n), 500).Len()) / 20
		}
		t.Logf("%s: %.1f steps", name, length)
		if length > 40 {
			t.Errorf("%s: %.1f steps to the target after 800 episodes", name, length)
		}
	}
}

// Who acts in a share of the steps by chance does what Prob says, and the ratio of
// the policy to that is one on average and never more than n/c.
func TestMixed(t *testing.T) {
	const actions, chance, draws = 4, .3, 200_000
	pi := NewSoftmax(approx.Blocks[int](approx.OneHot(3), actions), actions, 0)
	rng := stream(4)
	for i := range pi.Theta {
		pi.Theta[i] = 2 * rng.NormFloat64()
	}
	m := mixed[int]{pi, chance}
	var count [actions]float64
	for range draws {
		count[m.Act(rng, 1)]++
	}
	var mean float64
	for a, n := range count {
		p, rho := m.Prob(1, a), pi.Prob(1, a)/m.Prob(1, a)
		if d := math.Sqrt(p * (1 - p) / draws); math.Abs(n/draws-p) > 4*d {
			t.Errorf("action %d in a share of %.4f, want %.4f ± %.4f", a, n/draws, p, d)
		}
		if rho > actions/chance {
			t.Errorf("action %d: ratio %g", a, rho)
		}
		mean += p * rho
	}
	if math.Abs(mean-1) > 1e-12 {
		t.Errorf("the ratio is %g on average", mean)
	}
}

// An agent without chance is the on-policy actor-critic itself, step for step.
func TestLinearACIsActorCritic(t *testing.T) {
	w, err := world.Open("zhao5x5-episodic", "gamma=0.9")
	if err != nil {
		t.Fatal(err)
	}
	const alpha, lambda = .02, .6
	a, err := LinearActor{Basis: approx.Basis{Features: "one-hot"}, Alpha: alpha, Lambda: lambda, Gamma: 1, Horizon: 300, Seed: 7}.New(w.New(), approx.Square(1, 0, 24), 5)
	if err != nil {
		t.Fatal(err)
	}
	c := &ActorCritic[int]{
		Policy: NewSoftmax(approx.Blocks[int](approx.OneHot(25), 5), 5, alpha), Critic: approx.NewLinear[int](approx.OneHot(25), 2*alpha),
		LambdaPolicy: lambda, LambdaValue: lambda,
	}
	env := w.Finite()
	for n := range uint64(30) {
		got, want := a.Advance()[0], c.Episode(env, rl.NewRand(7, n), 300)
		if got != want {
			t.Fatalf("episode %d: %+v, want %+v", n, got, want)
		}
	}
	for i, want := range c.Policy.Theta {
		if got := a.Learner.Policy.Theta[i]; got != want {
			t.Fatalf("weight %d of the policy is %g, want %g", i, got, want)
		}
	}
}
