package peft

import (
	"strings"

	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/tensor"
)

// member is one tensor of an adapter, under its name in PEFT's file.
type member struct {
	name   string
	t      *tensor.Tensor
	turned bool // the file has it the other way round
}

// shape is that in the file.
func (e member) shape() []int {
	if e.turned {
		return []int{e.t.Shape[1], e.t.Shape[0]}
	}
	return e.t.Shape
}

const prefix = "base_model.model."

// members lists the tensors of the adapter of that number, site by site.
func members(m model.Model, adapter int32) ([]member, error) {
	c := &memberWalk{adapter: adapter, updated: map[string]bool{}}
	if _, err := nn.Rewrite(m, c); err != nil {
		return nil, err
	}
	for i, e := range c.list { // PEFT's layers hide the one that they wrap under a name of its own
		path, isBias := strings.CutSuffix(e.name, "."+biasName)
		if isBias && c.updated[path] {
			c.list[i].name = path + ".base_layer." + biasName
		}
	}
	return c.list, nil
}

type memberWalk struct {
	nn.Keep
	adapter int32
	list    []member
	updated map[string]bool // names of layers with an update beside them
}

func (c *memberWalk) add(name string, t *tensor.Tensor, turned bool) {
	c.list = append(c.list, member{prefix + name, t, turned})
}

// own adds the tensors of a copy that are not those of the layer itself.
func (c *memberWalk) own(path string, base, own any) {
	shared := map[*tensor.Tensor]bool{}
	for _, t := range nn.Params(base) {
		shared[t] = true
	}
	for name, t := range nn.Params(own) {
		if !shared[t] {
			c.add(path+"."+name, t, false)
		}
	}
}

func (c *memberWalk) Layer(path string, l nn.Layer) nn.Layer {
	switch l := l.(type) {
	case *lora:
		if l.adapter == c.adapter {
			c.updated[prefix+path] = true
			c.add(path+".lora_A.weight", l.A, false)
			c.add(path+".lora_B.weight", l.B, false)
		}
	case *ownedLayer:
		if l.adapter == c.adapter {
			c.own(path, l.Base, l.Own)
		}
	case *ownedProjection:
		if l.adapter == c.adapter {
			c.own(path, l.Base, l.Own)
		}
	}
	return l
}

func (c *memberWalk) Embedder(path string, e nn.Embedder) nn.Embedder {
	switch e := e.(type) {
	case *loraEmbedding:
		if e.adapter == c.adapter {
			c.add(path+".lora_embedding_A", e.A, true)
			c.add(path+".lora_embedding_B", e.B, false)
		}
	case *ownedEmbedder:
		if e.adapter == c.adapter {
			c.own(path, e.Base, e.Own)
		}
	}
	return e
}

// turn returns x [rows, cols] as [cols, rows].
func turn(x []float32, rows, cols int) []float32 {
	y := make([]float32, len(x))
	for i := range rows {
		for j := range cols {
			y[j*rows+i] = x[i*cols+j]
		}
	}
	return y
}
