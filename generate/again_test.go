package generate_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/rotor-lm/rotor/generate"
)

// Texts that begin alike, one after another, are continued as each would be alone;
// of what they share nothing is read again.
func TestContinue(t *testing.T) {
	for name := range configs {
		m := build(t, name)
		kept, fresh := generator(t, m, generate.Options{Rows: 9, Context: 64}), generator(t, m, generate.Options{Context: 64})
		rng := rand.New(rand.NewPCG(8, 8))
		var text []int32
		reused := 0
		for turn := range 12 {
			switch cut := 0; {
			case turn == 5: // another text altogether
				text = nil
			case turn%3 == 2: // the last answer is written otherwise
				cut = 1 + rng.IntN(3)
				text = text[:max(0, len(text)-cut)]
			}
			for range 1 + rng.IntN(4) {
				text = append(text, int32(rng.IntN(vocab)))
			}
			r := generate.Request{Prompt: slices.Clone(text), Max: 1 + rng.IntN(3)}
			shared := kept.Shared(r)
			reused += shared
			if shared >= len(text) {
				t.Fatalf("%s: %d of %d tokens are shared", name, shared, len(text))
			}
			var got []int32
			for e, err := range kept.Continue(context.Background(), r) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, e.ID)
			}
			if want := all(t, fresh, r)[0].IDs; !slices.Equal(got, want) {
				t.Errorf("%s, turn %d: %v, alone %v", name, turn, got, want)
			}
			text = append(text, got...)
			if len(text) > 50 {
				text = text[:20]
			}
		}
		if reused < 60 {
			t.Errorf("%s: only %d tokens were not read again", name, reused)
		}
	}
}

// A text that was stopped can be gone on with; a Run in between forgets it.
func TestContinueAfterStop(t *testing.T) {
	m := build(t, "llama")
	g := generator(t, m, generate.Options{Rows: 8})
	r := generate.Request{Prompt: prompts(1, 1)[0], Max: 30}
	want := all(t, generator(t, m, generate.Options{}), r)[0].IDs
	var got []int32
	for e, err := range g.Continue(context.Background(), r) {
		if err != nil {
			t.Fatal(err)
		}
		if got = append(got, e.ID); len(got) == 7 {
			break
		}
	}
	more := r
	more.Prompt = append(slices.Clone(r.Prompt), got...)
	more.Max -= len(got)
	if n := g.Shared(more); n != len(more.Prompt)-1 {
		t.Errorf("%d of %d tokens are shared", n, len(more.Prompt))
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	for _, err := range g.Continue(ctx, more) {
		if err == nil {
			t.Fatal("a cancelled run goes on")
		}
	}
	for e, err := range g.Continue(context.Background(), more) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e.ID)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v, in one run %v", got, want)
	}
	other := more
	other.Adapter = 1
	if n := g.Shared(other); n != 0 {
		t.Errorf("%d tokens are shared with another adapter's", n)
	}
	all(t, g, r)
	if n := g.Shared(more); n != 0 {
		t.Errorf("after Run %d tokens are shared", n)
	}
	for _, err := range g.Continue(context.Background(), generate.Request{}) {
		if err == nil {
			t.Error("an empty prompt was taken")
		}
	}
}
