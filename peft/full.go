package peft

import (
	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/tensor"
)

func init() {
	Register("full", "every tensor learns, as a copy of its own", func() Method { return new(Full) })
}

// Full is fine-tuning without economy: every tensor learns. The copies are
// held in F32, whatever the base is held in; what was tied stays tied.
type Full struct{}

// Adapt returns a model of trainable copies.
func (Full) Adapt(base model.Model, o Options) (model.Model, error) {
	return nn.MapTensors(base, func(_ string, t *tensor.Tensor) *tensor.Tensor {
		return o.born(func(c *tensor.Tensor) { t.CopyTo(c.Data) }, t.Shape...)
	}), nil
}
