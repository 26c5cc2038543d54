// Scratch makes a language model from nothing but a text: a tokenizer, a small
// Llama with random weights, and training.
//
//	go run ./examples/scratch TEXT OUT PROMPT
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"slices"

	"github.com/rotor-lm/rotor/generate"
	"github.com/rotor-lm/rotor/hub"
	"github.com/rotor-lm/rotor/tokenizer"
	"github.com/rotor-lm/rotor/train"
)

const config = `{"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 512, "hidden_size": 64,
"intermediate_size": 160, "num_hidden_layers": 2, "num_attention_heads": 4, "tie_word_embeddings": true}`

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: scratch TEXT OUT PROMPT")
	}
	if err := run(context.Background(), os.Stdout, os.Args[1], os.Args[2], os.Args[3], 300); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, w io.Writer, text, out, prompt string, steps int) error {
	plan := filepath.Join(out, "plan") // config.json and a tokenizer, and no weights
	if err := describe(ctx, text, plan); err != nil {
		return err
	}
	settings := train.Settings{}
	for key, value := range map[string]string{
		"method": train.Scratch, "model": plan, "data": text, "out": filepath.Join(out, "run"),
		"pack": "stream", "length": "64", "batch": "8", "lr": "3e-3", "steps": fmt.Sprint(steps),
	} {
		if err := settings.Set(key, value); err != nil {
			return err
		}
	}
	job, err := settings.Config()
	if err != nil {
		return err
	}
	for event, err := range train.Run(ctx, job, train.Force) {
		if err != nil {
			return err
		}
		if step, ok := event.(train.Step); ok && (step.N == 1 || step.N%20 == 0) {
			fmt.Fprintf(w, "step %d: loss %.2f\n", step.N, step.Loss)
		}
	}
	return write(ctx, w, job.Result(), prompt)
}

// describe learns a tokenizer of the text and says how large the model is to be.
func describe(ctx context.Context, text, dir string) error {
	data, err := os.ReadFile(text)
	if err != nil {
		return err
	}
	tokens, err := tokenizer.Train(ctx, slices.Values([]string{string(data)}), tokenizer.TrainOptions{
		VocabSize: 512, Special: []string{"<end>"}, EOS: "<end>",
	})
	if err != nil {
		return err
	}
	return errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, "config.json"), []byte(config), 0o644), tokens.Save(dir))
}

func write(ctx context.Context, w io.Writer, dir, prompt string) error {
	m, err := hub.Open(dir)
	if err != nil {
		return err
	}
	defer m.Close()
	tokens, err := m.Tokenizer()
	if err != nil {
		return err
	}
	g, err := generate.New(m.Model, generate.Options{Tokenizer: tokens})
	if err != nil {
		return err
	}
	texts, err := g.All(ctx, []generate.Request{{Prompt: tokens.Encode(prompt), Max: 40}})
	if err == nil {
		fmt.Fprintln(w, prompt+texts[0].Text)
	}
	return err
}
