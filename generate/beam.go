package generate

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/sample"
	"github.com/rotor-lm/rotor/tensor"
)

// Beams are the options of a beam search. What they mean is what they mean in
// transformers, whose answers these are.
type Beams struct {
	Width         int     // B, continuations that are kept; at least one
	LengthPenalty float64 // α: a text of n new tokens is judged by Σ log p / n^α; zero is the plain sum
	Stopping      Stopping
}

// Stopping says when a beam search has seen enough.
type Stopping string

// The ways to stop.
const (
	WhenWorse Stopping = "false" // when the best that goes on, judged at its length, is worse than B texts that have ended
	AtOnce    Stopping = "true"  // when B texts have ended
	Never     Stopping = "never" // when nothing that goes on can become better than B texts that have ended
)

// Check reports what cannot be meant.
func (o Beams) Check() error {
	switch {
	case o.Width < 1 || o.Width > 1024:
		return fmt.Errorf("generate: %d beams: want from 1 to 1024", o.Width)
	case math.IsNaN(o.LengthPenalty) || math.IsInf(o.LengthPenalty, 0):
		return fmt.Errorf("generate: the length penalty is %g: want a number; 0 is none", o.LengthPenalty)
	case !slices.Contains([]Stopping{"", WhenWorse, AtOnce, Never}, o.Stopping):
		return fmt.Errorf("generate: early stopping is %q: want false, true or never", o.Stopping)
	}
	return nil
}

// Beam is a text that a beam search has found.
type Beam struct {
	Result
	Score float64 `json:"score"` // Σ log p / n^α
}

// Beam looks for the most probable continuation of a text: at each step every
// text that is kept is continued by every token, and of these the B best are
// kept that have not ended. It returns the B best that ended, the best first.
//
//	score(y) = Σ_t log p(y_t | y_<t) / n^α
//
// An ended text is counted only if it is among the B best of its step. Length
// includes the token that ends it. Of the request's Sample the penalties count,
// on the log-probabilities.
//
// Graves, Sequence Transduction with Recurrent Neural Networks, 2012.
// arXiv:1211.3711, §2.3. Wu et al., Google's Neural Machine Translation System,
// 2016. arXiv:1609.08144, §7, for the length; of its two forms the plain power.
func (g *Generator) Beam(ctx context.Context, r Request, o Beams) ([]Beam, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	if err := g.check(r); err != nil {
		return nil, fmt.Errorf("generate: the prompt %w", err)
	}
	if r.Sample.Temperature != 0 || len(r.Stop) > 0 {
		return nil, fmt.Errorf("generate: beams are not sampled and know no stop strings: leave out temperature and stop")
	}
	if r.StopIDs == nil && g.Tokenizer != nil {
		r.StopIDs = g.Tokenizer.Stops()
	}
	room := g.Context - int(r.Start) - len(r.Prompt)
	s := &search{Generator: g, Request: r, Beams: o, most: min(cmp.Or(r.Max, room), room)}
	s.sampler.Given = len(r.Prompt)
	return s.run(ctx)
}

// search is the state of one beam search.
type search struct {
	*Generator
	Request
	Beams
	most    int // new tokens
	live    []beam
	ended   []Beam // at most B, the best first
	logits  *tensor.Tensor
	sampler sample.Sampler
}

// beam is a text that goes on.
type beam struct {
	ids  []int32 // with the prompt
	sum  float64 // Σ log p
	slot int32   // its number in the cache
}

// step is a text that one of the beams could become.
type step struct {
	from int
	id   int32
	sum  float64
}

func (s *search) run(ctx context.Context) ([]Beam, error) {
	s.cache.Reset()
	s.kept = reading{}
	if err := s.read(ctx); err != nil {
		return nil, err
	}
	s.live = []beam{{ids: s.Prompt}}
	for n := 1; ; n++ {
		best, err := s.best()
		if err != nil {
			return nil, err
		}
		last := n == s.most
		var next []step
		for i, t := range best {
			ends := slices.Contains(s.StopIDs, t.id)
			if !ends && !last {
				next = append(next, t)
			} else if i < s.Width {
				s.end(t, n, ends)
			}
		}
		next = next[:min(len(next), s.Width)]
		if len(next) == 0 || s.enough(next[0].sum, n) {
			return s.ended, nil
		}
		s.advance(next)
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		s.pass()
	}
}

// read runs the prompt through the model, in pieces.
func (s *search) read(ctx context.Context) error {
	for at := 0; at < len(s.Prompt); {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		n := min(len(s.Prompt)-at, s.Rows)
		s.place()
		s.add(s.Prompt[at:at+n], at, 0)
		s.forward()
		at += n
	}
	return nil
}

// pass runs the last token of each beam through the model.
func (s *search) pass() {
	s.place()
	for _, b := range s.live {
		s.add(b.ids[len(b.ids)-1:], len(b.ids)-1, b.slot)
	}
	s.forward()
}

// place begins a pass.
func (s *search) place() {
	s.body.Tape.Reset()
	s.body.Clear()
	s.head.Clear()
	s.body.Tokens, s.index = s.body.Tokens[:0], s.index[:0]
}

// add puts tokens of a text at a place into the pass, whose last row is to say
// what follows.
func (s *search) add(ids []int32, at int, slot int32) {
	pos := s.Start + int32(at)
	s.body.Tokens = append(s.body.Tokens, ids...)
	s.body.Add(len(ids), pos, slot, s.Adapter)
	s.index = append(s.index, int32(s.body.Rows()-1))
	s.head.Add(1, pos+int32(len(ids))-1, slot, s.Adapter)
}

// forward leaves the logits of the pass, a row a beam.
func (s *search) forward() {
	tape := s.body.Tape
	tape.RowBudget = s.Rows
	x := s.Generator.live.Rows(&s.body)
	tape.RowBudget = len(s.index)
	s.logits = s.Generator.live.Output().Forward(&s.head, op.Rows(x, s.index))
}

// best lists the continuations that count, the best first: enough that B of
// them go on even if every beam's best tokens end it.
func (s *search) best() ([]step, error) {
	keep := max(2, 1+len(s.StopIDs)) * s.Width
	var list []step
	for i, b := range s.live {
		logp, err := s.sampler.LogProbs(s.Sample, s.logits.Row(i), b.ids)
		if err != nil {
			return nil, fmt.Errorf("generate: after %d tokens: %w", len(b.ids), err)
		}
		for id, l := range logp {
			t := step{i, int32(id), b.sum + l}
			if len(list) == keep && t.sum <= list[keep-1].sum {
				continue
			}
			at, _ := slices.BinarySearchFunc(list, t.sum, func(x step, sum float64) int {
				if x.sum >= sum { // of equals the first comes first
					return -1
				}
				return 1
			})
			list = slices.Insert(list, at, t)
			list = list[:min(len(list), keep)]
		}
	}
	return list, nil
}

// end takes a text that has ended with n tokens among the best.
func (s *search) end(t step, n int, eos bool) {
	b := Beam{Score: t.sum / math.Pow(float64(n), s.LengthPenalty)}
	at := 0
	for at < len(s.ended) && s.ended[at].Score >= b.Score {
		at++
	}
	if at == s.Width {
		return
	}
	ids := append(slices.Clone(s.live[t.from].ids[len(s.Prompt):]), t.id)
	b.IDs, b.Reason = ids, Length
	if eos {
		b.Reason = EOS
		ids = ids[:n-1]
	} else if s.Max == 0 || n < s.Max {
		b.Reason = Context
	}
	if s.Tokenizer != nil {
		stream := s.Tokenizer.StreamAfter(s.Prompt)
		for _, id := range ids {
			b.Text += stream.Push(id)
		}
		b.Text += stream.Flush()
	}
	s.ended = slices.Insert(s.ended, at, b)
	s.ended = s.ended[:min(len(s.ended), s.Width)]
}

// enough reports whether nothing better is to be expected, where sum is that of
// the best text that goes on, with n tokens.
func (s *search) enough(sum float64, n int) bool {
	if len(s.ended) < s.Width {
		return false
	}
	if s.Stopping == Never && s.LengthPenalty > 0 {
		n = s.most
	}
	return s.Stopping == AtOnce || sum/math.Pow(float64(n), s.LengthPenalty) <= s.ended[s.Width-1].Score
}

// advance makes the chosen texts those that go on. The first child of a text
// takes over what is kept of it, the others a copy.
func (s *search) advance(next []step) {
	free := make([]int32, 0, s.Width)
	for slot := range int32(s.Width) {
		if !slices.ContainsFunc(next, func(t step) bool { return s.live[t.from].slot == slot }) {
			free = append(free, slot)
		}
	}
	taken := map[int]bool{}
	live := make([]beam, 0, len(next))
	for _, t := range next {
		from := s.live[t.from]
		slot := from.slot
		if taken[t.from] {
			slot, free = free[0], free[1:]
			s.cache.Fork(slot, from.slot)
		}
		taken[t.from] = true
		live = append(live, beam{append(slices.Clone(from.ids), t.id), t.sum, slot})
	}
	s.live = live
}
