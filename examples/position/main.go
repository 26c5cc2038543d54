// Position is a position encoding of one's own: ALiBi, which takes from every
// score the distance times a slope of the head. It prints how a row then shares
// its attention among rows whose contents are all alike.
//
//	go run ./examples/position
package main

import (
	"fmt"
	"io"
	"math"
	"os"

	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/position"
	"github.com/rotor-lm/rotor/tensor"
)

// ALiBi is a linear penalty of distance.
//
//	S_ij = s·q_i·k_j − m_h·(i−j)      m_h = 2^(−8(h+1)/H)
//
// Press et al., Train Short, Test Long: Attention with Linear Biases Enables
// Input Length Extrapolation, 2022. arXiv:2108.12409, §3.
type ALiBi struct {
	position.None // neither embeddings nor queries nor keys change
	Heads         int
}

// Relative has a row of biases for every distance that a query can look back.
func (a ALiBi) Relative(q, k op.Places) *op.Relative {
	reach := 1
	for _, s := range q.Spans {
		reach = max(reach, int(s.Pos)+s.Len)
	}
	bias := tensor.New(reach, a.Heads)
	for distance := range reach {
		for h := range a.Heads {
			bias.Row(distance)[h] = float32(-float64(distance) * math.Exp2(-8*float64(h+1)/float64(a.Heads)))
		}
	}
	return &op.Relative{Bucket: func(distance int) int { return max(0, distance) }, Bias: bias}
}

func main() { run(os.Stdout, 4, 8) }

// run prints the weights that the last of a number of rows gives to each of them.
func run(w io.Writer, heads, rows int) {
	for h, shares := range weights(ALiBi{Heads: heads}, heads, rows) {
		fmt.Fprintf(w, "head %d:", h)
		for _, s := range shares {
			fmt.Fprintf(w, " %.3f", s)
		}
		fmt.Fprintln(w)
	}
}

// weights attends with queries and keys of zeros. The value of row j is the j-th
// unit vector, so what a head gathers is its weights.
func weights(p nn.Position, heads, rows int) (shares [][]float32) {
	pass := nn.Pass{Tape: tensor.NoGrad(rows)}
	pass.Add(rows, 0, 0, 0)
	zeros := tensor.New(rows, heads*rows)
	values := tensor.New(rows, heads*rows)
	for j := range rows {
		for h := range heads {
			values.Row(j)[h*rows+j] = 1
		}
	}
	see := func(t *tensor.Tensor) *tensor.Tensor { return pass.Tape.Wrap(t.Data, rows, heads, rows) }
	y := nn.Attend(&pass, see(zeros), see(zeros), see(values), nn.ThisPass{}, p, op.Score{})
	for h := range heads {
		shares = append(shares, y.Row(rows - 1)[h*rows:(h+1)*rows])
	}
	return shares
}
