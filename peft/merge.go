package peft

import (
	"fmt"

	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/tensor"
)

// Merge returns m with the adapter of that number made part of its matrices:
// a plain model, of the same sum, that needs no adapter any more.
//
//	W' = W + s·B·A
//
// It is computed in F32. What was tied comes apart where the adapter has changed
// one of the two: see Untied. A model that carries other adapters too is
// refused, for their rows would see the merged matrices.
func Merge(m model.Model, adapter int32) (model.Model, error) {
	w := &mergeWalk{adapter: adapter}
	merged, err := nn.Rewrite(m, w)
	if w.err != nil {
		return nil, w.err
	}
	return merged, err
}

// Merger is the power of a layer that an adapter has put at a site to become a
// plain one again: what stands there if every row carries the adapter.
type Merger interface {
	Number() int32 // of the adapter
	Merge() (any, error)
}

type mergeWalk struct {
	nn.Keep
	adapter int32
	err     error
}

func (w *mergeWalk) Layer(path string, l nn.Layer) nn.Layer {
	plain, _ := w.merge(path, l).(nn.Layer)
	return plain
}

func (w *mergeWalk) Embedder(path string, e nn.Embedder) nn.Embedder {
	plain, _ := w.merge(path, e).(nn.Embedder)
	return plain
}

func (w *mergeWalk) merge(path string, at any) any {
	m, ok := at.(Merger)
	if !ok || w.err != nil {
		return at
	}
	if m.Number() != w.adapter {
		w.err = fmt.Errorf("peft: merge adapter %d: %s carries adapter %d too, which would see what is merged", w.adapter, path, m.Number())
		return at
	}
	plain, err := m.Merge()
	if err != nil {
		w.err = fmt.Errorf("peft: merge %s: %w", path, err)
		return at
	}
	return plain
}

func (l *lora) Number() int32            { return l.adapter }
func (l *loraEmbedding) Number() int32   { return l.adapter }
func (l *ownedLayer) Number() int32      { return l.adapter }
func (l *ownedProjection) Number() int32 { return l.adapter }
func (e *ownedEmbedder) Number() int32   { return e.adapter }

func (l *ownedLayer) Merge() (any, error)      { return still(l.Own), nil }
func (l *ownedProjection) Merge() (any, error) { return still(l.Own), nil }
func (e *ownedEmbedder) Merge() (any, error)   { return still(e.Own), nil }

// still returns m with copies in the place of what learns.
func still[M any](m M) M {
	return nn.MapTensors(m, func(_ string, t *tensor.Tensor) *tensor.Tensor {
		if t.Learns() {
			return t.Clone()
		}
		return t
	})
}

func (l *lora) Merge() (any, error) {
	w, inOut := matrix(l.Base)
	if w == nil {
		return nil, fmt.Errorf("a %T has no matrix that an update could be added to", l.Base)
	}
	out, in := l.Base.Dims()
	delta := make([]float32, out*in)
	product(delta, l.B.Data, l.A.Data, out, l.A.Rows(), in)
	if inOut {
		delta = turn(delta, out, in)
	}
	return replace(l.Base, w, delta, l.scale), nil
}

func (l *loraEmbedding) Merge() (any, error) {
	w := table(l.Base)
	if w == nil {
		return nil, fmt.Errorf("a %T is not one table that an update could be added to", l.Base)
	}
	vocab, rank, width := l.A.Rows(), l.A.Cols(), l.B.Rows()
	delta := make([]float32, vocab*width)
	product(delta, l.A.Data, turn(l.B.Data, width, rank), vocab, rank, width)
	return replace(l.Base, w, delta, l.scale), nil
}

// product is dst [m, n] = a [m, k] · b [k, n].
func product(dst, a, b []float32, m, k, n int) {
	kernel.MatMul(
		kernel.Matrix{Data: dst, Rows: m, Cols: n, Stride: n},
		kernel.Matrix{Data: a, Rows: m, Cols: k, Stride: k},
		kernel.Matrix{Data: b, Rows: k, Cols: n, Stride: n}, false)
}

// replace returns a copy of m in which w has become w + scale·delta.
func replace[M any](m M, w *tensor.Tensor, delta []float32, scale float32) M {
	return nn.MapTensors(m, func(_ string, t *tensor.Tensor) *tensor.Tensor {
		if t != w {
			return t
		}
		sum := t.Clone()
		kernel.Axpy(sum.Data, scale, delta)
		return sum
	})
}

// matrix returns the one matrix that a plain projection is, and whether it is
// held as [in, out]; nil if it is not so simple.
func matrix(l nn.Projection) (w *tensor.Tensor, inOut bool) {
	a, ok := l.(nn.Affine)
	if !ok {
		return nil, false
	}
	op := a.Affine(&nn.Pass{Tape: tensor.NoGrad(0)})
	if op == nil || len(op.Terms) > 0 {
		return nil, false
	}
	return op.W, op.InOut
}

// Untied reports whether the head of m is no longer the embedding that it was
// in base: a configuration must then say so.
func Untied(base, m model.Model) bool {
	return base.Info().Tied && nameOf(base, first(base.Output())) != nameOf(m, first(m.Output()))
}

func nameOf(m model.Model, want *tensor.Tensor) string {
	for name, t := range nn.Params(m) {
		if t == want {
			return name
		}
	}
	return ""
}
