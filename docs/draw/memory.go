package main

import (
	"fmt"

	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/tensor"
)

// memory draws the attention of a packed pass: two texts, the second of which
// carries an adapter with two rows of its own before time zero, in a window of
// three. Queries and keys are zero, so a row shares its attention evenly among
// what it sees; values are unit vectors, so what it gathers are its weights.
func memory() grid {
	const own, window = 2, 3
	lengths := []int{4, 5}
	var places op.Places
	for i, n := range lengths {
		places.Add(n, 0, int32(i), int32(i))
	}
	t := places.Rows()
	s := own + t // keys: the adapter's, then the texts'
	tape := tensor.NoGrad(t)
	unit := func(rows, first int) *tensor.Tensor {
		v := make([]float32, rows*s)
		for i := range rows {
			v[i*s+first+i] = 1
		}
		return tape.Wrap(v, rows, 1, s)
	}
	zeros := func(rows int) *tensor.Tensor { return tape.Wrap(make([]float32, rows*s), rows, 1, s) }
	keys := op.Keys{
		Part: op.Part{K: zeros(t), V: unit(t, own), Spans: places.Spans},
		More: []op.Part{{K: zeros(own), V: unit(own, 0), Spans: []op.Span{{Len: own, Adapter: 1, Pos: -own}}, Adapter: true}},
	}
	y := op.Attend(zeros(t), places, keys, op.Score{Mask: op.Mask{Window: window}})
	g := grid{
		title: "What a row sees: its own text, in a window, and its adapter's rows",
		label: func(x float64) string {
			if x == 0 {
				return ""
			}
			return fmt.Sprintf("%.2f", x)
		},
		note: "two texts packed into one pass; the second carries an adapter; a window of three; no padding",
	}
	for i := range own {
		g.cols = append(g.cols, fmt.Sprintf("own %d", i-own))
	}
	for text, n := range lengths {
		for i := range n {
			name := fmt.Sprintf("%c %d", 'a'+text, i)
			g.rows, g.cols = append(g.rows, name), append(g.cols, name)
		}
	}
	for i := range t {
		var row []float64
		for _, x := range y.Row(i) {
			row = append(row, float64(x))
		}
		g.at = append(g.at, row)
	}
	return g
}
