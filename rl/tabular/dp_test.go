package tabular

import (
	"errors"
	"math"
	"os"
	"testing"

	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/world"
)

func open(t testing.TB, name string, options ...string) *world.World {
	t.Helper()
	w, err := world.Open(name, options...)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func near(t *testing.T, what string, have, want []float64, tolerance float64) {
	t.Helper()
	if len(have) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", what, len(have), len(want))
	}
	for i := range have {
		if !(math.Abs(have[i]-want[i]) <= tolerance) {
			t.Errorf("%s: element %d is %.6f, want %.6f", what, i, have[i], want[i])
		}
	}
}

// The grids of Zhao's book. Values to three decimals.
var (
	optimalDefault = []float64{
		5.832, 5.580, 6.200, 6.480, 5.832,
		6.480, 7.200, 8.000, 7.200, 6.480,
		7.200, 8.000, 10.000, 8.000, 7.200,
		8.000, 10.000, 10.000, 10.000, 8.000,
		7.200, 9.000, 10.000, 9.000, 8.100,
	}
	optimalForbidden10 = []float64{
		3.487, 3.874, 4.305, 4.783, 5.314,
		3.138, 3.487, 4.783, 5.314, 5.905,
		2.824, 2.542, 10.000, 5.905, 6.561,
		2.542, 10.000, 10.000, 10.000, 7.290,
		2.288, 9.000, 10.000, 9.000, 8.100,
	}
	uniformDefault = []float64{
		-3.8463, -3.8138, -3.6442, -3.1209, -3.2350,
		-3.7936, -3.8473, -3.8004, -3.1063, -2.9241,
		-3.5724, -3.8965, -3.3817, -3.1944, -2.9444,
		-3.9008, -3.6159, -3.4031, -2.8976, -3.2393,
		-4.4589, -4.1608, -3.3858, -3.3634, -3.4532,
	}
	soft01 = []float64{ // figures 5.6b and 5.7b
		.424, .530, .873, 1.259, 1.443,
		.139, .044, .532, 1.262, 1.670,
		.089, -.411, 3.371, 1.355, 1.910,
		-.094, 3.383, 3.338, 3.669, 2.182,
		-.287, 2.592, 3.699, 3.068, 2.684,
	}
)

func TestGridsOfTheBook(t *testing.T) {
	s, err := Optimal(open(t, "zhao5x5").Model)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "optimal", s.V, optimalDefault, 5.1e-4)
	for _, boundary := range []string{"-1", "-10"} {
		s, err = Optimal(open(t, "zhao5x5", "r-forbidden=-10", "r-boundary="+boundary).Model)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "r-forbidden −10", s.V, optimalForbidden10, 5.1e-4)
	}
	arrows := ""
	for i := range s.V {
		arrows += string("URDLS"[argmax(s.Policy.Row(i))])
	}
	if arrows != "RRRRD"+"UURRD"+"ULDRD"+"URSLD"+"URULL" {
		t.Errorf("greedy actions %s", arrows)
	}
	m := open(t, "zhao5x5").Model
	v, err := Evaluate(m, Uniform(25, 5))
	if err != nil {
		t.Fatal(err)
	}
	near(t, "uniform", v, uniformDefault, 5.1e-5)

	bumps := open(t, "zhao5x5", "r-forbidden=-10", "bump=both").Model
	opt, err := Optimal(bumps)
	if err != nil {
		t.Fatal(err)
	}
	v, err = Evaluate(bumps, opt.Policy.Soft(.1))
	if err != nil {
		t.Fatal(err)
	}
	near(t, "ε-greedy of the optimal", v, soft01, 5.1e-4)
	again, err := BestSoft(bumps, .1)
	if err != nil {
		t.Fatal(err)
	}
	for i := range v {
		if again.V[i] < v[i]-1e-9 {
			t.Errorf("the best ε-greedy policy is worth %g in %d, another %g", again.V[i], i, v[i])
		}
	}
}

func TestTwoCellsByHand(t *testing.T) {
	m := open(t, "zhao1x2").Model
	left := &Policy{3, []float64{1, 0, 0, 1, 0, 0}}
	v, err := Evaluate(m, left)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "v", v, []float64{-10, -9}, 1e-12)
	near(t, "q", ActionValues(m, v), []float64{-10, -9, -7.1, -9, -7.1, -9.1}, 1e-12)
	for k, want := range [][]float64{{-1, 0}, {-1.9, -.9}, {-2.71, -1.71}} {
		v, _ := Sweeps(m, left, []float64{0, 0}, k+1)
		near(t, "sweeps", v, want, 1e-12)
	}
	s, err := PolicyIteration(m, left, false)
	if err != nil || s.Policy.Prob(0, 2) != 1 || s.Policy.Prob(1, 1) != 1 || s.Sweeps > 2 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestFourCellsByHand(t *testing.T) {
	s, err := ValueIteration(open(t, "zhao2x2").Model, 2, true)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "v1", s.Steps[0], []float64{0, 1, 1, 1}, 1e-12)
	near(t, "v2", s.Steps[1], []float64{.9, 1.9, 1.9, 1.9}, 1e-12)
	one, _ := ValueIteration(open(t, "zhao2x2").Model, 1, false)
	many, _ := ValueIteration(open(t, "zhao2x2").Model, 0, false)
	if !one.Policy.same(many.Policy) {
		t.Error("the policy of the first sweep is not yet optimal")
	}
}

// r → αr + β turns v into αv + β/(1−γ) and leaves the policy as it is.
func TestAffineRewards(t *testing.T) {
	m := open(t, "zhao5x5", "r-forbidden=-10").Model
	s, err := Optimal(m)
	if err != nil {
		t.Fatal(err)
	}
	moved := *m
	moved.Outcomes = append([]world.Outcome{}, m.Outcomes...)
	for i := range moved.Outcomes {
		moved.Outcomes[i].Reward = 3*moved.Outcomes[i].Reward + 2
	}
	other, err := Optimal(&moved)
	if err != nil || !other.Policy.same(s.Policy) {
		t.Fatalf("another policy, %v", err)
	}
	for i := range s.V {
		if want := 3*s.V[i] + 2/(1-.9); math.Abs(other.V[i]-want) > 1e-9 {
			t.Errorf("v(%d) = %g, want %g", i, other.V[i], want)
		}
	}
}

// All ways lead to the same values; one sweep of truncated iteration is value
// iteration from the second on, elimination agrees with sweeps.
func TestWaysAgree(t *testing.T) {
	for _, name := range []string{"zhao5x5", "zhao5x5-episodic", "frozenlake", "frozenlake8x8", "cliffwalking", "taxi", "maze", "windy", "blackjack", "gambler", "walk19"} {
		w := open(t, name)
		m := w.Model
		if w.Gamma == 1 && name != "blackjack" && name != "gambler" && name != "walk19" {
			m = m.Discounted(.99)
		}
		exact, err := Optimal(m)
		if err != nil {
			t.Fatal(name, err)
		}
		values, err := ValueIteration(m, 0, false)
		if err != nil {
			t.Fatal(name, err)
		}
		near(t, name+" value iteration", values.V, exact.V, 1e-9)
		uniform := Uniform(m.States, m.Actions)
		for _, sweeps := range []int{1, 5} {
			cut, err := TruncatedPolicyIteration(m, uniform, sweeps, false)
			if err != nil {
				t.Fatal(name, err)
			}
			near(t, name+" truncated", cut.V, exact.V, 1e-9)
		}
		if name != "gambler" { // equal stakes may lead nowhere
			policies, err := PolicyIteration(m, uniform, false)
			if err != nil {
				t.Fatal(name, err)
			}
			near(t, name+" policy iteration", policies.V, exact.V, 1e-9)
		}
		direct, err := Evaluate(m, uniform)
		if err != nil {
			t.Fatal(name, err)
		}
		swept, ok := Sweeps(m, uniform, make([]float64, m.States), 0)
		if !ok {
			t.Fatal(name, "sweeps do not settle")
		}
		near(t, name+" evaluation", swept, direct, 1e-8*max(1, norm(direct)))
	}
}

// What Gymnasium and the books say the optimum is.
func TestKnownOptima(t *testing.T) {
	for _, c := range []struct {
		name, options string
		state         int
		want, within  float64
	}{
		{"cliffwalking", "gamma=1", 36, -13, 1e-9},
		{"windy", "gamma=1", 30, -15, 1e-9},
		{"walk5", "gamma=1", 3, .5, 1e-12},
		{"walk19", "gamma=1", 10, 0, 1e-12},
		{"zhao5x5-episodic", "gamma=1", 0, -10, 1e-9},
		{"frozenlake", "gamma=1", 0, 14. / 17, 1e-6},
		{"gambler", "gamma=1", 50, .4, 1e-9},
		{"gambler", "gamma=1", 75, .64, 1e-9},
		{"gambler", "gamma=1", 25, .16, 1e-9},
		{"maze", "gamma=0.95", 18, math.Pow(.95, 13), 1e-9},
	} {
		s, err := Optimal(open(t, c.name, c.options).Model)
		if err != nil {
			t.Fatal(c.name, err)
		}
		if math.Abs(s.V[c.state]-c.want) > c.within {
			t.Errorf("%s: v(%d) = %g, want %g", c.name, c.state, s.V[c.state], c.want)
		}
	}
	s, err := Optimal(open(t, "taxi").Model)
	if err != nil {
		t.Fatal(err)
	}
	mean := 0.
	for i, p := range open(t, "taxi").Model.Start {
		mean += p * s.V[i]
	}
	if math.Abs(mean-7.93) > .01 { // over the 300 starts with different places; 8.46 with equal ones counted
		t.Errorf("taxi: mean of the starts %g", mean)
	}
	for i := 1; i <= 5; i++ {
		v, err := Evaluate(open(t, "walk5").Model, Uniform(7, 1))
		if err != nil || math.Abs(v[i]-float64(i)/6) > 1e-12 {
			t.Errorf("walk5: v(%d) = %g, %v", i, v[i], err)
		}
		v, err = Evaluate(open(t, "walk19").Model, Uniform(21, 1))
		if err != nil || math.Abs(v[i]-(float64(i)/10-1)) > 1e-12 {
			t.Errorf("walk19: v(%d) = %g, %v", i, v[i], err)
		}
	}
	if v, err := Evaluate(open(t, "walk1000").Model, Uniform(1002, 1)); err != nil || math.Abs(v[500]+v[501]) > 1e-9 || math.Abs(v[500]) > .01 {
		t.Errorf("walk1000: %g, %v", v[500], err)
	}
}

// Sutton and Barto 2018, figure 4.2: five cars the one way, four the other at most.
func TestCarRental(t *testing.T) {
	if os.Getenv("ROTOR_LONG") == "" {
		t.Skip("a table of two million outcomes; set ROTOR_LONG=1")
	}
	w := open(t, "carrental")
	start := &Policy{w.Model.Actions, make([]float64, w.Model.States*w.Model.Actions)}
	for s := range w.Model.States {
		start.P[s*w.Model.Actions+5] = 1
	}
	s, err := PolicyIteration(w.Model, start, false)
	if err != nil {
		t.Fatal(err)
	}
	move := func(a, b int) int { return argmax(s.Policy.Row(a*21+b)) - 5 }
	if move(20, 0) != 5 || move(0, 20) != -4 || move(0, 10) != -2 || move(10, 0) != 4 || move(20, 20) != 0 || s.Sweeps > 6 {
		t.Errorf("moves %d, %d, %d, %d, %d after %d rounds", move(20, 0), move(0, 20), move(0, 10), move(10, 0), move(20, 20), s.Sweeps)
	}
	if s.V[0] < 420 || s.V[0] > 422 {
		t.Errorf("value %g", s.V[0])
	}
}

// Sutton and Barto's figure 5.2: hit or stick in every hand, by hand.
func TestBlackjackStrategy(t *testing.T) {
	s, err := Optimal(world.Blackjack(false, true))
	if err != nil {
		t.Fatal(err)
	}
	hits := func(sum, dealer, ace int) bool { return argmax(s.Policy.Row((sum*11+dealer)*2+ace)) == 1 }
	for dealer := 1; dealer <= 10; dealer++ {
		for sum := 11; sum <= 21; sum++ {
			want := sum <= 11 || sum <= 16 && (dealer >= 7 || dealer == 1) || sum == 12 && dealer <= 3
			if hits(sum, dealer, 0) != want {
				t.Errorf("hard %d against %d: hits %v", sum, dealer, !want)
			}
			if sum < 12 {
				continue
			}
			want = sum <= 17 || sum == 18 && (dealer >= 9 || dealer == 1)
			if hits(sum, dealer, 1) != want {
				t.Errorf("soft %d against %d: hits %v", sum, dealer, !want)
			}
		}
	}
}

func TestEndlessPolicies(t *testing.T) {
	w := open(t, "cliffwalking")
	up := &Policy{4, make([]float64, 48*4)}
	for s := range 48 {
		up.P[s*4] = 1
	}
	if _, err := Evaluate(w.Model, up); !errors.Is(err, ErrEndless) {
		t.Errorf("%v", err)
	}
	if _, err := ValueIteration(open(t, "zhao5x5", "gamma=1").Model, 0, false); err == nil {
		t.Error("values without end were found")
	}
}

func TestPolicyDraws(t *testing.T) {
	p, rng := &Policy{3, []float64{.2, 0, .8}}, rl.NewRand(1)
	n := [3]int{}
	for range 10000 {
		n[p.Act(rng, 0)]++
	}
	if n[1] != 0 || n[0] < 1850 || n[0] > 2150 {
		t.Errorf("drew %v", n)
	}
	if (&Policy{3, []float64{.2, .2, .8}}).Check(1, 3) == nil || p.Check(2, 3) == nil || (&Policy{2, []float64{-1, 2}}).Check(1, 2) == nil {
		t.Error("a policy that is none was accepted")
	}
}

// Where waiting costs nothing, the optimal policy must still arrive: it is worth what
// the optimal values promise.
func TestOptimalArrives(t *testing.T) {
	for _, c := range []struct {
		world   string
		options []string
		start   float64
	}{
		{"frozenlake", []string{"is_slippery=false"}, 1},
		{"frozenlake8x8", []string{"is_slippery=false"}, 1},
		{"frozenlake8x8", nil, 1},
		{"frozenlake", nil, .8235294117647},
		{"maze", []string{"gamma=1"}, 1},
	} {
		w, err := world.Open(c.world, c.options...)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Optimal(w.Model)
		if err != nil {
			t.Fatal(err)
		}
		first := 0
		for i, p := range w.Model.Start {
			if p == 1 {
				first = i
			}
		}
		v, err := Evaluate(w.Model, s.Policy)
		if err != nil {
			t.Errorf("%s %v: %v", c.world, c.options, err)
			continue
		}
		if math.Abs(v[first]-c.start) > 1e-6 || math.Abs(s.V[first]-c.start) > 1e-6 {
			t.Errorf("%s %v: its policy is worth %g, its value is %g, want %g", c.world, c.options, v[first], s.V[first], c.start)
		}
	}
}
