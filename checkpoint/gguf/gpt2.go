package gguf

// GPT-2. Hugging Face's files have its matrices as [in, out], and this format as
// [out, in].
func init() {
	register(&architecture{
		name: "gpt2", kind: "gpt2", models: []string{"GPT2LMHeadModel"},
		outer: map[string]string{
			"token_embd":    "transformer.wte",
			"position_embd": "transformer.wpe",
			"output_norm":   "transformer.ln_f",
			"output":        "lm_head",
		},
		prefix: "transformer.h.",
		inner: map[string]string{
			"attn_norm":   "ln_1",
			"attn_qkv":    "attn.c_attn",
			"attn_output": "attn.c_proj",
			"ffn_norm":    "ln_2",
			"ffn_up":      "mlp.c_fc",
			"ffn_down":    "mlp.c_proj",
		},
		turned: []string{"attn_qkv", "attn_output", "ffn_up", "ffn_down"},
		config: []relation{
			count{note: "embedding_length", key: "n_embd"},
			inner{},
			count{note: "block_count", key: "n_layer"},
			count{note: "context_length", key: "n_positions", unsaid: 1024},
			count{note: "attention.head_count", key: "n_head"},
			epsilon{"attention.layer_norm_epsilon", "layer_norm_epsilon"},
			vocab{"transformer.wte.weight"},
			present{key: "tie_word_embeddings", tensor: "lm_head.weight", absent: true},
			fixed{"activation_function", "gelu_new"},
			fixed{"scale_attn_by_inverse_layer_idx", false},
		},
	})
}

// inner is the width of the feed-forward layers, four times that of a row where
// config.json has null.
type inner struct{}

func (inner) read(n *noter, c config) {
	c["n_inner"] = n.count("feed_forward_length", 4*c["n_embd"].(int))
}

func (inner) write(s *scribe) {
	s.note("feed_forward_length", uint32(s.count("n_inner", 4*s.count("n_embd", 0))))
}
