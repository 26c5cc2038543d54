package main

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/rotor-lm/rotor/checkpoint"
	"github.com/rotor-lm/rotor/data"
	"github.com/rotor-lm/rotor/eval"
	"github.com/rotor-lm/rotor/export"
	"github.com/rotor-lm/rotor/peft"
)

// adapterCmd works on adapters as files.
type adapterCmd struct {
	Merge adapterMergeCmd `cmd:"" help:"Make an adapter part of its model: a plain model folder, or a GGUF file."`
}

type adapterMergeCmd struct {
	adapted
	Out        string `short:"o" required:"" placeholder:"PATH" help:"Folder to write, or GGUF file."`
	Format     string `enum:",gguf,safetensors" default:"" placeholder:"gguf|safetensors" help:"Format of --out; by its name if not given."`
	DType      string `name:"dtype" enum:",F32,F16,BF16" default:"" placeholder:"F32|F16|BF16" help:"Type of all matrices; that of the model if not given."`
	Requantize string `placeholder:"keep|TYPE" help:"Put what was merged into blocks again: of the format that each matrix had, or of another, such as q8_0 or q4_k."`
	Text       string `placeholder:"DATA" help:"Text, JSONL or CSV to measure perplexity on, before and after."`
	Replace    bool   `help:"Take the place of a model that stands in --out."`
}

func (adapterMergeCmd) Help() string {
	return `What was written is opened again, and its logits are compared with those of the live model: if they are not
equal but for rounding, nothing is kept. A head that was tied to the embedding is untied where it must be.

A base in blocks of a few bits is not merged into without being asked to: the sum must be rounded to blocks again, and
some of what the adapter learned is lost. With --requantize it is done, and the error is told; with --dtype the merged
weights are written plain. Matrices that the adapter did not touch keep their blocks as they are.

Examples:

    rotor adapter merge --model ./model --adapter ./adapter --out ./merged
    rotor adapter merge --model ./model --adapter ./adapter --out ./merged --dtype BF16 --json
    rotor adapter merge --model ./model --adapter ./adapter --out merged.gguf --dtype F16
    rotor adapter merge --model base.gguf --adapter ./adapter --out merged.gguf --requantize keep --text held-out.txt`
}

// options reads the flags.
func (c adapterMergeCmd) options() (peft.MergeOptions, error) {
	o := peft.MergeOptions{Format: c.Format, DType: checkpoint.DType(c.DType), Replace: c.Replace}
	switch {
	case c.Requantize == "":
	case strings.EqualFold(c.Requantize, string(peft.Kept)):
		o.Requantize = peft.Kept
	default:
		d, err := export.ParseType(export.GGUF, c.Requantize)
		if err != nil {
			return o, usagef("--requantize: %w", err)
		}
		if _, blocks := d.Blocks(); !blocks {
			return o, usagef("--requantize %s: that is no format of blocks: give --dtype %s", c.Requantize, d)
		}
		o.Requantize = d
	}
	if len(c.Adapter) == 0 {
		return o, usagef("adapter merge: give --adapter with the adapter to merge")
	}
	return o, nil
}

// merged is what the command tells.
type merged struct {
	Out       string             `json:"out"`
	Tensors   int                `json:"tensors"`
	Untied    bool               `json:"untied"`
	MaxError  float64            `json:"max_error"`
	Logits    *export.Difference `json:"logits"`
	Types     map[string]float64 `json:"weight_error,omitempty"` // of each type, √(Σ(x−y)²/Σx²)
	Before    float64            `json:"perplexity_before,omitempty"`
	After     float64            `json:"perplexity_after,omitempty"`
	OnTokens  int                `json:"perplexity_tokens,omitempty"`
	inBlocks  bool
	onWhatSay string
}

// Run merges, writes, reloads and compares.
func (c adapterMergeCmd) Run(ctx context.Context, e *env) error {
	o, err := c.options()
	if err != nil {
		return err
	}
	m, err := c.open(false)
	if err != nil {
		return err
	}
	defer m.Close()
	if err := ctx.Err(); err != nil {
		return err
	}
	r := merged{Out: c.Out, inBlocks: o.Requantize != "", onWhatSay: c.Text}
	var text *data.Set
	if c.Text != "" {
		if text, err = c.text(ctx, m); err != nil {
			return err
		}
		before, err := eval.Measure(ctx, m.Model, text, eval.Options{})
		if err != nil {
			return err
		}
		r.Before, r.OnTokens = before.Perplexity, before.Tokens
	}
	done, err := peft.SaveMerged(ctx, c.Out, m.folder, m.Model, o)
	if err != nil {
		return err
	}
	r.Tensors, r.Untied, r.MaxError, r.Logits = done.Tensors, done.Untied, done.MaxError, done.Difference
	for d, x := range done.Types {
		if r.Types == nil {
			r.Types = map[string]float64{}
		}
		r.Types[string(d)] = x.RMS
	}
	if text != nil {
		if r.After, err = perplexity(ctx, c.Out, text); err != nil {
			return err
		}
	}
	return r.print(e)
}

// text is what perplexity is measured on.
func (c adapterMergeCmd) text(ctx context.Context, m *opened) (*data.Set, error) {
	return evalCmd{Data: c.Text, LossOn: "all", Length: min(512, m.Info().Context)}.set(ctx, m)
}

// perplexity opens a model and measures it.
func perplexity(ctx context.Context, ref string, text *data.Set) (float64, error) {
	m, err := adapted{Model: ref}.open(false)
	if err != nil {
		return 0, err
	}
	defer m.Close()
	score, err := eval.Measure(ctx, m.Model, text, eval.Options{})
	return score.Perplexity, err
}

func (r merged) print(e *env) error {
	if e.JSON {
		return e.object(r)
	}
	var t table
	t.add("merged", "%s, %d tensors", filepath.Clean(r.Out), r.Tensors)
	if r.Untied {
		t.add("head", "no longer the embedding: the adapter changed one of them")
	}
	t.add("reloaded", "logits differ from the live model's by at most %.3g", r.MaxError)
	if r.inBlocks {
		t.add("agreement", "the same likeliest token in %.4g %% of %d rows, divergence %.3g nats", 100*r.Logits.Agree, r.Logits.Rows, r.Logits.KL)
		for d, x := range r.Types {
			if x > 0 {
				t.add("weights", "in %s are off by %s of their size", d, percent(x))
			}
		}
	}
	if r.OnTokens > 0 {
		t.add("perplexity", "%.4f before, %.4f after (%+.2f %%), on %s tokens of %s", r.Before, r.After, 100*(r.After/r.Before-1), count(r.OnTokens), r.onWhatSay)
	}
	t.print(e)
	return nil
}
