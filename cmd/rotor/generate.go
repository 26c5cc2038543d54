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
	Prompts     string   `placeholder:"FILE" xor:"input" help:"Texts to continue, all at once: JSONL or CSV with a column prompt, text or ids, or a text a line; - is standard input."`
	MaxTokens   int      `name:"max-tokens" default:"128" help:"New tokens at most (${default})."`
	Greedy      bool     `xor:"how" help:"Always the most probable token."`
	Temperature *float64 `placeholder:"T" xor:"how" help:"Divide the logits by this (1); 0 is greedy."`
	TopK        int      `name:"top-k" placeholder:"K" help:"Only the K most probable tokens."`
	TopP        float64  `name:"top-p" placeholder:"P" help:"Only the most probable tokens that together reach the mass P."`
	MinP        float64  `name:"min-p" placeholder:"P" help:"Only tokens of at least P times the probability of the first."`
	Penalty     float64  `name:"repetition-penalty" placeholder:"X" help:"Divide the logits of tokens that have occurred."`
	Presence    float64  `name:"presence-penalty" placeholder:"X" help:"Take this from the logits of tokens that were written before."`
	Frequency   float64  `name:"frequency-penalty" placeholder:"X" help:"Take this from them as often as they were."`
	Exact       bool     `help:"Do not round activations to eight bits where weights are in blocks."`
	Stop        []string `sep:"none" placeholder:"TEXT" help:"End before this text; may be repeated."`
	Chat        bool     `help:"The prompts are questions: put them into the model's chat template."`
	System      string   `placeholder:"TEXT" help:"What the model is told before the question; with --chat."`
	beamFlags
}

func (generateCmd) Help() string {
	return `The text comes as it is made. With --json: {"ids": [new tokens], "text": "…", "reason": "eos|stop|length|context"};
with --prompts an object a line, in the order of the prompts, with "index" and "prompt"; each answer is what it would
be alone. --beams looks for the most probable text, as transformers does, and adds "score".

Examples:

    rotor generate --model ./model --prompt "Once upon a time"
    rotor generate --model ./model --adapter ./adapter --prompt "The sea" --temperature 0.8 --top-p 0.9 --seed 7
    rotor generate --model ./model --ids 1,2,3 --max-tokens 12 --greedy --json
    rotor generate --model ./model --prompts questions.jsonl --temperature 0.7 --min-p 0.05 --json > answers.jsonl
    rotor generate --model ./model --prompt "The sea" --beams 4 --return 2
    rotor generate --model ./model --chat --prompt "Why is the sea salt?" --temperature 0.3`
}

// Run continues a text.
func (c generateCmd) Run(ctx context.Context, e *env) error {
	if c.MaxTokens < 1 {
		return usagef("--max-tokens is %d: give a number from 1 on", c.MaxTokens)
	}
	o := sample.Options{
		Temperature: 1, TopK: c.TopK, TopP: c.TopP, MinP: c.MinP,
		RepetitionPenalty: c.Penalty, PresencePenalty: c.Presence, FrequencyPenalty: c.Frequency,
	}
	if c.Temperature != nil {
		o.Temperature = *c.Temperature
	}
	if c.Greedy || c.Beams > 0 {
		o.Temperature = 0
	}
	if err := c.check(c); err != nil {
		return err
	}
	if err := o.Check(); err != nil {
		return usageError{err}
	}
	m, err := c.open(false)
	if err != nil {
		return err
	}
	defer m.Close()
	r := generate.Request{Max: c.MaxTokens, Stop: c.Stop, Sample: o, Seed: e.seed()}
	switch {
	case c.Chat:
		var ends []string
		if r.StopIDs, ends, err = m.ask(c.System); err != nil {
			return err
		}
		r.Stop = append(r.Stop, ends...)
	case c.System != "":
		return usagef("--system is for questions: give --chat as well")
	case m.tok == nil:
		if r.StopIDs, err = m.folder.Stops(); err != nil {
			return err
		}
	}
	if c.Prompts != "" {
		return c.many(ctx, e, m, r)
	}
	if r.Prompt, err = m.read(c.Prompt, c.IDs, "--prompt"); err != nil {
		return err
	}
	g, err := generate.New(m.Model, generate.Options{Tokenizer: m.tok, Sequences: max(1, c.Beams), Exact: c.Exact})
	if err != nil {
		return err
	}
	if c.Beams > 0 {
		beams, err := g.Beam(ctx, r, c.options())
		if err != nil {
			return err
		}
		return c.show(e, m, answer{Prompt: c.Prompt}, beams)
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
		if len(all.IDs) == 0 && c.Prompt != "" && !c.Chat {
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
