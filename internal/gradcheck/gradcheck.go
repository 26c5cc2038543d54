// Package gradcheck compares the gradients of operations with finite differences.
package gradcheck

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/rotor-lm/rotor/tensor"
)

// Case is an operation on inputs of given shapes.
type Case struct {
	Name   string
	F      func(t *tensor.Tape, x ...*tensor.Tensor) *tensor.Tensor
	Shapes [][]int
	// Weights tells, by index, the inputs that are trainable weights and not
	// activations; both ways of holding a gradient are exercised.
	Weights []int
	Scale   float32 // of the inputs; zero means 1
	Shift   float32 // added to the inputs
}

// Run checks ∂(Σ c·y)/∂x for random c, for every element of every input, by
// central differences.
func (c Case) Run(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, uint64(len(c.Name))))
	data := make([][]float32, len(c.Shapes))
	for i, s := range c.Shapes {
		n := 1
		for _, d := range s {
			n *= d
		}
		data[i] = make([]float32, n)
		for j := range data[i] {
			data[i][j] = float32(rng.NormFloat64())*scale(c.Scale) + c.Shift
		}
	}
	tape := tensor.NewTape(0)
	var coef []float32
	forward := func() (float64, []*tensor.Tensor, *tensor.Tensor) {
		tape.Reset()
		mark := tape.Mark()
		x := make([]*tensor.Tensor, len(data))
		for i, s := range c.Shapes {
			own := tape.New(s...).Data // the tape's own, to be poisoned where it is not held
			copy(own, data[i])
			x[i] = tape.Leaf(own, s...)
			for _, w := range c.Weights {
				if w == i {
					x[i] = tensor.From(data[i], s...).Learn()
				}
			}
		}
		y := tape.Keep(mark, c.F(tape, x...))
		tape.Poison() // whatever the operation did not hold is gone
		for coef == nil || len(coef) < y.Len() {
			coef = append(coef, float32(rng.NormFloat64()))
		}
		sum := 0.0
		for i, v := range y.Data {
			sum += float64(v) * float64(coef[i])
		}
		return sum, x, y
	}
	// Twice: a pooled node must not remember the pass before.
	_, _, _ = forward()
	_, x, y := forward()
	copy(y.WantGrad(), coef)
	tape.Propagate()
	grads := make([][]float32, len(x))
	for i := range x {
		if x[i].Grad == nil {
			t.Fatalf("input %d got no gradient", i)
		}
		grads[i] = append([]float32(nil), x[i].Grad...)
	}
	for i := range data {
		for j := range data[i] {
			const eps = 1e-2
			old := data[i][j]
			data[i][j] = old + eps
			up, _, _ := forward()
			data[i][j] = old - eps
			down, _, _ := forward()
			data[i][j] = old
			want, have := (up-down)/(2*eps), float64(grads[i][j])
			if math.Abs(want-have) > 4e-3*(1+math.Abs(want)) {
				t.Fatalf("input %d element %d: gradient %g, by differences %g", i, j, have, want)
			}
		}
	}
}

func scale(s float32) float32 {
	if s == 0 {
		return 1
	}
	return s
}
