package approx

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/rotor-lm/rotor/kernel"
)

// MLP is a small network: linear layers with a bend between them.
//
//	h_0 = x     h_{l+1} = σ(h_l·W_l + b_l)     and no σ after the last
//
// Backward, with g_l the gradient of h_l before its bend,
//
//	dW_l = h_lᵀ·g_{l+1}     db_l = Σ_rows g_{l+1}     g_l = (g_{l+1}·W_lᵀ) ⊙ σ′
//
// The weights are one slice, layer after layer W [in, out] and b [out]. A network
// holds nothing but them: what a pass computes stands in a Pass, so that many
// goroutines may run the same network.
type MLP struct {
	Widths []int // inputs, hidden layers, outputs
	Bend   Bend
	W      []float32
	layers []layer
}

// NewMLP makes a network with all weights zero; Uniform or Orthogonal fill them.
func NewMLP(bend Bend, widths ...int) *MLP {
	return NewMLPIn(make([]float32, Weights(widths...)), bend, widths...)
}

// Weights is how many a network of these widths has.
func Weights(widths ...int) (n int) {
	for l := range widths[1:] {
		n += (widths[l] + 1) * widths[l+1]
	}
	return n
}

// NewMLPIn makes a network in the memory of w, which several networks may share
// out so that one optimiser steps them all.
func NewMLPIn(w []float32, bend Bend, widths ...int) *MLP {
	if len(w) != Weights(widths...) {
		panic(fmt.Sprintf("approx: a network of widths %v has %d weights, not %d", widths, Weights(widths...), len(w)))
	}
	n := &MLP{Widths: widths, Bend: bend, W: w}
	at := 0
	for l := range widths[1:] {
		in, out := widths[l], widths[l+1]
		m := kernel.Matrix{Data: w[at : at+in*out], Rows: in, Cols: out, Stride: out}
		n.layers = append(n.layers, layer{m, w[at+in*out : at+(in+1)*out], at})
		at += (in + 1) * out
	}
	return n
}

// Clone is a network of the same shape with weights of its own.
func (n *MLP) Clone() *MLP {
	c := NewMLP(n.Bend, n.Widths...)
	copy(c.W, n.W)
	return c
}

// Inputs and Outputs are the widths of the ends.
func (n *MLP) Inputs() int { return n.Widths[0] }

// Outputs is the width of the last layer.
func (n *MLP) Outputs() int { return n.Widths[len(n.Widths)-1] }

// Uniform draws weights and biases from ±1/√in, as PyTorch's Linear does.
func (n *MLP) Uniform(rng *rand.Rand) {
	for _, l := range n.layers {
		bound := 1 / math.Sqrt(float64(l.w.Rows))
		for _, w := range [][]float32{l.w.Data, l.b} {
			for i := range w {
				w[i] = float32((2*rng.Float64() - 1) * bound)
			}
		}
	}
}

// Orthogonal draws weights whose shorter side is orthonormal, times √2, and times
// last in the last layer; biases are zero.
//
// Saxe, McClelland and Ganguli, Exact Solutions to the Nonlinear Dynamics of
// Learning in Deep Linear Neural Networks, 2013.
func (n *MLP) Orthogonal(rng *rand.Rand, last float64) {
	for i, l := range n.layers {
		gain := math.Sqrt2
		if i == len(n.layers)-1 {
			gain = last
		}
		orthogonal(l.w, rng, gain)
		clear(l.b)
	}
}

func orthogonal(w kernel.Matrix, rng *rand.Rand, gain float64) {
	count, length := min(w.Rows, w.Cols), max(w.Rows, w.Cols)
	vectors := make([][]float64, count)
	for i := range vectors {
		v := make([]float64, length)
		for j := range v {
			v[j] = rng.NormFloat64()
		}
		for range 2 { // twice is enough for rounding
			for _, u := range vectors[:i] {
				axpy(v, -dot(u, v), u)
			}
		}
		scale(v, 1/math.Sqrt(dot(v, v)))
		vectors[i] = v
	}
	for i := range w.Rows {
		for j := range w.Cols {
			if w.Rows < w.Cols {
				w.Data[i*w.Stride+j] = float32(gain * vectors[i][j])
			} else {
				w.Data[i*w.Stride+j] = float32(gain * vectors[j][i])
			}
		}
	}
}

// Pass is the memory of a run of a network over rows. It belongs to one goroutine.
type Pass struct {
	h []kernel.Matrix // h_0 … h_L     [rows, width]
	g []kernel.Matrix // their gradients
	t []float32       // scratch of one layer
}

// NewPass has room for so many rows.
func (n *MLP) NewPass(rows int) *Pass {
	p := &Pass{}
	widest := 0
	for _, width := range n.Widths {
		p.h = append(p.h, NewRows(rows, width))
		p.g = append(p.g, NewRows(rows, width))
		widest = max(widest, width)
	}
	p.t = make([]float32, rows*widest)
	return p
}

// NewRows is a matrix of zeros.
func NewRows(rows, cols int) kernel.Matrix {
	return kernel.Matrix{Data: make([]float32, rows*cols), Rows: rows, Cols: cols, Stride: cols}
}

// Top is the first rows of m.
func Top(m kernel.Matrix, rows int) kernel.Matrix { m.Rows = rows; return m }

// Input is where the first rows of the input are written before Forward.
func (p *Pass) Input(rows int) kernel.Matrix { return Top(p.h[0], rows) }

// Output is what Forward computed of the first rows.
func (p *Pass) Output(rows int) kernel.Matrix { return Top(p.h[len(p.h)-1], rows) }

// OutputGrad is where the gradient of the output is written before Backward.
func (p *Pass) OutputGrad(rows int) kernel.Matrix { return Top(p.g[len(p.g)-1], rows) }

// InputGrad is what BackwardInput computed.
func (p *Pass) InputGrad(rows int) kernel.Matrix { return Top(p.g[0], rows) }

// Pick makes some rows of what Forward computed, in ascending order, the first: the
// gradient of the others will not be asked for.
func (p *Pass) Pick(rows []int) {
	for _, h := range p.h {
		for k, row := range rows {
			copy(h.Row(k), h.Row(row))
		}
	}
}

// Forward runs the first rows of p's input through the network, on the calling
// goroutine alone, and returns the output.
func (n *MLP) Forward(p *Pass, rows int) kernel.Matrix {
	for i, l := range n.layers {
		y := Top(p.h[i+1], rows)
		l.forward(y, Top(p.h[i], rows), p.t)
		if i < len(n.layers)-1 {
			n.Bend.forward(y.Data[:rows*y.Cols])
		}
	}
	return p.Output(rows)
}

// Backward adds to grad, which lies as W does, what the gradient of the output
// says of the weights.
func (n *MLP) Backward(p *Pass, rows int, grad []float32) { n.backward(p, rows, grad, false) }

// BackwardInput computes the gradient of the input; grad, where it is not nil,
// gets that of the weights too.
func (n *MLP) BackwardInput(p *Pass, rows int, grad []float32) { n.backward(p, rows, grad, true) }

func (n *MLP) backward(p *Pass, rows int, grad []float32, input bool) {
	for i := len(n.layers) - 1; i >= 0; i-- {
		l := n.layers[i]
		x, dy := Top(p.h[i], rows), Top(p.g[i+1], rows)
		if grad != nil {
			l.learn(grad[l.from:l.from+len(l.w.Data)+len(l.b)], x, dy, p.t)
		}
		if i == 0 && !input {
			return
		}
		dx := Top(p.g[i], rows)
		l.backward(dx, dy, p.t)
		if i > 0 {
			size := rows * dx.Cols
			n.Bend.backward(dx.Data[:size], x.Data[:size], p.t[:size])
		}
	}
}
