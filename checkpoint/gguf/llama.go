package gguf

import (
	"errors"
	"fmt"
)

// The LLaMA family, SmolLM2 and TinyLlama included: Mistral's files call
// themselves llama too, and a window that they should have is not in the file.
func init() {
	architectures["llama"] = &architecture{
		outer: map[string]string{
			"token_embd":  "model.embed_tokens",
			"output_norm": "model.norm",
			"output":      "lm_head",
		},
		prefix: "model.layers.",
		inner: map[string]string{
			"attn_norm":   "input_layernorm",
			"attn_q":      "self_attn.q_proj",
			"attn_k":      "self_attn.k_proj",
			"attn_v":      "self_attn.v_proj",
			"attn_output": "self_attn.o_proj",
			"ffn_norm":    "post_attention_layernorm",
			"ffn_gate":    "mlp.gate_proj",
			"ffn_up":      "mlp.up_proj",
			"ffn_down":    "mlp.down_proj",
		},
		paired: []string{"attn_q", "attn_k"},
		config: configLlama,
	}
}

// configLlama writes what a config.json of a LlamaForCausalLM says.
func configLlama(f *File) (map[string]any, error) {
	n := noter{notes: f.Notes, arch: "llama"}
	width, heads := n.need("embedding_length"), n.need("attention.head_count")
	c := map[string]any{
		"architectures":           []string{"LlamaForCausalLM"},
		"model_type":              "llama",
		"hidden_act":              "silu",
		"hidden_size":             width,
		"intermediate_size":       n.need("feed_forward_length"),
		"num_hidden_layers":       n.need("block_count"),
		"num_attention_heads":     heads,
		"num_key_value_heads":     n.count("attention.head_count_kv", heads),
		"max_position_embeddings": n.need("context_length"),
		"rms_norm_eps":            n.real("attention.layer_norm_rms_epsilon", 1e-5),
		"rope_theta":              n.real("rope.freq_base", 10000),
		"tie_word_embeddings":     !f.has("lm_head.weight"),
		"attention_bias":          f.has("model.layers.0.self_attn.q_proj.bias"),
		"mlp_bias":                f.has("model.layers.0.mlp.down_proj.bias"),
	}
	if heads == 0 {
		return nil, errors.Join(n.err, errors.New("llama.attention.head_count is 0, which cannot be"))
	}
	dim := n.count("attention.key_length", width/heads)
	c["head_dim"] = dim
	if v := n.count("attention.value_length", dim); v != dim {
		n.fail(fmt.Errorf("heads have %d rows for keys and %d for values: they must be the same", dim, v))
	}
	if turned := n.count("rope.dimension_count", dim); turned != dim {
		n.fail(fmt.Errorf("of the %d rows of a head %d turn: all must", dim, turned))
	}
	if experts := n.count("expert_count", 0); experts > 0 {
		n.fail(fmt.Errorf("a mixture of %d experts is not read", experts))
	}
	if f.has("rope_freqs.weight") {
		n.fail(errors.New("its positions are stretched by rope_freqs.weight, as Llama 3.1's are, which is not read"))
	}
	if s := n.scaling(); s != nil {
		c["rope_scaling"] = s
	}
	embed, ok := f.Info("model.embed_tokens.weight")
	if !ok || len(embed.Shape) != 2 {
		return nil, errors.Join(n.err, errors.New("there is no matrix token_embd.weight"))
	}
	c["vocab_size"] = embed.Shape[0]
	return c, n.err
}

// scaling is "rope_scaling" in the words of config.json, nil for none.
func (n *noter) scaling() map[string]any {
	switch kind := n.text("rope.scaling.type", "none"); kind {
	case "none":
		if f := n.real("rope.scale_linear", 0); f != 0 && f != 1 { // of older files
			return map[string]any{"rope_type": "linear", "factor": f}
		}
	case "linear":
		return map[string]any{"rope_type": "linear", "factor": n.real("rope.scaling.factor", 1)}
	default:
		n.fail(fmt.Errorf("llama.rope.scaling.type %q is not read; none and linear are", kind))
	}
	return nil
}

func (f *File) has(name string) bool {
	_, ok := f.tensors[name]
	return ok
}
