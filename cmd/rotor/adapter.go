package main

import (
	"context"
	"path/filepath"

	"github.com/rotor-lm/rotor/checkpoint"
	"github.com/rotor-lm/rotor/peft"
)

// adapterCmd works on adapters as files.
type adapterCmd struct {
	Merge adapterMergeCmd `cmd:"" help:"Make an adapter part of its model: a plain model folder."`
}

type adapterMergeCmd struct {
	adapted
	Out     string `short:"o" required:"" placeholder:"DIR" help:"Folder to write."`
	DType   string `name:"dtype" enum:",F32,F16,BF16" default:"" placeholder:"F32|F16|BF16" help:"Type of all weights; that of the model if not given."`
	Replace bool   `help:"Take the place of a model that stands in --out."`
}

func (adapterMergeCmd) Help() string {
	return `What was written is opened again, and its logits are compared with those of the live model: if they are not
equal but for rounding, nothing is kept. A head that was tied to the embedding is untied where it must be.

Examples:

    rotor adapter merge --model ./model --adapter ./adapter --out ./merged
    rotor adapter merge --model ./model --adapter ./adapter --out ./merged --dtype BF16 --json`
}

// Run merges, writes, reloads and compares.
func (c adapterMergeCmd) Run(ctx context.Context, e *env) error {
	if len(c.Adapter) == 0 {
		return usagef("adapter merge: give --adapter with the adapter to merge")
	}
	m, err := c.open(false)
	if err != nil {
		return err
	}
	defer m.Close()
	if err := ctx.Err(); err != nil {
		return err
	}
	r, err := peft.SaveMerged(ctx, c.Out, m.folder, m.Model, peft.MergeOptions{DType: checkpoint.DType(c.DType), Replace: c.Replace})
	if err != nil {
		return err
	}
	if e.JSON {
		return e.object(struct {
			Out      string  `json:"out"`
			Tensors  int     `json:"tensors"`
			Untied   bool    `json:"untied"`
			MaxError float64 `json:"max_error"`
		}{c.Out, r.Tensors, r.Untied, r.MaxError})
	}
	var t table
	t.add("merged", "%s, %d tensors", filepath.Clean(c.Out), r.Tensors)
	if r.Untied {
		t.add("head", "no longer the embedding: the adapter changed one of them")
	}
	t.add("reloaded", "logits differ from the live model's by at most %.3g", r.MaxError)
	t.print(e)
	return nil
}
