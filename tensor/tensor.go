// Package tensor holds shaped numbers, and the tape that remembers how the
// activations among them were made.
//
// There are two kinds. A weight is made once, belongs to a model, and carries
// no tape: any number of goroutines may read it. An activation is made by an
// operation, lives in the arena of its tape, and is gone when the tape is reset.
package tensor

import (
	"fmt"
	"slices"
	"sync"

	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/quant"
)

// DType says how the elements of a weight are held. Computing is always in F32;
// BF16 and F16 weights are widened a panel at a time, exactly. Those of a weight
// in blocks are F32, for that is what they are decoded to.
type DType uint8

const (
	F32 DType = iota
	BF16
	F16
)

func (d DType) String() string { return [...]string{"F32", "BF16", "F16"}[d] }

// Size is the number of bytes of one element.
func (d DType) Size() int { return [...]int{4, 2, 2}[d] }

// Half is the kernel's name of a two-byte type.
func (d DType) Half() kernel.Half {
	if d == F16 {
		return kernel.F16
	}
	return kernel.BF16
}

// Tensor is an array of numbers in row-major order. The last dimension is the
// width of a row; all others together count the rows.
type Tensor struct {
	Shape []int
	Data  []float32 // the elements, where they are held as F32 and not packed
	Half  []uint16  // the elements, where they are held as BF16 or F16 and not packed
	DType DType
	Raw   []byte       // the elements, where they are held in blocks and not packed
	Block quant.Format // the format of the blocks of a weight that is held in them, packed or not
	Grad  []float32    // ∂loss/∂Data; nil until a gradient arrives

	dims  [4]int // Shape's storage for activations
	tape  *Tape
	learn bool // a trainable leaf
	needs bool // an activation that a gradient must pass

	mu         sync.Mutex
	packed     *kernel.Packed
	transposed bool   // packed from [in, out]
	release    func() // gives back the storage that packing has copied
}

// New returns a weight of zeros.
func New(shape ...int) *Tensor {
	return From(make([]float32, size(shape)), shape...)
}

// From returns a weight that uses data as its storage.
func From(data []float32, shape ...int) *Tensor {
	if len(data) != size(shape) {
		panic(fmt.Sprintf("tensor: %d elements do not fill shape %v", len(data), shape))
	}
	return &Tensor{Shape: slices.Clone(shape), Data: data}
}

// Hollow returns a weight that has a shape and no elements yet: loading or
// initialising a model fills it.
func Hollow(shape ...int) *Tensor { return &Tensor{Shape: slices.Clone(shape)} }

// Fill gives a weight its elements, held in F32. release, which may be nil, is
// called once the elements have been packed and data is no longer needed.
func (t *Tensor) Fill(data []float32, release func()) {
	t.empty(release)
	t.Data = data
}

// FillHalf gives a weight its elements, held in two bytes each.
func (t *Tensor) FillHalf(data []uint16, d DType, release func()) {
	t.empty(release)
	t.Half, t.DType = data, d
}

// FillBlocks gives a weight [rows, cols] its elements, held in blocks, row after
// row.
func (t *Tensor) FillBlocks(data []byte, f quant.Format, release func()) {
	if t.Cols()%f.Block != 0 || len(data) != f.Size(t.Len()) {
		panic(fmt.Sprintf("tensor: %d bytes in blocks of %s do not fill shape %v", len(data), f.Name, t.Shape))
	}
	t.empty(release)
	t.Raw, t.Block = data, f
}

// empty takes a weight's elements away. What gives the next back is release.
func (t *Tensor) empty(release func()) {
	t.Data, t.Half, t.Raw, t.packed, t.release = nil, nil, nil, nil, release
	t.DType, t.Block = F32, quant.Format{}
}

// Filled reports whether the tensor has elements.
func (t *Tensor) Filled() bool {
	return t.Data != nil || t.Half != nil || t.Raw != nil || t.packed != nil
}

func size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// Len is the number of elements.
func (t *Tensor) Len() int { return size(t.Shape) }

// Cols is the width of a row, the last dimension.
func (t *Tensor) Cols() int { return t.Shape[len(t.Shape)-1] }

// Rows is the number of rows, the product of all dimensions but the last.
func (t *Tensor) Rows() int { return size(t.Shape[:len(t.Shape)-1]) }

// Row is row i.
func (t *Tensor) Row(i int) []float32 { c := t.Cols(); return t.Data[i*c : (i+1)*c : (i+1)*c] }

// GradRow is the gradient of row i, or nil where no gradient is wanted.
func (t *Tensor) GradRow(i int) []float32 {
	if t.Grad == nil {
		return nil
	}
	c := t.Cols()
	return t.Grad[i*c : (i+1)*c : (i+1)*c]
}

// Matrix sees the tensor as [Rows, Cols].
func (t *Tensor) Matrix() kernel.Matrix { return t.matrix(t.Data) }

// GradMatrix sees the gradient as [Rows, Cols].
func (t *Tensor) GradMatrix() kernel.Matrix { return t.matrix(t.Grad) }

func (t *Tensor) matrix(data []float32) kernel.Matrix {
	return kernel.Matrix{Data: data, Rows: t.Rows(), Cols: t.Cols(), Stride: t.Cols()}
}

// Learn makes the weight trainable, and returns it. Its elements must be F32.
func (t *Tensor) Learn() *Tensor {
	if t.tape != nil || t.Half != nil || t.Block.Block > 0 {
		panic("tensor: only an F32 weight can learn")
	}
	t.learn = true
	return t
}

// Learns reports whether the weight is trainable.
func (t *Tensor) Learns() bool { return t.learn }

// NeedsGrad reports whether a gradient must reach t.
func (t *Tensor) NeedsGrad() bool { return t != nil && (t.learn || t.needs) }

// WantGrad returns the buffer that gradients of t are added to, zeroed at its
// first use, or nil where none is wanted.
func (t *Tensor) WantGrad() []float32 {
	if !t.NeedsGrad() {
		return nil
	}
	if t.Grad == nil {
		t.Grad = t.newGrad()
		clear(t.Grad)
	}
	return t.Grad
}

// GradTarget is WantGrad for operations that can overwrite: add is false where
// the buffer is fresh and holds garbage.
func (t *Tensor) GradTarget() (g kernel.Matrix, add bool) {
	add = t.Grad != nil
	if !add {
		t.Grad = t.newGrad()
	}
	return t.GradMatrix(), add
}

func (t *Tensor) newGrad() []float32 {
	if t.tape == nil {
		return make([]float32, t.Len())
	}
	return t.tape.arena.get(t.Len(), t.tape.room(t.Shape))
}

// Tape is the tape of an activation, nil for a weight.
func (t *Tensor) Tape() *Tape { return t.tape }

// Packed returns the weight in the layout that matrix products read, packing it
// at the first call and giving its former storage back. The weight is [out, in],
// or [in, out] where transposed. A trainable weight cannot be packed: it changes.
func (t *Tensor) Packed(transposed bool) *kernel.Packed {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.packed != nil {
		return t.packed
	}
	if t.learn {
		panic("tensor: a trainable weight is not packed")
	}
	rows, cols := t.Rows(), t.Cols()
	shared := false // the storage is still read
	switch {
	case t.Raw != nil && transposed: // blocks that run along the wrong dimension
		all := make([]float32, t.Len())
		t.widen(all, 0)
		t.packed = kernel.PackT(t.matrix(all))
	case t.Raw != nil:
		t.packed, shared = kernel.PackBlocks(t.Raw, rows, cols, t.Block, t.release)
	case t.Half != nil && transposed:
		t.packed = kernel.PackHalfT(t.Half, rows, cols, t.DType.Half())
	case t.Half != nil:
		t.packed = kernel.PackHalf(t.Half, rows, cols, t.DType.Half())
	case transposed:
		t.packed = kernel.PackT(t.Matrix())
	default:
		t.packed = kernel.Pack(t.Matrix())
	}
	t.Data, t.Half, t.Raw = nil, nil, nil
	if t.release != nil && !shared {
		t.release()
	}
	t.release = nil
	t.transposed = transposed
	return t.packed
}
