package hub_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/checkpoint"
	"github.com/rotor-lm/rotor/hub"
	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/tensor"
)

const tiny = `{"architectures": ["LlamaForCausalLM"], "vocab_size": 50, "hidden_size": 16, "intermediate_size": 24,
 "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "tie_word_embeddings": true, "torch_dtype": "bfloat16"}`

func fresh(t *testing.T, config string) model.Model {
	t.Helper()
	m, err := model.New([]byte(config))
	if err != nil {
		t.Fatal(err)
	}
	model.Init(m, 7)
	return m
}

func logits(m model.Model) []float32 {
	p := nn.Pass{Tape: tensor.NoGrad(0), Tokens: []int32{1, 2, 3, 49}}
	p.Add(4, 0, 0, 0)
	return slices.Clone(model.Logits(m, &p).Data)
}

func TestSaveThenOpen(t *testing.T) {
	for _, c := range []struct {
		name, config string
		o            hub.SaveOptions
		exact        bool
	}{
		{"tied", tiny, hub.SaveOptions{}, true},
		{"untied", strings.Replace(tiny, "true", "false", 1), hub.SaveOptions{DType: checkpoint.F32}, true},
		{"shards", tiny, hub.SaveOptions{ShardSize: 5000}, true},
		{"half", tiny, hub.SaveOptions{DType: checkpoint.BF16}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := fresh(t, c.config)
			dir := filepath.Join(t.TempDir(), "out")
			if err := hub.Save(t.Context(), dir, []byte(c.config), m, c.o); err != nil {
				t.Fatal(err)
			}
			got, err := hub.Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer got.Close()
			a, b := logits(m), logits(got)
			for i := range a {
				if d := a[i] - b[i]; c.exact && d != 0 || d > 1e-2 || d < -1e-2 {
					t.Fatalf("logit %d: %g saved, %g opened", i, a[i], b[i])
				}
			}
			want := `"torch_dtype": "float32"`
			if !c.exact {
				want = `"torch_dtype": "bfloat16"`
			}
			if !strings.Contains(string(got.Config), want) {
				t.Errorf("config.json does not say %s:\n%s", want, got.Config)
			}
			if want := `"model_type": "llama"`; !strings.Contains(string(got.Config), want) {
				t.Errorf("config.json does not say %s:\n%s", want, got.Config)
			}
			if err := hub.Save(t.Context(), dir, []byte(c.config), m, c.o); !errors.Is(err, fs.ErrExist) {
				t.Errorf("a second save into the folder: %v", err)
			}
			c.o.Replace = true
			if err := hub.Save(t.Context(), dir, []byte(c.config), m, c.o); err != nil {
				t.Errorf("a save that may replace: %v", err)
			}
		})
	}
}

func TestSaveCopiesTokenizer(t *testing.T) {
	from, dir := t.TempDir(), filepath.Join(t.TempDir(), "deep", "out")
	for _, name := range []string{"tokenizer.json", "merges.txt", "README.md"} {
		if err := os.WriteFile(filepath.Join(from, name), []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := hub.Save(t.Context(), dir, []byte(tiny), fresh(t, tiny), hub.SaveOptions{Tokenizer: from}); err != nil {
		t.Fatal(err)
	}
	entries, _ := os.ReadDir(dir)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if want := []string{"config.json", "merges.txt", "model.safetensors", "tokenizer.json"}; !slices.Equal(names, want) {
		t.Errorf("the folder holds %v, want %v", names, want)
	}
}

// added is a layer with one more tensor than a plain model has.
type added struct {
	nn.Keep
}

type scaled struct {
	nn.Layer `w:""`
	Scale    *tensor.Tensor `w:"scale"`
}

func (added) Layer(path string, l nn.Layer) nn.Layer {
	if path == "model.norm" {
		return &scaled{l, tensor.New(16)}
	}
	return l
}

func TestSaveRefuses(t *testing.T) {
	m, err := nn.Rewrite(fresh(t, tiny), added{})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "out")
	if err := hub.Save(t.Context(), dir, []byte(tiny), m, hub.SaveOptions{}); err == nil || !strings.Contains(err.Error(), "model.norm.scale") {
		t.Errorf("a model with a tensor too many: %v", err)
	}
	wide := strings.Replace(tiny, `"intermediate_size": 24`, `"intermediate_size": 32`, 1)
	if err := hub.Save(t.Context(), dir, []byte(wide), fresh(t, tiny), hub.SaveOptions{}); err == nil || !strings.Contains(err.Error(), "gate_proj") {
		t.Errorf("the config of another model: %v", err)
	}
	if err := hub.Save(t.Context(), dir, []byte(tiny), fresh(t, tiny), hub.SaveOptions{DType: "I8"}); err == nil {
		t.Error("weights were saved as I8")
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a refused save left %s: %v", dir, err)
	}
}

// Who wants no more gets no more, and finds nothing half written.
func TestSaveEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := filepath.Join(t.TempDir(), "out")
	if err := hub.Save(ctx, dir, []byte(tiny), fresh(t, tiny), hub.SaveOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
	entries, err := os.ReadDir(filepath.Dir(dir))
	if err != nil || len(entries) > 0 {
		t.Errorf("it left %v, %v", entries, err)
	}
}
