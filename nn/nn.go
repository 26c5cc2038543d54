// Package nn has the layers that models are made of, and the two walks over a
// model: Params, which yields its tensors by name, and Rewrite, which makes a
// changed copy of it.
//
// A model is a value. Its struct names its tensors, by tags:
//
//	type Block struct {
//		AttnNorm nn.Layer `w:"input_layernorm"`
//		Attn     nn.Layer `w:"self_attn"`
//	}
//
// A field of one of the interfaces Layer, Projection, Embedder and Memory is a
// site. The path to it, joined from the tags, is the name it has on disk, in an
// adapter's file, in logs and on the screen. A tag of "" adds nothing to the path.
package nn

import (
	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/tensor"
)

// Pass is one run of a model over a packed batch: which tokens, at which
// position of which sequence, and what each may see.
type Pass struct {
	Tape      *tensor.Tape // owns the activations, and remembers operations if a gradient is wanted
	Tokens    []int32      // [T]
	Types     []int32      // [T] segment of each token, for the models that read it; nil elsewhere
	op.Places              // where the rows stand
	Source    *Source      // what cross-attention looks at; nil in a decoder-only model
	Seed      uint64       // of this pass's random numbers: a function of the run's seed and step
}

// Source is what an encoder made of a text: rows [S, C], and where they stand.
type Source struct {
	Rows *tensor.Tensor
	op.Places
}

// Stream is the random stream of one site in this pass.
func (p *Pass) Stream(path string) uint64 {
	h := uint64(0xcbf29ce484222325) // FNV-1a
	for i := range len(path) {
		h = (h ^ uint64(path[i])) * 0x100000001b3
	}
	return op.Random(p.Seed, h)
}

// Layer maps rows to rows: [T, in] → [T, out].
type Layer interface {
	Forward(p *Pass, x *tensor.Tensor) *tensor.Tensor
}

// Projection is a Layer that is one matrix, dense or quantised.
type Projection interface {
	Layer
	Dims() (out, in int)
}

// Embedder turns the tokens of a pass into rows: → [T, C].
type Embedder interface {
	Embed(p *Pass) *tensor.Tensor
}

// Memory answers the question that attention asks: what may I look at?
// It takes the keys and values of this pass [T, G, D] and returns those of
// every visible row, with the position and sequence of each.
type Memory interface {
	Extend(p *Pass, k, v *tensor.Tensor) op.Keys
}

// Position tells a transformer where its tokens stand. Every method has an
// identity, which package position provides; an encoding overrides the one or
// two it is about.
type Position interface {
	Embed(x *tensor.Tensor, pos []int32) *tensor.Tensor                   // token rows  x [T, C]
	Rotate(q, k, v *tensor.Tensor, at op.Places) (_, _, _ *tensor.Tensor) // heads     [T, H, D], [T, G, D]
	Relative(q, k op.Places) *op.Relative                                 // terms of the score; nil for none
}

// ThisPass is the memory of training: the rows of this pass and nothing else.
type ThisPass struct{}

// Extend returns the keys and values as they are.
func (ThisPass) Extend(p *Pass, k, v *tensor.Tensor) op.Keys {
	return op.Keys{Part: op.Part{K: k, V: v, Spans: p.Spans}}
}
