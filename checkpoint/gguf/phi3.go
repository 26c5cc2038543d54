package gguf

// Phi-3: queries, keys and values are one matrix, and so are gate and up, as in
// Hugging Face's files.
func init() {
	register(&architecture{
		name: "phi3", kind: "phi3", models: []string{"Phi3ForCausalLM"},
		outer: decoderOuter, prefix: "model.layers.",
		inner: map[string]string{
			"attn_norm":   "input_layernorm",
			"attn_qkv":    "self_attn.qkv_proj",
			"attn_output": "self_attn.o_proj",
			"ffn_norm":    "post_attention_layernorm",
			"ffn_up":      "mlp.gate_up_proj",
			"ffn_down":    "mlp.down_proj",
		},
		config: sizes(4096, heads{part: true}, rope{factors: true}, window{}, fixed{"hidden_act", "silu"}),
	})
}
