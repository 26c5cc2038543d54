// Package eval measures models on texts.
package eval

import (
	"context"
	"fmt"
	"iter"
	"math"

	"github.com/rotor-lm/rotor/data"
	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/tensor"
)

// Texts are the sequences to measure on: a data.Set, or Tokens.
type Texts interface {
	Len() int
	At(i int, buf *data.Sequence) data.Sequence // which of its tokens count, Learn says
}

// Tokens are texts of which every token but the first counts.
type Tokens [][]int32

// Len is the number of texts.
func (t Tokens) Len() int { return len(t) }

// At is text i.
func (t Tokens) At(i int, buf *data.Sequence) data.Sequence {
	buf.IDs, buf.Learn = t[i], buf.Learn[:0]
	for range t[i] {
		buf.Learn = append(buf.Learn, true)
	}
	return *buf
}

// Options of an evaluation. The zero value is good.
type Options struct {
	Rows    int   // of a pass, or the longest text; zero means 512
	Adapter int32 // the adapter that the rows carry
	Start   int32 // the position of the first token of a text
	Rounded bool  // round activations to eight bits where weights lie in blocks, as generate does
}

// Score is what came of the tokens that count.
type Score struct {
	Loss       float64 `json:"loss"`       // −(1/N)·Σ log p(token | those before it)
	Perplexity float64 `json:"perplexity"` // e^Loss
	Accuracy   float64 `json:"accuracy"`   // share of tokens that were the most probable
	Tokens     int     `json:"tokens"`     // N
	Texts      int     `json:"texts"`
}

// Event is the score so far.
type Event struct {
	Score
	Of int `json:"of"` // texts in all
}

// Run measures m on texts and yields the score after every pass; the last is
// that of all. ctx ends it within one pass. A loss that is no number, or texts
// of which no token counts, are errors.
//
// Jelinek et al., Perplexity: a Measure of the Difficulty of Speech Recognition
// Tasks, 1977.
func Run(ctx context.Context, m model.Model, texts Texts, o Options) iter.Seq2[Event, error] {
	if o.Rows <= 0 {
		o.Rows = 512
	}
	return func(yield func(Event, error) bool) {
		r := newRun(m, texts, o)
		for r.next < texts.Len() {
			if ctx.Err() != nil {
				yield(r.event(), context.Cause(ctx))
				return
			}
			if err := r.fill(); err != nil {
				yield(r.event(), err)
				return
			}
			r.measure()
			if math.IsNaN(r.sum) || math.IsInf(r.sum, 0) {
				yield(r.event(), fmt.Errorf("eval: the loss of texts %d to %d is %g: the model is broken", r.first+1, r.next, r.sum))
				return
			}
			if !yield(r.event(), nil) {
				return
			}
		}
		if r.count == 0 {
			yield(r.event(), fmt.Errorf("eval: of %d texts no token counts: there is nothing to measure", texts.Len()))
		}
	}
}

// Measure runs an evaluation to its end.
func Measure(ctx context.Context, m model.Model, texts Texts, o Options) (Score, error) {
	var last Event
	for e, err := range Run(ctx, m, texts, o) {
		if last = e; err != nil {
			return last.Score, err
		}
	}
	return last.Score, nil
}

// run is the state of an evaluation.
type run struct {
	Options
	model   model.Model
	texts   Texts
	pass    nn.Pass
	head    head
	targets []int32 // of the rows of the pass; −1 where nothing is asked
	buf     data.Sequence

	first, next int // texts of this pass
	sum         float64
	count, hits int
}

func newRun(m model.Model, texts Texts, o Options) *run {
	r := &run{Options: o, model: m, texts: texts, pass: nn.Pass{Tape: tensor.NoGrad(o.Rows)}}
	r.head.pass.Tape = tensor.NoGrad(blockRows)
	r.pass.Tape.Rounded, r.head.pass.Tape.Rounded = o.Rounded, o.Rounded
	return r
}

func (r *run) event() Event {
	s := Score{Tokens: r.count, Texts: r.next}
	if r.count > 0 {
		s.Loss, s.Accuracy = r.sum/float64(r.count), float64(r.hits)/float64(r.count)
		s.Perplexity = math.Exp(s.Loss)
	}
	return Event{s, r.texts.Len()}
}

// fill packs the next texts into a pass, as many as fit.
func (r *run) fill() error {
	p, info := &r.pass, r.model.Info()
	p.Tape.Reset()
	p.Clear()
	p.Tokens, r.targets, r.first = p.Tokens[:0], r.targets[:0], r.next
	for ; r.next < r.texts.Len(); r.next++ {
		s := r.texts.At(r.next, &r.buf)
		n := len(s.IDs) - 1
		if p.Rows() > 0 && p.Rows()+n > r.Rows {
			return nil
		}
		if info.HardLimit && int(r.Start)+n > info.Context {
			return fmt.Errorf("eval: text %d reaches to position %d, and the model has %d: cut the texts shorter", r.next+1, int(r.Start)+n-1, info.Context)
		}
		for _, id := range s.IDs {
			if id < 0 || int(id) >= info.Vocab {
				return fmt.Errorf("eval: text %d has the token %d, and the vocabulary is from 0 to %d: the texts belong to another tokenizer", r.next+1, id, info.Vocab-1)
			}
		}
		for i := range max(n, 0) {
			p.Tokens = append(p.Tokens, s.IDs[i])
			target := int32(nn.Ignore)
			if s.Learn[i+1] {
				target = s.IDs[i+1]
			}
			r.targets = append(r.targets, target)
		}
		if n > 0 {
			p.Add(n, r.Start, int32(r.next-r.first), r.Adapter)
		}
	}
	return nil
}

// measure runs the pass and adds up what its rows say.
func (r *run) measure() {
	if r.pass.Rows() == 0 {
		return
	}
	x := r.model.Rows(&r.pass)
	loss, hits, n := r.head.measure(r.model.Output(), x, r.pass.Places, r.targets)
	r.sum, r.hits, r.count = r.sum+loss, r.hits+hits, r.count+n
}
