package kernel

import "unsafe"

// panels is the right-hand side B [K, N] of a product, to be had in panels of 32 columns.
type panels struct {
	kind int
	m    Matrix
	k    int // rows of B, if packed
	p    *Packed
	rows int // of A
}

// The ways in which B may lie.
const (
	ready       = iota // in panels
	rowMajor           // m is B
	columnMajor        // m is Bᵀ
	narrow             // panels of two-byte numbers
	coded              // panels of blocks
	backward           // panels of Bᵀ
)

// resident says whether panels cost nothing to make.
func (b *panels) resident(v *kernels) bool { return b.kind == ready || b.direct(v) }

// direct says whether tiles read a row-major B where it lies. Few rows of A do not repay a copy.
func (b *panels) direct(v *kernels) bool {
	return b.kind == rowMajor && b.rows <= 2*v.height && b.m.Cols%v.grain == 0
}

// panel returns rows k0 to k1 of panel j, and how far apart they are. It may make them in dst.
func (b *panels) panel(v *kernels, s *scratch, dst []float32, j, k0, k1 int) ([]float32, int) {
	switch b.kind {
	case ready:
		return b.m.Data[(j*b.k+k0)*width:], width
	case rowMajor:
		src := b.m.Data[k0*b.m.Stride+j*width:]
		if b.direct(v) {
			return src, b.m.Stride
		}
		v.panel(dst, src, b.m.Stride, k1-k0, min(width, b.m.Cols-j*width))
	case columnMajor:
		n := min(width, b.m.Rows-j*width)
		if n < width {
			clear(dst[:(k1-k0)*width])
		}
		v.transpose(dst, width, b.m.Data[j*width*b.m.Stride+k0:], b.m.Stride, n, k1-k0)
	case narrow:
		b.p.kind.widen(dst, b.p.h[(j*b.k+k0)*width:(j*b.k+k1)*width])
	case coded:
		b.p.q.panel(v, s, dst, j, k0, k1)
	case backward:
		b.p.turn(v, s, dst, j, k0, k1)
	}
	return dst, width
}

// soon says that rows k0 to k1 of panel j will be wanted. The processor sees by itself what is read in a row; blocks
// that are far apart come from memory while tiles are computed.
func (b *panels) soon(v *kernels, j, k0, k1 int) {
	if b.kind != backward || b.p.q != nil {
		return
	}
	cols := min(width, b.p.in-j*width)
	for k := ceil(k0, width); k*width < k1; k++ {
		at := (k*b.p.in + j*width) * width
		if b.p.h == nil {
			v.fetch(unsafe.Pointer(&b.p.w[at]), cols*width*4)
		} else {
			v.fetch(unsafe.Pointer(&b.p.h[at]), cols*width*2)
		}
	}
}
