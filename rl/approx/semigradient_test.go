package approx

import (
	"bytes"
	"context"
	"math"
	"testing"

	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/world"
)

func valley(t *testing.T) (Env, Box, int) {
	w, err := world.Open("mountaincar")
	if err != nil {
		t.Fatal(err)
	}
	var b Box
	for _, r := range w.Range {
		b.Low, b.High = append(b.Low, r[0]), append(b.High, r[1])
	}
	return w.New(), b, len(w.Actions)
}

func learn(t *testing.T, a Agent, steps int) (n int, last rl.Episode) {
	for ep, err := range Learn(context.Background(), a, steps) {
		if err != nil {
			t.Fatal(err)
		}
		n, last = n+1, ep
	}
	return n, last
}

// The agent is Control: the same weights as Control run by hand.
func TestLinearQIsControl(t *testing.T) {
	env, box, actions := valley(t)
	a, err := SemiGradient{Basis: Basis{Tilings: 4, Tiles: 5}, Alpha: rl.Const(.4), Lambda: .5, Horizon: 300, Seed: 3}.New(Sarsa, env, box, actions)
	if err != nil {
		t.Fatal(err)
	}
	n, _ := learn(t, a, 2000)
	f, err := NewTiles(box, 4, []int{5, 5}, 0)
	if err != nil {
		t.Fatal(err)
	}
	c := &Control[[2]float64]{
		Q:       NewLinear(Blocks(On(2, func(s [2]float64, x []float64) { copy(x, s[:]) }, f), 3), 0),
		Actions: 3, Target: Sarsa, Alpha: rl.Const(.1), Epsilon: rl.Const(.1), Lambda: .5,
	}
	car := &world.MountainCar{Gamma: 1}
	for ep := range n {
		c.Run(car, rl.NewRand(3, uint64(ep)), 300)
	}
	for i, w := range c.Q.W {
		if w != a.Control.Q.W[i] {
			t.Fatalf("weight %d: %g, want %g", i, a.Control.Q.W[i], w)
		}
	}
}

// A run in two parts, with a file between them, is the run in one.
func TestLinearQResumes(t *testing.T) {
	make := func() *LinearQ {
		env, box, actions := valley(t)
		a, err := SemiGradient{Epsilon: rl.Linear(1, .1, 20), Horizon: 200}.New(QLearning, env, box, actions)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	whole, part := make(), make()
	learn(t, whole, 4000)
	learn(t, part, 2000)
	var file bytes.Buffer
	if err := part.Save(&file); err != nil {
		t.Fatal(err)
	}
	rest := make()
	if err := rest.Load(&file); err != nil {
		t.Fatal(err)
	}
	learn(t, rest, 4000)
	var a, b bytes.Buffer
	if err := whole.Save(&a); err != nil {
		t.Fatal(err)
	}
	if err := rest.Save(&b); err != nil || !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Errorf("the runs differ, %v", err)
	}
}

// Every basis learns the grid of four states, whose coordinates it sees.
func TestBases(t *testing.T) {
	w, err := world.Open("zhao2x2", "horizon=30")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []Basis{
		{Features: "one-hot"},
		{Features: "fourier", Order: 1},
		{Features: "polynomial", Order: 2},
		{Features: "radial", Bells: 2},
		{Tilings: 2, Tiles: 2},
		{Tilings: 2, Tiles: 2, Hash: 512},
	} {
		env := See(w.Finite(), 2, func(s int, x []float64) { x[0], x[1] = float64(s%2), float64(s/2) })
		a, err := SemiGradient{Basis: c, Alpha: rl.Const(.1), Horizon: 30}.New(ExpectedSarsa, env, Square(2, 0, 1), len(w.Actions))
		if err != nil {
			t.Fatal(err)
		}
		learn(t, a, 20_000)
		if a := a.Act([]float64{0, 0}); a != 2 { // down: to the right it is forbidden
			t.Errorf("%+v: action %g", c, a)
		}
		if v := a.Values([]float64{1, 1})[4]; math.Abs(v-9) > 1.5 { // near what staying on the target earns under ε = 0.1
			t.Errorf("%+v: staying is worth %g", c, v)
		}
	}
	for _, c := range []Basis{{Features: "cubes"}, {Low: []float64{0}}, {Low: []float64{1, 1}, High: []float64{0, 0}}, {Tiles: -1}, {Features: "fourier", Order: 1000}} {
		if _, err := c.Over(2, Square(2, 0, 1)); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
	if _, err := (Basis{}).Over(3, Box{}); err == nil {
		t.Error("features without bounds were made")
	}
}
