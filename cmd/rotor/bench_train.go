package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/rotor-lm/rotor/data"
	"github.com/rotor-lm/rotor/hub"
	"github.com/rotor-lm/rotor/internal/process"
	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/optim"
	"github.com/rotor-lm/rotor/peft"
	"github.com/rotor-lm/rotor/train"
)

type benchTrainCmd struct {
	Shape       string  `placeholder:"NAME" xor:"model" help:"Which model's sizes, with random weights and without a file (smollm2-135m)."`
	Model       string  `short:"m" placeholder:"REF" xor:"model" help:"A model instead: folder or GGUF file."`
	Method      string  `enum:"lora,full" default:"lora" help:"What learns: lora or full (${default})."`
	Rank        int     `default:"8" help:"Rank of LoRA (${default})."`
	Targets     string  `default:"q_proj,v_proj" help:"Projections that LoRA stands beside (${default})."`
	Precision   string  `enum:"f32" default:"f32" help:"What to compute in; there is f32."`
	Batch       int     `default:"4" help:"Sequences of an update (${default})."`
	Seq         int     `default:"256" help:"Rows of each (${default})."`
	Lengths     []int   `placeholder:"12,80,…" help:"Sequences of these lengths instead, packed, --batch of them an update in turn."`
	AnswerShare float64 `name:"answer-share" default:"1" help:"Share of each sequence, its last part, that carries labels (${default})."`
	Steps       int     `placeholder:"N" help:"Updates to measure, after one to warm up: 5, or once through --lengths."`
	Rows        int     `placeholder:"N" help:"Most rows of a micro-batch: 256, or the longest sequence."`
}

func (benchTrainCmd) Help() string {
	return `With --json: {"tokens_per_s", "peak_rss_bytes", "first_forward_s", "first_step_s", "share_of_peak"}.
tokens_per_s counts rows of text: the median step, or with --lengths all steps together. Seconds count from
the birth of the process, to the beginning of the first forward pass and to the end of the first update.
share_of_peak is a lower bound: it counts the products with weights, not attention.

Examples:

    rotor bench train --shape smollm2-135m --batch 4 --seq 256 --rank 8 --targets q_proj,v_proj --precision f32 --steps 5
    rotor bench train --lengths 12,80,31,250,64,18,120,90 --answer-share 0.33 --json
    rotor bench train --model ./model --method full --json`
}

// trainFigures is the answer that scripts rely on.
type trainFigures struct {
	TokensPerS   float64 `json:"tokens_per_s"`
	PeakRSS      int64   `json:"peak_rss_bytes"`
	FirstForward float64 `json:"first_forward_s"`
	FirstStep    float64 `json:"first_step_s"`
	ShareOfPeak  float64 `json:"share_of_peak"`
}

// Run trains for some steps on random tokens and says how fast that was.
func (c benchTrainCmd) Run(ctx context.Context, e *env) error {
	start := process.Born()
	if err := c.check(); err != nil {
		return usageError{err}
	}
	m, done, err := c.open(e.seed())
	if err != nil {
		return err
	}
	defer done()
	learner, err := c.method().Adapt(m, peft.Options{Seed: e.seed()})
	if err != nil {
		return err
	}
	updates, rows := c.updates(m.Info().Vocab, e.seed())
	s := train.NewStepper(learner, optim.AdamW{}, rows)
	var f trainFigures
	s.OnForward = sync.OnceFunc(func() { f.FirstForward = time.Since(start).Seconds() })
	if _, err := s.Step(0, 1e-4, updates[0]); err != nil {
		return err
	}
	f.FirstStep = time.Since(start).Seconds()
	t, err := c.measure(ctx, e, s, updates)
	if err != nil {
		return err
	}
	f.PeakRSS = process.Peak()
	f.TokensPerS = t.tokens / t.seconds
	f.ShareOfPeak = t.flops / t.seconds / kernel.PeakFLOPS(300*time.Millisecond)
	if e.JSON {
		return e.object(f)
	}
	var out table
	out.add("text", "%.1f tokens/s", f.TokensPerS)
	out.add("share of the machine's peak", "%.1f %%", 100*f.ShareOfPeak)
	out.add("peak memory", "%s", size(f.PeakRSS))
	out.add("first forward pass begins after", "%.2f s", f.FirstForward)
	out.add("first update is done after", "%.2f s", f.FirstStep)
	out.print(e)
	return nil
}

func (c *benchTrainCmd) check() error {
	if err := checkPositive("--batch", c.Batch, "--seq", c.Seq, "--rank", c.Rank); err != nil {
		return err
	}
	for _, n := range c.Lengths {
		if err := checkPositive("a length", n); err != nil {
			return err
		}
	}
	if c.Steps < 0 || c.Rows < 0 {
		return fmt.Errorf("--steps and --rows cannot be negative")
	}
	if c.AnswerShare <= 0 || c.AnswerShare > 1 {
		return fmt.Errorf("--answer-share is %v: give a share above 0 and up to 1", c.AnswerShare)
	}
	return nil
}

// open returns the model, and what to call when done with it.
func (c benchTrainCmd) open(seed uint64) (model.Model, func() error, error) {
	if c.Model != "" {
		h, err := hub.Open(c.Model)
		if err != nil {
			return nil, nil, err
		}
		return h.Model, h.Close, nil
	}
	if c.Shape == "" {
		c.Shape = "smollm2-135m"
	}
	s, err := findShape(c.Shape)
	if err != nil {
		return nil, nil, err
	}
	m, err := s.hollow()
	if err != nil {
		return nil, nil, err
	}
	if c.Method == "full" {
		model.Init(m, seed)
		return m, func() error { return nil }, nil
	}
	return m, func() error { return nil }, randomWeights(m, seed)
}

func (c benchTrainCmd) method() peft.Method {
	if c.Method == "full" {
		return peft.Full{}
	}
	return &peft.LoRA{Rank: c.Rank, Alpha: 2 * float64(c.Rank), Targets: peft.Select(c.Targets)}
}

// updates makes the sequences of each update, in micro-batches of at most rows
// rows that hold whole sequences.
func (c benchTrainCmd) updates(vocab int, seed uint64) (updates [][]data.Micro, rows int) {
	lengths := c.Lengths
	if lengths == nil {
		lengths = slices.Repeat([]int{c.Seq}, c.Batch)
	}
	if rows = c.Rows; rows == 0 {
		rows = 256
	}
	rows = max(rows, slices.Max(lengths))
	for lo := 0; lo < len(lengths); lo += c.Batch {
		var micros []data.Micro
		for i, n := range lengths[lo:min(len(lengths), lo+c.Batch)] {
			last := len(micros) - 1
			if last < 0 || len(micros[last].IDs)+n > rows {
				micros = append(micros, data.Micro{})
				last++
			}
			// The last row has nothing to predict; what carries no label is the question.
			ids := randomIDs(n, vocab, op.Random(seed, uint64(lo+i)))
			m := &micros[last]
			m.IDs, m.Lengths, m.Index = append(m.IDs, ids...), append(m.Lengths, n), append(m.Index, lo+i)
			for t := range n {
				target := int32(nn.Ignore)
				if t+1 < n && t+1 >= int(float64(n)*(1-c.AnswerShare)) {
					target = ids[t+1]
					m.Labels++
				}
				m.Targets = append(m.Targets, target)
			}
		}
		updates = append(updates, micros)
	}
	return updates, rows
}

// timing is how long so much work took.
type timing struct{ tokens, flops, seconds float64 }

// measure runs the updates in turn. Of equal ones the median step counts, of
// others all steps together.
func (c benchTrainCmd) measure(ctx context.Context, e *env, s *train.Stepper, updates [][]data.Micro) (timing, error) {
	steps := c.Steps
	if steps == 0 {
		steps = max(len(updates), 5)
		if c.Lengths != nil {
			steps = len(updates)
		}
	}
	var all timing
	var each []timing
	for i := range steps {
		if err := ctx.Err(); err != nil {
			return all, err
		}
		begin := time.Now()
		r, err := s.Step(i+1, 1e-4, updates[i%len(updates)])
		if err != nil {
			return all, err
		}
		t := timing{float64(r.Rows), s.FLOPs(r.Rows, r.Labelled), time.Since(begin).Seconds()}
		all = timing{all.tokens + t.tokens, all.flops + t.flops, all.seconds + t.seconds}
		each = append(each, t)
		if !e.JSON {
			fmt.Fprintf(e.Stderr, "step %d: loss %.4f, %.1f tokens/s\n", i+1, r.Loss, t.tokens/t.seconds)
		}
	}
	if c.Lengths != nil {
		return all, nil
	}
	slices.SortFunc(each, func(a, b timing) int { return cmpDown(float32(b.seconds), float32(a.seconds)) })
	return each[len(each)/2], nil
}
