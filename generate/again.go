package generate

import (
	"context"
	"fmt"
	"iter"
	"slices"
)

// reading is what the cache holds of a text that Continue ran.
type reading struct {
	ids     []int32 // that the model has read
	regime  int
	start   int32
	adapter int32
}

// Continue is [Generator.Run] for one text after another that begin alike, as the
// turns of a conversation do: what a text shares with the one before, up to the
// first token that differs, is not read again. The tokens are those of Run. It
// keeps one sequence; Run forgets it.
func (g *Generator) Continue(ctx context.Context, r Request) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		if err := g.check(r); err != nil {
			yield(Event{}, fmt.Errorf("generate: the prompt %w", err))
			return
		}
		b := g.again(r)
		s := b.live[0]
		defer func() { g.kept = reading{slices.Clone(s.ids[:s.pos]), s.regime, s.Start, s.Adapter} }()
		for len(b.live) > 0 {
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

// Shared is how many tokens at the beginning of a request's prompt Continue would
// not read again.
func (g *Generator) Shared(r Request) int {
	k := g.kept
	if k.start != r.Start || k.adapter != r.Adapter {
		return 0
	}
	n := 0
	for n < len(k.ids) && n < len(r.Prompt)-1 && k.ids[n] == r.Prompt[n] { // the last is read for what follows it
		n++
	}
	return n
}

// again begins a run of one text, with what the cache has of it.
func (g *Generator) again(r Request) *batch {
	n, regime := g.Shared(r), g.kept.regime
	if n == 0 {
		b := g.begin([]Request{r})
		b.keep = true
		b.admit()
		return b
	}
	b := &batch{Generator: g, requests: []Request{r}, slots: []int32{0}, keep: true}
	b.choose = b.chooseOne
	b.admit()
	b.live[0].pos, b.live[0].regime = n, regime
	return b
}
