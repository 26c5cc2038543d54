package peft

import (
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/tensor"
)

// What modules_to_save and trainable biases put at a site: the layer, and
// beside it a copy of its own for the rows that carry the adapter.

type ownedLayer struct {
	Base    nn.Layer `w:""`
	Own     nn.Layer `w:"modules_to_save"`
	adapter int32
}

type ownedProjection struct {
	Base    nn.Projection `w:""`
	Own     nn.Projection `w:"modules_to_save"`
	adapter int32
}

type ownedEmbedder struct {
	Base    nn.Embedder `w:""`
	Own     nn.Embedder `w:"modules_to_save"`
	adapter int32
}

// everything and onlyBias choose the tensors that a copy has for itself.
func everything(string) bool { return true }

func onlyBias(name string) bool { return name == biasName }

// ownLayer gives the adapter a copy of l in which the chosen tensors are new.
func ownLayer(l nn.Layer, o Options, which func(string) bool) nn.Layer {
	if p, ok := l.(nn.Projection); ok {
		return &ownedProjection{p, clone(p, o, which), o.Adapter}
	}
	return &ownedLayer{l, clone(l, o, which), o.Adapter}
}

func ownEmbedder(e nn.Embedder, o Options) nn.Embedder {
	return &ownedEmbedder{e, clone(e, o, everything), o.Adapter}
}

func clone[M any](m M, o Options, which func(string) bool) M {
	return nn.MapTensors(m, func(name string, t *tensor.Tensor) *tensor.Tensor {
		if !which(name) {
			return t
		}
		return o.born(func(c *tensor.Tensor) { t.CopyTo(c.Data) }, t.Shape...)
	})
}

func (l *ownedLayer) Forward(p *nn.Pass, x *tensor.Tensor) *tensor.Tensor {
	return either(p, x, l.Base, l.Own, l.adapter)
}

// either is what each row's own layer makes of it.
func either(p *nn.Pass, x *tensor.Tensor, base, own nn.Layer, adapter int32) *tensor.Tensor {
	switch carry(p, adapter) {
	case allRows:
		return own.Forward(p, x)
	case noRow:
		return base.Forward(p, x)
	}
	return op.Choose(base.Forward(p, x), own.Forward(p, x), p.Places, adapter)
}

func (l *ownedProjection) Dims() (out, in int) { return l.Own.Dims() }

func (l *ownedProjection) Forward(p *nn.Pass, x *tensor.Tensor) *tensor.Tensor {
	return either(p, x, l.Base, l.Own, l.adapter)
}

// Affine is that of the one layer that all rows see, if it is one.
func (l *ownedProjection) Affine(p *nn.Pass) *op.Affine {
	layer := l.Base
	switch carry(p, l.adapter) {
	case someRows:
		return nil
	case allRows:
		layer = l.Own
	}
	if a, ok := layer.(nn.Affine); ok {
		return a.Affine(p)
	}
	return nil
}

func (e *ownedEmbedder) Embed(p *nn.Pass) *tensor.Tensor {
	switch carry(p, e.adapter) {
	case allRows:
		return e.Own.Embed(p)
	case noRow:
		return e.Base.Embed(p)
	}
	return op.Choose(e.Base.Embed(p), e.Own.Embed(p), p.Places, e.adapter)
}

type share int

const (
	noRow share = iota
	someRows
	allRows
)

// carry says how many rows of a pass carry an adapter. Plain rows, without
// places, carry the usual one, 0, as they do in op.Linear.
func carry(p *nn.Pass, adapter int32) share {
	if len(p.Spans) == 0 {
		return allRows
	}
	with := 0
	for _, s := range p.Spans {
		if s.Adapter == adapter {
			with++
		}
	}
	switch with {
	case 0:
		return noRow
	case len(p.Spans):
		return allRows
	}
	return someRows
}
