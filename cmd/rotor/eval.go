package main

import (
	"context"

	"github.com/rotor-lm/rotor/data"
	"github.com/rotor-lm/rotor/eval"
)

type evalCmd struct {
	Data string `arg:"" help:"JSONL, CSV or text file, or a folder of them."`
	adapted
	Map     map[string]string `placeholder:"USUAL=NAME" help:"Usual name of a column to its name in the data: prompt=question."`
	LossOn  string            `name:"loss-on" enum:"answers,last,all" default:"answers" help:"What counts: answers, the last of each conversation, or all (${default})."`
	Rounded bool              `help:"Round activations to eight bits where weights are in blocks, as generate does."`
	Length  int               `placeholder:"N" help:"Most tokens of a sequence; the model's context if not given."`

	Answers   bool   `help:"Let the model answer each prompt, and compare with the data's answer."`
	MaxTokens int    `name:"max-tokens" default:"128" help:"Tokens of an answer at most (${default})."`
	Save      string `placeholder:"FILE" help:"Write prompts' numbers, references and answers there, as JSON lines."`
	Force     bool   `help:"Replace FILE."`
}

func (evalCmd) Help() string {
	return `Perplexity is e to the mean loss of the tokens that count; accuracy is the share of them that were the most
probable. With --json: {"loss", "perplexity", "accuracy", "tokens", "texts"}.

With --answers the model says, greedily, what it would answer where the data has an answer, and the two are compared:
the share that are equal, the mean ROUGE-L, and, where the answers are a few labels, precision, recall and F1 of each.
With --json: {"answers", "ended", "exact", "rouge_l", "classes", "macro_f1"}.

Examples:

    rotor eval --model ./model held-out.jsonl
    rotor eval --model ./model --adapter ./adapter held-out.jsonl --json
    rotor eval --model ./model --loss-on all chat.jsonl
    rotor eval --model ./model --adapter ./adapter --answers --max-tokens 32 held-out.jsonl`
}

// Run measures the model on the data.
func (c evalCmd) Run(ctx context.Context, e *env) error {
	if c.Length < 0 {
		return usagef("--length is %d: give a number from 1 on", c.Length)
	}
	if err := checkPositive("--max-tokens", c.MaxTokens); err != nil {
		return usageError{err}
	}
	if c.Save != "" && !c.Answers {
		return usagef("--save keeps the answers of --answers, which is not given")
	}
	m, err := c.open(false)
	if err != nil {
		return err
	}
	defer m.Close()
	set, err := c.set(ctx, m)
	if err != nil {
		return err
	}
	if c.Answers {
		return c.answer(ctx, e, m, set)
	}
	var last eval.Event
	for ev, err := range eval.Run(ctx, m.Model, set, eval.Options{Rounded: c.Rounded}) {
		if err != nil {
			return err
		}
		last = ev
		if e.Live {
			e.printf("\r\x1b[K%d of %d texts, perplexity %.3f", ev.Texts, ev.Of, ev.Perplexity)
		}
	}
	if e.JSON {
		return e.object(last.Score)
	}
	if e.Live {
		e.printf("\r\x1b[K")
	}
	var t table
	t.add("perplexity", "%.4f", last.Perplexity)
	t.add("loss", "%.4f", last.Loss)
	t.add("accuracy", "%.2f %%", 100*last.Accuracy)
	t.add("counted", "%s tokens of %s texts", count(last.Tokens), count(last.Texts))
	t.print(e)
	return nil
}

func (c evalCmd) set(ctx context.Context, m *opened) (*data.Set, error) {
	tok, err := m.tokenizer()
	if err != nil {
		return nil, err
	}
	info := m.Info()
	if c.Length == 0 {
		c.Length = info.Context
	}
	if info.HardLimit && c.Length > info.Context {
		return nil, usagef("--length is %d: the model has no positions beyond %d", c.Length, info.Context)
	}
	form, err := m.folder.Chat(tok)
	if err != nil {
		return nil, err
	}
	corpus, err := data.Load(ctx, c.Data, tok, data.Options{Map: c.Map, LossOn: c.LossOn, Chat: form})
	if err != nil {
		return nil, err
	}
	set, _, err := corpus.Split(data.Cut{Length: c.Length})
	return set, err
}
