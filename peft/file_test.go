package peft_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/checkpoint"
	"github.com/rotor-lm/rotor/checkpoint/safetensors"
	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/peft"
)

// copyAdapter makes a copy of a golden adapter whose configuration has been
// changed, and whose tensors edit may drop, rename or reshape.
func copyAdapter(t *testing.T, name string, changes map[string]any, edit func(safetensors.Tensor) (safetensors.Tensor, bool)) string {
	t.Helper()
	dir := t.TempDir()
	c := config(t, filepath.Join("testdata", name))
	for k, v := range changes {
		if v == nil {
			delete(c, k)
		} else {
			c[k] = v
		}
	}
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, peft.ConfigFile), text, 0o644); err != nil {
		t.Fatal(err)
	}
	src := weights(t, filepath.Join("testdata", name))
	var list []safetensors.Tensor
	for _, n := range src.Names() {
		x, err := safetensors.Copy(src, n)
		if err != nil {
			t.Fatal(err)
		}
		keep := true
		if edit != nil {
			x, keep = edit(x)
		}
		if keep {
			list = append(list, x)
		}
	}
	if err := safetensors.Create(filepath.Join(dir, peft.WeightsFile), list, nil); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestRefusals(t *testing.T) {
	const a = "base_model.model.model.layers.0.self_attn.v_proj.lora_A.weight"
	drop := func(x safetensors.Tensor) (safetensors.Tensor, bool) { return x, x.Name != a }
	rename := func(x safetensors.Tensor) (safetensors.Tensor, bool) {
		x.Name = strings.Replace(x.Name, "layers.0", "layers.7", 1)
		return x, true
	}
	other := func(x safetensors.Tensor) (safetensors.Tensor, bool) {
		if strings.HasSuffix(x.Name, "embed_tokens.base_layer.weight") {
			return safetensors.Floats(x.Name, x.Shape, make([]float32, x.Shape[0]*x.Shape[1]), checkpoint.F32), true
		}
		return x, true
	}
	for _, c := range []struct {
		base, adapter string
		changes       map[string]any
		edit          func(safetensors.Tensor) (safetensors.Tensor, bool)
		err           string // "" where it must load
	}{
		{"llama", "patterns", nil, nil, ""},
		{"llama-tied", "patterns", nil, nil, ""}, // shapes are all that can be compared
		{"gpt2", "patterns", nil, nil, "match nothing; there are wte"},
		{"llama", "conv", nil, nil, "there are embed_tokens, self_attn.q_proj"},
		{"llama", "patterns", nil, drop, "1 missing, 0 unexpected; missing: " + a},
		{"llama", "patterns", nil, rename, "unexpected: base_model.model.model.layers.7."},
		{"llama", "patterns", map[string]any{"r": 5}, nil, "want [5 24], have [4 24]"},
		{"llama", "patterns", map[string]any{"r": 60000}, nil, "want [60000 24]"},
		{"llama", "patterns", map[string]any{"r": 0}, nil, "r is 0"},
		{"llama", "patterns", map[string]any{"r": "four"}, nil, "cannot unmarshal"},
		{"llama", "patterns", map[string]any{"lora_dropout": 2}, nil, "dropout 2"},
		{"llama", "patterns", map[string]any{"target_modules": nil}, nil, "target_modules is missing"},
		{"llama", "patterns", map[string]any{"target_modules": 4}, nil, "target_modules: json"},
		{"llama", "patterns", map[string]any{"peft_type": "IA3"}, nil, `peft_type "IA3" is not known; there are LORA`},
		{"llama", "patterns", map[string]any{"use_dora": true}, nil, "use_dora is set"},
		{"llama", "patterns", map[string]any{"lora_bias": true}, nil, "lora_bias is set"},
		{"llama", "patterns", map[string]any{"use_qalora": true}, nil, "use_qalora is set"},
		{"llama", "patterns", map[string]any{"layer_replication": [][]int{{0, 1}}}, nil, "layer_replication is set"},
		{"llama", "patterns", map[string]any{"trainable_token_indices": []int{1}}, nil, "trainable_token_indices is set"},
		{"llama", "patterns", map[string]any{"alora_invocation_tokens": []int{1}}, nil, "alora_invocation_tokens is set"},
		{"llama", "patterns", map[string]any{"target_parameters": []string{"x"}}, nil, "target_parameters is set"},
		{"llama", "patterns", map[string]any{"use_bdlora": map[string]any{"nblocks": 2}}, nil, "use_bdlora is set"},
		{"llama", "patterns", map[string]any{"init_lora_weights": "pissa_niter_4"}, nil, "init_lora_weights is pissa_niter_4"},
		{"llama", "patterns", map[string]any{"use_future": 3}, nil, `key "use_future" is not known, and is set`},
		{"llama", "patterns", map[string]any{"use_future": false, "some_config": map[string]any{}, "peft_version": "9"}, nil, ""},
		{"llama", "patterns", map[string]any{"peft_type": nil, "config": map[string]any{"r": 8}}, nil, "AdapterHub"},
		{"llama-tied", "tied-lora", nil, nil, ""},
		{"llama-tied", "tied-lora", nil, other, "made on another base"},
	} {
		dir := copyAdapter(t, c.adapter, c.changes, c.edit)
		_, _, err := peft.Apply(open(t, c.base), dir, peft.Options{})
		switch {
		case c.err == "" && err != nil:
			t.Errorf("%s on %s: %v", c.adapter, c.base, err)
		case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
			t.Errorf("%s on %s with %v: want an error with %q, have %v", c.adapter, c.base, c.changes, c.err, err)
		}
	}
}

func TestNotAnAdapter(t *testing.T) {
	m := open(t, "llama")
	dir := t.TempDir()
	expect := func(want string) {
		t.Helper()
		if _, _, err := peft.Apply(m, dir, peft.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, have %v", want, err)
		}
	}
	put := func(name string, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	expect("is not an adapter")
	put(peft.ConfigFile, "{")
	expect("unexpected end of JSON")
	put(peft.ConfigFile, strings.Repeat(" ", 5<<20))
	expect("more than")
	put(peft.ConfigFile, `{"peft_type": "LORA", "target_modules": ["q_proj"]}`)
	expect("no such file")
	put("adapter_model.bin", "x")
	expect("a pickle")
	put(peft.WeightsFile, "short")
	expect("safetensors")
}

func TestSaveRefuses(t *testing.T) {
	m := open(t, "llama")
	c := &peft.LoRA{Rank: 2}
	a := adapt(t, m, c, peft.Options{})
	dir := filepath.Join(t.TempDir(), "adapter")
	if err := peft.Save(dir, c, m, peft.SaveOptions{}); err == nil || !strings.Contains(err.Error(), "no adapter 0") {
		t.Errorf("a bare model: %v", err)
	}
	if err := peft.Save(dir, &peft.Full{}, m, peft.SaveOptions{}); err == nil || !strings.Contains(err.Error(), "whole model") {
		t.Errorf("full fine-tuning: %v", err)
	}
	if err := peft.Save(dir, c, a, peft.SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := peft.Save(dir, c, a, peft.SaveOptions{}); err == nil || !strings.Contains(err.Error(), "already there") {
		t.Errorf("what stands there: %v", err)
	}
	if err := peft.Save(dir, c, a, peft.SaveOptions{Replace: true}); err != nil {
		t.Error(err)
	}
}

func FuzzConfig(f *testing.F) {
	for _, name := range []string{"patterns", "rslora", "tied-lora", "conv"} {
		data, err := os.ReadFile(filepath.Join("testdata", name, peft.ConfigFile))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"peft_type":"LORA","target_modules":"(","rank_pattern":{"(":1}}`))
	f.Add([]byte(`{"peft_type":"LORA","target_modules":["q_proj"],"rank_pattern":[1],"layers_to_transform":3}`))
	dir := f.TempDir()
	m, err := model.New([]byte(fmt.Sprintf(tinyLlama, false)))
	if err != nil {
		f.Fatal(err)
	}
	model.Init(m, 1)
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, peft.ConfigFile), data, 0o644); err != nil {
			t.Fatal(err)
		}
		a, err := peft.Open(dir)
		if err != nil {
			return
		}
		if _, _, err := a.Apply(m, peft.Options{}); err == nil {
			t.Error("an adapter without weights was applied")
		}
	})
}
