package kernel

// Half is a floating-point format of two bytes.
type Half int

// The two formats of two bytes.
const (
	BF16 Half = iota
	F16
)

// Packed is a weight W [out, in], rearranged once for products with many activations. One layout serves y = x·Wᵀ and
// the backward product dx = dy·W.
type Packed struct {
	w       []float32
	h       []uint16
	out, in int
	kind    Half
}

// Pack packs w [out, in].
func Pack(w Matrix) *Packed {
	p := &Packed{out: w.Rows, in: w.Cols, w: make([]float32, w.Rows*w.Cols)}
	p.Repack(w)
	return p
}

// PackT packs the weight whose transpose is w [in, out], as GPT-2 stores it.
func PackT(w Matrix) *Packed {
	w.check("w")
	p := &Packed{out: w.Cols, in: w.Rows, w: make([]float32, w.Rows*w.Cols)}
	for i := range p.out {
		for j := range p.in {
			p.w[i*p.in+j] = w.Data[j*w.Stride+i]
		}
	}
	return p
}

// PackHalf packs w [out, in], held in two bytes an element, and keeps it so: it is widened a panel at a time as it is
// used.
func PackHalf(w []uint16, out, in int, kind Half) *Packed {
	return &Packed{out: out, in: in, kind: kind, h: append([]uint16(nil), w[:out*in]...)}
}

// PackHalfT is PackHalf for a w [in, out] that holds the transpose.
func PackHalfT(w []uint16, in, out int, kind Half) *Packed {
	p := &Packed{out: out, in: in, kind: kind, h: make([]uint16, out*in)}
	for i := range out {
		for j := range in {
			p.h[i*in+j] = w[j*out+i]
		}
	}
	return p
}

// Repack replaces the weight by w, of the same shape, without allocating. The storage must be float32.
func (p *Packed) Repack(w Matrix) {
	w.check("w")
	if w.Rows != p.out || w.Cols != p.in {
		panic("kernel: Repack: another shape")
	}
	for i := range p.out {
		copy(p.w[i*p.in:], w.Row(i))
	}
}

// Dims returns the weight's shape.
func (p *Packed) Dims() (out, in int) { return p.out, p.in }

// Bytes returns how much memory the weight takes.
func (p *Packed) Bytes() int { return 4*len(p.w) + 2*len(p.h) }

// Row writes row i of W to dst.
func (p *Packed) Row(dst []float32, i int) {
	at := i * p.in
	switch {
	case p.h == nil:
		copy(dst[:p.in], p.w[at:])
	case p.kind == BF16:
		FromBF16(dst[:p.in], p.h[at:])
	default:
		FromF16(dst[:p.in], p.h[at:])
	}
}

// Unpack writes W to dst [out, in].
func (p *Packed) Unpack(dst Matrix) {
	for i := range p.out {
		p.Row(dst.Row(i), i)
	}
}

func (p *Packed) matrix() Matrix {
	w := p.w
	if p.h != nil {
		w = make([]float32, p.out*p.in)
		p.Unpack(Matrix{Data: w, Rows: p.out, Cols: p.in, Stride: p.in})
	}
	return Matrix{Data: w, Rows: p.out, Cols: p.in, Stride: p.in}
}

// Mul computes C = A·Wᵀ, or adds it to C. Shapes: a [M, in], c [M, out].
func (p *Packed) Mul(c, a Matrix, add bool) { MatMulT(c, a, p.matrix(), add) }

// MulT computes C = A·W, or adds it to C: the backward product. Shapes: a [M, out], c [M, in].
func (p *Packed) MulT(c, a Matrix, add bool) { MatMul(c, a, p.matrix(), add) }
