package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/rotor-lm/rotor/checkpoint"
	"github.com/rotor-lm/rotor/export"
)

type convertCmd struct {
	In        string `arg:"" help:"Model folder, or GGUF file."`
	Out       string `arg:"" help:"What to write: a folder, or a file that ends in .gguf."`
	Format    string `enum:",gguf,safetensors" default:"" placeholder:"gguf|safetensors" help:"Format of OUT; by its name if not given."`
	Type      string `placeholder:"TYPE" help:"Type of the matrices: f32, f16, bf16 or, in a GGUF file, blocks such as q8_0, q4_0, q4_k; what each is if not given."`
	Output    string `name:"output-type" placeholder:"TYPE" help:"Type of the head; by the rules below if not given."`
	Embedding string `name:"embedding-type" placeholder:"TYPE" help:"Type of the embedding, where it is not the head."`
	Shards    string `name:"shard-size" placeholder:"SIZE" help:"Most bytes of weights in one file, as 500MB or 2GB; OUT is then a folder of GGUF files. 5GB for safetensors."`
	IDs       string `name:"ids" placeholder:"1,2,3" help:"Tokens to compare the models on; a text of ours if not given."`
	NoLogits  bool   `name:"no-logits" help:"Compare the weights alone: neither model is then held in memory."`
	Force     bool   `help:"Replace what stands at OUT."`
}

func (convertCmd) Help() string {
	return `Weights go through memory a few megabytes at a time. What was written is read again before it takes its place: every
tensor is held against the one it came from, and the logits of both models against each other, on the same tokens.
A difference that rounding does not explain is an error, and nothing is kept.

As llama.cpp's own quantiser does it, norms, biases and positions stay in F32, the head is Q6_K where the rest has
fewer bits, and rows that are no whole blocks take the nearest format with smaller ones: Q2_K and Q3_K Q4_0,
Q4_K Q5_0, Q5_K Q5_1, Q6_K Q8_0; else F16. Weights that are of the type already are copied and not encoded again.

Examples:

    rotor convert ./model model.gguf --type q4_k
    rotor convert model.gguf ./model --format safetensors --type bf16
    rotor convert ./model model.gguf --type q4_0 --output-type q8_0 --json
    rotor convert ./model ./parts --format gguf --type f16 --shard-size 2GB`
}

// options reads the flags.
func (c convertCmd) options() (o export.Options, err error) {
	o = export.Options{Format: c.Format, Replace: c.Force, NoLogits: c.NoLogits}
	if o.Format == "" {
		o.Format = export.Safetensors
		if strings.HasSuffix(c.Out, ".gguf") {
			o.Format = export.GGUF
		}
	}
	for name, to := range map[string]*checkpoint.DType{c.Type: &o.Type, c.Output: &o.Output, c.Embedding: &o.Embedding} {
		if name != "" {
			if *to, err = export.ParseType(o.Format, name); err != nil {
				return o, usageError{err}
			}
		}
	}
	if o.ShardSize, err = parseSize(c.Shards); err != nil {
		return o, err
	}
	if c.IDs != "" {
		if o.IDs, err = parseIDs(c.IDs); err != nil {
			return o, err
		}
	}
	return o, nil
}

// Run converts, and tells of every tensor that is not of the type asked for.
func (c convertCmd) Run(ctx context.Context, e *env) error {
	o, err := c.options()
	if err != nil {
		return err
	}
	for ev, err := range export.Convert(ctx, c.In, c.Out, o) {
		if err != nil {
			return err
		}
		switch ev := ev.(type) {
		case export.Tensor:
			if e.Live {
				e.printf("\r%d of %d  %s\x1b[K", ev.N, ev.Of, ev.Name)
			}
		case export.Warning:
			fmt.Fprintf(e.Stderr, "rotor: %s\n", string(ev))
		case export.Report:
			if e.Live {
				e.printf("\r\x1b[K")
			}
			if err := printExport(e, ev); err != nil {
				return err
			}
		}
	}
	return nil
}

// printExport prints what was written, and how far it is from what was read.
func printExport(e *env, r export.Report) error {
	if e.JSON {
		return e.object(r)
	}
	var t table
	t.add("written", "%s, %s, %d tensors, %s", r.Path, r.Format, r.Tensors, size(r.Bytes))
	for _, d := range slices.Sorted(maps.Keys(r.Types)) {
		x := r.Types[d]
		text := "as they were"
		if x.RMS > 0 {
			text = fmt.Sprintf("off by %s of their size, %s by %s", percent(x.RMS), x.Worst, percent(x.Most))
		}
		if reasons := r.Reasons[d]; len(reasons) > 0 {
			text += "; " + strings.Join(reasons, "; ")
		}
		t.add(string(d), "%d tensors, %s", x.Tensors, text)
	}
	if d := r.Difference; d != nil {
		t.add("logits", "of %d tokens differ by at most %.3g, by %.3g in the root mean square; the largest is %.3g", d.Rows, d.Max, d.RMS, d.Size)
		t.add("agreement", "the same likeliest token in %.4g %% of rows, divergence %.3g nats", 100*d.Agree, d.KL)
	} else {
		t.add("logits", "were not compared")
	}
	t.print(e)
	return nil
}

func percent(x float64) string { return fmt.Sprintf("%.2g %%", 100*x) }

// parseSize reads a number of bytes, as 500MB, 2GB or 4096.
func parseSize(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	number, unit := strings.ToUpper(s), 1.0
	for _, u := range []struct {
		name string
		size float64
	}{{"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"B", 1}} {
		if n, ok := strings.CutSuffix(number, u.name); ok {
			number, unit = n, u.size
			break
		}
	}
	x, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || !(x*unit >= 1) || x*unit > 1<<60 {
		return 0, usagef("a size of %q: give a number of bytes, as 500MB or 2GB", s)
	}
	return int64(x * unit), nil
}
