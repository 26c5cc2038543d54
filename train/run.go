// Package train is the training loop. It yields events and prints nothing.
//
// A run is a function of its settings: what a step does depends on the seed and
// on the step's number, not on the number of threads, and not on whether the
// run was interrupted. Its folder holds
//
//	train.yaml            the settings
//	metrics.jsonl         a line a step and an evaluation
//	state.safetensors     all that a resumed run needs
//	best/                 the same, at the step with the lowest evaluation loss
//	adapter/ or model/    the result, when the run is done
//	loss.svg              its curve
package train

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/rotor-lm/rotor/data"
	"github.com/rotor-lm/rotor/hub"
	"github.com/rotor-lm/rotor/internal/atomicfile"
	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/optim"
	"github.com/rotor-lm/rotor/peft"
	"github.com/rotor-lm/rotor/tokenizer"
)

// Event is something that happened in a run: a Start, Step, Eval, Saved or Done.
type Event interface{ event() }

// Start says what the run is about to do.
type Start struct {
	Trainable int           `json:"trainable"` // numbers that learn
	Total     int           `json:"total"`     // numbers of the model
	Steps     int           `json:"steps"`
	First     int           `json:"first"` // step that the run goes on from
	Stats     data.Stats    `json:"stats"`
	Held      int           `json:"held"`     // sequences to evaluate on
	Prepared  time.Duration `json:"prepared"` // time it took to get here
}

// Step is one step of the optimizer.
type Step struct {
	N        int     `json:"step"` // from 1
	Steps    int     `json:"-"`
	Epoch    float64 `json:"epoch"`
	Loss     float64 `json:"loss"` // mean over the labelled tokens
	Norm     float64 `json:"norm"` // of the gradient, before clipping
	Rate     float64 `json:"lr"`
	Rows     int     `json:"rows"`
	Labelled int     `json:"labelled"`

	Seconds float64       `json:"-"` // of this step
	Speed   float64       `json:"-"` // rows a second, over the last steps
	FLOPS   float64       `json:"-"` // of the matrix products alone, a second
	ETA     time.Duration `json:"-"`
}

// Eval is an evaluation on the texts held back.
type Eval struct {
	N          int     `json:"step"`
	Loss       float64 `json:"eval_loss"`
	Perplexity float64 `json:"eval_perplexity"`
	Best       bool    `json:"best"` // the lowest yet: kept in best/
}

// Saved says that the state of a step is on disk.
type Saved struct {
	N    int
	Path string
}

// Done says that the result is on disk.
type Done struct {
	Out     string
	Seconds float64
	Model   model.Model `json:"-"` // what learned, until the reader asks for more events
}

func (Start) event() {}
func (Step) event()  {}
func (Eval) event()  {}
func (Saved) event() {}
func (Done) event()  {}

// Interrupted is the error of a run whose context was cancelled. Its state was
// saved before.
type Interrupted struct{ N int }

func (e *Interrupted) Error() string {
	return fmt.Sprintf("train: interrupted after step %d; the state is saved, and --resume goes on", e.N)
}

func (e *Interrupted) Unwrap() error { return context.Canceled }

// Start of a run in a folder that has one already.
const (
	Fresh  = iota // refuse
	Resume        // go on from its state; begin if there is none
	Force         // throw it away
)

// Run carries out a job. The result is in c.Out when the last event, Done, has
// been yielded.
func Run(ctx context.Context, c Config, mode int) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		r := &run{Config: c, ctx: ctx, began: time.Now()}
		defer r.close()
		r.tell = func(e Event) error {
			if !yield(e, nil) {
				return errStopped
			}
			return nil
		}
		if err := r.all(mode); err != nil && !errors.Is(err, errStopped) {
			yield(nil, err)
		}
	}
}

var errStopped = errors.New("train: the reader has gone")

type run struct {
	Config
	ctx   context.Context
	tell  func(Event) error
	began time.Time

	base      *hub.Model
	model     model.Model
	tokenizer *tokenizer.Tokenizer
	set, held *data.Set
	batches   data.Batches
	steps     int // of the whole run
	epoch     int // steps of one epoch
	stepper   *Stepper
	metrics   *metrics
	state     state
	speed     speed
}

func (r *run) close() {
	if r.base != nil {
		r.base.Close()
	}
	if r.metrics != nil {
		r.metrics.close()
	}
}

func (r *run) all(mode int) error {
	if err := r.prepare(); err != nil {
		return err
	}
	if err := r.open(mode); err != nil {
		return err
	}
	if err := r.start(); err != nil {
		return err
	}
	var s data.Step
	for r.state.Step < r.steps {
		if err := r.step(&s); err != nil {
			return err
		}
	}
	return r.finish()
}

// Data reads and encodes the data of a job and cuts it, as a run would: what
// rotor train --show looks at.
func Data(ctx context.Context, c Config, t *tokenizer.Tokenizer, info model.Info) (set, held *data.Set, err error) {
	o := data.Options{Map: c.Map, LossOn: c.LossOn}
	cut := data.Cut{Length: c.Length, Pack: c.Pack, Validation: c.Validation, Seed: c.Seed}
	if cut.Length == 0 {
		cut.Length = info.Context
	}
	if info.HardLimit && cut.Length > info.Context {
		return nil, nil, fmt.Errorf("train: length %d: the model has no positions beyond %d", cut.Length, info.Context)
	}
	load := func(path string, cut data.Cut) (set, held *data.Set, err error) {
		corpus, err := data.Load(ctx, path, t, o)
		if err != nil {
			return nil, nil, err
		}
		return corpus.Split(cut)
	}
	if set, held, err = load(c.Data, cut); err != nil {
		return nil, nil, err
	}
	if err := set.Check(); err != nil {
		return nil, nil, err
	}
	if c.ValidationData != "" {
		if held, _, err = load(c.ValidationData, cut); err != nil {
			return nil, nil, err
		}
	}
	return set, held, nil
}

// prepare opens the model, reads the data and puts the method in place.
func (r *run) prepare() (err error) {
	for _, need := range [][2]string{{"model", r.Config.Model}, {"data", r.Config.Data}, {"out", r.Config.Out}} {
		if need[1] == "" {
			return fmt.Errorf("train: %s is missing", need[0])
		}
	}
	if r.Config.Method == Scratch {
		r.base, err = hub.Hollow(r.Config.Model)
	} else {
		r.base, err = hub.Open(r.Config.Model)
	}
	if err != nil {
		return err
	}
	if r.tokenizer, err = r.base.Tokenizer(); err != nil {
		return err
	}
	if n := r.base.Info().Vocab; r.tokenizer.VocabSize() > n {
		return fmt.Errorf("train: the tokenizer has %d tokens and the model %d rows for them", r.tokenizer.VocabSize(), n)
	}
	if r.set, r.held, err = Data(r.ctx, r.Config, r.tokenizer, r.base.Info()); err != nil {
		return err
	}
	if err := r.schedule(); err != nil {
		return err
	}
	return r.adapt()
}

// schedule settles how many steps there are.
func (r *run) schedule() error {
	r.batches = data.Batches{Set: r.set, Batch: r.Batch * r.Accumulate, Rows: r.Rows, Seed: r.Seed, Epochs: r.Epochs}
	if r.Steps > 0 {
		r.batches.Epochs = 0
	}
	if err := r.batches.Check(); err != nil {
		return err
	}
	r.epoch = (r.set.Len() + r.batches.Batch - 1) / r.batches.Batch
	if r.steps = r.Steps; r.steps == 0 {
		r.steps = r.batches.Steps()
	}
	return nil
}

// adapt makes the model that learns.
func (r *run) adapt() (err error) {
	if r.Config.Method == Scratch {
		r.model = r.base.Model
		model.Init(r.model, r.Seed)
		for _, t := range nn.Params(r.model) {
			t.Learn()
		}
	} else if r.model, err = r.Options.Adapt(r.base.Model, peft.Options{Seed: r.Seed}); err != nil {
		return err
	}
	r.stepper = NewStepper(r.model, optim.AdamW{Beta1: r.Beta1, Beta2: r.Beta2, Eps: r.Eps, Decay: r.Decay}, r.batches.Rows)
	r.stepper.Clip, r.stepper.Seed = r.Clip, r.Seed
	if len(r.stepper.Params) == 0 {
		return fmt.Errorf("train: nothing learns with method %s", r.Config.Method)
	}
	return nil
}

// open makes the run's folder, or goes on from what is there.
func (r *run) open(mode int) error {
	yaml, err := r.YAML()
	if err != nil {
		return err
	}
	r.state = state{Best: math.Inf(1), Settings: string(yaml)}
	path := r.statePath()
	_, statErr := os.Stat(path)
	_, dirErr := os.Stat(r.Out)
	switch {
	case mode == Fresh && dirErr == nil && !empty(r.Out):
		return fmt.Errorf("train: %s exists: --resume goes on with the run in it, --force begins anew over it", r.Out)
	case mode == Resume && statErr == nil:
		if err := r.state.load(path, r.stepper); err != nil {
			return err
		}
	case mode == Force:
		if err := r.discard(); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(r.Out, 0o755); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	if err := atomicfile.Replace(filepath.Join(r.Out, "train.yaml"), bytesTo(yaml)); err != nil {
		return err
	}
	r.metrics, err = openMetrics(filepath.Join(r.Out, "metrics.jsonl"), r.state.Metrics)
	return err
}

func (r *run) statePath() string { return filepath.Join(r.Out, "state.safetensors") }

func (r *run) start() error {
	e := Start{Steps: r.steps, First: r.state.Step, Stats: r.set.Stats(), Held: r.held.Len(), Prepared: time.Since(r.began)}
	for _, t := range nn.Params(r.model) {
		e.Total += t.Len()
		if t.Learns() {
			e.Trainable += t.Len()
		}
	}
	return r.tell(e)
}

// step does the next step, and what is due after it.
func (r *run) step(s *data.Step) error {
	n := r.state.Step
	began := time.Now()
	if !r.batches.Step(n, s) {
		return fmt.Errorf("train: the data ends before step %d", n+1)
	}
	rate := r.Schedule.Rate(r.LR, n, r.warmup(), r.steps)
	result, err := r.stepper.Step(n, rate, s.Micros)
	if err != nil {
		var bad *NotFinite
		if errors.As(err, &bad) {
			bad.Step = n + 1
			return fmt.Errorf("%w; %s", err, r.lastGood())
		}
		return err
	}
	r.state.Step++
	e := Step{
		N: n + 1, Steps: r.steps, Epoch: s.Epoch, Loss: result.Loss, Norm: result.Norm, Rate: rate,
		Rows: result.Rows, Labelled: result.Labelled, Seconds: time.Since(began).Seconds(),
	}
	e.Speed = r.speed.rows(e.Rows, e.Seconds)
	e.FLOPS = r.stepper.FLOPs(e.Rows, e.Labelled) / e.Seconds
	e.ETA = time.Duration(float64(r.steps-e.N) * r.speed.step() * float64(time.Second))
	if err := r.metrics.write(e); err != nil {
		return err
	}
	if err := r.tell(e); err != nil {
		return err
	}
	return r.due(e.N)
}

func (r *run) lastGood() string {
	if _, err := os.Stat(r.statePath()); err != nil {
		return "no state had been saved; a lower lr, or clip, may help"
	}
	return "the last good state is kept in " + r.statePath() + "; a lower lr, or clip, may help"
}

// due evaluates and saves where it is time to.
func (r *run) due(n int) error {
	every := func(k int) bool {
		if k == 0 {
			k = r.epoch
		}
		return n%k == 0 || n == r.steps
	}
	if r.held.Len() > 0 && every(r.EvalEvery) {
		if err := r.evaluate(n); err != nil {
			return err
		}
	}
	interrupted := r.ctx.Err() != nil && n < r.steps
	if every(r.SaveEvery) || interrupted {
		if err := r.save(n); err != nil {
			return err
		}
	}
	if interrupted {
		return &Interrupted{n}
	}
	return nil
}

func (r *run) save(n int) error {
	var err error
	if r.state.Metrics, err = r.metrics.sync(); err != nil {
		return err
	}
	if err := r.state.save(r.statePath(), r.stepper); err != nil {
		return err
	}
	return r.tell(Saved{n, r.statePath()})
}

// evaluate measures the loss on what is held back, and keeps the best.
func (r *run) evaluate(n int) error {
	b := data.Batches{Set: r.held, Batch: 64, Rows: 0, Epochs: 1, Ordered: true}
	if err := b.Check(); err != nil {
		return err
	}
	sum, labels := 0.0, 0
	for _, s := range b.From(0) {
		if r.ctx.Err() != nil {
			return nil // the step before it is done, and will be saved
		}
		l, k := r.stepper.Loss(s.Micros)
		sum, labels = sum+l, labels+k
	}
	e := Eval{N: n, Loss: sum / float64(max(1, labels))}
	e.Perplexity = math.Exp(e.Loss)
	if e.Best = e.Loss < r.state.Best; e.Best {
		r.state.Best = e.Loss
		if err := r.write(filepath.Join(r.Out, "best")); err != nil {
			return err
		}
	}
	if err := r.metrics.write(e); err != nil {
		return err
	}
	return r.tell(e)
}

// finish writes the result and the curve.
func (r *run) finish() error {
	if err := r.write(r.Result()); err != nil {
		return err
	}
	curve, err := r.metrics.curve()
	if err != nil {
		return err
	}
	if err := atomicfile.Replace(filepath.Join(r.Out, "loss.svg"), curve.SVG); err != nil {
		return err
	}
	return r.tell(Done{r.Out, time.Since(r.began).Seconds(), r.model})
}

func (r *run) warmup() int {
	if r.Warmup < 1 {
		return int(math.Round(r.Warmup * float64(r.steps)))
	}
	return int(r.Warmup)
}

// speed is the pace of the last steps.
type speed struct {
	counts  [16]int
	seconds [16]float64
	n       int
}

// rows notes a step and returns rows a second over the last ones.
func (s *speed) rows(n int, seconds float64) float64 {
	i := s.n % len(s.counts)
	s.counts[i], s.seconds[i] = n, seconds
	s.n++
	total, time := 0, 0.0
	for i := range min(s.n, len(s.counts)) {
		total, time = total+s.counts[i], time+s.seconds[i]
	}
	return float64(total) / max(time, 1e-9)
}

// step is the mean time of the last steps.
func (s *speed) step() float64 {
	time := 0.0
	for _, x := range s.seconds {
		time += x
	}
	return time / float64(max(1, min(s.n, len(s.seconds))))
}
