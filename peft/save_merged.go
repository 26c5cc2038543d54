package peft

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/rotor-lm/rotor/checkpoint"
	"github.com/rotor-lm/rotor/hub"
	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/tensor"
)

// MergeOptions say how a merged model is written.
type MergeOptions struct {
	Adapter int32            // which adapter is merged
	DType   checkpoint.DType // of all tensors; empty for that of the base
	Replace bool             // a model that stands there may be replaced
	IDs     []int32          // the tokens that live and reloaded model are compared on; none for a choice of ours
}

// Merged tells what SaveMerged wrote.
type Merged struct {
	Untied   bool    // head and embedding have come apart
	MaxError float64 // the largest difference of a logit between the live model and the reloaded one
	Tensors  int
}

// tolerance is how far logits may move, as a share of their size, by rounding
// weights to a type.
var tolerance = map[checkpoint.DType]float64{checkpoint.F32: 1e-3, checkpoint.F16: 2e-2, checkpoint.BF16: 1e-1}

// SaveMerged merges an adapter of m, a model made of base, and writes the result
// as a model folder of its own. It also writes a model that Full has made, which
// is plain already.
//
// It reloads what it has written and compares logits with those of m. Unless
// they agree, up to the rounding of the type of the weights, there is an error,
// and no folder: it is written whole and right, or not at all. It ends soon after ctx.
func SaveMerged(ctx context.Context, dir string, base *hub.Model, m model.Model, o MergeOptions) (Merged, error) {
	merged, err := Merge(m, o.Adapter)
	if err != nil {
		return Merged{}, err
	}
	if o.DType == "" {
		o.DType = mostly(base)
	}
	w := mergeCheck{ctx: ctx, base: base, live: m, merged: merged, o: o, result: Merged{Untied: Untied(base, merged)}}
	for range nn.Params(merged) {
		w.result.Tensors++
	}
	err = hub.Save(ctx, dir, base.Config, merged, hub.SaveOptions{DType: o.DType, Tokenizer: base.Dir, Replace: o.Replace, Check: w.check})
	if err != nil {
		return Merged{}, fmt.Errorf("peft: save merged model: %w", err)
	}
	return w.result, nil
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
	live, merged, reloaded := logitsOf(w.live, ids, w.o.Adapter), logitsOf(w.merged, ids, -1), logitsOf(back, ids, -1)
	if err := back.Close(); err != nil {
		return err
	}
	size := 1.0
	for _, x := range live {
		size = max(size, math.Abs(float64(x)))
	}
	if e := worst(live, merged); !(e <= size*tolerance[checkpoint.F32]) {
		return fmt.Errorf("the merged model is not the adapted one: logits differ by %.3g", e)
	}
	w.result.MaxError = worst(live, reloaded)
	if !(w.result.MaxError <= size*tolerance[w.o.DType]) {
		return fmt.Errorf("the reloaded model is not the adapted one: logits differ by %.3g, more than rounding explains: nothing was kept", w.result.MaxError)
	}
	return nil
}

// ids are tokens from all over the vocabulary.
func (w *mergeCheck) ids() []int32 {
	if len(w.o.IDs) > 0 {
		return w.o.IDs
	}
	info := w.base.Info()
	ids := make([]int32, min(16, info.Context))
	for i := range ids {
		ids[i] = int32(op.Random(1, uint64(i)) % uint64(info.Vocab))
	}
	return ids
}

func logitsOf(m model.Model, ids []int32, adapter int32) []float32 {
	p := nn.Pass{Tape: tensor.NoGrad(0), Tokens: ids}
	p.Places.Add(len(ids), 0, 0, adapter)
	return slices.Clone(model.Logits(m, &p).Data)
}

// worst is the largest difference; NaN is larger than any.
func worst(a, b []float32) float64 {
	w := 0.0
	for i := range a {
		d := math.Abs(float64(a[i]) - float64(b[i]))
		if d > w || d != d {
			w = d
		}
	}
	return w
}
