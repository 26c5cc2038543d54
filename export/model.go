package export

import (
	"github.com/rotor-lm/rotor/checkpoint"
	"github.com/rotor-lm/rotor/checkpoint/gguf"
	"github.com/rotor-lm/rotor/hub"
	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/tensor"
)

// Of is a model that was made of base, as the adapter that merged into it left
// it. A tensor that is base's own is taken from its file, as it lies there; any
// other counts as one of the type that base's file has under its name.
func Of(base *hub.Model, m model.Model) *Model {
	own := map[*tensor.Tensor]bool{}
	for _, t := range nn.Params(base.Model) {
		own[t] = true
	}
	e := &Model{Config: base.Config, Read: base.ReadFile, Tied: true}
	for name, t := range nn.Params(m) {
		if name == "lm_head.weight" {
			e.Tied = false
		}
		stock, err := gguf.Stock(base.Source(), name)
		if err == nil && own[t] {
			e.Tensors = append(e.Tensors, stock)
			continue
		}
		d := checkpoint.F32
		if err == nil {
			d = stock.DType
		}
		e.Tensors = append(e.Tensors, gguf.Tensor{Name: name, Shape: t.Shape, DType: d, Rows: rowsOf(t)})
	}
	return e
}

// rowsOf reads a tensor of a model, however it is held.
func rowsOf(t *tensor.Tensor) func(dst []float32, at int) error {
	var all []float32
	return func(dst []float32, at int) error {
		if all == nil {
			if all = t.Data; all == nil {
				all = t.Values()
			}
		}
		copy(dst, all[at:])
		if at+len(dst) == len(all) {
			all = nil
		}
		return nil
	}
}
