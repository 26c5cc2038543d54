package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/rotor-lm/rotor/internal/nearest"
	"github.com/rotor-lm/rotor/model"
)

// A shape is the configuration of a well-known model, for benches that need
// its sizes and not its weights.
type shape struct {
	Vocab   int     `json:"vocab_size"`
	Width   int     `json:"hidden_size"`
	Inner   int     `json:"intermediate_size"`
	Layers  int     `json:"num_hidden_layers"`
	Heads   int     `json:"num_attention_heads"`
	KVHeads int     `json:"num_key_value_heads"`
	Context int     `json:"max_position_embeddings"`
	Theta   float64 `json:"rope_theta"`
	Eps     float64 `json:"rms_norm_eps"`
	Tied    bool    `json:"tie_word_embeddings"`
	Bias    bool    `json:"attention_bias"`
}

// shapes are the sizes of models that people know, as decoders of the Llama
// family: Qwen's have a bias on q, k and v that this leaves out.
var shapes = map[string]shape{
	"tiny":           {Vocab: 1024, Width: 64, Inner: 192, Layers: 2, Heads: 4, KVHeads: 2, Context: 1024, Theta: 1e4, Eps: 1e-5, Tied: true},
	"smollm2-135m":   {Vocab: 49152, Width: 576, Inner: 1536, Layers: 30, Heads: 9, KVHeads: 3, Context: 8192, Theta: 1e5, Eps: 1e-5, Tied: true},
	"smollm2-360m":   {Vocab: 49152, Width: 960, Inner: 2560, Layers: 32, Heads: 15, KVHeads: 5, Context: 8192, Theta: 1e5, Eps: 1e-5, Tied: true},
	"qwen2.5-0.5b":   {Vocab: 151936, Width: 896, Inner: 4864, Layers: 24, Heads: 14, KVHeads: 2, Context: 32768, Theta: 1e6, Eps: 1e-6, Tied: true},
	"llama-3.2-1b":   {Vocab: 128256, Width: 2048, Inner: 8192, Layers: 16, Heads: 32, KVHeads: 8, Context: 131072, Theta: 5e5, Eps: 1e-5, Tied: true},
	"tinyllama-1.1b": {Vocab: 32000, Width: 2048, Inner: 5632, Layers: 22, Heads: 32, KVHeads: 4, Context: 2048, Theta: 1e4, Eps: 1e-5},
}

// findShape finds a shape by its name.
func findShape(name string) (shape, error) {
	if s, ok := shapes[name]; ok {
		return s, nil
	}
	names := slices.Sorted(maps.Keys(shapes))
	return shape{}, usagef("unknown shape %q; the nearest is %s, and there are %v", name, nearest.Word(name, names), names)
}

// config is the shape as a config.json.
func (s shape) config() []byte {
	data, err := json.Marshal(struct {
		Architectures []string `json:"architectures"`
		Type          string   `json:"model_type"`
		Activation    string   `json:"hidden_act"`
		Deviation     float64  `json:"initializer_range"`
		shape
	}{[]string{"LlamaForCausalLM"}, "llama", "silu", 0.02, s})
	if err != nil {
		panic(err)
	}
	return data
}

// hollow is a model of the shape, without weights.
func (s shape) hollow() (model.Model, error) { return model.New(s.config()) }

// A product is one kind of matrix product of a training step: y = x·Wᵀ with
// W [Out, In], so often in the model.
type product struct {
	Name  string `json:"name"`
	Out   int    `json:"out"`
	In    int    `json:"in"`
	Count int    `json:"count"`
}

// products are the frozen matrices of the shape.
func (s shape) products() []product {
	kv := s.Width / s.Heads * s.KVHeads
	return []product{
		{"q, o", s.Width, s.Width, 2 * s.Layers},
		{"k, v", kv, s.Width, 2 * s.Layers},
		{"gate, up", s.Inner, s.Width, 2 * s.Layers},
		{"down", s.Width, s.Inner, s.Layers},
		{"head", s.Vocab, s.Width, 1},
	}
}

func (p product) String() string { return fmt.Sprintf("%s [%d×%d]", p.Name, p.Out, p.In) }
