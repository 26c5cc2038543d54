package safetensors

import (
	"iter"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/checkpoint"
	"github.com/rotor-lm/rotor/tensor"
)

type named struct {
	name string
	t    *tensor.Tensor
}

func params(list ...named) iter.Seq2[string, *tensor.Tensor] {
	return func(yield func(string, *tensor.Tensor) bool) {
		for _, n := range list {
			if !yield(n.name, n.t) {
				return
			}
		}
	}
}

// A model that is saved and loaded is the same model, whether its weights are
// mapped, copied, widened, trainable or packed.
func TestWeightsRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	w, b := tensor.New(33, 20), tensor.New(5)
	for _, x := range [][]float32{w.Data, b.Data} {
		for i := range x {
			x[i] = float32(rng.IntN(200)-100) / 64 // exact in every type
		}
	}
	for _, d := range []checkpoint.DType{"F32", "BF16", "F16", "F64"} {
		path := filepath.Join(t.TempDir(), "model.safetensors")
		if err := Create(path, Weights(params(named{"w", w}, named{"b", b}), d), nil); err != nil {
			t.Fatal(err)
		}
		for how, o := range map[string]checkpoint.Options{
			"mapped": {}, "copied": {Copy: true}, "wide": {Wide: true}, "named": {Name: strings.ToLower},
		} {
			src, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			w2, b2 := tensor.Hollow(33, 20), tensor.Hollow(5).Learn()
			r, err := checkpoint.Load(params(named{"w", w2}, named{"b", b2}), src, o)
			if err != nil || r.Matched != 2 {
				t.Fatalf("%s %s: %v, %v", d, how, r, err)
			}
			if o.Copy {
				src.Close()
			}
			if !slices.Equal(w2.Values(), w.Data) || !slices.Equal(b2.Data, b.Data) {
				t.Errorf("%s %s: other values", d, how)
			}
			b2.Data[0]++ // a trainable weight is never the mapped file
			if held, want := w2.DType.String(), string(d); !o.Wide && d != "F64" && held != want {
				t.Errorf("%s %s: held as %s", d, how, held)
			}
			w2.Packed(false)
			again := filepath.Join(t.TempDir(), "again.safetensors")
			if err := Create(again, Weights(params(named{"w", w2}), "F32"), nil); err != nil {
				t.Fatal(err)
			}
			back, err := Open(again)
			if err != nil {
				t.Fatal(err)
			}
			x := make([]float32, w.Len())
			if err := back.ReadF32("w", x); err != nil || !slices.Equal(x, w.Data) {
				t.Errorf("%s %s: packed and written again: %v", d, how, err)
			}
			back.Close()
			src.Close()
		}
	}
}

func TestLoadIsStrict(t *testing.T) {
	path := filepath.Join(t.TempDir(), "model.safetensors")
	list := []Tensor{
		Floats("a", []int{2, 3}, make([]float32, 6), "F32"),
		Floats("b", []int{2}, make([]float32, 2), "F32"),
		Bytes("c", []int{2}, make([]byte, 8), "I32"),
	}
	if err := Create(path, list, nil); err != nil {
		t.Fatal(err)
	}
	src, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	fresh := func(name string, shape ...int) named { return named{name, tensor.Hollow(shape...)} }
	for _, c := range []struct {
		model []named
		says  string
	}{
		{[]named{fresh("a", 2, 3), fresh("b", 2)}, "unexpected: c"},
		{[]named{fresh("a", 2, 3), fresh("b", 2), fresh("d", 1)}, "missing: d"},
		{[]named{fresh("a", 3, 2), fresh("b", 2), fresh("c", 2)}, `tensor "a": want [3 2], have [2 3]`},
		{[]named{fresh("a", 2, 3), fresh("b", 2), fresh("c", 2)}, `tensor "c" holds I32`},
	} {
		_, err := checkpoint.Load(params(c.model...), src, checkpoint.Options{})
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v; want %s", err, c.says)
		}
		for _, n := range c.model {
			if n.t.Filled() {
				t.Errorf("%s: %s was filled all the same", c.says, n.name)
			}
		}
	}
	spare := checkpoint.Options{Spare: func(name string) bool { return name == "c" }}
	if _, err := checkpoint.Load(params(fresh("a", 2, 3), fresh("b", 2)), src, spare); err != nil {
		t.Error(err)
	}
}
