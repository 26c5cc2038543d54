package model_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/model"
	_ "github.com/rotor-lm/rotor/model/all"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/tensor"
)

const (
	llama = `{"architectures": ["LlamaForCausalLM"], "vocab_size": 40, "hidden_size": 16, "intermediate_size": 24,
		"num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "rms_norm_eps": 1e-6, "max_position_embeddings": 64}`
	mistral = `{"architectures": ["MistralForCausalLM"], "vocab_size": 40, "hidden_size": 16, "intermediate_size": 24,
		"num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "sliding_window": 4}`
	gpt2  = `{"architectures": ["GPT2LMHeadModel"], "vocab_size": 40, "n_embd": 16, "n_layer": 2, "n_head": 4, "n_positions": 32}`
	qwen2 = `{"architectures": ["Qwen2ForCausalLM"], "vocab_size": 40, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2,
		"num_attention_heads": 4, "num_key_value_heads": 2, "use_sliding_window": true, "sliding_window": 4, "max_window_layers": 1}`
	phi3 = `{"architectures": ["Phi3ForCausalLM"], "vocab_size": 40, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2,
		"num_attention_heads": 2, "max_position_embeddings": 64, "original_max_position_embeddings": 8,
		"rope_scaling": {"type": "su", "short_factor": [1, 1, 1, 1], "long_factor": [2, 2, 3, 4]}}`
	gemma2 = `{"architectures": ["Gemma2ForCausalLM"], "vocab_size": 40, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2,
		"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8, "query_pre_attn_scalar": 8, "sliding_window": 4}`
	gemma3 = `{"architectures": ["Gemma3ForCausalLM"], "vocab_size": 40, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 3,
		"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8, "query_pre_attn_scalar": 8, "sliding_window": 4, "sliding_window_pattern": 2}`
)

var everyConfig = []string{llama, mistral, gpt2, qwen2, phi3, gemma2, gemma3}

// set returns a configuration with one key changed; a nil value removes it.
func set(t testing.TB, config, key string, value any) []byte {
	t.Helper()
	c, err := model.Edit([]byte(config), map[string]any{key: value})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// What cannot be built is refused with a word of what it is and of what there is.
func TestRefuses(t *testing.T) {
	for _, c := range []struct {
		config, key string
		value       any
		want        string
	}{
		{llama, "architectures", []string{"WhaleForCausalLM"}, `architecture "WhaleForCausalLM" is not known; there are GPT2LMHeadModel, Gemma2ForCausalLM, Gemma3ForCausalLM, LlamaForCausalLM, MistralForCausalLM, Phi3ForCausalLM`},
		{llama, "architectures", nil, "names 0 architectures, and must name one of GPT2LMHeadModel"},
		{llama, "architectures", []string{}, "names 0 architectures"},
		{llama, "architectures", []string{"LlamaForCausalLM", "GPT2LMHeadModel"}, "names 2 architectures"},
		{llama, "architectures", "LlamaForCausalLM", "config.json"},
		{llama, "rope_scaling", map[string]any{"type": "spiral", "factor": 2}, `RoPE type "spiral" is not known; there are default`},
		{llama, "rope_parameters", map[string]any{"rope_type": "spiral", "rope_theta": 1}, `RoPE type "spiral" is not known; there are default`},
		{llama, "rope_parameters", []int{1}, "RoPE parameters"},
		{llama, "hidden_act", "relu", `hidden_act "relu" is not known`},
		{llama, "hidden_size", 0, "hidden_size is 0"},
		{llama, "hidden_size", -16, "hidden_size is -16"},
		{llama, "hidden_size", 1 << 40, "hidden_size is 1099511627776"},
		{llama, "hidden_size", "big", "hidden_size"},
		{llama, "hidden_size", 1e300, "hidden_size"},
		{llama, "num_attention_heads", 0, "num_attention_heads is 0"},
		{llama, "num_key_value_heads", 3, "4 heads do not share 3 key heads"},
		{llama, "num_hidden_layers", 1 << 22, "num_hidden_layers 4194304"},
		{llama, "head_dim", 7, "heads of 7"},
		{llama, "head_dim", 1 << 20, "heads of 1048576"},
		{llama, "rms_norm_eps", -1, "rms_norm_eps -1"},
		{llama, "vocab_size", 1 << 25, "vocab_size is 33554432"},
		{mistral, "sliding_window", nil, "sliding_window must be there"},
		{mistral, "sliding_window", -4, "sliding_window -4"},
		{mistral, "sliding_window", "wide", "sliding_window"},
		{mistral, "num_key_value_heads", nil, "num_key_value_heads"},
		{gpt2, "n_head", 5, "width 16 does not divide into 5 heads"},
		{gpt2, "n_positions", -1, "n_positions is -1"},
		{gpt2, "activation_function", "relu", `activation_function "relu" is not known`},
		{gpt2, "scale_attn_by_inverse_layer_idx", true, "scale_attn_by_inverse_layer_idx"},
		{gpt2, "n_layer", 5000, "n_layer 5000"},
		{gpt2, "attn_pdrop", 1.5, "attn_pdrop is 1.5"},
		{llama, "attention_dropout", -1, "attention_dropout is -1"},
		{llama, "partial_rotary_factor", 0.5, "partial_rotary_factor"},
		{llama, "rope_parameters", map[string]any{"full_attention": map[string]any{"rope_type": "default"}}, "full_attention"},
		{llama, "rope_scaling", map[string]any{"type": "dynamic", "factor": 0.5}, "factor"},
		{qwen2, "layer_types", []string{"full_attention"}, "layer_types has 1 entries for 2 layers"},
		{qwen2, "layer_types", []string{"full_attention", "linear_attention"}, `layer_types has a "linear_attention"`},
		{qwen2, "sliding_window", nil, "sliding_window must be there"},
		{qwen2, "sliding_window", "wide", "sliding_window"},
		{phi3, "rope_scaling", map[string]any{"type": "linear", "factor": 2}, `rope_type "linear" is not known`},
		{phi3, "rope_scaling", map[string]any{"type": "longrope", "short_factor": []int{1, 1}, "long_factor": []int{1, 1, 1, 1}}, "short_factor"},
		{phi3, "rope_scaling", map[string]any{"type": "longrope", "short_factor": []int{1, 1, 1, 1}}, "long_factor"},
		{phi3, "partial_rotary_factor", 0.1, "partial_rotary_factor is 0.1"},
		{phi3, "sliding_window", -4, "sliding_window -4"},
		{phi3, "hidden_act", "gelu", `hidden_act "gelu"`},
		{phi3, "original_max_position_embeddings", -8, "original_max_position_embeddings is -8"},
		{gemma2, "query_pre_attn_scalar", nil, "query_pre_attn_scalar is 0"},
		{gemma2, "query_pre_attn_scalar", -8, "query_pre_attn_scalar is -8"},
		{gemma2, "sliding_window", nil, "sliding_window must be there"},
		{gemma2, "head_dim", nil, "head_dim is 0"},
		{gemma2, "num_key_value_heads", nil, "num_key_value_heads is 0"},
		{gemma2, "attn_logit_softcapping", 0, "attn_logit_softcapping is 0"},
		{gemma2, "final_logit_softcapping", "high", "final_logit_softcapping"},
		{gemma2, "hidden_activation", "silu", `hidden_activation "silu"`},
		{gemma2, "use_bidirectional_attention", true, "use_bidirectional_attention"},
		{gemma3, "attn_logit_softcapping", 50, "attn_logit_softcapping must be null"},
		{gemma3, "sliding_window_pattern", 0, "sliding_window_pattern is 0"},
		{gemma3, "rope_parameters", map[string]any{"rope_type": "default"}, "full_attention and sliding_attention"},
		{gemma3, "rope_local_base_freq", -1, "base -1"},
	} {
		m, err := model.New(set(t, c.config, c.key, c.value))
		if err == nil || !strings.Contains(err.Error(), c.want) || m != nil {
			t.Errorf("%s %v: error %v, want %q", c.key, c.value, err, c.want)
		}
	}
	for _, text := range []string{"", "null", "[]", "{", `"x"`, llama[:40]} {
		if _, err := model.New([]byte(text)); err == nil {
			t.Errorf("%q is a model", text)
		}
	}
	vast := `{"architectures": ["LlamaForCausalLM"], "vocab_size": 16777216, "hidden_size": 16777216, "intermediate_size": 16777216,
		"num_hidden_layers": 1, "num_attention_heads": 16777216, "head_dim": 2}`
	if _, err := model.New([]byte(vast)); err == nil || !strings.Contains(err.Error(), "cannot be") {
		t.Errorf("a model of 2⁵⁰ elements: %v", err)
	}
}

// No configuration panics or takes much memory; what is built is of sound sizes.
func FuzzNew(f *testing.F) {
	for _, c := range everyConfig {
		f.Add(c)
		f.Add(strings.ReplaceAll(c, ": 4", ": 1000000"))
		f.Add(strings.ReplaceAll(c, ": 16", ": -16"))
		f.Add(strings.Replace(c, "{", `{"rope_scaling": {"type": "linear", "factor": 1e308}, "rope_theta": 1e308, "tie_word_embeddings": true, `, 1))
		f.Add(strings.Replace(c, "{", `{"rope_parameters": {"rope_type": 5}, "head_dim": 65536, `, 1))
	}
	f.Fuzz(func(t *testing.T, config string) {
		m, err := model.New([]byte(config))
		if err != nil {
			return
		}
		info := m.Info()
		for _, n := range []int{info.Vocab, info.Width, info.Layers, info.Heads, info.KVHeads, info.HeadDim, info.Context} {
			if n < 1 || n > 1<<24 {
				t.Fatalf("a size of %d in %+v", n, info)
			}
		}
		for name, x := range nn.Params(m) {
			if n := x.Len(); n < 1 || n > 1<<42 || x.Filled() {
				t.Fatalf("tensor %q %d has %d elements, filled %v", name, x.Shape, n, x.Filled())
			}
		}
	})
}

func TestInit(t *testing.T) {
	config := set(t, llama, "initializer_range", 0.3)
	build := func(seed uint64) map[string][]float32 {
		m, err := model.New(config)
		if err != nil {
			t.Fatal(err)
		}
		model.Init(m, seed)
		values := map[string][]float32{}
		for name, x := range nn.Params(m) {
			values[name] = x.Values()
		}
		return values
	}
	a, b, c := build(1), build(1), build(2)
	sum, squares, n := 0.0, 0.0, 0.0
	for name, x := range a {
		if !slices.Equal(x, b[name]) {
			t.Errorf("%s: two numbers for one seed", name)
		}
		if strings.Contains(name, "norm") {
			if slices.ContainsFunc(x, func(v float32) bool { return v != 1 }) {
				t.Errorf("%s is %v", name, x)
			}
			continue
		}
		if slices.Equal(x, c[name]) {
			t.Errorf("%s: one number for two seeds", name)
		}
		for _, v := range x {
			sum, squares, n = sum+float64(v), squares+float64(v)*float64(v), n+1
		}
	}
	if mean, deviation := sum/n, math.Sqrt(squares/n); math.Abs(mean) > .02 || math.Abs(deviation-.3) > .01 {
		t.Errorf("mean %g, deviation %g of %g elements", mean, deviation, n)
	}
}

// A norm that scales by 1 + w is born with a weight of zero.
func TestInitCentred(t *testing.T) {
	for _, config := range []string{gemma2, gemma3} {
		m, err := model.New([]byte(config))
		if err != nil {
			t.Fatal(err)
		}
		model.Init(m, 1)
		for name, x := range nn.Params(m) {
			if zero := !slices.ContainsFunc(x.Values(), func(v float32) bool { return v != 0 }); zero != strings.Contains(name, "norm") {
				t.Errorf("%s is zero: %v", name, zero)
			}
		}
	}
}

// What a file asks for is reported, and GPT-2's is a tenth where it says nothing.
func TestDropoutIsReported(t *testing.T) {
	for _, c := range []struct {
		config, key string
		value       any
		want        float64
	}{
		{gpt2, "n_ctx", 32, 0.1},
		{gpt2, "resid_pdrop", 0.3, 0.3},
		{llama, "attention_dropout", 0, 0},
		{mistral, "attention_dropout", 0.2, 0.2},
		{phi3, "embd_pdrop", 0.4, 0.4},
		{gemma3, "attention_dropout", 0.5, 0.5},
	} {
		m, err := model.New(set(t, c.config, c.key, c.value))
		if err != nil {
			t.Fatal(err)
		}
		if have := m.Info().Dropout; have != c.want {
			t.Errorf("%s %v: dropout %g, want %g", c.key, c.value, have, c.want)
		}
	}
}

// Texts that have other angles are told apart, and only where there are any.
func TestRegimeIsReported(t *testing.T) {
	for _, config := range everyConfig {
		m, err := model.New([]byte(config))
		if err != nil {
			t.Fatal(err)
		}
		r := m.Info().Regime
		if grows := r != nil; grows != (config == phi3) {
			t.Fatalf("%s: grows with the text: %v", m.Info().Architecture, grows)
		}
		if r != nil && (r(8) == r(9) || r(9) != r(64) || r(1) != r(8)) {
			t.Error("Phi-3 changes its angles elsewhere than after its original_max_position_embeddings")
		}
	}
}

func TestType(t *testing.T) {
	for architecture, want := range map[string]string{
		"LlamaForCausalLM": "llama", "GPT2LMHeadModel": "gpt2", "Gemma2ForCausalLM": "gemma2", "Gemma3ForCausalLM": "gemma3_text", "Phi3ForCausalLM": "phi3",
	} {
		if have := model.Type(architecture); have != want {
			t.Errorf("%s: %s, want %s", architecture, have, want)
		}
	}
}

func TestEditKeepsTheRest(t *testing.T) {
	before := `{"b": 1, "a": {"z": [1, 2.50], "y": 12345678901234567890}, "gone": true, "c": "é<>"}`
	after, err := model.Edit([]byte(before), map[string]any{"b": "two", "gone": nil, "new": []int{3}, "absent": nil})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"b": "two"`, "2.50", "12345678901234567890", `"new": [`} {
		if !strings.Contains(string(after), want) {
			t.Errorf("%s is not in %s", want, after)
		}
	}
	if s := string(after); strings.Contains(s, "gone") || strings.Contains(s, "absent") || strings.Index(s, `"b"`) > strings.Index(s, `"a"`) {
		t.Errorf("order or removals: %s", after)
	}
	var c struct{ C string }
	if err := json.Unmarshal(after, &c); err != nil || c.C != "é<>" {
		t.Errorf("%q %v", c.C, err)
	}
	for _, text := range []string{"", "[]", "3", `{"a": 1`, `{"a": }`, `{"a"}`} {
		if _, err := model.Edit([]byte(text), map[string]any{"a": 1}); err == nil {
			t.Errorf("%q was edited", text)
		}
	}
}

// A rewrite or a second forward pass does not change what a model says, and a
// pass leaves its memory for the next.
func TestLogitsAreAFunction(t *testing.T) {
	for _, config := range everyConfig {
		m, err := model.New([]byte(config))
		if err != nil {
			t.Fatal(err)
		}
		model.Init(m, 1)
		copied, err := nn.Rewrite(m, nn.Keep{})
		if err != nil {
			t.Fatal(err)
		}
		tape := tensor.NoGrad(0)
		run := func(m model.Model) []float32 {
			tape.Reset()
			p := nn.Pass{Tape: tape, Tokens: []int32{5, 6, 7, 39, 0, 1, 2}}
			p.Add(7, 0, 0, 0)
			return slices.Clone(model.Logits(m, &p).Data)
		}
		first := run(m)
		if !slices.Equal(run(m), first) || !slices.Equal(run(copied), first) {
			t.Errorf("%s: the same pass gives other logits", fmt.Sprint(m.Info().Architecture))
		}
	}
}
