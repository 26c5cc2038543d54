package generate_test

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/generate"
	"github.com/rotor-lm/rotor/hub"
	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/sample"
	"github.com/rotor-lm/rotor/tensor"
)

// The texts and scores that transformers' own beam search finds on tiny models:
// widths, lengths, ways to stop, penalties. bench/golden/beams.py asked it.
func TestBeamEqualsTransformers(t *testing.T) {
	data, err := os.ReadFile("testdata/beams.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Model         string
		Prompt        []int32
		Beams, Max    int
		LengthPenalty float64 `json:"length_penalty"`
		Stopping      string  `json:"early_stopping"`
		Repetition    float64 `json:"repetition_penalty"`
		EOS           []int32
		Want          []struct {
			IDs   []int32
			Score float64
		}
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) < 100 {
		t.Fatalf("only %d cases", len(cases))
	}
	made := map[string]*generate.Generator{}
	for i, c := range cases {
		g := made[c.Model]
		if g == nil {
			m, err := hub.Open(filepath.Join("..", "model", filepath.FromSlash(c.Model)))
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			g = generator(t, m.Model, generate.Options{})
			made[c.Model] = g
		}
		r := generate.Request{Prompt: c.Prompt, Max: c.Max, StopIDs: c.EOS, Sample: sample.Options{RepetitionPenalty: c.Repetition}}
		have, err := g.Beam(context.Background(), r, generate.Beams{Width: c.Beams, LengthPenalty: c.LengthPenalty, Stopping: generate.Stopping(c.Stopping)})
		if err != nil {
			t.Fatal(err)
		}
		if len(have) != len(c.Want) {
			t.Errorf("case %d: %d texts, want %d", i, len(have), len(c.Want))
			continue
		}
		for k, want := range c.Want {
			if !slices.Equal(have[k].IDs, want.IDs) || math.Abs(have[k].Score-want.Score) > 1e-4*max(1, math.Abs(want.Score)) {
				t.Errorf("case %d, %s, %d beams, α %g, stopping %s: text %d is %v (%g), want %v (%g)",
					i, c.Model, c.Beams, c.LengthPenalty, c.Stopping, k, have[k].IDs, have[k].Score, want.IDs, want.Score)
			}
			if reason := generate.Length; slices.Contains(c.EOS, want.IDs[len(want.IDs)-1]) {
				if reason = generate.EOS; have[k].Reason != reason {
					t.Errorf("case %d: text %d ends by %s", i, k, have[k].Reason)
				}
			}
		}
	}
}

// One beam is greedy search; as many beams as there are texts find the best of
// all; and no score is other than what the model says of its text.
func TestBeamByHand(t *testing.T) {
	m := build(t, "llama")
	g := generator(t, m, generate.Options{Rows: 4})
	for _, p := range prompts(4, 30) {
		r := generate.Request{Prompt: p, Max: 9}
		one, err := g.Beam(context.Background(), r, generate.Beams{Width: 1})
		if err != nil {
			t.Fatal(err)
		}
		if greedy := all(t, g, r)[0]; !slices.Equal(one[0].IDs, greedy.IDs) {
			t.Errorf("one beam says %v, and greedy %v", one[0].IDs, greedy.IDs)
		}
		r.Max = 2
		wide, err := g.Beam(context.Background(), r, generate.Beams{Width: vocab})
		if err != nil {
			t.Fatal(err)
		}
		if want := exhaustive(m, p); math.Abs(wide[0].Score-want) > 1e-4 {
			t.Errorf("the best of all pairs has %g, and beams found %g", want, wide[0].Score)
		}
		for i := 1; i < len(wide); i++ {
			if wide[i].Score > wide[i-1].Score {
				t.Errorf("text %d is better than the one before", i)
			}
		}
	}
}

// exhaustive is the largest log-probability of any two tokens after a prompt.
func exhaustive(m model.Model, p []int32) float64 {
	best := math.Inf(-1)
	first := logProbs(m, p)
	for a, la := range first {
		for _, lb := range logProbs(m, append(slices.Clone(p), int32(a))) {
			best = max(best, la+lb)
		}
	}
	return best
}

func logProbs(m model.Model, ids []int32) []float64 {
	p := nn.Pass{Tape: tensor.NoGrad(0), Tokens: ids}
	p.Add(len(ids), 0, 0, 0)
	y := model.Logits(m, &p)
	logp, err := new(sample.Sampler).LogProbs(sample.Options{}, y.Row(y.Rows()-1), nil)
	if err != nil {
		panic(err)
	}
	return slices.Clone(logp)
}

func TestBeamEnds(t *testing.T) {
	tok := words(t)
	g := generator(t, build(t, "gpt2"), generate.Options{Tokenizer: tok})
	p := prompts(1, 40)[0]
	have, err := g.Beam(context.Background(), generate.Request{Prompt: p, StopIDs: []int32{}}, generate.Beams{Width: 3, LengthPenalty: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range have {
		if b.Reason != generate.Context || len(p)+len(b.IDs) != 64 || b.Text != tok.Text(b.IDs) {
			t.Errorf("%d tokens, %s, %q", len(b.IDs), b.Reason, b.Text)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := g.Beam(ctx, generate.Request{Prompt: p}, generate.Beams{Width: 3}); err != context.Canceled {
		t.Errorf("cancelled: %v", err)
	}
}

func TestBeamRefuses(t *testing.T) {
	g := generator(t, build(t, "llama"), generate.Options{})
	ok := generate.Request{Prompt: []int32{1}, Max: 2}
	for says, c := range map[string]struct {
		r generate.Request
		o generate.Beams
	}{
		"0 beams":        {ok, generate.Beams{}},
		"5000 beams":     {ok, generate.Beams{Width: 5000}},
		"length penalty": {ok, generate.Beams{Width: 2, LengthPenalty: math.NaN()}},
		"early stopping": {ok, generate.Beams{Width: 2, Stopping: "soon"}},
		"not sampled":    {generate.Request{Prompt: []int32{1}, Sample: sample.Options{Temperature: 1}}, generate.Beams{Width: 2}},
		"is empty":       {generate.Request{}, generate.Beams{Width: 2}},
	} {
		if _, err := g.Beam(context.Background(), c.r, c.o); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
}
