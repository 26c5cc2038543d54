package kernel

// MulRounded is Mul for inference: where W lies in blocks that allow it, the rows of A are first rounded to eight bits, a
// scale for every 32 numbers, and multiplied in integers, several times as fast. Elsewhere it is Mul. Each row of C
// depends on its row of A alone, bit for bit, however many there are. Shapes: a [M, in], c [M, out].
//
// Dettmers et al., LLM.int8(), 2022. arXiv:2208.07339, §2 has products of rounded numbers; the scale of every 32 is
// llama.cpp's.
func (p *Packed) MulRounded(c, a Matrix) {
	w, ok := p.q.(strips)
	if !ok || p.in == 0 || c.Rows == 0 {
		p.Mul(c, a, false)
		return
	}
	p.fits("MulRounded", c, a, p.out, p.in)
	r := roundeds.get()
	r.kernels, r.w, r.c, r.a = active, w, c, a
	r.run()
	r.w, r.c, r.a = strips{}, Matrix{}, Matrix{}
	roundeds.put(r)
}

// rounded is a product of rounded activations under way. A unit of work is a block of rows and a few panels.
type rounded struct {
	*kernels
	w    strips
	c, a Matrix

	rows          []byte // of A, rounded
	stride        int    // bytes from row to row
	blocks        int    // of rows
	group, groups int    // panels in a unit; units side by side
	units         [2]func(int)
}

var roundeds = freelist[rounded]{make: func() *rounded {
	r := &rounded{}
	r.units = [2]func(int){r.round, r.unit}
	return r
}}

// At least so many bytes of W are read in a unit, and at most so many of the rows of A.
const (
	unitWeights = 16 << 10
	unitRows    = 256 << 10
	roundAtOnce = 16 // rows
)

func (r *rounded) run() {
	n := ceil(r.w.out, width)
	r.stride = r.w.in / width * roundedGroup
	if need := r.a.Rows * r.stride; cap(r.rows) < need {
		r.rows = bytesOf(need)
	}
	r.rows = r.rows[:r.a.Rows*r.stride]
	Parallel(ceil(r.a.Rows, roundAtOnce), r.units[0])
	most := max(1, unitRows/(r.stride*r.tall)) // tiles of a block
	tiles := ceil(r.a.Rows, r.tall)
	r.blocks = ceil(tiles, most)
	r.group = max(1, unitWeights/(r.w.form.bytes*(r.w.in/width)*ceil(tiles, r.blocks)))
	r.group = min(r.group, n)
	r.groups = ceil(n, r.group)
	Parallel(r.blocks*r.groups, r.units[1])
}

// round rounds a few rows of A.
func (r *rounded) round(i int) {
	for row := i * roundAtOnce; row < min((i+1)*roundAtOnce, r.a.Rows); row++ {
		r.roundGroups(r.rows[row*r.stride:(row+1)*r.stride], r.a.Row(row), r.w.Zero)
	}
}

// unit computes a block of rows of some panels.
func (r *rounded) unit(i int) {
	block, group := i/r.groups, i%r.groups
	tiles := ceil(r.a.Rows, r.tall)
	t0, t1 := block*tiles/r.blocks, (block+1)*tiles/r.blocks
	for j := group * r.group; j < min((group+1)*r.group, ceil(r.w.out, width)); j++ {
		w, cols := r.w.groups(j, 0, r.w.in/width), min(width, r.w.out-j*width)
		for t := t0; t < t1; t++ {
			r0, r1 := t*r.a.Rows/tiles, (t+1)*r.a.Rows/tiles
			a := r.rows[r0*r.stride:]
			if cols == width {
				r.dot8(r.w.form, r.c.Data[r0*r.c.Stride+j*width:], r.c.Stride, a, r.stride, w, r1-r0)
				continue
			}
			var tile [8 * width]float32
			r.dot8(r.w.form, tile[:], width, a, r.stride, w, r1-r0)
			for row := r0; row < r1; row++ {
				copy(r.c.Row(row)[j*width:], tile[(row-r0)*width:][:cols])
			}
		}
	}
}
