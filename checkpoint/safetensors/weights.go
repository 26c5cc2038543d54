package safetensors

import (
	"iter"
	"strings"

	"github.com/rotor-lm/rotor/checkpoint"
	"github.com/rotor-lm/rotor/tensor"
)

// Weights are the tensors of a model, to be written as d; an empty d keeps the
// type in which each is held. A packed one is unpacked when its turn comes.
func Weights(params iter.Seq2[string, *tensor.Tensor], d checkpoint.DType) []Tensor {
	var list []Tensor
	for name, t := range params {
		as := d
		if as == "" {
			as = checkpoint.DType(t.DType.String())
		}
		list = append(list, Lazy(strings.Clone(name), t.Shape, as, func() ([]float32, error) {
			if t.Data != nil {
				return t.Data, nil
			}
			return t.Values(), nil
		}))
	}
	return list
}
