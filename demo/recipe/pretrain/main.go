// Command pretrain makes the model that rotor demo carries:
//
//	go run ./demo/recipe/pretrain -data FOLDER -out MODEL -steps N -decay D
//
// FOLDER holds text.jsonl and tokenizer.json, as recipe/fetch and
// recipe/tokenizer leave them. Documents are sequences of their own, whole and
// packed. The learning rate rises over the first 200 steps, stays, and falls in
// a line from step D to zero at step N. The run goes on from MODEL/state if that
// is there, so it can be stopped at any time, and N and D be set late.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/rotor-lm/rotor/checkpoint"
	"github.com/rotor-lm/rotor/checkpoint/safetensors"
	"github.com/rotor-lm/rotor/data"
	"github.com/rotor-lm/rotor/hub"
	"github.com/rotor-lm/rotor/model"
	_ "github.com/rotor-lm/rotor/model/llama"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/optim"
	"github.com/rotor-lm/rotor/tokenizer"
	"github.com/rotor-lm/rotor/train"
)

const (
	peak      = 2e-3
	warmup    = 200
	batch     = 56   // documents a step, some 4,000 tokens
	rows      = 2048 // rows of a pass
	validate  = 1024 // documents kept for validation
	saveEvery = 500
)

func main() {
	log.SetFlags(0)
	from := flag.String("data", "", "folder with text.jsonl and tokenizer.json")
	out := flag.String("out", "", "folder for state, log and model")
	steps := flag.Int("steps", 5000, "steps in all")
	decay := flag.Int("decay", 4000, "step at which the learning rate begins to fall")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *from, *out, *steps, *decay); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, from, out string, steps, decay int) error {
	documents, err := read(from)
	if err != nil {
		return err
	}
	held, documents := documents[:validate], documents[validate:]
	config, err := os.ReadFile("demo/recipe/config.json")
	if err != nil {
		return err
	}
	m, err := model.New(config)
	if err != nil {
		return err
	}
	model.Init(m, 1)
	for _, t := range nn.Params(m) {
		t.Learn()
	}
	s := train.NewStepper(m, optim.AdamW{Beta2: .95, Decay: .1}, rows)
	s.Clip, s.Seed = 1, 1
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	first, err := resume(filepath.Join(out, "state.safetensors"), s)
	if err != nil {
		return err
	}
	logFile, err := os.OpenFile(filepath.Join(out, "log.jsonl"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer logFile.Close()
	order := newOrder(len(documents))
	start, tokens := time.Now(), 0
	for step := first; step < steps; step++ {
		rate := peak * min(1, float64(step+1)/warmup)
		if step >= decay {
			rate = peak * float64(steps-step) / float64(steps-decay)
		}
		r, err := s.Step(step, rate, pack(order.batch(step), documents))
		if err != nil {
			return err
		}
		tokens += r.Rows
		last := step+1 == steps || ctx.Err() != nil
		entry := map[string]any{"step": step, "loss": r.Loss, "rate": rate, "norm": r.Norm, "tokens": r.Rows}
		if step%50 == 0 || last {
			log.Printf("step %5d  loss %.4f  rate %.2g  norm %.2f  %.0f tokens/s", step, r.Loss, rate, r.Norm, float64(tokens)/time.Since(start).Seconds())
		}
		if (step+1)%saveEvery == 0 || last {
			sum, n := s.Loss(pack(indices(len(held)), held))
			entry["validation"] = sum / float64(n)
			log.Printf("step %5d  validation %.4f", step, sum/float64(n))
			if err := save(filepath.Join(out, "state.safetensors"), s, step+1); err != nil {
				return err
			}
		}
		line, _ := json.Marshal(entry)
		fmt.Fprintf(logFile, "%s\n", line)
		if last && step+1 < steps {
			return nil
		}
	}
	return hub.Save(context.Background(), filepath.Join(out, "model"), config, m, hub.SaveOptions{DType: checkpoint.BF16, Tokenizer: from, Replace: true})
}

// read tokenises the documents; each ends with the end-of-text token.
func read(from string) (documents [][]int32, err error) {
	tok, err := tokenizer.Open(from)
	if err != nil {
		return nil, err
	}
	end, _ := tok.EOS()
	f, err := os.Open(filepath.Join(from, "text.jsonl"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var d struct{ Text string }
		if err := json.Unmarshal(lines.Bytes(), &d); err != nil {
			return nil, err
		}
		documents = append(documents, append(tok.EncodeOrdinary(d.Text), end))
	}
	return documents, lines.Err()
}

// order deals the documents: each once an epoch, in an order of its own.
type order struct {
	n, epoch int
	perm     []int
}

func newOrder(n int) *order { return &order{n: n, epoch: -1} }

func (o *order) batch(step int) []int {
	index := make([]int, batch)
	for i := range index {
		at := step*batch + i
		if e := at / o.n; e != o.epoch {
			o.epoch, o.perm = e, rand.New(rand.NewPCG(1, uint64(e))).Perm(o.n)
		}
		index[i] = o.perm[at%o.n]
	}
	return index
}

func indices(n int) []int {
	index := make([]int, n)
	for i := range index {
		index[i] = i
	}
	return index
}

// pack lays documents into passes of at most so many rows.
func pack(index []int, documents [][]int32) (micros []data.Micro) {
	for _, i := range index {
		d := documents[i]
		d = d[:min(len(d), 512)]
		if k := len(micros); k == 0 || len(micros[k-1].IDs)+len(d) > rows {
			micros = append(micros, data.Micro{})
		}
		m := &micros[len(micros)-1]
		m.IDs, m.Lengths = append(m.IDs, d...), append(m.Lengths, len(d))
		m.Targets = append(append(m.Targets, d[1:]...), nn.Ignore)
		m.Labels += len(d) - 1
	}
	return micros
}

func save(path string, s *train.Stepper, step int) error {
	var list []safetensors.Tensor
	for _, p := range s.Params {
		list = append(list, safetensors.Floats(p.Name, p.Shape, p.Data, checkpoint.F32))
	}
	for name, x := range s.Optimizer.State() {
		list = append(list, safetensors.Floats(name, []int{len(x)}, x, checkpoint.F32))
	}
	return safetensors.Replace(path, list, map[string]string{"step": fmt.Sprint(step)})
}

func resume(path string, s *train.Stepper) (step int, err error) {
	f, err := safetensors.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for _, p := range s.Params {
		if err := f.ReadF32(p.Name, p.Data); err != nil {
			return 0, err
		}
	}
	for name, x := range s.Optimizer.State() {
		if err := f.ReadF32(name, x); err != nil {
			return 0, err
		}
	}
	if _, err := fmt.Sscan(f.Metadata()["step"], &step); err != nil {
		return 0, err
	}
	s.Optimizer.Resume(step)
	return step, nil
}
