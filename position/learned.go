package position

import (
	"fmt"

	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/tensor"
)

func init() { Register("learned", "x + p_t, with a learned row a position") }

// Learned adds a learned row of its position to every token.
//
//	y_t = x_t + p_t
//
// There is no row past the last one trained: such a position is an error of the
// caller, who knows Len.
//
// Devlin et al., BERT, 2018. arXiv:1810.04805, §3; Radford et al., GPT-2, 2019.
type Learned struct {
	None
	Weight *tensor.Tensor `w:"weight"` // [L, C]
}

// Len is the number of positions that there are.
func (l *Learned) Len() int { return l.Weight.Rows() }

func (l *Learned) Embed(x *tensor.Tensor, pos []int32) *tensor.Tensor {
	for _, p := range pos {
		if int(p) >= l.Len() {
			panic(fmt.Sprintf("position: Learned: position %d, and there are %d", p, l.Len()))
		}
	}
	return op.Add(x, op.Embed(x.Tape(), pos, l.Weight))
}
