// Package optim has what turns gradients into steps: AdamW, schedules of the
// learning rate, and clipping.
package optim

import (
	"math"

	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/tensor"
)

// Param is a tensor that learns, under its name.
type Param struct {
	Name string
	*tensor.Tensor
}

// Zero clears all gradients, keeping their memory.
func Zero(params []Param) {
	for _, p := range params {
		clear(p.Grad)
	}
}

// chunk is the number of elements that are summed, or stepped, at a time.
const chunk = 1 << 14

// Norm is the Euclidean norm of all gradients together. The sum has one order,
// whatever the number of threads.
func Norm(params []Param) float64 {
	sum := 0.0
	for _, p := range params {
		for lo := 0; lo < len(p.Grad); lo += chunk {
			g := p.Grad[lo:min(len(p.Grad), lo+chunk)]
			sum += float64(kernel.Dot(g, g))
		}
	}
	return math.Sqrt(sum)
}

// Clip scales the gradients down so that their norm is at most limit, and
// returns the norm that they had. A limit of zero leaves them alone.
//
//	g ← g·min(1, limit/‖g‖)
//
// Pascanu, Mikolov and Bengio, On the Difficulty of Training Recurrent Neural
// Networks, 2012. arXiv:1211.5063, algorithm 1.
func Clip(params []Param, limit float64) float64 {
	norm := Norm(params)
	if limit > 0 && norm > limit {
		for _, p := range params {
			// As PyTorch has it, with 1e-6 beside the norm.
			kernel.Scale(p.Grad, float32(limit/(norm+1e-6)), p.Grad)
		}
	}
	return norm
}
