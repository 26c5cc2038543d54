// Package position has the position encodings of transformers, one a file.
//
// An encoding acts in at most three places: on the rows of the embeddings, on
// queries and keys, and in the attention score. None is the identity in all
// three; an encoding embeds it and overrides the one or two that it is about.
package position

import (
	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/tensor"
)

// None adds nothing: a causal model without it still finds out where its
// tokens stand.
//
// Kazemnejad et al., The Impact of Positional Encoding on Length
// Generalization in Transformers, 2023. arXiv:2305.19466.
type None struct{}

func init() { Register("none", "nothing at all (NoPE)") }

func (None) Embed(x *tensor.Tensor, _ []int32) *tensor.Tensor { return x }

func (None) Rotate(q, k, v *tensor.Tensor, _ op.Places) (_, _, _ *tensor.Tensor) { return q, k, v }

func (None) Relative(_, _ op.Places) *op.Relative { return nil }
