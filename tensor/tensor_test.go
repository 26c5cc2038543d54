package tensor_test

import (
	"math"
	"slices"
	"testing"

	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/quant"
	"github.com/rotor-lm/rotor/tensor"
)

// inBlocks stands for a weight whose elements lie in blocks.
const inBlocks = tensor.DType(99)

// weight is a weight of small whole numbers, which every type holds exactly.
func weight(d tensor.DType, rows, cols int) (*tensor.Tensor, []float32) {
	want := make([]float32, rows*cols)
	for i := range want {
		want[i] = float32(i%23 - 11)
	}
	if d == tensor.F32 {
		return tensor.From(slices.Clone(want), rows, cols), want
	}
	if d == inBlocks {
		f, err := quant.Named("Q8_0")
		if err != nil {
			panic(err)
		}
		for i := range want {
			want[i] = 127 // the scale of a block is then a whole number
			if i%32 > 0 {
				want[i] = float32(i%23 - 11)
			}
		}
		raw := make([]byte, f.Size(len(want)))
		f.Encode(raw, want)
		w := tensor.Hollow(rows, cols)
		w.FillBlocks(raw, f, nil)
		return w, want
	}
	half := make([]uint16, len(want))
	if d == tensor.BF16 {
		kernel.ToBF16(half, want)
	} else {
		kernel.ToF16(half, want)
	}
	w := tensor.Hollow(rows, cols)
	w.FillHalf(half, d, nil)
	return w, want
}

// However a weight is held, packed or not and either way round, its elements
// are the same.
func TestElementsHoweverTheyAreHeld(t *testing.T) {
	const rows = 13
	for _, d := range []tensor.DType{tensor.F32, tensor.BF16, tensor.F16, inBlocks} {
		cols := 37
		if d == inBlocks {
			cols = 96
		}
		for _, packed := range []string{"no", "as it is", "turned"} {
			w, want := weight(d, rows, cols)
			if !w.Filled() || w.DType != d && d != inBlocks {
				t.Fatalf("%d: not filled", d)
			}
			if packed != "no" {
				w.Packed(packed == "turned")
				if w.Data != nil || w.Half != nil || w.Raw != nil {
					t.Errorf("type %d, packed %s: the former storage is still held", d, packed)
				}
			}
			if got := w.Values(); !slices.Equal(got, want) {
				t.Errorf("type %d, packed %s: elements %v", d, packed, got[:8])
			}
			row := make([]float32, cols)
			for i := range rows {
				if w.CopyRow(row, i); !slices.Equal(row, want[i*cols:(i+1)*cols]) {
					t.Errorf("type %d, packed %s: row %d is %v", d, packed, i, row[:8])
				}
			}
			if c := w.Clone(); c.DType != tensor.F32 || !slices.Equal(c.Data, want) {
				t.Errorf("type %d, packed %s: a clone differs", d, packed)
			}
		}
	}
}

// What packing has copied is given back, once.
func TestPackingReleases(t *testing.T) {
	w, released := tensor.Hollow(4, 4), 0
	w.Fill(make([]float32, 16), func() { released++ })
	w.Packed(false)
	w.Packed(false)
	if released != 1 {
		t.Errorf("released %d times", released)
	}
}

func panics(f func()) (did bool) {
	defer func() { did = recover() != nil }()
	f()
	return false
}

func TestMisusePanics(t *testing.T) {
	half, _ := weight(tensor.BF16, 2, 2)
	blocks, _ := weight(inBlocks, 2, 32)
	for name, f := range map[string]func(){
		"a half weight that learns":      func() { half.Learn() },
		"a weight in blocks that learns": func() { blocks.Learn() },
		"blocks that do not fit":         func() { tensor.Hollow(2, 33).FillBlocks(blocks.Raw, blocks.Block, nil) },
		"a trainable weight that packs":  func() { tensor.New(2, 2).Learn().Packed(false) },
		"elements that do not fit":       func() { tensor.From(make([]float32, 3), 2, 2) },
		"an activation that is a weight": func() { tensor.NewTape(0).New(2).Learn() },
	} {
		if !panics(f) {
			t.Errorf("%s is taken", name)
		}
	}
}

// double is an operation: y = 2·x.
type double struct{ x, y *tensor.Tensor }

func (n *double) Backward() {
	dx := n.x.WantGrad()
	for i := range dx {
		dx[i] += 2 * n.y.Grad[i]
	}
}

func twice(x *tensor.Tensor) *tensor.Tensor {
	t := x.Tape()
	n := tensor.Make[double](t)
	n.x, n.y = x, t.New(x.Shape...)
	for i, v := range x.Data {
		n.y.Data[i] = 2 * v
	}
	t.Record(n, n.y, x)
	return n.y
}

// A tape remembers what a gradient must pass, and nothing else; gradients of
// what is used twice add up; and a second step allocates nothing.
func TestTape(t *testing.T) {
	tape := tensor.NewTape(0)
	data := []float32{1, 2, 3}
	var leaf *tensor.Tensor
	step := func() {
		tape.Reset()
		leaf = tape.Leaf(data, 3)
		y := twice(twice(leaf))
		twice(leaf) // nothing depends on it
		twice(tape.Wrap(data, 3))
		tape.Backward(y, .5)
	}
	step()
	if !slices.Equal(leaf.Grad, []float32{2, 2, 2}) {
		t.Errorf("gradient %v", leaf.Grad)
	}
	if n := testing.AllocsPerRun(10, step); n > 0 {
		t.Errorf("a step allocates %g times", n)
	}
	tape.Reset()
	twice(tape.Wrap(data, 3))
	if tape.Steps() != 0 {
		t.Error("an operation without a gradient is remembered")
	}
	twice(tape.Leaf(data, 3))
	if tape.Steps() != 1 {
		t.Error("an operation with a gradient is not remembered")
	}
	none := tensor.NoGrad(0)
	if y := twice(none.Leaf(data, 3)); none.Recording() || none.Steps() != 0 || y.NeedsGrad() {
		t.Error("a tape for inference remembers")
	}
}

// Keep gives back what is not held, and all of it where no gradient passes.
func TestKeep(t *testing.T) {
	for _, needs := range []bool{true, false} {
		tape := tensor.NewTape(0)
		x := tape.Wrap([]float32{1, 2, 3}, 3)
		if needs {
			x = tape.Leaf(x.Data, 3)
		}
		mark := tape.Mark()
		a := twice(x)
		b := twice(a)
		c := twice(b)
		tape.Hold(a)
		want := 2 // a, which is held, and c
		if !needs {
			want = 1
		}
		if y := tape.Keep(mark, c); y != c || tape.Mark()-mark != want {
			t.Errorf("gradient %v: %d buffers are kept, want %d", needs, tape.Mark()-mark, want)
		}
		tape.Poison()
		if gone := math.IsNaN(float64(b.Data[0])); !gone || c.Data[0] != 8 || needs != (a.Data[0] == 2) {
			t.Errorf("gradient %v: a %v, b %v, c %v", needs, a.Data, b.Data, c.Data)
		}
	}
}

// Under a row budget, passes of any smaller number of rows use one buffer.
func TestRowBudget(t *testing.T) {
	tape := tensor.NewTape(64)
	tape.New(10, 8)
	tape.Reset()
	n := testing.AllocsPerRun(1, func() {
		for rows := 1; rows <= 64; rows++ {
			if x := tape.New(rows, 8); x.Len() != rows*8 || len(x.Data) != rows*8 {
				t.Fatalf("%d elements for %v", len(x.Data), x.Shape)
			}
			tape.Reset()
		}
	})
	if n > 0 {
		t.Errorf("%g allocations for fewer rows than the budget", n)
	}
}

func TestCheck(t *testing.T) {
	x := []float32{1, -2, math.MaxFloat32, 1e-45}
	if i := tensor.Check(x); i >= 0 {
		t.Errorf("element %d is finite", i)
	}
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if i := tensor.Check(append(slices.Clone(x), float32(bad), 1)); i != 4 {
			t.Errorf("%g found at %d", bad, i)
		}
	}
}
