package tensor

import (
	"math"

	"github.com/rotor-lm/rotor/kernel"
)

// CopyTo writes all elements, widened to F32, to dst [Len]. However they are held.
func (t *Tensor) CopyTo(dst []float32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.packed != nil && t.transposed:
		out, in := t.packed.Dims() // the tensor is [in, out]
		row := make([]float32, in)
		for o := range out {
			t.packed.Row(row, o)
			for i, x := range row {
				dst[i*out+o] = x
			}
		}
	case t.packed != nil:
		out, in := t.packed.Dims()
		t.packed.Unpack(kernel.Matrix{Data: dst, Rows: out, Cols: in, Stride: in})
	default:
		t.widen(dst, 0)
	}
}

// CopyRow writes row i, widened to F32, to dst [Cols].
func (t *Tensor) CopyRow(dst []float32, i int) {
	if t.Data != nil {
		copy(dst, t.Row(i))
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.packed == nil:
		t.widen(dst[:t.Cols()], i*t.Cols())
	case t.transposed:
		all := make([]float32, t.Len())
		t.mu.Unlock()
		t.CopyTo(all)
		t.mu.Lock()
		copy(dst, all[i*t.Cols():(i+1)*t.Cols()])
	default:
		t.packed.Row(dst, i)
	}
}

func (t *Tensor) widen(dst []float32, from int) {
	switch {
	case t.Data != nil:
		copy(dst, t.Data[from:])
	case t.Raw != nil:
		t.decode(dst, from)
	case t.DType == BF16:
		kernel.FromBF16(dst, t.Half[from:from+len(dst)])
	case t.DType == F16:
		kernel.FromF16(dst, t.Half[from:from+len(dst)])
	}
}

// decodeRows is the number of rows in blocks that one core decodes at a time.
const decodeRows = 16

// decode writes whole rows, the first of which begins at element from.
func (t *Tensor) decode(dst []float32, from int) {
	f, n := t.Block, decodeRows*t.Cols()
	kernel.Parallel((len(dst)+n-1)/n, func(i int) {
		lo, hi := i*n, min((i+1)*n, len(dst))
		f.Decode(dst[lo:hi], t.Raw[f.Size(from+lo):f.Size(from+hi)])
	})
}

// Values returns a copy of all elements, widened to F32.
func (t *Tensor) Values() []float32 {
	v := make([]float32, t.Len())
	t.CopyTo(v)
	return v
}

// Clone returns a weight of its own with the same elements, held as F32.
func (t *Tensor) Clone() *Tensor { return From(t.Values(), t.Shape...) }

// Check returns the index of the first element that is NaN or infinite, or −1.
func Check(x []float32) int {
	for i, v := range x {
		if v-v != 0 || math.IsNaN(float64(v)) {
			return i
		}
	}
	return -1
}
