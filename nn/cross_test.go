package nn_test

import (
	"math"
	"testing"

	"github.com/rotor-lm/rotor/internal/gradcheck"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/tensor"
)

// Two texts of 3 and 2 rows, which look at sources of 2 and 4 rows.
func crossing(q, k, v, o *nn.Linear, memory nn.Memory) func(tape *tensor.Tape, x, source *tensor.Tensor) *tensor.Tensor {
	layer := &nn.CrossAttention{Q: q, K: k, V: v, O: o, Memory: memory, Heads: 4, KVHeads: 2}
	return func(tape *tensor.Tape, x, source *tensor.Tensor) *tensor.Tensor {
		p := &nn.Pass{Tape: tape, Source: &nn.Source{Rows: source}}
		p.Places.Add(3, 0, 0, 0)
		p.Places.Add(2, 0, 1, 0)
		p.Source.Places.Add(2, 0, 0, 0)
		p.Source.Places.Add(4, 0, 1, 0)
		return layer.Forward(p, x)
	}
}

func linear(seed float64, out, in int) *nn.Linear {
	w := tensor.New(out, in)
	for i := range w.Data {
		w.Data[i] = float32(math.Sin(float64(i)*seed + seed))
	}
	return &nn.Linear{Weight: w}
}

func TestCrossAttention(t *testing.T) {
	const c, s, d = 5, 6, 3
	q, k, v, o := linear(2, 4*d, c), linear(3, 2*d, s), linear(5, 2*d, s), linear(7, c, 4*d)
	x, source := linear(.7, 5, c).Weight, linear(.9, 6, s).Weight
	apply := func(l *nn.Linear, x []float32) []float64 { // before the weights are packed
		y := make([]float64, l.Weight.Rows())
		for i := range y {
			for j, xj := range x {
				y[i] += float64(l.Weight.Data[i*len(x)+j]) * float64(xj)
			}
		}
		return y
	}
	var want [5][]float64
	for row := range 5 {
		lo, hi := 0, 2 // every row of its own source, before and after
		if row >= 3 {
			lo, hi = 2, 6
		}
		all := make([]float32, 4*d)
		for h := range 4 {
			query := apply(q, x.Row(row))[h*d : (h+1)*d]
			total := 0.0
			out := [d]float64{}
			for j := lo; j < hi; j++ {
				key, value := apply(k, source.Row(j))[h/2*d:], apply(v, source.Row(j))[h/2*d:]
				dot := 0.0
				for i := range d {
					dot += query[i] * key[i]
				}
				weight := math.Exp(dot / math.Sqrt(d))
				total += weight
				for i := range d {
					out[i] += weight * value[i]
				}
			}
			for i := range d {
				all[h*d+i] = float32(out[i] / total)
			}
		}
		want[row] = apply(o, all)
	}
	tape := tensor.NoGrad(0)
	y := crossing(q, k, v, o, nn.ThisPass{})(tape, tape.Wrap(x.Data, 5, c), tape.Wrap(source.Data, 6, s))
	for row := range want {
		for i, w := range want[row] {
			if math.Abs(w-float64(y.Row(row)[i])) > 1e-4 {
				t.Fatalf("row %d: %g, want %g", row, y.Row(row)[i], w)
			}
		}
	}
	gradcheck.Case{
		Name: "cross attention", Shapes: [][]int{{5, c}, {6, s}, {2 * d, s}, {2 * d, s}}, Weights: []int{2, 3}, Scale: .5,
		F: func(tape *tensor.Tape, x ...*tensor.Tensor) *tensor.Tensor {
			return crossing(q, &nn.Linear{Weight: x[2]}, &nn.Linear{Weight: x[3]}, o, nn.ThisPass{})(tape, x[0], x[1])
		},
	}.Run(t)
}

// keeper holds the keys of a source once it has seen them.
type keeper struct {
	keys  op.Keys
	asked int
}

func (k *keeper) Extend(p *nn.Pass, key, value *tensor.Tensor) op.Keys {
	k.asked++
	keep := func(x *tensor.Tensor) *tensor.Tensor { return x.Clone() }
	k.keys = op.Keys{Part: op.Part{K: keep(key), V: keep(value), Spans: p.Spans}}
	return k.keys
}

func (k *keeper) Held(*nn.Pass) (op.Keys, bool) { return k.keys, k.keys.K != nil }

// A source is projected once: after that the memory holds its keys, and the
// source need not be there.
func TestCrossAttentionAsksItsMemoryFirst(t *testing.T) {
	memory := &keeper{}
	f := crossing(linear(2, 12, 5), linear(3, 6, 6), linear(5, 6, 6), linear(7, 5, 12), memory)
	x, source := linear(.7, 5, 5).Weight, linear(.9, 6, 6).Weight
	tape := tensor.NoGrad(0)
	a := f(tape, tape.Wrap(x.Data, 5, 5), tape.Wrap(source.Data, 6, 6)).Clone()
	tape.Reset()
	b := f(tape, tape.Wrap(x.Data, 5, 5), nil)
	if memory.asked != 1 || distance(a.Data, b.Data) != 0 {
		t.Errorf("projected %d times; the second answer is %g from the first", memory.asked, distance(a.Data, b.Data))
	}
}
