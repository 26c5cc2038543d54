// Summarise teaches a model to write the one-line synopsis of a Debian package
// from its description, and measures it beside the model as it is and beside
// the description's first sentence.
//
//	examples/summarise/fetch descriptions.txt
//	go run ./examples/summarise MODEL descriptions.txt OUT
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"maps"
	"os"
	"path/filepath"
	"time"

	"github.com/rotor-lm/rotor/eval"
	"github.com/rotor-lm/rotor/examples/internal/job"
)

const system = "You write the one-line synopsis of a software package from its description: a noun phrase, no full stop."

// settings are flags of rotor train.
var settings = map[string]string{
	"method": "lora", "rank": "8", "targets": "q_proj,v_proj", "lr": "1e-3", "batch": "16", "epochs": "1", "length": "512", "long": "drop",
}

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: summarise MODEL DESCRIPTIONS OUT")
	}
	if err := run(context.Background(), os.Stdout, os.Args[1], os.Args[2], os.Args[3], 2000, 500); err != nil {
		log.Fatal(err)
	}
}

// run trains on so many packages and measures on so many others.
func run(ctx context.Context, w io.Writer, model, descriptions, out string, learn, hold int) error {
	packages, err := read(descriptions)
	if err != nil {
		return err
	}
	if len(packages) < learn+hold {
		return fmt.Errorf("%s has %d packages that are unlike each other, and %d are wanted", descriptions, len(packages), learn+hold)
	}
	held, packages := packages[:hold], packages[hold:hold+learn]
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	test, data := filepath.Join(out, "test.jsonl"), filepath.Join(out, "train.jsonl")
	if err := job.Write(test, system, held); err != nil {
		return err
	}
	if err := job.Write(data, system, packages); err != nil {
		return err
	}
	first := 0.
	for _, p := range held {
		first += eval.RougeL(p[1], sentence(p[0])).F1 / float64(hold)
	}
	fmt.Fprintf(w, "%-28s ROUGE-L %.3f\n", "the first sentence", first)
	if err := measure(ctx, w, "the model as it is", model, "", test); err != nil {
		return err
	}
	keys := maps.Clone(settings)
	keys["model"], keys["data"], keys["out"] = model, data, filepath.Join(out, "run")
	begin := time.Now()
	adapter, err := job.Tune(ctx, w, keys)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "trained on %d packages in %s\n", learn, time.Since(begin).Round(time.Second))
	return measure(ctx, w, "after LoRA", model, adapter, test)
}

// measure prints the mean ROUGE-L of a model's answers, and the first few.
func measure(ctx context.Context, w io.Writer, name, model, adapter, test string) error {
	begin := time.Now()
	answers, err := job.Answers(ctx, model, adapter, test, 32)
	if err != nil {
		return err
	}
	a := eval.Agree(answers)
	fmt.Fprintf(w, "%-28s ROUGE-L %.3f, %.0f %% ended, %d answers in %s\n", name, a.RougeL, 100*a.Ended, a.Answers, time.Since(begin).Round(time.Second))
	for _, x := range answers {
		if x.Text < 3 {
			fmt.Fprintf(w, "    %q, and the package's own is %q\n", x.Answer, x.Reference)
		}
	}
	return nil
}
