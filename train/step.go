package train

import (
	"fmt"
	"math"

	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/optim"
	"github.com/rotor-lm/rotor/tensor"
)

// Micro is one packed pass with its labels.
type Micro struct {
	Tokens []int32 // [T]
	Labels []int32 // [T] what should follow each token; nn.Ignore where nothing is learned
	op.Places
}

// Clear empties the micro-batch and keeps its memory.
func (m *Micro) Clear() {
	m.Tokens, m.Labels = m.Tokens[:0], m.Labels[:0]
	m.Places.Clear()
}

// Add appends a sequence. learn says, of each token, whether the model should
// learn to say it; the first token, which nothing comes before, cannot be.
func (m *Micro) Add(ids []int32, learn []bool, seq int32) {
	for i, id := range ids {
		label := int32(nn.Ignore)
		if i+1 < len(ids) && learn[i+1] {
			label = ids[i+1]
		}
		m.Tokens, m.Labels = append(m.Tokens, id), append(m.Labels, label)
	}
	m.Places.Add(len(ids), 0, seq, 0)
}

// Labelled counts the rows that carry a label.
func (m *Micro) Labelled() (n int) {
	for _, l := range m.Labels {
		if l >= 0 {
			n++
		}
	}
	return n
}

// Stepper does one optimizer step at a time.
type Stepper struct {
	Model     model.Model
	Params    []optim.Param
	Optimizer *optim.AdamW
	Clip      float64 // largest norm of the gradient; zero for any
	Seed      uint64
	OnForward func() // called when the first forward pass of a step begins; may be nil

	tape *tensor.Tape
	pass nn.Pass
}

// NewStepper returns a stepper for whatever in m learns.
func NewStepper(m model.Model, o optim.AdamW, rows int) *Stepper {
	s := &Stepper{Model: m, tape: tensor.NewTape(rows)}
	for name, t := range nn.Params(m) {
		if t.Learns() {
			s.Params = append(s.Params, optim.Param{Name: name, Tensor: t})
		}
	}
	s.Optimizer = optim.NewAdamW(s.Params, o)
	return s
}

// Result is what one step found.
type Result struct {
	Loss     float64 // mean over labelled tokens
	Norm     float64 // of the gradient, before clipping
	Labelled int
	Rows     int
}

// Step sums the gradient of the mean loss over the micro-batches and moves the
// parameters. The step's random numbers depend on the seed and its number alone.
//
// If the loss or a gradient is not finite, nothing is moved, and the error
// names the tensor.
func (s *Stepper) Step(number int, rate float64, batch []Micro) (Result, error) {
	r, err := s.Gradient(number, batch)
	if err != nil {
		return r, err
	}
	r.Norm = optim.Clip(s.Params, s.Clip)
	if math.IsNaN(r.Norm) || math.IsInf(r.Norm, 0) {
		return r, s.notFinite()
	}
	s.Optimizer.Step(rate)
	optim.Zero(s.Params)
	return r, nil
}

// Gradient adds the gradient of the mean loss over the micro-batches to that of
// the parameters.
func (s *Stepper) Gradient(number int, batch []Micro) (r Result, err error) {
	for i := range batch {
		r.Labelled += batch[i].Labelled()
		r.Rows += len(batch[i].Tokens)
	}
	if r.Labelled == 0 {
		return r, fmt.Errorf("train: step %d has no labelled token", number)
	}
	if s.OnForward != nil {
		s.OnForward()
	}
	for i := range batch {
		p := &s.pass
		p.Tape, p.Tokens, p.Places = s.tape, batch[i].Tokens, batch[i].Places
		p.Seed = op.Random(op.Random(s.Seed, uint64(number)), uint64(i))
		loss := nn.CrossEntropy(p, s.Model.Rows(p), s.Model.Output(), batch[i].Labels, 1/float32(r.Labelled))
		r.Loss += float64(loss.Data[0])
		s.tape.Backward(loss, 1)
		s.tape.Reset()
	}
	if math.IsNaN(r.Loss) || math.IsInf(r.Loss, 0) {
		return r, s.notFinite()
	}
	return r, nil
}

// notFinite names a tensor that is to blame: one whose elements, or else whose
// gradient, are not all finite.
func (s *Stepper) notFinite() error {
	for name, t := range nn.Params(s.Model) {
		if t.Data != nil && tensor.Check(t.Data) >= 0 {
			return &NotFinite{Tensor: name, What: "holds"}
		}
	}
	for _, p := range s.Params {
		if tensor.Check(p.Grad) >= 0 {
			return &NotFinite{Tensor: p.Name, What: "has a gradient of"}
		}
	}
	return &NotFinite{Tensor: "loss", What: "is"}
}

// NotFinite says that numbers have left the range of float32.
type NotFinite struct {
	Step   int
	Tensor string
	What   string
}

func (e *NotFinite) Error() string {
	return fmt.Sprintf("train: step %d: %s %s NaN or infinity", e.Step, e.Tensor, e.What)
}

// Loss is the summed loss over micro-batches, and the number of labels, without
// a gradient.
func (s *Stepper) Loss(batch []Micro) (sum float64, labelled int) {
	t := tensor.NoGrad(s.tape.RowBudget)
	for i := range batch {
		p := nn.Pass{Tape: t, Tokens: batch[i].Tokens, Places: batch[i].Places}
		sum += float64(nn.CrossEntropy(&p, s.Model.Rows(&p), s.Model.Output(), batch[i].Labels, 1).Data[0])
		labelled += batch[i].Labelled()
		t.Reset()
	}
	return sum, labelled
}

// FLOPs is the number of operations that a step of so many rows takes at
// least: what the share of the machine's peak refers to. A frozen matrix costs
// two products, one that learns three.
func (s *Stepper) FLOPs(rows int) float64 {
	per := 0.0
	for _, t := range nn.Params(s.Model) {
		if len(t.Shape) < 2 {
			continue
		}
		per += 4 * float64(t.Len())
		if t.Learns() {
			per += 2 * float64(t.Len())
		}
	}
	return per * float64(rows)
}

