package main

import (
	"path/filepath"
	"testing"
)

// Every family of architectures goes the whole way: trained with an adapter on all
// of its projections, answering with it, merged, and into a GGUF file and back.
func TestArchitectures(t *testing.T) {
	const sizes = `"vocab_size":288,"hidden_size":32,"intermediate_size":48,"num_hidden_layers":2,"num_attention_heads":4,"num_key_value_heads":2,` +
		`"max_position_embeddings":512,"initializer_range":0.2`
	text := write(t, "text.txt", sea)
	for name, config := range map[string]string{
		"phi3": `{"architectures":["Phi3ForCausalLM"],"original_max_position_embeddings":16,` + sizes +
			`,"rope_scaling":{"type":"longrope","short_factor":[1,1,1,2],"long_factor":[2,3,4,5]}}`,
		"gemma2": `{"architectures":["Gemma2ForCausalLM"],"head_dim":8,"query_pre_attn_scalar":8,"sliding_window":16,` + sizes + `}`,
		"gemma3": `{"architectures":["Gemma3ForCausalLM"],"head_dim":8,"query_pre_attn_scalar":8,"sliding_window":16,"sliding_window_pattern":2,` + sizes + `}`,
		"qwen3":  `{"architectures":["Qwen3ForCausalLM"],"head_dim":8,` + sizes + `}`,
	} {
		t.Run(name, func(t *testing.T) {
			model, run, dir := tiny(t, config, 1, false), filepath.Join(t.TempDir(), "run"), t.TempDir()
			rotor(t, done, "train", "--model", model, "--data", text, "--out", run, "--steps", "3", "--lr", "0.05", "--length", "32")
			adapter := filepath.Join(run, "adapter")
			merged, file := filepath.Join(dir, "merged"), filepath.Join(dir, "model.gguf")
			rotor(t, done, "adapter", "merge", "--model", model, "--adapter", adapter, "--out", merged)
			rotor(t, done, "convert", merged, file, "--type", "f32")
			rotor(t, done, "generate", "--model", file, "--prompt", "the sea", "--max-tokens", "20")

			base, want := logitsOfRef(t, model), logitsOfRef(t, model, "--adapter", adapter)
			if apart(base, want) < 1e-2 {
				t.Error("three steps have changed nothing")
			}
			for _, other := range []string{merged, file} {
				if d := apart(want, logitsOfRef(t, other)); d > 1e-4 {
					t.Errorf("%s: logits are %g away from those of the adapter", other, d)
				}
			}
		})
	}
}
