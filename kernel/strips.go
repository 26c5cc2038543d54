package kernel

import (
	"unsafe"

	"github.com/rotor-lm/rotor/quant"
)

// strips is a weight in blocks, rearranged: panels of 32 rows, each of them groups of 32 columns in a form. Rows that
// fill up the last panel are zero.
type strips struct {
	*form
	data    []byte
	out, in int
}

// newStrips rearranges rows of blocks of format f.
func newStrips(o *form, data []byte, out, in int, f quant.Format, drop func()) strips {
	b := strips{o, bytesOf(ceil(out, width) * (in / width) * o.bytes), out, in}
	row := f.Size(in)
	pack := func(panel int) {
		var q [8]uint32
		dst := b.groups(panel, 0, in/width)
		for i := range min(width, out-panel*width) {
			src := data[(panel*width+i)*row:][:row]
			for g := range in / width {
				d, m := o.Split(&q, src[g*f.Bytes:(g+1)*f.Bytes])
				o.put(dst[g*o.bytes:(g+1)*o.bytes], i, &q, d, m)
			}
		}
	}
	atOnce := max(1, stretchBytes/(width*max(row, 1)))
	for first := 0; first*width < out; first += atOnce {
		Parallel(min(atOnce, ceil(out, width)-first), func(i int) { pack(first + i) })
		if drop != nil {
			drop()
		}
	}
	return b
}

// stretchBytes is how much of a file is read before it is dropped.
const stretchBytes = 4 << 20

// bytesOf returns n zero bytes that begin on a cache line.
func bytesOf(n int) []byte {
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(aligned(ceil(n, 4))))), n)
}

func (b strips) bytes() int { return len(b.data) }

// groups are those of a panel from the first to the last.
func (b strips) groups(panel, first, last int) []byte {
	at := panel * (b.in / width)
	return b.data[(at+first)*b.form.bytes : (at+last)*b.form.bytes]
}

func (b strips) row(dst []float32, i int) {
	var q [8]uint32
	for g := range b.in / width {
		d, m := b.get(&q, b.groups(i/width, g, g+1), i%width)
		for j := range width {
			x := d * float32(level(&q, j)-b.Zero)
			if b.Least {
				x += m
			}
			dst[g*width+j] = x
		}
	}
}

func (b strips) panel(v *kernels, _ *scratch, dst []float32, j, k0, k1 int) {
	v.decode(b.form, dst, b.groups(j, k0/width, k1/width))
}

func (b strips) turned(v *kernels, s *scratch, dst []float32, j, k0, k1 int) {
	for k := k0; k < k1; {
		n := min(width-k%width, k1-k) // of this panel
		v.decode(b.form, s.block, b.groups(k/width, j, j+1))
		v.transpose(dst[(k-k0)*width:], width, s.block[k%width:], width, width, n)
		k += n
	}
}

// decode writes groups of a form to dst, [32 columns][32 rows] each.
func (v *kernels) decode(f *form, dst []float32, w []byte) {
	if fast := v.decodes[f.kind]; fast != nil && len(w) > 0 {
		fast(&dst[0], &w[0], len(w)/f.bytes)
	} else {
		f.decode(dst, w)
	}
}

// dot8 multiplies up to tall rows of rounded activations with a panel. at says where in w the groups begin that meet
// those of the activations.
func (v *kernels) dot8(f *form, c []float32, ldc int, a []byte, lda int, w []byte, at []int32, rows int) {
	if fast := v.dots[f.kind]; fast != nil {
		fast(&c[0], ldc, &a[0], lda, &w[0], &at[0], len(at), rows)
	} else {
		f.dot(c, ldc, a, lda, w, at, rows)
	}
}
