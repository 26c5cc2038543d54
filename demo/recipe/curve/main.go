// Command curve thins the log of a pre-training and draws it:
//
//	go run ./demo/recipe/curve MODEL/log.jsonl demo/recipe
//
// It writes log.jsonl, with the mean of every twenty steps and all validations,
// curve.svg, and run.json, the sums that README.md quotes.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"math"
	"os"
	"path/filepath"

	"github.com/rotor-lm/rotor/internal/chart"
)

const stride = 20 // steps a line

// entry is a line of the log.
type entry struct {
	Step       int      `json:"step"`
	Loss       float64  `json:"loss"`
	Rate       float64  `json:"rate"`
	Norm       float64  `json:"norm"`
	Tokens     int      `json:"tokens"`
	Validation *float64 `json:"validation,omitempty"`
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: curve LOG FOLDER")
	}
	steps, err := read(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	if err := write(os.Args[2], steps); err != nil {
		log.Fatal(err)
	}
}

// read returns the steps in order. A run that was stopped and went on may have
// done some twice, to the same end: the last counts.
func read(path string) ([]entry, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var steps []entry
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var e entry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return nil, err
		}
		if e.Step > len(steps) {
			return nil, fmt.Errorf("%s: step %d follows step %d", path, e.Step, len(steps)-1)
		}
		steps = append(steps[:e.Step], e)
	}
	if len(steps) == 0 {
		return nil, fmt.Errorf("%s: no step", path)
	}
	return steps, nil
}

func write(dir string, steps []entry) error {
	thin, err := os.Create(filepath.Join(dir, "log.jsonl"))
	if err != nil {
		return err
	}
	defer thin.Close()
	train, held := chart.Line{Name: "training"}, chart.Line{Name: "validation", Dots: true}
	tokens := 0
	for i := 0; i < len(steps); i += stride {
		mean := entry{}
		part := steps[i:min(len(steps), i+stride)]
		for _, e := range part {
			mean.Loss += e.Loss / float64(len(part))
			mean.Norm += e.Norm / float64(len(part))
			mean.Step, mean.Rate = e.Step, e.Rate
			mean.Tokens += e.Tokens
			if e.Validation != nil {
				mean.Validation = e.Validation
				held.X, held.Y = append(held.X, float64(e.Step+1)), append(held.Y, *e.Validation)
			}
		}
		tokens += mean.Tokens
		train.X, train.Y = append(train.X, float64(mean.Step+1)), append(train.Y, mean.Loss)
		line, err := json.Marshal(mean)
		if err != nil {
			return err
		}
		fmt.Fprintf(thin, "%s\n", line)
	}
	run := map[string]any{"steps": len(steps), "tokens": tokens, "loss": train.Y[len(train.Y)-1]}
	if n := len(held.Y); n > 0 {
		run["validation"], run["validation_perplexity"] = held.Y[n-1], math.Exp(held.Y[n-1])
	}
	text, err := json.MarshalIndent(run, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "run.json"), append(text, '\n'), 0o644); err != nil {
		return err
	}
	svg, err := os.Create(filepath.Join(dir, "curve.svg"))
	if err != nil {
		return err
	}
	defer svg.Close()
	return chart.Chart{Title: "Pre-training of the demo's model", X: "step", Y: "loss", Lines: []chart.Line{train, held}}.SVG(svg)
}
