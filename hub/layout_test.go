package hub_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/checkpoint"
	"github.com/rotor-lm/rotor/checkpoint/gguf"
	"github.com/rotor-lm/rotor/hub"
	"github.com/rotor-lm/rotor/nn"
)

// written writes the model of a folder as one file, with the notes of its layout.
func written(t *testing.T, dir string, d checkpoint.DType) (path string, l *gguf.Layout) {
	t.Helper()
	m, err := hub.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if l, err = gguf.NewLayout(m.Config); err != nil {
		t.Fatal(err)
	}
	tensors := slices.Clone(l.Extra)
	for name, w := range nn.Params(m.Model) {
		kind := d
		if len(w.Shape) == 1 {
			kind = checkpoint.F32
		}
		x, err := l.Tensor(gguf.Tensor{Name: name, Shape: w.Shape, DType: kind, Rows: gguf.Values(w.Values())})
		if err != nil {
			t.Fatal(err)
		}
		tensors = append(tensors, x)
	}
	path = filepath.Join(t.TempDir(), "model.gguf")
	if err := gguf.Create(t.Context(), path, l.Notes, tensors); err != nil {
		t.Fatal(err)
	}
	return path, l
}

// The tables of the format are read in both directions: what is written by them
// is read as the same model, of every architecture and every way in which it is
// configured.
func TestLayoutBothWays(t *testing.T) {
	folders, err := filepath.Glob("../model/*/testdata/*")
	if err != nil || len(folders) < 10 {
		t.Fatalf("%d models, %v", len(folders), err)
	}
	for _, dir := range folders {
		name := strings.TrimPrefix(dir, "../model/")
		t.Run(name, func(t *testing.T) {
			config, err := os.ReadFile(filepath.Join(dir, "config.json"))
			if err != nil {
				t.Fatal(err)
			}
			if why := unwritable(config); why != "" {
				if _, err := gguf.NewLayout(config); err == nil || !strings.Contains(err.Error(), why) {
					t.Fatalf("error %v, want %q", err, why)
				}
				return
			}
			path, l := written(t, dir, checkpoint.F32)
			back, err := hub.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer back.Close()
			m, err := hub.Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			ids := []int32{5, 90, 3, 17, 44, 8, 8, 61, 29, 33, 12, 71}
			if len(l.Lost) > 0 {
				ids = ids[:6] // as far as the window that is lost reaches
			}
			a, b := answers(m.Model, ids...), answers(back.Model, ids...)
			for i := range a {
				if d := a[i] - b[i]; d > 2e-5 || d < -2e-5 {
					t.Fatalf("logit %d is %g from the folder and %g from the file", i, a[i], b[i])
				}
			}
		})
	}
}

// unwritable says why the format has no place for a model: what the error names.
func unwritable(config []byte) string {
	switch {
	case bytes.Contains(config, []byte(`"dynamic"`)):
		return "dynamic"
	case bytes.Contains(config, []byte(`"query_pre_attn_scalar": 24`)):
		return "query_pre_attn_scalar is 24"
	}
	return ""
}

// What a model is called and how it is stretched survive the way there and back.
func TestLayoutConfig(t *testing.T) {
	dir := "../model/llama/testdata/llama3-rope"
	path, l := written(t, dir, checkpoint.F16)
	if len(l.Extra) != 1 || l.Extra[0].Name != "rope_freqs.weight" {
		t.Fatalf("beside the model the file has %v", l.Extra)
	}
	f, err := gguf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if slices.Contains(f.Names(), "rope_freqs.weight") {
		t.Error("the factors are handed out as a tensor of the model")
	}
	data, err := f.ReadFile("config.json")
	if err != nil {
		t.Fatal(err)
	}
	var c struct {
		Scaling struct {
			Type  string    `json:"rope_type"`
			Short []float64 `json:"short_factor"`
		} `json:"rope_scaling"`
	}
	if err := json.Unmarshal(data, &c); err != nil {
		t.Fatal(err)
	}
	// Its parameters are not those of the released models, so factors are all that can be said.
	if c.Scaling.Type != "longrope" || len(c.Scaling.Short) != 4 {
		t.Errorf("the encoding came back as %+v", c.Scaling)
	}
}

func TestLayoutRefuses(t *testing.T) {
	for config, want := range map[string]string{
		`{"architectures": ["WhaleForCausalLM"]}`: `no place for a "WhaleForCausalLM"; for GPT2LMHeadModel`,
		`{"architectures": []}`:                   "names 0 architectures",
		`[]`:                                      "config.json",
		strings.Replace(tiny, `"hidden_size": 16`, `"hidden_size": "wide"`, 1):                                                  "hidden_size is wide",
		strings.Replace(tiny, `"vocab_size": 50, `, "", 1):                                                                      "no vocab_size",
		strings.Replace(tiny, `{`, `{"hidden_act": "relu", "max_position_embeddings": 9, `, 1):                                  "hidden_act is relu",
		strings.Replace(tiny, `{`, `{"rope_scaling": {"rope_type": "linear"}, "max_position_embeddings": 9, `, 1):               "needs a factor",
		strings.Replace(tiny, `{`, `{"rope_scaling": {"rope_type": "dynamic", "factor": 2}, "max_position_embeddings": 9, `, 1): `"dynamic" has no form`,
	} {
		if _, err := gguf.NewLayout([]byte(config)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", config, err, want)
		}
	}
	l, err := gguf.NewLayout([]byte(strings.Replace(tiny, `{`, `{"max_position_embeddings": 9, `, 1)))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"model.layers.x.mlp.up_proj.weight", "model.layers.0.other.weight", "lm_head.lora_A.weight", ""} {
		if _, err := l.Tensor(gguf.Tensor{Name: name, Shape: []int{4, 4}}); err == nil {
			t.Errorf("tensor %q has a place", name)
		}
	}
	if _, err := l.Tensor(gguf.Tensor{Name: "model.layers.0.self_attn.q_proj.weight", Shape: []int{7, 4}}); err == nil {
		t.Error("seven rows make pairs")
	}
}
