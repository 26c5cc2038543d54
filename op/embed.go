package op

import (
	"fmt"

	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/tensor"
)

// Embed looks up one row a token. The tables are one vocabulary, one after the
// other: tokens past the end of the first are rows of the second. That is how a
// soft prompt is more vocabulary.
//
//	y_t = E[token_t]    dE[token_t] += dy_t
//
// Shapes: tokens [T], tables [V_i, C] → y [T, C].
func Embed(t *tensor.Tape, tokens []int32, tables ...*tensor.Tensor) *tensor.Tensor {
	n := tensor.Make[embed](t)
	n.tokens, n.tables = append(n.tokens[:0], tokens...), append(n.tables[:0], tables...)
	n.y = t.New(len(tokens), tables[0].Cols())
	for i, id := range tokens {
		table, row := n.find(id)
		table.CopyRow(n.y.Row(i), row)
	}
	t.Record(n, n.y, n.tables...)
	return n.y
}

type embed struct {
	tokens []int32
	tables []*tensor.Tensor
	y      *tensor.Tensor
}

func (n *embed) find(id int32) (*tensor.Tensor, int) {
	row := int(id)
	for _, table := range n.tables {
		if row >= 0 && row < table.Rows() {
			return table, row
		}
		row -= table.Rows()
	}
	panic(fmt.Sprintf("op: Embed: token %d is not in the vocabulary", id))
}

func (n *embed) Backward() {
	for i, id := range n.tokens { // in order: two rows may be one token
		table, row := n.find(id)
		if table.WantGrad() != nil {
			g := table.GradRow(row)
			kernel.Add(g, g, n.y.GradRow(i))
		}
	}
}
