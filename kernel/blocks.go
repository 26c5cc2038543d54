package kernel

import (
	"fmt"

	"github.com/rotor-lm/rotor/quant"
)

// blocks is the storage of a Packed whose numbers stay in blocks of a few bits each. They are decoded a panel at a
// time, exactly, as a product needs them.
type blocks interface {
	// row writes row i of W to dst.
	row(dst []float32, i int)
	// panel writes rows 32·j … of W, columns k0 to k1, to dst [k1−k0][32]. k0 is a multiple of 32.
	panel(v *kernels, s *scratch, dst []float32, j, k0, k1 int)
	// turned writes rows k0 to k1 of W, columns 32·j …, to dst [k1−k0][32].
	turned(v *kernels, s *scratch, dst []float32, j, k0, k1 int)
	// bytes is how much memory all of it takes.
	bytes() int
}

// PackBlocks keeps w [out, in] in the blocks of format f that data holds, row after row. Where it reports that data is
// shared, the weight reads data as long as it lives; else it has rearranged a copy. While it does, it calls drop, which
// may be nil, after every few megabytes: of data that is mapped from a file, no more need be in memory at a time.
func PackBlocks(data []byte, out, in int, f quant.Format, drop func()) (p *Packed, shared bool) {
	if in%f.Block != 0 || len(data) != out*f.Size(in) {
		panic(fmt.Sprintf("kernel: PackBlocks: %d bytes are not [%d, %d] in blocks of %s", len(data), out, in, f.Name))
	}
	if o := forms[f.Name]; o != nil {
		return &Packed{out: out, in: in, q: newStrips(o, data, out, in, f, drop)}, false
	}
	return &Packed{out: out, in: in, q: fileRows{f, data, out, in}}, true
}

// fileRows is a weight as a file has it: rows of blocks. Any format will do.
type fileRows struct {
	quant.Format
	data    []byte
	out, in int
}

func (b fileRows) bytes() int { return len(b.data) }

func (b fileRows) row(dst []float32, i int) {
	n := b.Size(b.in)
	b.Decode(dst[:b.in], b.data[i*n:(i+1)*n])
}

// columns decodes the blocks of row i that hold columns from to to, and returns those columns. dst has room for the
// blocks.
func (b fileRows) columns(dst []float32, i, from, to int) []float32 {
	first, last := from/b.Block, ceil(to, b.Block)
	dst = dst[:(last-first)*b.Block]
	at := i * b.Size(b.in)
	b.Decode(dst, b.data[at+first*b.Bytes:at+last*b.Bytes])
	return dst[from-first*b.Block : to-first*b.Block]
}

func (b fileRows) panel(v *kernels, s *scratch, dst []float32, j, k0, k1 int) {
	n, stride := min(width, b.out-j*width), k1-k0+2*b.Block
	if n < width {
		clear(dst[:(k1-k0)*width])
	}
	s.wide = floats(s.wide, width*stride)
	for i := range n {
		row := s.wide[i*stride : (i+1)*stride]
		copy(row, b.columns(row, j*width+i, k0, k1))
	}
	v.transpose(dst, width, s.wide, stride, n, k1-k0)
}

func (b fileRows) turned(_ *kernels, s *scratch, dst []float32, j, k0, k1 int) {
	from, to := j*width, min((j+1)*width, b.in)
	s.wide = floats(s.wide, width+2*b.Block)
	for k := k0; k < k1; k++ {
		row := dst[(k-k0)*width : (k-k0+1)*width]
		clear(row[copy(row, b.columns(s.wide, k, from, to)):])
	}
}
