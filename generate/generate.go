// Package generate continues texts: the one loop of prefill, decode and stop
// that whatever samples from a model calls.
//
// All sequences that are alive share every pass: those that have read their
// prompt bring one row, the others as many as the budget of rows still admits.
// So a batch of prompts of any lengths needs no padding, and a long prompt is
// read in pieces.
//
//	rows → last row of each sequence that is up to date → logits → a token each
package generate

import (
	"context"
	"fmt"
	"iter"

	"github.com/rotor-lm/rotor/cache"
	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/sample"
	"github.com/rotor-lm/rotor/tensor"
	"github.com/rotor-lm/rotor/tokenizer"
)

// Request is one text to be continued, and how.
type Request struct {
	Prompt  []int32
	Max     int      // new tokens at most; zero means as many as the context has room for
	StopIDs []int32  // tokens that end the text; nil means those of the tokenizer
	Stop    []string // texts that end it, and are cut off; they need a tokenizer
	Sample  sample.Options
	Seed    uint64
	Stream  uint64 // which of the seed's random streams: two texts that share one are drawn alike
	Adapter int32  // the adapter that its rows carry
	Start   int32  // the position of its first token, where an adapter's prefix stands before it
	LogProb bool   // report the log-probability of each token under the model
}

// Each returns a request for every prompt, all like r, each with its own
// random stream.
func Each(prompts [][]int32, r Request) []Request {
	list := make([]Request, len(prompts))
	for i, p := range prompts {
		list[i] = r
		list[i].Prompt, list[i].Stream = p, r.Stream+uint64(i)
	}
	return list
}

// Reason is why a text ended.
type Reason string

// The reasons.
const (
	EOS     Reason = "eos"     // one of StopIDs came
	Stop    Reason = "stop"    // one of the stop strings came
	Length  Reason = "length"  // Max tokens have come
	Context Reason = "context" // no position is left
)

// Event is one new token of one text.
type Event struct {
	Request int     `json:"request"` // its place in the list
	ID      int32   `json:"id"`
	Text    string  `json:"text"` // whole characters that are sure to belong to the text; may be empty
	LogProb float32 `json:"logprob,omitempty"`
	Reason  Reason  `json:"reason,omitempty"` // why the text ends with this token; empty while it goes on
}

// Options of a Generator. The zero value is good.
type Options struct {
	Tokenizer *tokenizer.Tokenizer // nil where no text is wanted
	Sequences int                  // alive at once; zero means 128
	Rows      int                  // of a pass; zero means 512
	Context   int                  // positions at most; zero means as many as the model was made for
	Exact     bool                 // do not round activations to eight bits where weights lie in blocks
}

// Generator runs requests on one model. It keeps its memory from run to run,
// and is used by one goroutine at a time.
type Generator struct {
	Options
	info     model.Info
	live     model.Model
	cache    *cache.Cache
	body     nn.Pass
	head     nn.Pass
	index    []int32
	samplers pool
	kept     reading
}

// New makes a generator for m, whatever stack of adapters it has. It shares
// the tensors of m: what is learned there is seen here.
func New(m model.Model, o Options) (*Generator, error) {
	info := m.Info()
	if o.Sequences < 0 || o.Rows < 0 || o.Context < 0 {
		return nil, fmt.Errorf("generate: sequences, rows and context cannot be negative")
	}
	if o.Sequences == 0 {
		o.Sequences = 128
	}
	if o.Rows == 0 {
		o.Rows = 512
	}
	if o.Context == 0 {
		o.Context = info.Context
	}
	if info.HardLimit && o.Context > info.Context {
		return nil, fmt.Errorf("generate: a context of %d: the model has %d positions and no more", o.Context, info.Context)
	}
	o.Rows = max(o.Rows, o.Sequences) // one each must fit
	g := &Generator{Options: o, info: info, cache: cache.New(o.Context)}
	var err error
	if g.live, err = nn.Rewrite(m, cache.Install(g.cache)); err != nil {
		return nil, err
	}
	if g.cache.Layers() == 0 {
		return nil, fmt.Errorf("generate: a %s has no memory that a cache could be put into", info.Architecture)
	}
	tape := tensor.NoGrad(0)
	tape.Rounded = !o.Exact
	g.body.Tape, g.head.Tape = tape, tape
	return g, nil
}

// Run continues all requests, and yields every token as it comes: in rounds,
// one of each text that is alive. An error ends it. So does ctx, within one
// pass of the model.
func (g *Generator) Run(ctx context.Context, requests []Request) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for i, r := range requests {
			if err := g.check(r); err != nil {
				yield(Event{Request: i}, fmt.Errorf("generate: %s%w", which(i, requests), err))
				return
			}
		}
		b := g.begin(requests)
		for b.admit(); len(b.live) > 0; b.admit() {
			if ctx.Err() != nil {
				yield(Event{}, context.Cause(ctx))
				return
			}
			if !b.step(yield) {
				return
			}
		}
	}
}

// Result is a whole text.
type Result struct {
	IDs      []int32   `json:"ids"` // the new tokens
	Text     string    `json:"text"`
	LogProbs []float32 `json:"logprobs,omitempty"`
	Reason   Reason    `json:"reason"`
}

// All runs the requests to their ends and returns the texts, in their order.
// Where an error ends it, they are as far as they came.
func (g *Generator) All(ctx context.Context, requests []Request) ([]Result, error) {
	results := make([]Result, len(requests))
	for e, err := range g.Run(ctx, requests) {
		if err != nil {
			return results, err
		}
		r := &results[e.Request]
		r.IDs, r.Text, r.Reason = append(r.IDs, e.ID), r.Text+e.Text, e.Reason
		if requests[e.Request].LogProb {
			r.LogProbs = append(r.LogProbs, e.LogProb)
		}
	}
	return results, nil
}

// check refuses what the model cannot do.
func (g *Generator) check(r Request) error {
	if len(r.Prompt) == 0 {
		return fmt.Errorf("is empty: give at least one token")
	}
	for _, id := range r.Prompt {
		if id < 0 || int(id) >= g.info.Vocab {
			return fmt.Errorf("has the token %d: the vocabulary is from 0 to %d", id, g.info.Vocab-1)
		}
	}
	if n := int(r.Start) + len(r.Prompt); n >= g.Context {
		return fmt.Errorf("reaches to position %d, and the context is %d: no room is left for an answer", n-1, g.Context)
	}
	if r.Max < 0 || r.Start < 0 {
		return fmt.Errorf("wants %d tokens from position %d: neither can be negative", r.Max, r.Start)
	}
	for _, s := range r.Stop {
		if s == "" {
			return fmt.Errorf("has an empty stop string: every text holds it")
		}
		if g.Tokenizer == nil {
			return fmt.Errorf("has the stop string %q: it needs a tokenizer, and the model has none", s)
		}
	}
	if err := r.Sample.Check(); err != nil {
		return fmt.Errorf("cannot be continued: %w", err)
	}
	return nil
}

// which names a request, where there are several.
func which(i int, requests []Request) string {
	if len(requests) == 1 {
		return "the prompt "
	}
	return fmt.Sprintf("prompt %d of %d ", i+1, len(requests))
}
