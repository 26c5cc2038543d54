package demo

import (
	"archive/zip"
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rotor-lm/rotor/data"
	"github.com/rotor-lm/rotor/generate"
	"github.com/rotor-lm/rotor/hub"
	"github.com/rotor-lm/rotor/internal/atomicfile"
	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/optim"
	"github.com/rotor-lm/rotor/peft"
	"github.com/rotor-lm/rotor/sample"
	"github.com/rotor-lm/rotor/tensor"
	"github.com/rotor-lm/rotor/tokenizer"
	"github.com/rotor-lm/rotor/train"
)

// base is the model folder that recipe/pretrain made, as recipe/pack packed it.
//
//go:embed model.zip
var base []byte

// settings are the job that the demo runs, for rotor train.
//
//go:embed tune.yaml
var settings string

// Event is one thing that the demo tells: an Opened, Measured, train.Event,
// Checked or Finished.
type Event any

// Opened says that the model is ready.
type Opened struct {
	Info       model.Info
	Parameters int
	Bytes      int64
	Prompts    int
	Dir        string
}

// Measure is how well a model does on the held-out titles.
type Measure struct {
	Perplexity float64 `json:"perplexity"`  // of the held-out quatrains, a token
	WellFormed float64 `json:"well_formed"` // share of its own that are in form
	Rhymes     float64 `json:"rhymes"`      // share of its own whose lines two and four rhyme
}

// Measured says how a model does, and shows what it wrote.
type Measured struct {
	Measure
	After  bool
	Titles []string
	Texts  []string // one for every title
}

// Checked says that the adapter on disk, and the model that it was merged into,
// give the logits of the model that was trained.
type Checked struct {
	AdapterBytes int64
	ReloadError  float64
	MergeError   float64
}

// Finished is the last event.
type Finished struct{ Seconds float64 }

// Run unpacks the model into dir, measures it, fine-tunes it, measures it
// again, and checks what it saved.
func Run(ctx context.Context, dir string, seed uint64) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		d := &demo{ctx: ctx, dir: dir, seed: seed, began: time.Now()}
		d.tell = func(e Event) error {
			if !yield(e, nil) {
				return context.Canceled
			}
			return nil
		}
		defer d.close()
		if err := d.run(); err != nil {
			yield(nil, err)
		}
	}
}

type demo struct {
	ctx   context.Context
	dir   string
	seed  uint64
	began time.Time
	tell  func(Event) error

	base   *hub.Model
	tok    *tokenizer.Tokenizer
	held   *data.Set
	titles []string
	config train.Config
	live   []float32 // logits of the model that was trained
}

func (d *demo) close() {
	if d.base != nil {
		d.base.Close()
	}
}

func (d *demo) run() error {
	if err := d.open(); err != nil {
		return err
	}
	if err := d.measure(d.base.Model, false); err != nil {
		return err
	}
	for e, err := range train.Run(d.ctx, d.config, train.Force) {
		if err == nil {
			err = d.tell(e)
		}
		if err != nil {
			return err
		}
		if done, ok := e.(train.Done); ok {
			d.live = d.logits(done.Model)
		}
	}
	return d.check()
}

func (d *demo) path(name string) string { return filepath.Join(d.dir, name) }

// open unpacks model and texts, and reads them as any other.
func (d *demo) open() error {
	archive, err := zip.NewReader(bytes.NewReader(base), int64(len(base)))
	if err != nil {
		return fmt.Errorf("demo: the model in this program: %w", err)
	}
	unpack := func(dir string) error { return os.CopyFS(dir, archive) }
	if err := atomicfile.ReplaceDir(d.path("model"), unpack); err != nil {
		return err
	}
	for name, text := range map[string][]byte{"train.jsonl": Tuning, "heldout.jsonl": HeldOut} {
		if err := os.WriteFile(d.path(name), text, 0o644); err != nil {
			return err
		}
	}
	if d.base, err = hub.Open(d.path("model")); err != nil {
		return err
	}
	if d.tok, err = d.base.Tokenizer(); err != nil {
		return err
	}
	if err := d.configure(); err != nil {
		return err
	}
	if err := d.readTitles(); err != nil {
		return err
	}
	held := d.config
	held.Data, held.ValidationData, held.Validation = d.path("heldout.jsonl"), "", 0
	if d.held, _, err = train.Data(d.ctx, held, d.base, d.tok); err != nil {
		return err
	}
	e := Opened{Info: d.base.Info(), Prompts: len(d.titles), Dir: d.dir}
	for _, t := range nn.Params(d.base.Model) {
		e.Parameters += t.Len()
	}
	if f, err := os.Stat(d.path("model/model.safetensors")); err == nil {
		e.Bytes = f.Size()
	}
	return d.tell(e)
}

func (d *demo) configure() error {
	s, err := train.Read(strings.NewReader(settings), "tune.yaml")
	if err != nil {
		return err
	}
	for key, value := range map[string]string{
		"model": d.path("model"), "data": d.path("train.jsonl"), "out": d.path("run"), "seed": strconv.FormatUint(d.seed, 10),
	} {
		if err := s.Set(key, value); err != nil {
			return err
		}
	}
	d.config, err = s.Config()
	return err
}

func (d *demo) readTitles() error {
	for line := range strings.Lines(string(HeldOut)) {
		var e struct{ Prompt string }
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			return fmt.Errorf("demo: held-out texts: %w", err)
		}
		d.titles = append(d.titles, e.Prompt)
	}
	return nil
}

// measure judges a model by the held-out titles: the perplexity of the poets'
// own quatrains, and the form of those that it writes itself.
func (d *demo) measure(m model.Model, after bool) error {
	e := Measured{After: after, Titles: d.titles, Texts: make([]string, len(d.titles))}
	var err error
	if e.Perplexity, err = d.perplexity(m); err != nil {
		return err
	}
	g, err := generate.New(m, generate.Options{Tokenizer: d.tok, Sequences: len(d.titles)})
	if err != nil {
		return err
	}
	var prompts [][]int32
	for _, t := range d.titles {
		prompts = append(prompts, d.tok.Encode(t))
	}
	// Twice what a quatrain takes: a model that does not stop in time is not in form.
	ask := generate.Request{Max: 48, Seed: d.seed, Sample: sample.Options{Temperature: 0.6, TopP: 0.95}}
	for event, err := range g.Run(d.ctx, generate.Each(prompts, ask)) {
		if err != nil {
			return err
		}
		e.Texts[event.Request] += event.Text
	}
	for _, text := range e.Texts {
		if WellFormed(text) {
			e.WellFormed++
		}
		if Rhymes(text) {
			e.Rhymes++
		}
	}
	e.WellFormed /= float64(len(e.Texts))
	e.Rhymes /= float64(len(e.Texts))
	return d.tell(e)
}

func (d *demo) perplexity(m model.Model) (float64, error) {
	b := data.Batches{Set: d.held, Batch: d.held.Len(), Rows: 1024, Epochs: 1, Ordered: true}
	if err := b.Check(); err != nil {
		return 0, err
	}
	sum, labels := 0.0, 0
	stepper := train.NewStepper(m, optim.AdamW{}, b.Rows)
	for _, s := range b.From(0) {
		l, n := stepper.Loss(s.Micros)
		sum, labels = sum+l, labels+n
	}
	return math.Exp(sum / float64(labels)), nil
}

// check measures the adapter as it stands on disk, and merges it.
func (d *demo) check() error {
	dir := d.config.Result()
	tuned, _, err := peft.Apply(d.base.Model, dir, peft.Options{Frozen: true})
	if err != nil {
		return err
	}
	if err := d.measure(tuned, true); err != nil {
		return err
	}
	var e Checked
	for _, name := range []string{"adapter_model.safetensors", "adapter_config.json"} {
		f, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		e.AdapterBytes += f.Size()
	}
	e.ReloadError = difference(d.live, d.logits(tuned))
	merged, err := peft.SaveMerged(d.ctx, d.path("merged"), d.base, tuned, peft.MergeOptions{DType: "F32", Replace: true})
	if err != nil {
		return err
	}
	e.MergeError = merged.MaxError
	if err := d.tell(e); err != nil {
		return err
	}
	return d.tell(Finished{time.Since(d.began).Seconds()})
}

// logits of a model on the first held-out title.
func (d *demo) logits(m model.Model) []float32 {
	p := &nn.Pass{Tape: tensor.NoGrad(0), Tokens: d.tok.Encode(d.titles[0])}
	p.Add(len(p.Tokens), 0, 0, 0)
	return model.Logits(m, p).Data
}

func difference(x, y []float32) (most float64) {
	for i := range x {
		most = max(most, math.Abs(float64(x[i])-float64(y[i])))
	}
	return most
}
