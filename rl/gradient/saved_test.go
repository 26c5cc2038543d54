package gradient

import (
	"bufio"
	"bytes"
	"context"
	"testing"

	"github.com/rotor-lm/rotor/rl/approx"
	"github.com/rotor-lm/rotor/rl/world"
)

// A file says by itself which agent it holds: what is opened from it goes on as if
// nothing had happened, for every method.
func TestSavedSaysWhatItHolds(t *testing.T) {
	for _, m := range Methods() {
		name, options := fitting(m.Name)
		w, err := world.Open(name, "horizon=200")
		if err != nil {
			t.Fatal(err)
		}
		about := Saved{World: name, Algorithm: m.Name, Options: options, Seed: 5}
		make := func() approx.Agent {
			a, err := Make(m.Name, w, 5, options...)
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		run := func(a approx.Agent, steps int) {
			for _, err := range approx.Learn(context.Background(), a, steps) {
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		whole, part := make(), make()
		run(whole, 500)
		run(part, 250)
		var file bytes.Buffer
		if err := Save(&file, about, part); err != nil {
			t.Fatal(err)
		}
		text := file.Bytes()
		r := bufio.NewReader(bytes.NewReader(text))
		have, err := ReadSaved(r)
		if err != nil || have.Algorithm != m.Name || have.Steps != part.Steps() {
			t.Fatalf("%s: %+v, %v", m.Name, have, err)
		}
		rest, err := have.Open(r, w)
		if err != nil {
			t.Fatalf("%s: %v", m.Name, err)
		}
		run(rest, 500)
		var a, b bytes.Buffer
		if Save(&a, about, whole) != nil || Save(&b, about, rest) != nil || !bytes.Equal(a.Bytes(), b.Bytes()) {
			t.Errorf("%s: the resumed run differs", m.Name)
		}
		other, err := world.Open(map[string]string{"cartpole": "acrobot", "pendulum": "mountaincar-continuous", "zhao5x5": "walk5"}[name])
		if err != nil {
			t.Fatal(err)
		}
		r = bufio.NewReader(bytes.NewReader(text))
		if have, err = ReadSaved(r); err != nil {
			t.Fatal(err)
		}
		if _, err := have.Open(r, other); err == nil {
			t.Errorf("%s: an agent of %s was opened for %s", m.Name, name, other.Name)
		}
	}
}

// What an agent sees of numbered states tells them apart, and it values them.
func TestSight(t *testing.T) {
	w, err := world.Open("zhao5x5-episodic")
	if err != nil {
		t.Fatal(err)
	}
	m := Sight(w)
	x := make([]float64, m.Width())
	for s := range 25 {
		if err := m.Place([]float64{float64(s)}); err != nil {
			t.Fatal(err)
		}
		m.Observe(x)
		for i, v := range x {
			if (v == 1) != (i == s) || v != 0 && v != 1 {
				t.Fatalf("state %d is seen as %v", s, x)
			}
		}
	}
	c, box := Coordinates(w)
	if err := c.Place([]float64{13}); err != nil {
		t.Fatal(err)
	}
	if c.Observe(x); c.Width() != 2 || x[0] != 3 || x[1] != 2 || box.High[0] != 4 {
		t.Errorf("state 13 stands at %v of %v", x[:2], box)
	}
	for _, name := range []string{"ppo", "dqn", "semi-gradient-q-learning"} {
		a, err := Make(name, w, 1)
		if err != nil {
			t.Fatal(err)
		}
		view, _ := Lookup(name)
		env := view.View(w)
		seen := make([]float64, env.Width())
		env.Observe(seen)
		if n := len(a.(approx.Valuer).Values(seen)); n != 1 && n != 5 {
			t.Errorf("%s says %d values", name, n)
		}
	}
}

// A critic's value of a force is the network's output, whatever the force's bounds.
func TestCriticValues(t *testing.T) {
	w, err := world.Open("pendulum")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"sac", "dpg"} {
		a, err := Make(name, w, 3, "hidden=[8]")
		if err != nil {
			t.Fatal(err)
		}
		x := []float64{.6, .8, 1}
		force := a.Act(x)
		k := &a.(interface{ judges() *critics }).judges().q[0]
		pass := (*k).NewPass(1)
		copy(pass.Input(1).Row(0), []float32{.6, .8, 1, float32(force / 2)})
		first := float64((*k).Forward(pass, 1).Data[0])
		if v := a.(approx.Valuer).Values(x)[0]; v > first+1e-6 || name == "dpg" && v < first-1e-6 {
			t.Errorf("%s: value %g, the first critic says %g", name, v, first)
		}
	}
}

func (k *critics) judges() *critics { return k }

// No file makes ReadSaved or Open panic.
func FuzzSaved(f *testing.F) {
	w, err := world.Open("zhao2x2", "horizon=20")
	if err != nil {
		f.Fatal(err)
	}
	var file bytes.Buffer
	a, err := Make("semi-gradient-sarsa", w, 1, "features=one-hot")
	if err != nil {
		f.Fatal(err)
	}
	if err := Save(&file, Saved{World: "zhao2x2", Algorithm: "semi-gradient-sarsa", Options: []string{"features=one-hot"}}, a); err != nil {
		f.Fatal(err)
	}
	f.Add(file.Bytes())
	f.Add([]byte(`{"rotor_agent":1,"algorithm":"dqn","options":["hidden=[1000000000]"]}` + "\n"))
	f.Add([]byte(`{"rotor_agent":2}` + "\n"))
	f.Add([]byte(`{"rotor_agent":`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r := bufio.NewReader(bytes.NewReader(text))
		if s, err := ReadSaved(r); err == nil {
			s.Algorithm = "semi-gradient-sarsa" // others may ask for more memory than a test has
			if len(s.Options) > 0 {
				s.Options = []string{"features=one-hot"}
			}
			_, _ = s.Open(r, w)
		}
	})
}
