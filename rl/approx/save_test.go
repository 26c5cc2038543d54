package approx

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/rotor-lm/rotor/rl/world"
)

// An agent that was saved and loaded goes on as if nothing had happened, in the
// middle of a run and of a window, whatever its options.
func TestDQNResumes(t *testing.T) {
	for name, c := range options() {
		fresh := func() *DeepQ {
			a, err := c.New(open(t, "cartpole").New(), 2)
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		whole, first, second := fresh(), fresh(), fresh()
		for range 250 {
			whole.Advance()
		}
		for range 137 {
			first.Advance()
		}
		var file bytes.Buffer
		if err := first.Save(&file); err != nil {
			t.Fatal(err)
		}
		if err := second.Load(&file); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for range 250 - 137 {
			second.Advance()
		}
		if !slices.Equal(whole.Net.W, second.Net.W) || whole.Taken != second.Taken || whole.Loss != second.Loss {
			t.Errorf("%s: the resumed run differs", name)
		}
	}
}

// Other settings, other kinds and broken files are refused, and change nothing.
func TestLoadRefuses(t *testing.T) {
	fresh := func(hidden int) *DeepQ {
		a, err := DQN{Hidden: []int{hidden}, Capacity: 50, Warmup: 10, Batch: 8}.New(open(t, "cartpole").New(), 2)
		if err != nil {
			t.Fatal(err)
		}
		for range 30 {
			a.Advance()
		}
		return a
	}
	a, b := fresh(8), fresh(9)
	var file bytes.Buffer
	if err := a.Save(&file); err != nil {
		t.Fatal(err)
	}
	before := slices.Clone(b.Net.W)
	data := file.Bytes()
	for name, bad := range map[string][]byte{"other sizes": data, "nothing": nil, "cut": data[:len(data)/2], "noise": []byte("no agent at all")} {
		if err := b.Load(bytes.NewReader(bad)); err == nil {
			t.Errorf("%s was loaded", name)
		}
	}
	if err := Load(bytes.NewReader(data), "sac", a.parts()...); err == nil {
		t.Error("another kind was loaded")
	}
	if !slices.Equal(before, b.Net.W) {
		t.Error("a file that was refused changed the weights")
	}
}

func FuzzLoad(f *testing.F) {
	w := open(f, "cartpole")
	c := DQN{Hidden: []int{2}, Capacity: 4, Warmup: 2, Batch: 2, Steps: 2, Priority: .5}
	a, err := c.New(w.New(), 2)
	if err != nil {
		f.Fatal(err)
	}
	for range 6 {
		a.Advance()
	}
	var file bytes.Buffer
	if err := a.Save(&file); err != nil {
		f.Fatal(err)
	}
	f.Add(file.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := c.New(w.New(), 2)
		if err != nil {
			t.Fatal(err)
		}
		if b.Load(bytes.NewReader(data)) == nil {
			b.Advance()
		}
	})
}

// stubborn is a world that tells its state and cannot be put into one, as a program.
type stubborn struct{ at float64 }

func (w *stubborn) Reset(*rand.Rand)      { w.at = 0 }
func (w *stubborn) Observe(x []float64)   { x[0] = w.at }
func (w *stubborn) Width() int            { return 1 }
func (w *stubborn) State() []float64      { return []float64{w.at} }
func (w *stubborn) Place([]float64) error { return world.ErrPlace }

func (w *stubborn) Act(float64) (r, gamma float64) {
	if w.at++; w.at == 5 {
		return 1, 0
	}
	return 0, 1
}

// In a world that cannot be put anywhere, a saved agent begins a new run.
func TestLoadInAWorldWithoutPlace(t *testing.T) {
	make := func() *DeepQ {
		a, err := DQN{Hidden: []int{4}, Batch: 4, Warmup: 4}.New(&stubborn{}, 2)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	a, b := make(), make()
	for range 13 {
		a.Advance()
	}
	var file bytes.Buffer
	if err := a.Save(&file); err != nil {
		t.Fatal(err)
	}
	if err := b.Load(&file); err != nil || b.Steps() != 13 || b.runner.State[0] != 0 || b.runner.episode.N != a.runner.episode.N+1 {
		t.Errorf("%v: %d steps, sees %g in episode %d", err, b.Steps(), b.runner.State[0], b.runner.episode.N)
	}
}
