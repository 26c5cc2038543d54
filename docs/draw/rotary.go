package main

import (
	"github.com/rotor-lm/rotor/internal/chart"
	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/position"
	"github.com/rotor-lm/rotor/tensor"
)

// rotary draws the score of a query and a key of ones, over its value at
// distance zero, as the distance grows.
func rotary() chart.Chart {
	c := chart.Chart{Title: "⟨R_m·q, R_n·k⟩ / ⟨q, k⟩ of rows of ones, D = 128, base 10000", X: "distance n − m", Y: "score"}
	for _, f := range []struct {
		name   string
		factor float64
	}{{"default", 1}, {"linear, factor 4", 4}} {
		line := chart.Line{Name: f.name}
		for d, s := range scores(position.NewRotary(128, 10000, f.factor), 128, 256) {
			line.X, line.Y = append(line.X, float64(d)), append(line.Y, s)
		}
		c.Lines = append(c.Lines, line)
	}
	return c
}

// scores of a key at positions 0 … n under a query at position 0.
func scores(r *position.Rotary, width, n int) []float64 {
	tape := tensor.NoGrad(n + 1)
	pos := make([]int32, n+1)
	ones := make([]float32, (n+1)*width)
	for i := range ones {
		ones[i], pos[i/width] = 1, int32(i/width)
	}
	q, k, _ := r.Rotate(tape.Wrap(ones, n+1, 1, width), tape.Wrap(ones, n+1, 1, width), nil, op.Places{Pos: pos})
	out := make([]float64, n+1)
	for d := range out {
		for i, x := range k.Data[d*width : (d+1)*width] {
			out[d] += float64(x) * float64(q.Data[i]) / float64(width)
		}
	}
	return out
}
