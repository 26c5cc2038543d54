package generate

import (
	"cmp"
	"fmt"
	"slices"
	"sync"

	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/sample"
	"github.com/rotor-lm/rotor/tensor"
)

// batch is the state of one run.
type batch struct {
	*Generator
	requests []Request
	next     int         // the first request that is not yet admitted
	live     []*sequence // in the order of the requests
	slots    []int32     // numbers that no sequence has
	ready    []*sequence // whose next token this pass tells
	logits   *tensor.Tensor
	choose   func(i int)
	keep     bool // of the one text: its rows stay in the cache
}

// usual is how many new tokens get their room at once; the cache grows for more.
const usual = 256

// sequence is a text on its way.
type sequence struct {
	Request
	number int   // of the request
	slot   int32 // its number in the cache
	ids    []int32
	pos    int // how many of ids the model has read
	regime int // of the angles by which it has read them
	done   bool
	text   text
	chosen int32
	logp   float32
	err    error
}

func (g *Generator) begin(requests []Request) *batch {
	b := &batch{Generator: g, requests: requests}
	b.choose = b.chooseOne
	g.cache.Reset()
	g.kept = reading{}
	for i := range min(g.Sequences, len(requests)) {
		b.slots = append(b.slots, int32(i))
	}
	return b
}

// admit begins as many requests as there is room for.
func (b *batch) admit() {
	for len(b.slots) > 0 && b.next < len(b.requests) {
		r := b.requests[b.next]
		last := len(b.slots) - 1
		s := &sequence{Request: r, number: b.next, slot: b.slots[last], ids: slices.Clone(r.Prompt)}
		b.slots = b.slots[:last]
		if t := b.Tokenizer; t != nil {
			s.text = text{stream: t.StreamAfter(r.Prompt), stops: r.Stop}
			if r.StopIDs == nil {
				s.StopIDs = t.Stops()
			}
		}
		b.cache.Reserve(s.slot, min(b.Context-int(r.Start), len(s.ids)+min(cmp.Or(r.Max, usual), usual)))
		b.live = append(b.live, s)
		b.next++
	}
}

// step runs one pass and yields a token of each sequence that is ready. It
// reports whether to go on.
func (b *batch) step(yield func(Event, error) bool) bool {
	b.pass()
	kernel.Parallel(len(b.ready), b.choose)
	for _, s := range b.ready {
		if s.err != nil {
			yield(Event{Request: s.number}, fmt.Errorf("generate: %safter %d tokens: %w", which(s.number, b.requests), len(s.ids), s.err))
			return false
		}
		e := b.accept(s)
		if e.Reason != "" {
			s.done = true
			if !b.keep {
				b.cache.Free(s.slot)
			}
			b.slots = append(b.slots, s.slot)
		}
		if !yield(e, nil) {
			return false
		}
	}
	b.live = slices.DeleteFunc(b.live, func(s *sequence) bool { return s.done })
	return true
}

// accept adds the chosen token to a sequence.
func (b *batch) accept(s *sequence) Event {
	s.ids = append(s.ids, s.chosen)
	e := Event{Request: s.number, ID: s.chosen, LogProb: s.logp}
	stopped := false
	if slices.Contains(s.StopIDs, s.chosen) {
		e.Reason = EOS
	} else if e.Text, stopped = s.text.push(s.chosen); stopped {
		e.Reason = Stop
		return e
	}
	switch {
	case e.Reason != "":
	case s.Max > 0 && len(s.ids)-len(s.Prompt) >= s.Max:
		e.Reason = Length
	case int(s.Start)+len(s.ids) >= b.Context:
		e.Reason = Context
	default:
		return e
	}
	tail, stopped := s.text.flush()
	e.Text += tail
	if stopped {
		e.Reason = Stop
	}
	return e
}

// pass runs the model over what its sequences have not read yet, as far as the
// row budget goes, and leaves the logits of those that are then up to date.
func (b *batch) pass() {
	p, h, tape := &b.body, &b.head, b.body.Tape
	tape.Reset()
	p.Clear()
	h.Clear()
	p.Tokens, b.index, b.ready = p.Tokens[:0], b.index[:0], b.ready[:0]
	for _, s := range b.live {
		b.renew(s)
		if len(s.ids)-s.pos == 1 { // first those that only wait for one row
			b.read(s, 1)
		}
	}
	for _, s := range b.live {
		if n := min(len(s.ids)-s.pos, b.Rows-p.Rows()); n > 0 {
			b.read(s, n)
		}
	}
	tape.RowBudget = b.Rows
	x := b.Generator.live.Rows(p)
	tape.RowBudget = min(b.Sequences, len(b.requests))
	b.logits = nil
	if len(b.ready) > 0 {
		b.logits = b.Generator.live.Output().Forward(h, op.Rows(x, b.index))
	}
}

// renew has s read from its beginning again if its position encoding has other
// angles for a text as long as it has become.
func (b *batch) renew(s *sequence) {
	if b.info.Regime == nil {
		return
	}
	if r := b.info.Regime(int(s.Start) + len(s.ids)); r != s.regime {
		s.pos, s.regime = 0, r
	}
}

// read puts the next n tokens of s into the pass.
func (b *batch) read(s *sequence, n int) {
	pos := s.Start + int32(s.pos)
	b.body.Tokens = append(b.body.Tokens, s.ids[s.pos:s.pos+n]...)
	b.body.Add(n, pos, s.slot, s.Adapter)
	b.body.Spans[len(b.body.Spans)-1].Text = s.Start + int32(len(s.ids))
	s.pos += n
	if s.pos == len(s.ids) {
		b.ready = append(b.ready, s)
		b.index = append(b.index, int32(b.body.Rows()-1))
		b.head.Add(1, pos+int32(n)-1, s.slot, s.Adapter)
	}
}

// chooseOne samples the next token of ready sequence i.
func (b *batch) chooseOne(i int) {
	s, z := b.ready[i], b.logits.Row(i)
	w := b.samplers.get()
	u := sample.Uniform(s.Seed, s.Stream, uint64(len(s.ids)-len(s.Prompt)))
	w.Given = len(s.Prompt)
	s.chosen, s.err = w.Next(s.Sample, z, s.ids, u)
	b.samplers.put(w)
	if s.LogProb && s.err == nil {
		s.logp = z[s.chosen] - kernel.LogSumExp(z)
	}
}

// pool keeps samplers, whose scratch memory is as large as a vocabulary.
type pool struct {
	sync.Mutex
	spare []*sample.Sampler
}

func (p *pool) get() *sample.Sampler {
	p.Lock()
	defer p.Unlock()
	if n := len(p.spare) - 1; n >= 0 {
		s := p.spare[n]
		p.spare = p.spare[:n]
		return s
	}
	return new(sample.Sampler)
}

func (p *pool) put(s *sample.Sampler) {
	p.Lock()
	defer p.Unlock()
	p.spare = append(p.spare, s)
}
