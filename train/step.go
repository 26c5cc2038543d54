package train

import (
	"context"
	"fmt"
	"math"

	"github.com/rotor-lm/rotor/data"
	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/optim"
	"github.com/rotor-lm/rotor/tensor"
)

// Stepper does one optimizer step at a time.
type Stepper struct {
	Model     model.Model
	Params    []optim.Param
	Optimizer *optim.AdamW
	Clip      float64 // largest norm of the gradient; zero for any
	Seed      uint64
	OnForward func() // called when the first forward pass of a step begins; may be nil

	Context context.Context // whose end is the end of a step, between two of its passes; nil for none

	tape *tensor.Tape
	pass nn.Pass
	eval *tensor.Tape
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
// names the tensor. If the context ends, nothing is moved either.
func (s *Stepper) Step(number int, rate float64, batch []data.Micro) (Result, error) {
	r, err := s.Gradient(number, batch)
	if err != nil {
		optim.Zero(s.Params)
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
func (s *Stepper) Gradient(number int, batch []data.Micro) (r Result, err error) {
	for i := range batch {
		r.Labelled += batch[i].Labels
		r.Rows += len(batch[i].IDs)
	}
	if r.Labelled == 0 {
		return r, fmt.Errorf("train: step %d has no labelled token", number)
	}
	if s.OnForward != nil {
		s.OnForward()
	}
	first := int32(0)
	for i := range batch {
		if s.Context != nil && s.Context.Err() != nil {
			return r, s.Context.Err()
		}
		p := s.place(s.tape, &batch[i], first)
		p.Seed = op.Random(s.Seed, uint64(number))
		first += int32(len(batch[i].Lengths))
		loss := nn.CrossEntropy(p, s.Model.Rows(p), s.Model.Output(), batch[i].Targets, 1/float32(r.Labelled))
		r.Loss += float64(loss.Data[0])
		s.tape.Backward(loss, 1)
		s.tape.Reset()
	}
	if math.IsNaN(r.Loss) || math.IsInf(r.Loss, 0) {
		return r, s.notFinite()
	}
	return r, nil
}

// place makes the pass of a micro-batch, whose sequences are numbered from
// first on. No two of a step have one number, so that random numbers do not
// depend on how the step is divided.
func (s *Stepper) place(t *tensor.Tape, m *data.Micro, first int32) *nn.Pass {
	p := &s.pass
	p.Tape, p.Tokens = t, m.IDs
	p.Places.Clear()
	for i, n := range m.Lengths {
		p.Places.Add(n, 0, first+int32(i), 0)
	}
	return p
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
func (s *Stepper) Loss(batch []data.Micro) (sum float64, labelled int) {
	if s.eval == nil {
		s.eval = tensor.NoGrad(s.tape.RowBudget)
	}
	t := s.eval
	for i := range batch {
		p := s.place(t, &batch[i], 0)
		sum += float64(nn.CrossEntropy(p, s.Model.Rows(p), s.Model.Output(), batch[i].Targets, 1).Data[0])
		labelled += batch[i].Labels
		t.Reset()
	}
	return sum, labelled
}

// FLOPs is the number of operations of the matrix products of a step of so many
// rows, so many of them labelled: what the share of the machine's peak refers
// to. A frozen matrix takes two products, one that learns three; the head works
// on labelled rows only. Attention, which depends on lengths, is not counted.
func (s *Stepper) FLOPs(rows, labelled int) float64 {
	info := s.Model.Info()
	out, in := s.Model.Output().Dims()
	per, head := 0.0, 4*float64(out*in)
	for _, t := range nn.Params(s.Model) {
		n := 4.0
		if t.Learns() {
			n = 6
		}
		switch {
		case len(t.Shape) < 2:
		case t.Rows() == info.Vocab && t.Cols() == info.Width: // the head, or a table that is looked up
			head = n * float64(t.Len())
		default:
			per += n * float64(t.Len())
		}
	}
	return per*float64(rows) + head*float64(labelled)
}
