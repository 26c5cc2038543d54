package generate_test

import (
	"context"
	"testing"

	"github.com/rotor-lm/rotor/generate"
	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/sample"
)

// BenchmarkBatch is what the demo asks for: 160 short prompts, 24 tokens each,
// from a model of four million parameters.
func BenchmarkBatch(b *testing.B) {
	m, err := model.New([]byte(`{"architectures": ["LlamaForCausalLM"], "vocab_size": 6000, "hidden_size": 224, "intermediate_size": 600,
		"num_hidden_layers": 5, "num_attention_heads": 7, "num_key_value_heads": 7, "tie_word_embeddings": true}`))
	if err != nil {
		b.Fatal(err)
	}
	model.Init(m, 1)
	g := generator(b, m, generate.Options{})
	requests := generate.Each(prompts(160, 30), generate.Request{Max: 24, Sample: sample.Options{Temperature: .8, TopP: .95}})
	for b.Loop() {
		if _, err := g.All(context.Background(), requests); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*160*24/b.Elapsed().Seconds(), "tokens/s")
}
