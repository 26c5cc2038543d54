package train

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/rotor-lm/rotor/data"
	"github.com/rotor-lm/rotor/hub"
	"github.com/rotor-lm/rotor/internal/atomicfile"
	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/optim"
	"github.com/rotor-lm/rotor/peft"
	"github.com/rotor-lm/rotor/tokenizer"
)

// Data reads and encodes the data of a job and cuts it, as a run would: what
// rotor train --show looks at. Conversations are written as m's template has them.
func Data(ctx context.Context, c Config, m *hub.Model, t *tokenizer.Tokenizer) (set, held *data.Set, err error) {
	o, info := data.Options{Map: c.Map, LossOn: c.LossOn}, m.Info()
	if o.Chat, err = m.Chat(t); err != nil {
		return nil, nil, err
	}
	cut := data.Cut{Length: c.Length, Pack: c.Pack, Long: c.Long, Validation: c.Validation, Seed: c.Seed}
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
		if id := corpus.Largest(); int(id) >= info.Vocab {
			return nil, nil, fmt.Errorf("train: %s has the token %d, %q, and the model's vocabulary ends at %d", path, id, t.Token(id), info.Vocab-1)
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
	if r.set, r.held, err = Data(r.ctx, r.Config, r.base, r.tokenizer); err != nil {
		return err
	}
	if r.EarlyStopping > 0 && r.held.Len() == 0 {
		return fmt.Errorf("train: early-stopping looks at evaluations, and of %d sequences none is held back: raise validation", r.set.Len())
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
	r.stepper.Clip, r.stepper.Seed, r.stepper.Context = r.Clip, r.Seed, r.ctx
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
	r.state = state{Best: math.Inf(1), Mark: math.Inf(1), Data: r.set.Sum(), Settings: string(yaml)}
	if r.held.Len() > 0 {
		r.state.Data += r.held.Sum()
	}
	path := r.statePath()
	_, statErr := os.Stat(path)
	_, dirErr := os.Stat(r.Out)
	switch {
	case mode == Fresh && dirErr == nil && !empty(r.Out):
		return fmt.Errorf("train: %s exists: --resume goes on with the run in it, --force begins anew over it", r.Out)
	case (mode == Resume || mode == ResumeChanged) && statErr == nil:
		if err := r.state.load(path, r.stepper, mode == ResumeChanged); err != nil {
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
