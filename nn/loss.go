package nn

import (
	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/tensor"
)

// Ignore is the label of a row that is not to be learned from.
const Ignore = -1

// Logits of at most lossRows labelled rows exist at once, and of fewer where the
// vocabulary is large: lossNumbers numbers, but for a few rows at least.
const (
	lossRows    = 256
	lossNumbers = 1 << 24 // 64 MB
)

// lossBlock is the number of rows whose logits exist at once: of a vocabulary of
// 49,152 it is 256, of 262,144 it is 64.
func lossBlock(vocabulary int) int {
	return min(lossRows, max(16, lossNumbers/max(1, vocabulary)&^15))
}

// CrossEntropy is the cross-entropy of the labels under the head's logits,
// summed over the labelled rows and times scale.
//
//	L = scale·Σ_t −log softmax(head(x_t))[label_t]      over t with label_t ≥ 0
//
// The head sees labelled rows only, a block at a time, and each block runs its
// way back at once: memory depends neither on T nor, beyond a block, on V.
// Gradients of the head's own weights are therefore complete when CrossEntropy
// returns, and the tape must be run back with a scale of one.
//
// Shapes: x [T, C], labels [T] → L [1].
func CrossEntropy(p *Pass, x *tensor.Tensor, head Projection, labels []int32, scale float32) *tensor.Tensor {
	t := p.Tape
	n := tensor.Make[crossEntropy](t)
	n.x, n.y, n.index, n.target = x, t.New(1), n.index[:0], n.target[:0]
	for row, label := range labels {
		if label >= 0 {
			n.index, n.target = append(n.index, int32(row)), append(n.target, label)
		}
	}
	n.dx = nil
	if x.NeedsGrad() && t.Recording() {
		n.dx = t.Floats(len(n.index) * x.Cols())
	}
	words, _ := head.Dims()
	rows, sum := lossBlock(words), float32(0)
	for lo := 0; lo < len(n.index); lo += rows {
		sum += n.block(p, head, rows, lo, min(len(n.index), lo+rows), scale)
	}
	n.y.Data[0] = sum * scale
	t.Record(n, n.y, x)
	return n.y
}

type crossEntropy struct {
	x, y          *tensor.Tensor
	index, target []int32   // the labelled rows, and their labels
	dx            []float32 // [labelled, C]
	pass          Pass
}

// block adds up the losses of labelled rows lo … hi, at most so many, and keeps
// their gradient.
func (n *crossEntropy) block(p *Pass, head Projection, rows, lo, hi int, scale float32) float32 {
	child, c := p.Tape.Child(rows), n.x.Cols()
	child.Reset()
	x := child.Floats((hi - lo) * c)
	for i, r := range n.index[lo:hi] {
		copy(x[i*c:(i+1)*c], n.x.Row(int(r)))
	}
	h := child.Leaf(x, hi-lo, c)
	n.pass.Tape, n.pass.Seed = child, p.Seed
	n.pass.Places = choose(n.pass.Places, p.Places, n.index[lo:hi])
	loss := op.CrossEntropyInPlace(head.Forward(&n.pass, h), n.target[lo:hi])
	sum := loss.Data[0]
	if child.Recording() {
		child.Backward(loss, scale)
		if n.dx != nil {
			copy(n.dx[lo*c:hi*c], h.Grad)
		}
	}
	return sum
}

func (n *crossEntropy) Backward() {
	n.x.WantGrad()
	c := n.x.Cols()
	for i, r := range n.index {
		g := n.x.GradRow(int(r))
		for j, d := range n.dx[i*c : (i+1)*c] {
			g[j] += d
		}
	}
}

// choose returns the places of some rows, in dst's memory. Neighbours of one
// sequence and adapter make one span.
func choose(dst, p op.Places, index []int32) op.Places {
	dst.Clear()
	s := 0
	for i, r := range index {
		for s < len(p.Spans) && int(r) >= p.Spans[s].Row+p.Spans[s].Len {
			s++
		}
		if s == len(p.Spans) {
			break // no places: plain rows
		}
		span := p.Spans[s]
		if k := len(dst.Spans) - 1; k >= 0 && dst.Spans[k].Adapter == span.Adapter && dst.Spans[k].Seq == span.Seq {
			dst.Spans[k].Len++
		} else {
			dst.Spans = append(dst.Spans, op.Span{Row: i, Len: 1, Pos: p.Pos[r], Seq: span.Seq, Adapter: span.Adapter})
		}
		dst.Pos = append(dst.Pos, p.Pos[r])
	}
	return dst
}
