package hub_test

import (
	"math"
	"testing"

	"github.com/rotor-lm/rotor/cache"
	"github.com/rotor-lm/rotor/hub"
	"github.com/rotor-lm/rotor/internal/impl"
	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/tensor"
)

// With activations of eight bits, a model in blocks answers nearly what it does
// exactly, and token by token what it does in one pass.
func TestRounded(t *testing.T) {
	path, ids := tinyGGUF(t, nil), []int32{0, 3, 4, 1, 2, 2, 1}
	for name := range impl.All() {
		m, err := hub.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		exact := answers(m.Model, ids...)
		tape := tensor.NoGrad(0)
		tape.Rounded = true
		p := &nn.Pass{Tape: tape, Tokens: ids}
		p.Add(len(ids), 0, 0, 0)
		whole := model.Logits(m, p).Values()
		if d := apart(exact, whole); d == 0 || d > 0.1 {
			t.Errorf("%s: rounded logits are %g from exact ones", name, d)
		}
		live, err := nn.Rewrite(m.Model, cache.Install(cache.New(len(ids))))
		if err != nil {
			t.Fatal(err)
		}
		var steps []float32
		for i, id := range ids {
			tape.Reset()
			p := &nn.Pass{Tape: tape, Tokens: []int32{id}}
			p.Add(1, int32(i), 0, 0)
			steps = append(steps, model.Logits(live, p).Values()...)
		}
		if d := apart(whole, steps); d > 1e-2 { // sums of attention differ in their last bits, and a rounding may with them
			t.Errorf("%s: token by token the logits are %g from those of one pass", name, d)
		}
	}
}

// apart is the largest difference, as a share of the largest number.
func apart(a, b []float32) float64 {
	most, size := 0.0, 0.0
	for i := range a {
		most = max(most, math.Abs(float64(a[i]-b[i])))
		size = max(size, math.Abs(float64(a[i])))
	}
	return most / size
}
