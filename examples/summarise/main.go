// Summarise teaches a model to write the one-line synopsis of a Debian package
// from its description, and measures it beside the model as it is and beside
// the description's first sentence.
//
//	examples/summarise/fetch descriptions.txt
//	go run ./examples/summarise MODEL descriptions.txt OUT
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
	"time"

	"github.com/rotor-lm/rotor/eval"
	"github.com/rotor-lm/rotor/examples/internal/job"
)

const system = "Write the one-line synopsis of this package: a noun phrase, no full stop."

// settings are flags of rotor train.
var settings = map[string]string{
	"method": "lora", "rank": "16", "alpha": "32", "targets": "all-linear", "lr": "1e-3", "batch": "8", "epochs": "1",
	"length": "512", "long": "drop", "eval-every": "50", "early-stopping": "2",
}

// size is how many packages are learned from, evaluated on while learning, and held out.
type size struct{ learn, validate, hold int }

func main() {
	if len(os.Args) < 3 || len(os.Args) > 4 {
		log.Fatal("usage: summarise [MODEL] DESCRIPTIONS OUT")
	}
	out, descriptions, model := os.Args[len(os.Args)-1], os.Args[len(os.Args)-2], ""
	if len(os.Args) == 4 {
		model = os.Args[1]
	}
	if err := run(context.Background(), os.Stdout, model, descriptions, out, size{2000, 64, 500}); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, w io.Writer, model, descriptions, out string, n size) error {
	packages, err := read(descriptions)
	if err != nil {
		return err
	}
	if want := n.learn + n.validate + n.hold; len(packages) < want {
		return fmt.Errorf("%s has %d packages that are unlike each other, and %d are wanted", descriptions, len(packages), want)
	}
	held, rest := packages[:n.hold], packages[n.hold:]
	test, data, valid := filepath.Join(out, "test.jsonl"), filepath.Join(out, "train.jsonl"), filepath.Join(out, "valid.jsonl")
	for path, part := range map[string][][2]string{test: held, data: rest[:n.learn], valid: rest[n.learn : n.learn+n.validate]} {
		if err := job.Write(path, system, part); err != nil {
			return err
		}
	}
	first := 0.
	for _, p := range held {
		first += eval.RougeL(p[1], sentence(p[0])).F1 / float64(n.hold)
	}
	fmt.Fprintf(w, "%-28s ROUGE-L %.3f\n", "the first sentence", first)
	if model == "" {
		return nil
	}
	if err := measure(ctx, w, "the model as it is", model, "", test); err != nil {
		return err
	}
	keys := maps.Clone(settings)
	keys["model"], keys["data"], keys["validation-data"], keys["out"] = model, data, valid, filepath.Join(out, "run")
	adapter, err := job.Tune(ctx, w, keys)
	if err != nil {
		return err
	}
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
