package main

import (
	"context"
	"fmt"

	"github.com/rotor-lm/rotor/generate"
	"github.com/rotor-lm/rotor/sample"
)

type generateCmd struct {
	adapted
	Prompt      string   `short:"p" placeholder:"TEXT" xor:"input" help:"Text to continue."`
	IDs         string   `name:"ids" placeholder:"1,2,3" xor:"input" help:"Token ids to continue: needs no tokenizer."`
	MaxTokens   int      `name:"max-tokens" default:"128" help:"New tokens at most (${default})."`
	Greedy      bool     `xor:"how" help:"Always the most probable token."`
	Temperature *float64 `placeholder:"T" xor:"how" help:"Divide the logits by this (1); 0 is greedy."`
	TopK        int      `name:"top-k" placeholder:"K" help:"Only the K most probable tokens."`
	TopP        float64  `name:"top-p" placeholder:"P" help:"Only the most probable tokens that together reach the mass P."`
	MinP        float64  `name:"min-p" placeholder:"P" help:"Only tokens of at least P times the probability of the first."`
	Penalty     float64  `name:"repetition-penalty" placeholder:"X" help:"Divide the logits of tokens that have occurred."`
	Exact       bool     `help:"Do not round activations to eight bits where weights are in blocks."`
	Stop        []string `sep:"none" placeholder:"TEXT" help:"End before this text; may be repeated."`
}

func (generateCmd) Help() string {
	return `The text comes as it is made. With --json: {"ids": [new tokens], "text": "…", "reason": "eos|stop|length|context"}.

Examples:

    rotor generate --model ./model --prompt "Once upon a time"
    rotor generate --model ./model --adapter ./adapter --prompt "The sea" --temperature 0.8 --top-p 0.9 --seed 7
    rotor generate --model ./model --ids 1,2,3 --max-tokens 12 --greedy --json`
}

// Run continues a text.
func (c generateCmd) Run(ctx context.Context, e *env) error {
	if c.MaxTokens < 1 {
		return usagef("--max-tokens is %d: give a number from 1 on", c.MaxTokens)
	}
	o := sample.Options{Temperature: 1, TopK: c.TopK, TopP: c.TopP, MinP: c.MinP, RepetitionPenalty: c.Penalty}
	if c.Temperature != nil {
		o.Temperature = *c.Temperature
	}
	if c.Greedy {
		o.Temperature = 0
	}
	if err := o.Check(); err != nil {
		return usageError{err}
	}
	m, err := c.open(false)
	if err != nil {
		return err
	}
	defer m.Close()
	prompt, err := m.read(c.Prompt, c.IDs, "--prompt")
	if err != nil {
		return err
	}
	g, err := generate.New(m.Model, generate.Options{Tokenizer: m.tok, Sequences: 1, Exact: c.Exact})
	if err != nil {
		return err
	}
	r := generate.Request{Prompt: prompt, Max: c.MaxTokens, Stop: c.Stop, Sample: o, Seed: e.seed()}
	if m.tok == nil {
		if r.StopIDs, err = m.folder.Stops(); err != nil {
			return err
		}
	}
	return c.stream(ctx, e, g, r)
}

// stream prints the text as it comes, and ids where there is no text.
func (c generateCmd) stream(ctx context.Context, e *env, g *generate.Generator, r generate.Request) error {
	all := generate.Result{IDs: []int32{}}
	for ev, err := range g.Run(ctx, []generate.Request{r}) {
		if err != nil {
			if len(all.IDs) > 0 {
				e.printf("\n")
			}
			return err
		}
		if len(all.IDs) == 0 && c.Prompt != "" {
			e.printf("%s", e.paint(faint, c.Prompt))
		}
		all.IDs, all.Text, all.Reason = append(all.IDs, ev.ID), all.Text+ev.Text, ev.Reason
		if g.Tokenizer == nil {
			e.printf("%d ", ev.ID)
		} else {
			e.printf("%s", ev.Text)
		}
	}
	if e.JSON {
		return e.object(all)
	}
	end := fmt.Sprintf("%d tokens, then %s", len(all.IDs), all.Reason)
	e.printf("\n")
	if e.Colour {
		e.printf("%s\n", e.paint(faint, end))
	}
	return nil
}
