// Lora fine-tunes a model folder on JSONL and lets the result continue a text.
//
//	go run ./examples/lora MODEL DATA OUT PROMPT
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/rotor-lm/rotor/generate"
	"github.com/rotor-lm/rotor/hub"
	"github.com/rotor-lm/rotor/peft"
	"github.com/rotor-lm/rotor/train"
)

func main() {
	if len(os.Args) != 5 {
		log.Fatal("usage: lora MODEL DATA OUT PROMPT")
	}
	ctx := context.Background()
	adapter, err := tune(ctx, os.Stdout, os.Args[1], os.Args[2], os.Args[3])
	if err == nil {
		err = write(ctx, os.Stdout, os.Args[1], adapter, os.Args[4])
	}
	if err != nil {
		log.Fatal(err)
	}
}

// tune trains an adapter for the model in dir and returns the adapter's folder.
func tune(ctx context.Context, w io.Writer, dir, data, out string) (string, error) {
	job, err := train.Of(map[string]string{ // the keys are the flags of rotor train
		"model": dir, "data": data, "out": out, "method": "lora", "rank": "8", "lr": "5e-3", "epochs": "4",
	})
	if err != nil {
		return "", err
	}
	for event, err := range train.Run(ctx, job, train.Fresh) {
		if err != nil {
			return "", err
		}
		if step, ok := event.(train.Step); ok {
			fmt.Fprintf(w, "step %d of %d: loss %.3f\n", step.N, step.Steps, step.Loss)
		}
	}
	return job.Result(), nil
}

// write continues a prompt with the adapted model.
func write(ctx context.Context, w io.Writer, dir, adapter, prompt string) error {
	base, err := hub.Open(dir)
	if err != nil {
		return err
	}
	defer base.Close()
	tokens, err := base.Tokenizer()
	if err != nil {
		return err
	}
	adapted, _, err := peft.Apply(base.Model, adapter, peft.Options{Frozen: true})
	if err != nil {
		return err
	}
	g, err := generate.New(adapted, generate.Options{Tokenizer: tokens})
	if err != nil {
		return err
	}
	texts, err := g.All(ctx, []generate.Request{{Prompt: tokens.Encode(prompt), Max: 32}})
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s%s\n", prompt, texts[0].Text)
	return nil
}
