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
	"github.com/rotor-lm/rotor/tokenizer"
)

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

	ResumeChanged // go on from its state though the data is not what it was
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
	if r.state.Owes {
		r.state.Owes = false
		if err := r.due(r.state.Step); err != nil {
			return err
		}
	}
	var s data.Step
	for r.state.Step < r.steps && !r.stopped() {
		if err := r.step(&s); err != nil {
			return err
		}
	}
	if r.stopped() && r.state.Step < r.steps {
		if err := r.tell(Stopped{r.state.Step, r.state.Best, r.state.BestStep}); err != nil {
			return err
		}
	}
	return r.finish()
}

func (r *run) start() error {
	e := Start{Steps: r.steps, First: r.state.Step, Stats: r.set.Stats(), Held: r.held.Len(), Dropout: r.base.Info().Dropout, Prepared: time.Since(r.began)}
	for _, t := range nn.Params(r.model) {
		e.Total += t.Len()
		if t.Learns() {
			e.Trainable += t.Len()
		}
	}
	return r.tell(e)
}

// stopped reports whether evaluations have not become better for too long.
//
// Prechelt, Early Stopping – But When?, 1998, §2.2: the criterion UP, with a
// smallest improvement.
func (r *run) stopped() bool { return r.EarlyStopping > 0 && r.state.Stale >= r.EarlyStopping }

// step does the next step, and what is due after it.
func (r *run) step(s *data.Step) error {
	n := r.state.Step
	began := time.Now()
	if !r.batches.Step(n, s) {
		return fmt.Errorf("train: the data ends before step %d", n+1)
	}
	rate := r.Schedule.Rate(r.LR, n, r.warmup(), r.steps)
	result, err := r.stepper.Step(n, rate, s.Micros)
	if r.ctx.Err() != nil && errors.Is(err, r.ctx.Err()) {
		if err := r.save(n); err != nil {
			return err
		}
		return &Interrupted{n}
	}
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
		err := r.evaluate(n)
		if r.state.Owes = errors.Is(err, context.Canceled); err != nil && !r.state.Owes {
			return err
		}
	}
	interrupted := r.state.Owes || r.ctx.Err() != nil && n < r.steps
	if every(r.SaveEvery) || interrupted || r.stopped() {
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

// evaluate measures the loss on what is held back, and keeps the best. Where it
// is interrupted it has done nothing.
func (r *run) evaluate(n int) error {
	b := data.Batches{Set: r.held, Batch: 64, Rows: 0, Epochs: 1, Ordered: true}
	if err := b.Check(); err != nil {
		return err
	}
	sum, labels := 0.0, 0
	for _, s := range b.From(0) {
		if r.ctx.Err() != nil {
			return context.Canceled
		}
		l, k := r.stepper.Loss(s.Micros)
		sum, labels = sum+l, labels+k
	}
	e := Eval{N: n, Loss: sum / float64(max(1, labels))}
	e.Perplexity = math.Exp(e.Loss)
	if e.Best = e.Loss < r.state.Best; e.Best {
		r.state.Best, r.state.BestStep = e.Loss, n
		if err := r.write(filepath.Join(r.Out, "best")); err != nil {
			return err
		}
	}
	if r.state.Stale++; e.Loss < r.state.Mark-r.MinDelta {
		r.state.Mark, r.state.Stale = e.Loss, 0
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
