// Package tiny makes model folders for the tests of the examples: a Llama with
// random weights, small enough to train in a second.
package tiny

import (
	"context"
	"os"
	"path/filepath"
	"slices"

	"github.com/rotor-lm/rotor/hub"
	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/tokenizer"
)

const config = `{"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 320, "hidden_size": 32,
"intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
"max_position_embeddings": 512, "tie_word_embeddings": true}`

// Folder writes a model folder whose tokenizer knows the words of the text.
func Folder(dir, text string) error {
	tokens, err := tokenizer.Train(context.Background(), slices.Values([]string{text}), tokenizer.TrainOptions{
		VocabSize: 320, Special: []string{"<end>"}, EOS: "<end>",
	})
	if err != nil {
		return err
	}
	words := filepath.Join(dir, "tokenizer")
	if err := os.MkdirAll(words, 0o755); err != nil {
		return err
	}
	if err := tokens.Save(words); err != nil {
		return err
	}
	m, err := model.New([]byte(config))
	if err != nil {
		return err
	}
	model.Init(m, 1)
	return hub.Save(context.Background(), filepath.Join(dir, "model"), []byte(config), m, hub.SaveOptions{Tokenizer: words})
}
