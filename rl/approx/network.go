package approx

import "math/rand/v2"

// Network is a value that a network computes of a state's numbers: an rl.Value.
// Each Learn is one step down ½·(G − v̂)² by Adam. It belongs to one goroutine.
type Network[S any] struct {
	Net  *MLP
	Adam *Adam
	see  func(s S, x []float64)
	x    []float64
	pass *Pass
	grad func(int, []float32)
}

// NewNetwork makes a value of a state of which see writes inputs numbers.
func NewNetwork[S any](rng *rand.Rand, inputs int, see func(s S, x []float64), bend Bend, hidden []int, lr float64) *Network[S] {
	widths := append(append([]int{inputs}, hidden...), 1)
	v := &Network[S]{Net: NewMLP(bend, widths...), see: see, x: make([]float64, inputs)}
	v.Net.Uniform(rng)
	v.Adam = NewAdam(v.Net.W, lr, 1)
	v.pass = v.Net.NewPass(1)
	v.grad = func(_ int, grad []float32) { v.Net.Backward(v.pass, 1, grad) }
	return v
}

// At is v̂(s).
func (v *Network[S]) At(s S) float64 {
	v.see(s, v.x)
	narrow(v.pass.Input(1).Row(0), v.x)
	return float64(v.Net.Forward(v.pass, 1).Data[0])
}

// Learn makes one step along δ·∇v̂(s).
func (v *Network[S]) Learn(s S, delta float64) {
	v.At(s)
	v.pass.OutputGrad(1).Data[0] = float32(-delta)
	v.Adam.Step(1, v.grad)
}

func narrow(dst []float32, x []float64) {
	for i, v := range x {
		dst[i] = float32(v)
	}
}

// split is the rows of chunk i of n rows in chunks of size.
func split(i, size, n int) (from, to int) { return i * size, min((i+1)*size, n) }

// chunks is how many there are.
func chunks(size, n int) int { return (n + size - 1) / size }
