package main

import (
	"context"
	"time"

	"github.com/rotor-lm/rotor/generate"
	"github.com/rotor-lm/rotor/hub"
	"github.com/rotor-lm/rotor/internal/process"
	"github.com/rotor-lm/rotor/op"
)

type benchGenerateCmd struct {
	Model  string `short:"m" required:"" placeholder:"REF" help:"Model folder, or GGUF file."`
	Prompt int    `name:"prompt-tokens" default:"512" help:"Tokens of each prompt (${default})."`
	Tokens int    `default:"128" help:"Tokens to continue each by (${default})."`
	Batch  int    `default:"1" help:"Texts that are continued at once (${default})."`
	Exact  bool   `help:"Do not round activations to eight bits where weights are in blocks."`
}

func (benchGenerateCmd) Help() string {
	return `Prompts are random tokens; the most probable token is taken, whatever it is. One run to warm up, which reads the
weights, then one that counts. With --json: {"load_s", "first_token_s", "prefill_tokens_per_s", "decode_tokens_per_s",
"peak_rss_bytes"}. load_s is from the birth of the process until the model could begin, first_token_s until the
warm-up's first token; decoding is counted from the moment when every text has a token.

Examples:

    rotor bench generate --model ./model --prompt-tokens 512 --tokens 128 --batch 1
    rotor bench generate --model model.gguf --batch 8 --json`
}

// generateFigures is the answer that scripts rely on.
type generateFigures struct {
	Load    float64 `json:"load_s"`
	First   float64 `json:"first_token_s"`
	Prefill float64 `json:"prefill_tokens_per_s"`
	Decode  float64 `json:"decode_tokens_per_s"`
	PeakRSS int64   `json:"peak_rss_bytes"`
}

// Run continues random prompts and says how fast that was.
func (c benchGenerateCmd) Run(ctx context.Context, e *env) error {
	start := process.Born()
	if err := checkPositive("--prompt-tokens", c.Prompt, "--batch", c.Batch, "--tokens", c.Tokens); err != nil {
		return usageError{err}
	}
	if c.Tokens < 2 {
		return usagef("--tokens is %d: give 2 or more, for decoding begins after the first", c.Tokens)
	}
	h, err := hub.Open(c.Model)
	if err != nil {
		return err
	}
	defer h.Close()
	g, err := generate.New(h.Model, generate.Options{Sequences: c.Batch, Context: c.Prompt + c.Tokens + 1, Exact: c.Exact})
	if err != nil {
		return err
	}
	prompts := make([][]int32, c.Batch)
	for i := range prompts {
		prompts[i] = randomIDs(c.Prompt, h.Info().Vocab, op.Random(e.seed(), uint64(i)))
	}
	requests := generate.Each(prompts, generate.Request{Max: c.Tokens, StopIDs: []int32{}})
	f := generateFigures{Load: time.Since(start).Seconds()}
	warm, err := pace(ctx, g, requests, 2)
	if err != nil {
		return err
	}
	f.First = warm.first.Sub(start).Seconds()
	p, err := pace(ctx, g, requests, c.Tokens)
	if err != nil {
		return err
	}
	f.Prefill = float64(c.Batch*c.Prompt) / p.last.Sub(p.begin).Seconds()
	f.Decode = float64(p.decoded) / p.end.Sub(p.last).Seconds()
	f.PeakRSS = process.Peak()
	if e.JSON {
		return e.object(f)
	}
	var t table
	t.add("could begin after", "%.2f s", f.Load)
	t.add("first token after", "%.2f s", f.First)
	t.add("prefill", "%.1f tokens/s", f.Prefill)
	t.add("decode", "%.1f tokens/s", f.Decode)
	t.add("peak memory", "%s", size(f.PeakRSS))
	t.print(e)
	return nil
}

// paces is when a run came how far.
type paces struct {
	begin time.Time
	first time.Time // of all texts, the first has a token
	last  time.Time // of all texts, the last has one
	end   time.Time

	decoded int // tokens since then
}

// pace runs the requests until the first text has so many tokens and all have one.
func pace(ctx context.Context, g *generate.Generator, requests []generate.Request, tokens int) (paces, error) {
	p := paces{begin: time.Now()}
	have := map[int]int{}
	for ev, err := range g.Run(ctx, requests) {
		if err != nil {
			return p, err
		}
		p.end = time.Now()
		switch have[ev.Request]++; {
		case have[ev.Request] == 1:
			p.last = p.end
			if len(have) == 1 {
				p.first = p.end
			}
		case len(have) == len(requests):
			p.decoded++
		}
		if len(have) == len(requests) && have[0] >= tokens {
			break
		}
	}
	return p, nil
}
