package approx

import "github.com/rotor-lm/rotor/kernel"

// Bend is the function between the layers of a network.
type Bend int

// The bends, and their derivatives by what they gave, y:
const (
	ReLU Bend = iota // max(x, 0)     1 where y > 0
	Tanh             // tanh(x)       1 − y²
)

func (b Bend) forward(x []float32) {
	if b == Tanh {
		kernel.Tanh(x, x)
		return
	}
	kernel.ReLU(x, x)
}

// backward turns the gradient of y into that of x, with t for scratch.
func (b Bend) backward(dy, y, t []float32) {
	if b == Tanh {
		kernel.Mul(t, y, y)
		kernel.Mul(t, t, dy)
		kernel.Axpy(dy, -1, t)
		return
	}
	kernel.ReLUGrad(dy, dy, y)
}
