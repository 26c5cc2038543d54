// Rewrite is a fine-tuning method of one's own, a learned gain on the outputs of
// projections, and shows that the base model stays what it was.
//
//	go run ./examples/rewrite
package main

import (
	"fmt"
	"io"
	"log"
	"os"
	"slices"
	"strings"

	"github.com/rotor-lm/rotor/data"
	"github.com/rotor-lm/rotor/model"
	_ "github.com/rotor-lm/rotor/model/llama"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/optim"
	"github.com/rotor-lm/rotor/peft"
	"github.com/rotor-lm/rotor/tensor"
	"github.com/rotor-lm/rotor/train"
)

// Gain multiplies the outputs of projections by a learned vector.
//
//	y = (W·x) ⊙ l      l [out], one at birth
//
// Liu et al., Few-Shot Parameter-Efficient Fine-Tuning is Better and Cheaper
// than In-Context Learning, 2022. arXiv:2205.05638, §3.3.
type Gain struct {
	nn.Keep          // every site stays as it is …
	Targets []string // … but projections of these names
}

// Layer is asked at every layer of the model, by its name in the checkpoint.
func (g *Gain) Layer(path string, l nn.Layer) nn.Layer {
	p, ok := l.(nn.Projection)
	if !ok || !slices.Contains(g.Targets, path[strings.LastIndex(path, ".")+1:]) {
		return l
	}
	out, _ := p.Dims()
	ones := slices.Repeat([]float32{1}, out)
	return &gain{Base: p, Scale: tensor.From(ones, out).Learn()}
}

type gain struct {
	Base  nn.Projection  `w:""`     // frozen, under its own name
	Scale *tensor.Tensor `w:"gain"` // [out]
}

func (g *gain) Dims() (out, in int) { return g.Base.Dims() }
func (g *gain) Forward(p *nn.Pass, x *tensor.Tensor) *tensor.Tensor {
	return op.MulRow(g.Base.Forward(p, x), g.Scale)
}

const config = `{"architectures": ["LlamaForCausalLM"], "vocab_size": 32, "hidden_size": 32, "intermediate_size": 64,
"num_hidden_layers": 2, "num_attention_heads": 4, "max_position_embeddings": 64}`

func main() {
	if err := run(os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(w io.Writer) error {
	base, err := model.New([]byte(config))
	if err != nil {
		return err
	}
	model.Init(base, 1)
	tuned, err := nn.Rewrite(base, &Gain{Targets: []string{"q_proj", "v_proj", "down_proj", "lm_head"}})
	if err != nil {
		return err
	}
	for name, t := range peft.Trainable(tuned) {
		fmt.Fprintf(w, "learns: %s %v\n", name, t.Shape)
	}
	text := data.Micro{Lengths: []int{32}, Labels: 32} // 0 7 14 21 28 3 …
	for i := range int32(32) {
		text.IDs = append(text.IDs, i*7%32)
		text.Targets = append(text.Targets, (i+1)*7%32)
	}
	before := loss(base, text)
	s := train.NewStepper(tuned, optim.AdamW{}, 32)
	for n := range 300 {
		if _, err := s.Step(n, 0.1, []data.Micro{text}); err != nil {
			return err
		}
	}
	fmt.Fprintf(w, "loss: %.2f of the base, %.2f of the adapted model, %.2f of the base afterwards\n", before, loss(tuned, text), loss(base, text))
	return nil
}

func loss(m model.Model, text data.Micro) float64 {
	sum, n := train.NewStepper(m, optim.AdamW{}, 32).Loss([]data.Micro{text})
	return sum / float64(n)
}
