// Save makes models from scratch in every way that Rotor can save one, and
// writes each with its own logits beside it: check_saved.py then asks
// transformers for the same.
//
//	go run ./bench/golden/save FOLDER
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/rotor-lm/rotor/checkpoint"
	"github.com/rotor-lm/rotor/hub"
	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/tensor"
)

const llama = `"vocab_size": 90, "hidden_size": 32, "intermediate_size": 56, "num_hidden_layers": 2,
	"num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 64, "initializer_range": 0.3`

const short = `"vocab_size": 90, "hidden_size": 32, "intermediate_size": 56, "num_hidden_layers": 2,
	"num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 16, "initializer_range": 0.3`

const gemma = `"vocab_size": 90, "hidden_size": 32, "intermediate_size": 56, "num_hidden_layers": 2, "num_attention_heads": 4,
	"num_key_value_heads": 2, "head_dim": 12, "query_pre_attn_scalar": 12, "sliding_window": 5, "max_position_embeddings": 64, "initializer_range": 0.3`

// What a user would write by hand, as short as it may be.
var cases = []struct {
	name, config string
	o            hub.SaveOptions
}{
	{"llama", `{"architectures": ["LlamaForCausalLM"], ` + llama + `}`, hub.SaveOptions{}},
	{"llama-tied", `{"architectures": ["LlamaForCausalLM"], "tie_word_embeddings": true, ` + llama + `}`, hub.SaveOptions{}},
	{"llama-shards", `{"architectures": ["LlamaForCausalLM"], "rope_theta": 5000, "torch_dtype": "float16", ` + llama + `}`, hub.SaveOptions{ShardSize: 20000}},
	{"llama-linear", `{"architectures": ["LlamaForCausalLM"], "rope_parameters": {"rope_type": "linear", "factor": 3, "rope_theta": 700}, "attention_bias": true, ` + llama + `}`, hub.SaveOptions{}},
	{"llama-bf16", `{"architectures": ["LlamaForCausalLM"], ` + llama + `}`, hub.SaveOptions{DType: checkpoint.BF16}},
	{"llama-f16", `{"architectures": ["LlamaForCausalLM"], "head_dim": 12, ` + llama + `}`, hub.SaveOptions{DType: checkpoint.F16}},
	{"mistral", `{"architectures": ["MistralForCausalLM"], "sliding_window": 5, ` + llama + `}`, hub.SaveOptions{}},
	{"mistral-no-window", `{"architectures": ["MistralForCausalLM"], "sliding_window": null, ` + llama + `}`, hub.SaveOptions{}},
	{"llama-dynamic", `{"architectures": ["LlamaForCausalLM"], "rope_parameters": {"rope_type": "dynamic", "factor": 2, "rope_theta": 700}, ` + short + `}`, hub.SaveOptions{}},
	{"qwen2-windows", `{"architectures": ["Qwen2ForCausalLM"], "use_sliding_window": true, "sliding_window": 5, "max_window_layers": 1, ` + llama + `}`, hub.SaveOptions{}},
	{"qwen3", `{"architectures": ["Qwen3ForCausalLM"], "head_dim": 12, ` + llama + `}`, hub.SaveOptions{}},
	{"phi3", `{"architectures": ["Phi3ForCausalLM"], "pad_token_id": 0, "sliding_window": 6, ` + llama + `}`, hub.SaveOptions{}},
	{"phi3-longrope", `{"architectures": ["Phi3ForCausalLM"], "pad_token_id": 0, "tie_word_embeddings": true, "original_max_position_embeddings": 8, "rope_theta": 10000,
		"rope_scaling": {"type": "longrope", "short_factor": [1, 1.2, 1.4, 1.6], "long_factor": [2, 3, 5, 8]}, ` + llama + `}`, hub.SaveOptions{DType: checkpoint.BF16}},
	{"gemma2", `{"architectures": ["Gemma2ForCausalLM"], ` + gemma + `}`, hub.SaveOptions{}},
	{"gemma2-untied", `{"architectures": ["Gemma2ForCausalLM"], "tie_word_embeddings": false, "attn_logit_softcapping": null, "final_logit_softcapping": 3.0, ` + gemma + `}`, hub.SaveOptions{ShardSize: 20000}},
	{"gemma3", `{"architectures": ["Gemma3ForCausalLM"], "rope_scaling": {"rope_type": "linear", "factor": 8}, ` + gemma + `}`, hub.SaveOptions{}},
	{"gemma3-f16", `{"architectures": ["Gemma3ForCausalLM"], "final_logit_softcapping": 9.0, "layer_types": ["full_attention", "sliding_attention"], ` + gemma + `}`, hub.SaveOptions{DType: checkpoint.F16}},
	{"gpt2", `{"architectures": ["GPT2LMHeadModel"], "vocab_size": 90, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64, "initializer_range": 0.3}`, hub.SaveOptions{}},
	{"gpt2-untied", `{"architectures": ["GPT2LMHeadModel"], "tie_word_embeddings": false, "vocab_size": 90, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64, "initializer_range": 0.3}`, hub.SaveOptions{}},
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: save FOLDER")
		os.Exit(2)
	}
	for _, c := range cases {
		if err := save(filepath.Join(os.Args[1], c.name), c.config, c.o); err != nil {
			fmt.Fprintln(os.Stderr, c.name+":", err)
			os.Exit(1)
		}
	}
}

func save(dir, config string, o hub.SaveOptions) error {
	m, err := model.New([]byte(config))
	if err != nil {
		return err
	}
	model.Init(m, 11)
	if err := hub.Save(context.Background(), dir, []byte(config), m, o); err != nil {
		return err
	}
	back, err := hub.Open(dir) // halves are rounded: what counts is what was saved
	if err != nil {
		return err
	}
	defer func() { _ = back.Close() }()
	p := nn.Pass{Tape: tensor.NoGrad(0)}
	for i := range 24 {
		p.Tokens = append(p.Tokens, int32(i*i*7+3*i)%90)
	}
	p.Add(len(p.Tokens), 0, 0, 0)
	y := model.Logits(back, &p)
	var logits [][]float32
	for i := range y.Rows() {
		logits = append(logits, y.Row(i))
	}
	text, err := json.Marshal(map[string]any{"ids": p.Tokens, "logits": logits})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "logits.json"), text, 0o644)
}
