package gguf

// Gemma 2 and 3. Their norms scale by 1 + w, and the file has 1 + w.
func init() {
	norms := map[string]string{
		"post_attention_norm": "post_attention_layernorm",
		"ffn_norm":            "pre_feedforward_layernorm",
		"post_ffw_norm":       "post_feedforward_layernorm",
	}
	register(&architecture{
		name: "gemma2", kind: "gemma2", models: []string{"Gemma2ForCausalLM"},
		outer:  map[string]string{"token_embd": "model.embed_tokens", "output_norm": "model.norm"},
		prefix: "model.layers.", inner: with(decoderInner, norms), centred: true,
		config: sizes(8192,
			heads{}, rope{}, windows{every: 2, wide: 4096}, queryScale{large: 46},
			limit{"attn_logit_softcapping", "attn_logit_softcapping", 50},
			limit{"final_logit_softcapping", "final_logit_softcapping", 30},
			fixed{"hidden_activation", "gelu_pytorch_tanh"},
		),
	})
	register(&architecture{
		name: "gemma3", kind: "gemma3_text", models: []string{"Gemma3ForCausalLM"},
		outer: decoderOuter, prefix: "model.layers.", inner: with(with(decoderInner, norms), headNorms), centred: true,
		config: sizes(131072,
			heads{}, rope{local: "rope_local_base_freq"}, windows{every: 6, wide: 4096}, queryScale{large: 62},
			limit{"final_logit_softcapping", "final_logit_softcapping", 0},
			fixed{"attn_logit_softcapping", nil},
			fixed{"hidden_activation", "gelu_pytorch_tanh"},
		),
	})
}

// queryScale is "query_pre_attn_scalar", whose inverse root scales the scores. No
// note has it: llama.cpp takes the width of a head, and that of a row over the
// number of heads where the model has as many layers as the largest.
type queryScale struct{ large int }

func (r queryScale) of(layers, width, heads, dim int) int {
	if layers == r.large && heads > 0 {
		return width / heads
	}
	return dim
}

func (r queryScale) read(_ *noter, c config) {
	c["query_pre_attn_scalar"] = r.of(c["num_hidden_layers"].(int), c["hidden_size"].(int), c["num_attention_heads"].(int), c["head_dim"].(int))
}

func (r queryScale) write(s *scribe) {
	usual := r.of(s.count("num_hidden_layers", 0), s.count("hidden_size", 0), s.heads, s.headDim())
	if v := s.real("query_pre_attn_scalar", 256); v != float64(usual) {
		s.fail("query_pre_attn_scalar is %g: files of the architecture %s can only mean %d", v, s.arch, usual)
	}
}
