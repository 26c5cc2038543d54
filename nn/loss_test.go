package nn_test

import (
	"math"
	"runtime"
	"testing"

	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/tensor"
)

// The loss in blocks equals the plain formula over all rows, and so do the
// gradients of the rows and of the head's own weights.
func TestCrossEntropyEqualsTheFormula(t *testing.T) {
	const rows, width, words, scale = 750, 6, 9, .25
	x, w, b := linear(.37, rows, width).Weight.Data, linear(.71, words, width).Weight.Data, linear(.5, 1, words).Weight.Data
	labels := make([]int32, rows)
	for i := range labels {
		labels[i] = nn.Ignore
		if i%8 != 3 { // more than two blocks of labelled rows
			labels[i] = int32(i * 7 % words)
		}
	}
	for name, lowRank := range map[string]bool{"plain": false, "adapted": true} {
		head := &adapted{Linear: &nn.Linear{Weight: tensor.From(w, words, width).Clone().Learn(), Bias: tensor.From(b, words).Clone().Learn()}}
		if lowRank {
			head.A, head.B = linear(.3, 2, width).Weight.Learn(), linear(.9, words, 2).Weight.Learn()
		}
		tape := tensor.NewTape(0)
		p := &nn.Pass{Tape: tape}
		p.Places.Add(370, 0, 0, 0)
		p.Places.Add(250, 0, 1, 1) // these rows carry another adapter than the head has
		p.Places.Add(130, 0, 2, 0)
		run := func(loss func(h *tensor.Tensor) *tensor.Tensor) (float64, []float32, [][]float32) {
			tape.Reset()
			h := tape.Leaf(x, rows, width)
			y := loss(h)
			tape.Backward(y, 1)
			var grads [][]float32
			for _, g := range []*tensor.Tensor{head.Weight, head.Bias, head.A, head.B} {
				if g != nil {
					grads = append(grads, append([]float32(nil), g.Grad...))
					g.Grad = nil
				}
			}
			return float64(y.Data[0]), append([]float32(nil), h.Grad...), grads
		}
		have, dx, dw := run(func(h *tensor.Tensor) *tensor.Tensor { return nn.CrossEntropy(p, h, head, labels, scale) })
		want, dx2, dw2 := run(func(h *tensor.Tensor) *tensor.Tensor { // all logits at once, and the labelled rows of them
			var index, target []int32
			for i, l := range labels {
				if l >= 0 {
					index, target = append(index, int32(i)), append(target, l)
				}
			}
			return op.Scale(op.CrossEntropy(op.Rows(head.Forward(p, h), index), target), scale)
		})
		if math.Abs(have-want) > 1e-4*want || distance(dx, dx2) > 1e-5 {
			t.Errorf("%s: loss %g, want %g; gradient of the rows %g away", name, have, want, distance(dx, dx2))
		}
		for i := range dw {
			if d := distance(dw[i], dw2[i]); d > 1e-4 {
				t.Errorf("%s: gradient %d of the head is %g away", name, i, d)
			}
		}
		if lowRank {
			continue
		}
		sum := 0.0
		for i, l := range labels { // and the formula itself
			if l < 0 {
				continue
			}
			total, own := 0.0, 0.0
			for k := range words {
				z := float64(b[k])
				for j := range width {
					z += float64(w[k*width+j]) * float64(x[i*width+j])
				}
				total += math.Exp(z)
				if k == int(l) {
					own = z
				}
			}
			sum += math.Log(total) - own
		}
		if math.Abs(have-scale*sum) > 1e-4*have {
			t.Errorf("loss %g, by the formula %g", have, scale*sum)
		}
	}
}

// adapted is a head that may have a low-rank term.
type adapted struct {
	*nn.Linear
	A, B *tensor.Tensor
}

func (h *adapted) Forward(p *nn.Pass, x *tensor.Tensor) *tensor.Tensor {
	a := h.Affine(p)
	if h.A != nil {
		a.Terms = append(a.Terms, op.LowRank{A: h.A, B: h.B, Scale: .5})
	}
	return op.Linear(x, p.Places, a)
}

// Logits exist for a block of rows at a time: eight times the rows cost no more
// memory but that of the rows themselves. The larger the vocabulary, the smaller
// the block.
func TestCrossEntropyMemory(t *testing.T) {
	bytes := func(rows, width, words int) int {
		head := linear(.37, words, width)
		tape := tensor.NewTape(0)
		p := newPass(tape, rows)
		x, labels := make([]float32, rows*width), make([]int32, rows)
		var before, after runtime.MemStats
		nn.CrossEntropy(newPass(tensor.NoGrad(0), 1), tape.Leaf(x, 1, width), head, labels[:1], 1) // packs the head
		tape.Reset()
		runtime.ReadMemStats(&before)
		h := tape.Leaf(x, rows, width)
		tape.Backward(nn.CrossEntropy(p, h, head, labels, 1), 1)
		runtime.ReadMemStats(&after)
		return int(after.TotalAlloc - before.TotalAlloc)
	}
	const width, words = 4, 5000
	few, many := bytes(512, width, words), bytes(4096, width, words)
	if more, all := many-few, 4*(4096-512)*words; more > all/50 {
		t.Errorf("512 rows take %d bytes and 4096 take %d more, of the %d that their logits would", few, more, all)
	}
	if large := bytes(256, 2, 400_000); large > 100<<20 {
		t.Errorf("256 rows over a vocabulary of 400,000 take %d bytes", large)
	}
}

// Without labels there is nothing to learn, and no gradient that is not zero.
func TestCrossEntropyOfNothing(t *testing.T) {
	tape := tensor.NewTape(0)
	p := newPass(tape, 3)
	h := tape.Leaf(make([]float32, 6), 3, 2)
	loss := nn.CrossEntropy(p, h, linear(1, 4, 2), []int32{nn.Ignore, nn.Ignore, nn.Ignore}, 1)
	tape.Backward(loss, 1)
	if loss.Data[0] != 0 {
		t.Errorf("loss %g", loss.Data[0])
	}
	for _, g := range h.Grad {
		if g != 0 {
			t.Errorf("gradient %g", g)
		}
	}
}
