package peft_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/peft"
	"github.com/rotor-lm/rotor/tensor"
)

// Two adapters under one number add up, as they do when merged one by one.
func TestOneNumberAddsUp(t *testing.T) {
	g := readGolden(t)
	base := open(t, "llama")
	one, two := filepath.Join("testdata", "patterns"), filepath.Join("testdata", "train-llama")
	both := apply(t, apply(t, base, one, peft.Options{}), two, peft.Options{})
	merged := model.Model(base)
	for _, dir := range []string{one, two} {
		var err error
		if merged, err = peft.Merge(apply(t, merged, dir, peft.Options{}), 0); err != nil {
			t.Fatal(err)
		}
	}
	if d := distance(run(both, g.IDs), run(merged, g.IDs)); d > 1e-4 {
		t.Errorf("the sum is %g from the merged one", d)
	}
	if d := distance(run(both, g.IDs), run(apply(t, base, one, peft.Options{}), g.IDs)); d < 1e-2 {
		t.Errorf("the second adapter does nothing: %g", d)
	}
	a, err := peft.Open(two)
	if err != nil {
		t.Fatal(err)
	}
	err = peft.Save(filepath.Join(t.TempDir(), "a"), a.Method, both, peft.SaveOptions{})
	if err == nil || !strings.Contains(err.Error(), "two adapters under the number 0") {
		t.Errorf("want a refusal, have %v", err)
	}
	// Under numbers of their own each serves its rows, from files too.
	numbered := apply(t, apply(t, base, one, peft.Options{Adapter: 1}), two, peft.Options{Adapter: 2})
	p := nn.Pass{Tape: tensor.NoGrad(0), Tokens: slices.Concat(g.IDs, g.IDs, g.IDs)}
	for i := range 3 {
		p.Places.Add(len(g.IDs), 0, int32(i), int32(i))
	}
	want := slices.Concat(run(base, g.IDs), run(apply(t, base, one, peft.Options{}), g.IDs), run(apply(t, base, two, peft.Options{}), g.IDs))
	if d := distance(want, model.Logits(numbered, &p).Data); d > 1e-4 {
		t.Errorf("numbered adapters are %g from separate ones", d)
	}
}

func TestTwoReplacementsAreRefused(t *testing.T) {
	m := adapt(t, tiny(t, tinyLlama, true), &peft.LoRA{Save: []string{"lm_head", "embed_tokens"}}, peft.Options{})
	for _, save := range []string{"lm_head", "embed_tokens"} {
		c := &peft.LoRA{Save: []string{save}}
		if _, err := c.Adapt(m, peft.Options{}); err == nil || !strings.Contains(err.Error(), save+" is already replaced") {
			t.Errorf("%s: want a refusal, have %v", save, err)
		}
		if _, err := c.Adapt(m, peft.Options{Adapter: 1}); err != nil {
			t.Error(err)
		}
	}
}

// opaque hides that a projection is an affine map, as a quantised one may be
// none that op.Linear knows.
type opaque struct{ nn.Keep }

func (opaque) Layer(_ string, l nn.Layer) nn.Layer {
	if p, ok := l.(nn.Projection); ok {
		return &hidden{p}
	}
	return l
}

type hidden struct {
	nn.Projection `w:""`
}

// Around a projection that is no Affine an update composes, and says the same.
func TestAnyProjectionWillDo(t *testing.T) {
	base := tiny(t, tinyLlama, false)
	plain, err := nn.Rewrite(base, opaque{})
	if err != nil {
		t.Fatal(err)
	}
	var logit, grad [2][]float32
	for i, m := range []model.Model{base, plain} {
		a := adapt(t, m, &peft.LoRA{Rank: 3, Dropout: .3}, peft.Options{Seed: 3})
		stir(a, .1)
		logit[i] = logits(a, op.Span{Len: 5}, op.Span{Len: 4, Seq: 1, Adapter: -1})
		backward(tensor.NewTape(0), a, []example{{IDs: []int32{3, 1, 4, 1, 5, 9, 2, 6}}})
		for _, x := range peft.Trainable(a) {
			grad[i] = append(grad[i], x.Grad...)
		}
	}
	if d := distance(logit[0], logit[1]); d > 1e-4 {
		t.Errorf("logits differ by %g", d)
	}
	if d := distance(grad[0], grad[1]); d > 1e-4 || len(grad[0]) != len(grad[1]) {
		t.Errorf("gradients differ by %g", d)
	}
	if _, err := peft.Merge(adapt(t, plain, &peft.LoRA{}, peft.Options{}), 0); err == nil || !strings.Contains(err.Error(), "has no matrix") {
		t.Errorf("want a refusal to merge, have %v", err)
	}
}

// Dropout belongs to training, and to the seed of a pass.
func TestDropout(t *testing.T) {
	m := adapt(t, tiny(t, tinyLlama, false), &peft.LoRA{Rank: 3, Dropout: .4}, peft.Options{})
	stir(m, .2)
	say := func(tape *tensor.Tape, seed uint64) []float32 {
		p := nn.Pass{Tape: tape, Seed: seed, Tokens: []int32{3, 1, 4, 1, 5}}
		p.Places.Add(5, 0, 0, 0)
		return slices.Clone(model.Logits(m, &p).Data)
	}
	if distance(say(tensor.NoGrad(0), 1), say(tensor.NoGrad(0), 2)) != 0 {
		t.Error("without training there is dropout")
	}
	if distance(say(tensor.NewTape(0), 1), say(tensor.NewTape(0), 1)) != 0 {
		t.Error("the same pass drops other elements")
	}
	if distance(say(tensor.NewTape(0), 1), say(tensor.NewTape(0), 2)) < 1e-3 {
		t.Error("another pass drops the same elements, or none")
	}
}
