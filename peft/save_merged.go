package peft

import (
	"context"
	"errors"
	"fmt"

	"github.com/rotor-lm/rotor/checkpoint"
	"github.com/rotor-lm/rotor/export"
	"github.com/rotor-lm/rotor/hub"
	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/tensor"
)

// MergeOptions say how a merged model is written.
type MergeOptions struct {
	Adapter int32            // which adapter is merged
	Format  string           // export.Safetensors or export.GGUF; empty for what the name says
	DType   checkpoint.DType // of all matrices, F32, F16 or BF16; empty for that of the base
	Replace bool             // a model that stands there may be replaced
	IDs     []int32          // the tokens that live and reloaded model are compared on; none for a choice of ours

	// Requantize puts what was merged into blocks again, which loses some of it: of
	// a format of package quant, or Kept for the one that each matrix of the base has.
	// Without it a base in blocks is refused.
	Requantize checkpoint.DType
}

// Kept requantises every matrix as the base has it.
const Kept checkpoint.DType = "KEEP"

// Merged tells what SaveMerged wrote.
type Merged struct {
	Untied     bool               // head and embedding have come apart
	MaxError   float64            // the largest difference of a logit between the live model and the reloaded one
	Difference *export.Difference // and more of it
	Tensors    int
	Types      map[checkpoint.DType]*export.Error // of a GGUF file: how far its weights are from those that were merged
}

// ErrQuantized is what errors.Is finds when a base in blocks is merged into
// without a word on what should become of them.
var ErrQuantized = errors.New("the base lies in blocks of a few bits")

// SaveMerged merges an adapter of m, a model made of base, and writes the result
// as a model of its own, a folder or a GGUF file. It also writes a model that
// Full has made, which is plain already.
//
// It reloads what it has written and compares logits with those of m. Unless
// they agree, up to the rounding of the type of the weights, there is an error,
// and nothing is written: it is there whole and right, or not at all. Of blocks
// nobody can say how near they should come: their error is told. It ends soon
// after ctx.
func SaveMerged(ctx context.Context, out string, base *hub.Model, m model.Model, o MergeOptions) (Merged, error) {
	if o.Format == "" {
		o.Format = export.FormatOf(out)
	}
	blocks := blocksOf(base)
	switch {
	case o.Requantize != "" && o.DType != "":
		return Merged{}, errors.New("peft: merge: weights are either put into blocks or written as a plain type: give one of the two")
	case o.Requantize != "" && o.Format != export.GGUF:
		return Merged{}, errors.New("peft: merge: a folder of safetensors holds no blocks: name a file that ends in .gguf")
	case o.Requantize == "" && o.DType == "" && blocks != "":
		return Merged{}, fmt.Errorf("peft: merge: %w, %s: what was learned would be rounded to them again, and some of it lost: "+
			"ask for it (--requantize keep, or another format), or write plain weights (--dtype F16)", ErrQuantized, blocks)
	}
	merged, err := Merge(m, o.Adapter)
	if err != nil {
		return Merged{}, err
	}
	if ctx.Err() != nil {
		return Merged{}, context.Cause(ctx)
	}
	w := mergeCheck{ctx: ctx, base: base, live: m, merged: merged, o: o, result: Merged{Untied: Untied(base, merged)}}
	for range nn.Params(merged) {
		w.result.Tensors++
	}
	if o.Format == export.GGUF {
		err = w.gguf(out)
	} else {
		if w.o.DType == "" {
			w.o.DType = mostly(base)
		}
		err = hub.Save(ctx, out, base.Config, merged, hub.SaveOptions{DType: w.o.DType, Tokenizer: base.Dir, Replace: o.Replace, Check: w.check})
	}
	if err != nil {
		return Merged{}, fmt.Errorf("peft: save merged model: %w", err)
	}
	return w.result, nil
}

// gguf writes the merged model as one file.
func (w *mergeCheck) gguf(out string) error {
	e := export.Of(w.base, w.merged)
	ids := w.ids()
	e.Logits = func(ids []int32) ([]float32, error) {
		live := export.Logits(w.live, ids, w.o.Adapter)
		return live, w.same(live, export.Logits(w.merged, ids, -1))
	}
	d := w.o.DType
	if w.o.Requantize != "" && w.o.Requantize != Kept {
		d = w.o.Requantize
	}
	r, err := export.Write(w.ctx, e, out, export.Options{Format: export.GGUF, Type: d, Replace: w.o.Replace, IDs: ids})
	if err != nil {
		return err
	}
	w.result.Difference, w.result.MaxError, w.result.Types = r.Difference, r.Difference.Max, r.Types
	return nil
}

// blocksOf is the format of blocks that most elements of the base's matrices lie
// in, empty where most are plain numbers.
func blocksOf(base *hub.Model) checkpoint.DType {
	src := base.Source()
	if src == nil {
		return ""
	}
	size, most := map[checkpoint.DType]int{}, checkpoint.DType("")
	for name, t := range nn.Params(base.Model) {
		if info, ok := src.Info(name); ok && len(t.Shape) > 1 {
			size[info.DType] += t.Len()
		}
	}
	for d, n := range size {
		if n > size[most] {
			most = d
		}
	}
	if _, ok := most.Blocks(); !ok {
		return ""
	}
	return most
}

// mostly is the type of most elements of a model's matrices.
func mostly(m model.Model) checkpoint.DType {
	size := map[tensor.DType]int{}
	most := tensor.F32
	for _, t := range nn.Params(m) {
		if len(t.Shape) > 1 {
			size[t.DType] += t.Len()
		}
	}
	for d, n := range size {
		if n > size[most] {
			most = d
		}
	}
	return checkpoint.DType(most.String())
}

type mergeCheck struct {
	ctx          context.Context
	base         *hub.Model
	live, merged model.Model
	o            MergeOptions
	result       Merged
}

// check compares the live model, the merged one and the reloaded one.
func (w *mergeCheck) check(dir string) error {
	if w.ctx.Err() != nil {
		return context.Cause(w.ctx)
	}
	ids := w.ids()
	back, err := hub.Open(dir)
	if err != nil {
		return fmt.Errorf("what was written cannot be read: %w", err)
	}
	live, merged, reloaded := export.Logits(w.live, ids, w.o.Adapter), export.Logits(w.merged, ids, -1), export.Logits(back, ids, -1)
	if err := back.Close(); err != nil {
		return err
	}
	if err := w.same(live, merged); err != nil {
		return err
	}
	d := export.Compare(live, reloaded, w.base.Info().Vocab)
	w.result.Difference, w.result.MaxError = &d, d.Max
	if !(d.Max <= d.Size*export.Tolerance[w.o.DType]) {
		return fmt.Errorf("the reloaded model is not the adapted one: logits differ by %.3g, more than rounding explains: nothing was kept", d.Max)
	}
	return nil
}

// same reports whether merging has left the logits as they were.
func (w *mergeCheck) same(live, merged []float32) error {
	d := export.Compare(live, merged, w.base.Info().Vocab)
	if !(d.Max <= d.Size*export.Tolerance[checkpoint.F32]) {
		return fmt.Errorf("the merged model is not the adapted one: logits differ by %.3g", d.Max)
	}
	return nil
}

// ids are tokens from all over the vocabulary.
func (w *mergeCheck) ids() []int32 {
	if len(w.o.IDs) > 0 {
		return w.o.IDs
	}
	return export.Scattered(w.base.Info())
}
