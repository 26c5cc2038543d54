package eval

import (
	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/tensor"
)

// blockRows is the number of rows whose logits exist at once.
const blockRows = 64

// head runs the projection to the vocabulary at the rows that count.
type head struct {
	pass    nn.Pass
	index   []int32
	targets []int32
	logits  *tensor.Tensor
	loss    [blockRows]float64
	hit     [blockRows]bool
}

// measure returns Σ −log p(target) over the rows with a target, how many of
// those targets were the most probable tokens, and how many there are.
func (h *head) measure(out nn.Projection, x *tensor.Tensor, places op.Places, targets []int32) (loss float64, hits, n int) {
	flush := func() {
		l, k := h.block(out, x)
		loss, hits, n = loss+l, hits+k, n+len(h.index)
		h.pass.Clear()
		h.index, h.targets = h.index[:0], h.targets[:0]
	}
	for _, s := range places.Spans {
		for i := s.Row; i < s.Row+s.Len; i++ {
			if targets[i] < 0 {
				continue
			}
			h.index, h.targets = append(h.index, int32(i)), append(h.targets, targets[i])
			h.pass.Add(1, places.Pos[i], s.Seq, s.Adapter)
			if len(h.index) == blockRows {
				flush()
			}
		}
	}
	if len(h.index) > 0 {
		flush()
	}
	return loss, hits, n
}

// block measures the rows that were gathered.
func (h *head) block(out nn.Projection, x *tensor.Tensor) (loss float64, hits int) {
	t := h.pass.Tape
	t.Reset()
	rows := t.New(len(h.index), x.Cols())
	for i, r := range h.index {
		copy(rows.Row(i), x.Row(int(r)))
	}
	h.logits = out.Forward(&h.pass, rows)
	kernel.Parallel(len(h.index), h.row)
	for i := range h.index {
		loss += h.loss[i]
		if h.hit[i] {
			hits++
		}
	}
	return loss, hits
}

func (h *head) row(i int) {
	z, target := h.logits.Row(i), h.targets[i]
	h.loss[i] = float64(kernel.LogSumExp(z)) - float64(z[target])
	h.hit[i] = z[target] == kernel.Max(z)
}
