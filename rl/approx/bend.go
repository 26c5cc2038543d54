package approx

import (
	"math"

	"github.com/rotor-lm/rotor/kernel"
)

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
	for i, v := range x { // a sign bit becomes a mask, so that nothing is to be guessed
		bits := math.Float32bits(v)
		x[i] = math.Float32frombits(bits &^ uint32(int32(bits)>>31))
	}
}

// backward turns the gradient of y into that of x, with t for scratch.
func (b Bend) backward(dy, y, t []float32) {
	if b == Tanh {
		kernel.Mul(t, y, y)
		kernel.Mul(t, t, dy)
		kernel.Axpy(dy, -1, t)
		return
	}
	for i, v := range y { // y is zero or above: its bits less one are negative only for zero
		off := uint32(int32(math.Float32bits(v)-1) >> 31)
		dy[i] = math.Float32frombits(math.Float32bits(dy[i]) &^ off)
	}
}
