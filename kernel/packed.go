package kernel

import "fmt"

// Half is a floating-point format of two bytes.
type Half int

// The two formats of two bytes.
const (
	BF16 Half = iota
	F16
)

// Packed is a weight W [out, in] that is used again and again, rearranged once for products with many activations:
// panels of 32 rows of W, [out/32][in][32], the last one filled up with zeros. The one layout serves the product
// y = x·Wᵀ and, its blocks of 32×32 transposed in cache, the backward product dx = dy·W.
type Packed struct {
	w       []float32 // one of w, h and q holds the numbers
	h       []uint16
	q       blocks
	kind    Half
	out, in int
}

// Pack packs w [out, in].
func Pack(w Matrix) *Packed {
	p := &Packed{out: w.Rows, in: w.Cols, w: aligned(ceil(w.Rows, width) * width * w.Cols)}
	p.Repack(w)
	return p
}

// Repack replaces the weight by w [out, in], without allocating. The storage must be float32.
func (p *Packed) Repack(w Matrix) {
	w.check("w")
	if w.Rows != p.out || w.Cols != p.in || p.h != nil || p.q != nil {
		panic(fmt.Sprintf("kernel: Repack: weight [%d, %d] into [%d, %d], half %t, blocks %t", w.Rows, w.Cols, p.out, p.in, p.h != nil, p.q != nil))
	}
	p.fill(panels{kind: columnMajor, m: w})
}

// PackT packs the weight whose transpose is w [in, out], as GPT-2 stores it.
func PackT(w Matrix) *Packed {
	w.check("w")
	p := &Packed{out: w.Cols, in: w.Rows, w: aligned(ceil(w.Cols, width) * width * w.Rows)}
	p.fill(panels{kind: rowMajor, m: w, rows: 1 << 30})
	return p
}

func (p *Packed) fill(b panels) {
	t := products.get()
	old := t.packed
	t.kernels, t.b, t.packed, t.k, t.n = active, b, p.w, p.in, p.out
	if p.in > 0 {
		Parallel(ceil(p.out, width), t.units[0])
	}
	t.b, t.packed = panels{}, old
	products.put(t)
}

// PackHalf packs w [out, in], held in two bytes an element, and keeps it so: it is widened a panel at a time as it is
// used.
func PackHalf(w []uint16, out, in int, kind Half) *Packed {
	p := newHalf(w, out, in, kind)
	Parallel(ceil(out, width), func(panel int) {
		first, last := panel*width, min((panel+1)*width, out)
		for j0 := 0; j0 < in; j0 += width { // a block of 32×32 after the other, for the sake of the cache
			for i := first; i < last; i++ {
				at := first*in + i - first
				for j := j0; j < min(j0+width, in); j++ {
					p.h[at+j*width] = w[i*in+j]
				}
			}
		}
	})
	return p
}

// PackHalfT is PackHalf for a w [in, out] that holds the transpose.
func PackHalfT(w []uint16, in, out int, kind Half) *Packed {
	p := newHalf(w, out, in, kind)
	for j := range in {
		for i := 0; i < out; i += width {
			copy(p.h[i*in+j*width:][:width], w[j*out+i:j*out+min(i+width, out)])
		}
	}
	return p
}

func newHalf(w []uint16, out, in int, kind Half) *Packed {
	if len(w) != out*in {
		panic(fmt.Sprintf("kernel: PackHalf: [%d, %d] has %d numbers", out, in, len(w)))
	}
	p := &Packed{out: out, in: in, kind: kind, h: make([]uint16, ceil(out, width)*width*in)}
	huge(p.h)
	return p
}

// Dims returns the weight's shape.
func (p *Packed) Dims() (out, in int) { return p.out, p.in }

// Bytes returns how much memory the weight takes.
func (p *Packed) Bytes() int {
	if p.q != nil {
		return p.q.bytes()
	}
	return 4*len(p.w) + 2*len(p.h)
}

// Row writes row i of W to dst.
func (p *Packed) Row(dst []float32, i int) {
	dst = dst[:p.in]
	if p.q != nil {
		p.q.row(dst, i)
		return
	}
	at := i/width*width*p.in + i%width
	switch {
	case p.h == nil:
		for j := range dst {
			dst[j] = p.w[at+j*width]
		}
	case p.kind == BF16:
		for j := range dst {
			dst[j] = widenBF16(p.h[at+j*width])
		}
	default:
		for j := range dst {
			dst[j] = widenF16(p.h[at+j*width])
		}
	}
}

// Unpack writes W to dst [out, in].
func (p *Packed) Unpack(dst Matrix) {
	dst.check("dst")
	if dst.Rows != p.out || dst.Cols != p.in {
		panic(fmt.Sprintf("kernel: Unpack: weight [%d, %d] into [%d, %d]", p.out, p.in, dst.Rows, dst.Cols))
	}
	Parallel(ceil(p.out, width), func(panel int) {
		for i := panel * width; i < min((panel+1)*width, p.out); i++ {
			p.Row(dst.Row(i), i)
		}
	})
}

// Mul computes C = A·Wᵀ, or adds it to C. Shapes: a [M, in], c [M, out].
func (p *Packed) Mul(c, a Matrix, add bool) { p.mul(c, a, add, false) }

// SerialMul is Mul on the calling goroutine alone, for use inside a parallel region.
func (p *Packed) SerialMul(c, a Matrix, add bool) { p.mul(c, a, add, true) }

func (p *Packed) mul(c, a Matrix, add, serial bool) {
	p.fits("Mul", c, a, p.out, p.in)
	b := panels{kind: ready, m: Matrix{Data: p.w}, k: p.in, p: p}
	switch {
	case p.h != nil:
		b.kind = narrow
	case p.q != nil:
		b.kind = coded
	}
	multiply(c, a, b, false, add, serial)
}

// MulT computes C = A·W, or adds it to C: the backward product. Shapes: a [M, out], c [M, in].
func (p *Packed) MulT(c, a Matrix, add bool) { p.mulT(c, a, add, false) }

// SerialMulT is MulT on the calling goroutine alone, for use inside a parallel region.
func (p *Packed) SerialMulT(c, a Matrix, add bool) { p.mulT(c, a, add, true) }

func (p *Packed) mulT(c, a Matrix, add, serial bool) {
	p.fits("MulT", c, a, p.in, p.out)
	multiply(c, a, panels{kind: backward, p: p}, false, add, serial)
}

func (p *Packed) fits(op string, c, a Matrix, n, k int) {
	c.check("c")
	a.check("a")
	if c.Rows != a.Rows || c.Cols != n || a.Cols != k {
		panic(fmt.Sprintf("kernel: %s: c [%d, %d], a [%d, %d], weight [%d, %d] do not fit", op, c.Rows, c.Cols, a.Rows, a.Cols, p.out, p.in))
	}
}

// widen writes src to dst in four bytes a number.
func (h Half) widen(dst []float32, src []uint16) {
	if h == BF16 {
		FromBF16(dst[:len(src)], src)
	} else {
		FromF16(dst[:len(src)], src)
	}
}

// turn makes rows k0 to k1 of panel j of W, [out][32 columns], from blocks of 32×32 of the layout, [32 columns][32 of
// out].
func (p *Packed) turn(v *kernels, s *scratch, dst []float32, j, k0, k1 int) {
	if p.q != nil {
		p.q.turned(v, s, dst, j, k0, k1)
		return
	}
	cols := min(width, p.in-j*width)
	if cols < width {
		clear(dst[:(k1-k0)*width])
	}
	for k := k0; k < k1; {
		n := min(width-k%width, k1-k) // of this panel of the layout
		at := (k/width*p.in + j*width) * width
		block := s.block
		if p.h == nil {
			block = p.w[at : at+cols*width]
		} else {
			p.kind.widen(block, p.h[at:at+cols*width])
		}
		v.transpose(dst[(k-k0)*width:], width, block[k%width:], width, cols, n)
		k += n
	}
}
