package gguf

import "maps"

// decoder has the names of a decoder of the LLaMA family.
var decoderOuter = map[string]string{
	"token_embd":  "model.embed_tokens",
	"output_norm": "model.norm",
	"output":      "lm_head",
}

var decoderInner = map[string]string{
	"attn_norm":   "input_layernorm",
	"attn_q":      "self_attn.q_proj",
	"attn_k":      "self_attn.k_proj",
	"attn_v":      "self_attn.v_proj",
	"attn_output": "self_attn.o_proj",
	"ffn_norm":    "post_attention_layernorm",
	"ffn_gate":    "mlp.gate_proj",
	"ffn_up":      "mlp.up_proj",
	"ffn_down":    "mlp.down_proj",
}

// with returns names and some more, or other ones.
func with(names, more map[string]string) map[string]string {
	names = maps.Clone(names)
	maps.Copy(names, more)
	return names
}

// sizes are what every decoder has. context is how many positions there are
// where config.json does not say it.
func sizes(context int, more ...relation) []relation {
	return append([]relation{
		count{note: "embedding_length", key: "hidden_size"},
		count{note: "feed_forward_length", key: "intermediate_size"},
		count{note: "block_count", key: "num_hidden_layers"},
		count{note: "context_length", key: "max_position_embeddings", unsaid: context},
		epsilon{"attention.layer_norm_rms_epsilon", "rms_norm_eps"},
		vocab{"model.embed_tokens.weight"},
		present{key: "tie_word_embeddings", tensor: "lm_head.weight", absent: true},
	}, more...)
}

var headNorms = map[string]string{"attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm"}

// The LLaMA family, SmolLM2 and TinyLlama included: Mistral's files call
// themselves llama too, and a window that they should have is not in the file
// unless this package wrote it.
func init() {
	register(&architecture{
		name: "llama", kind: "llama", models: []string{"LlamaForCausalLM", "MistralForCausalLM"},
		outer: decoderOuter, prefix: "model.layers.", inner: decoderInner,
		paired: []string{"attn_q", "attn_k"},
		config: sizes(2048,
			heads{}, rope{factors: true}, window{"MistralForCausalLM", "mistral"},
			fixed{"hidden_act", "silu"},
			present{key: "attention_bias", tensor: "model.layers.0.self_attn.q_proj.bias"},
			present{key: "mlp_bias", tensor: "model.layers.0.mlp.down_proj.bias"},
		),
	})
	register(&architecture{
		name: "qwen2", kind: "qwen2", models: []string{"Qwen2ForCausalLM"},
		outer: decoderOuter, prefix: "model.layers.", inner: decoderInner,
		config: sizes(32768, heads{}, rope{}, lostWindow{use: "use_sliding_window"}, fixed{"hidden_act", "silu"}),
	})
	register(&architecture{
		name: "qwen3", kind: "qwen3", models: []string{"Qwen3ForCausalLM"},
		outer: decoderOuter, prefix: "model.layers.", inner: with(decoderInner, headNorms),
		config: sizes(32768,
			heads{}, rope{}, lostWindow{use: "use_sliding_window"}, fixed{"hidden_act", "silu"},
			present{key: "attention_bias", tensor: "model.layers.0.self_attn.q_proj.bias"},
		),
	})
}
