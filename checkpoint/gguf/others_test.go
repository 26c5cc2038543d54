package gguf

import (
	"encoding/json"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/checkpoint"
)

// smallOthers are small files of the architectures that need more than names: norms of
// 1 + w, transposed matrices, factors of the rotary encoding, layers with windows.
func smallOthers() []struct {
	notes   []Note
	tensors []Tensor
} {
	decoder := func(name string, more ...Note) []Note {
		return append([]Note{
			{"general.architecture", name},
			{name + ".block_count", uint32(2)},
			{name + ".context_length", uint32(64)},
			{name + ".embedding_length", uint32(32)},
			{name + ".feed_forward_length", uint32(64)},
			{name + ".attention.head_count", uint32(4)},
		}, more...)
	}
	f32 := func(name string, shape ...int) Tensor {
		return floats(name, shape, "F32", ramp(checkpoint.Info{Shape: shape}.Len())...)
	}
	q8 := func(name string, shape ...int) Tensor {
		t := f32(name, shape...)
		t.DType = "Q8_0"
		return t
	}
	positive := func(name string, n int) Tensor {
		x := ramp(n)
		for i := range x {
			x[i] += 2
		}
		return floats(name, []int{n}, "F32", x...)
	}
	return []struct {
		notes   []Note
		tensors []Tensor
	}{
		{
			decoder("phi3", Note{"phi3.rope.scaling.attn_factor", float32(1.2)}, Note{"phi3.attention.sliding_window", uint32(0)}),
			[]Tensor{q8("token_embd.weight", 5, 32), q8("blk.0.attn_qkv.weight", 96, 32), positive("rope_factors_long.weight", 4), positive("rope_factors_short.weight", 4)},
		},
		{decoder("llama"), []Tensor{q8("token_embd.weight", 5, 32), q8("blk.1.attn_k.weight", 32, 32), positive("rope_freqs.weight", 4)}},
		{
			decoder("gemma2", Note{"gemma2.attention.sliding_window_pattern", []bool{true, false}}),
			[]Tensor{q8("token_embd.weight", 5, 32), f32("blk.0.attn_norm.weight", 32), q8("output_norm.weight", 32)},
		},
		{
			decoder("gemma3", Note{"gemma3.rope.scaling.type", "linear"}, Note{"gemma3.rope.scaling.factor", float32(8)}, Note{"gemma3.attention.sliding_window_pattern", uint32(3)}),
			[]Tensor{q8("token_embd.weight", 5, 32), f32("blk.0.attn_q_norm.weight", 8)},
		},
		{
			decoder("qwen2", Note{"qwen2.rope.scaling.type", "yarn"}, Note{"qwen2.rope.scaling.factor", float32(4)}, Note{"qwen2.rope.scaling.yarn_beta_fast", float32(16)}),
			[]Tensor{q8("token_embd.weight", 5, 32), f32("blk.0.attn_q.bias", 32)},
		},
		{decoder("gpt2"), []Tensor{q8("token_embd.weight", 5, 32), q8("blk.0.attn_qkv.weight", 96, 32), f32("position_embd.weight", 64, 32)}},
	}
}

// A file says what its model is in the words of config.json, and hands out its
// tensors as Hugging Face's files have them.
func TestOthers(t *testing.T) {
	for i, want := range []struct {
		config map[string]any
		tensor string
		values func(x []float32) []float32 // those of the file to those that are handed out; nil for the same
		shape  []int
	}{
		{map[string]any{"architectures": []any{"Phi3ForCausalLM"}, "sliding_window": nil, "original_max_position_embeddings": 64.0}, "model.layers.0.self_attn.qkv_proj.weight", nil, []int{96, 32}},
		{map[string]any{"model_type": "llama", "tie_word_embeddings": true}, "", nil, nil},
		{
			map[string]any{"model_type": "gemma2", "attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0, "sliding_window": 4096.0, "query_pre_attn_scalar": 8.0, "layer_types": []any{near, far}},
			"model.layers.0.input_layernorm.weight", func(x []float32) []float32 {
				for i := range x {
					x[i]--
				}
				return x
			},
			[]int{32},
		},
		{map[string]any{"model_type": "gemma3_text", "rope_theta": 10000.0, "rope_local_base_freq": 10000.0, "final_logit_softcapping": nil, "layer_types": []any{near, near}}, "model.layers.0.self_attn.q_norm.weight", func(x []float32) []float32 {
			for i := range x {
				x[i]--
			}
			return x
		}, []int{8}},
		{map[string]any{"model_type": "qwen2", "use_sliding_window": false}, "model.layers.0.self_attn.q_proj.bias", nil, []int{32}},
		{map[string]any{"model_type": "gpt2", "n_inner": 64.0, "n_positions": 64.0, "n_head": 4.0}, "transformer.h.0.attn.c_attn.weight", nil, []int{32, 96}},
	} {
		x := smallOthers()[i]
		f := tiny(t, x.notes, x.tensors)
		data, err := f.ReadFile("config.json")
		if err != nil {
			t.Errorf("%v: %v", want.config, err)
			continue
		}
		var c map[string]any
		if err := json.Unmarshal(data, &c); err != nil {
			t.Fatal(err)
		}
		for key, v := range want.config {
			if !reflect.DeepEqual(c[key], v) {
				t.Errorf("%v: %s is %v, want %v", c["model_type"], key, c[key], v)
			}
		}
		if want.tensor == "" {
			continue
		}
		info, ok := f.Info(want.tensor)
		if !ok || !slices.Equal(info.Shape, want.shape) {
			t.Errorf("%s: %v, want a shape of %d", want.tensor, info, want.shape)
			continue
		}
		if want.values == nil {
			continue
		}
		have := make([]float32, info.Len())
		if err := f.ReadF32(want.tensor, have); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(have, want.values(ramp(info.Len()))) {
			t.Errorf("%s: %v", want.tensor, have)
		}
	}
}

// What a file of these architectures says wrong is said.
func TestBadOthers(t *testing.T) {
	for name, c := range map[string]struct {
		arch  int
		key   string
		value any
		want  string
	}{
		"half of the factors": {0, "phi3.rope.scaling.type", "spiral", ""},
		"no such pattern":     {3, "gemma3.attention.sliding_window_pattern", uint32(0), "sliding_window_pattern is 0"},
		"a pattern too short": {2, "gemma2.attention.sliding_window_pattern", []bool{true}, "1 entries for 2 layers"},
		"a pattern of words":  {2, "gemma2.attention.sliding_window_pattern", "every second", "whole number"},
		"a cap of words":      {2, "gemma2.attn_logit_softcapping", "high", "want a number"},
		"part of a head":      {4, "qwen2.rope.dimension_count", uint32(4), "all must"},
		"layers without end":  {2, "gemma2.block_count", uint32(1 << 30), "cannot be"},
	} {
		x := smallOthers()[c.arch]
		notes := append(slices.DeleteFunc(x.notes, func(n Note) bool { return n.Key == c.key }), Note{c.key, c.value})
		_, err := tiny(t, notes, x.tensors).ReadFile("config.json")
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
	// Factors where there is no place for them, that cannot be, or that are no list.
	phi := smallOthers()[0]
	for name, c := range map[string]struct {
		notes   []Note
		tensors []Tensor
		want    string
	}{
		"qwen2":  {smallOthers()[4].notes, append(smallOthers()[4].tensors, phi.tensors[2]), "has no factors"},
		"matrix": {phi.notes, append(phi.tensors[:2:2], floats("rope_factors_long.weight", []int{2, 2}, "F32", 1, 2, 3, 4)), "want a vector"},
		"zero":   {phi.notes, append(phi.tensors[:2:2], floats("rope_factors_long.weight", []int{2}, "F32", 1, 0)), "factor 1 is 0"},
		"one":    {phi.notes, phi.tensors[:3:3], "rope_factors_short.weight"},
	} {
		path := filepath.Join(t.TempDir(), "x.gguf")
		if err := Create(t.Context(), path, c.notes, c.tensors); err != nil {
			t.Fatal(err)
		}
		f, err := Open(path)
		if err == nil {
			defer f.Close()
			_, err = f.ReadFile("config.json")
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
}
