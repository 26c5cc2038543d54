package kernel

import (
	"encoding/binary"
	"math"
)

// MulRounded is Mul for inference: where W lies in blocks that allow it, the rows of A are first rounded to eight bits, a
// scale for every 32 numbers, and multiplied in integers, several times as fast. Elsewhere it is Mul. Each row of C
// depends on its row of A alone, bit for bit, however many there are. Shapes: a [M, in], c [M, out].
//
// A few groups of 32 usually hold numbers much larger than the rest, and so have most of the error. What rounding leaves
// of those is rounded once more, which makes their error 254 times smaller:
//
//	x ≈ t·a                 where max|x|² is at most twice its mean over the row's groups
//	x ≈ t·a + t'·a'         elsewhere: a' are eight bits of x − t·a
//
// Dettmers et al., LLM.int8(), 2022. arXiv:2208.07339, §2 has products of rounded numbers, §3 treats large ones apart;
// the scale of every 32 is llama.cpp's.
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

// rounded is a product of rounded activations under way. A tile is a few rows of A; a unit of work is some tiles and a
// few panels.
type rounded struct {
	*kernels
	w    strips
	c, a Matrix

	rows          []byte    // of A, rounded: room for every group twice, and one so that rows do not share cache sets
	stride        int       // bytes from row to row
	at            []int32   // of every tile: where in a panel the groups begin that meet those of its rows
	count         []int     // of every tile: how many
	left          []float32 // of a group, for every unit that rounds
	tiles, blocks int       // tiles; blocks of them
	group, groups int       // panels in a unit; units side by side
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
	roundAtOnce = 3 // tiles
)

// large says which groups are rounded twice: those whose largest number, squared, is so many times the mean.
const large = 2

func (r *rounded) run() {
	n, across := ceil(r.w.out, width), r.w.in/width
	r.tiles, r.stride = ceil(r.a.Rows, r.tall), (2*across+1)*roundedGroup
	if need := r.a.Rows * r.stride; len(r.rows) < need {
		r.rows = bytesOf(need)
	}
	if need := r.tiles * 2 * across; len(r.at) < need {
		r.at = make([]int32, need)
	}
	if len(r.count) < r.tiles {
		r.count, r.left = make([]int, r.tiles), floats(r.left, r.tiles*width)
	}
	Parallel(ceil(r.tiles, roundAtOnce), r.units[0])
	most := max(1, unitRows/(across*roundedGroup*r.tall)) // tiles of a block
	r.blocks = ceil(r.tiles, most)
	r.group = max(1, unitWeights/(r.w.form.bytes*across*ceil(r.tiles, r.blocks)))
	r.group = min(r.group, n)
	r.groups = ceil(n, r.group)
	Parallel(r.blocks*r.groups, r.units[1])
}

// tile is the rows of a tile, from and to.
func (r *rounded) tile(t int) (r0, r1 int) {
	return t * r.a.Rows / r.tiles, (t + 1) * r.a.Rows / r.tiles
}

// round rounds the rows of a few tiles.
func (r *rounded) round(i int) {
	for t := i * roundAtOnce; t < min((i+1)*roundAtOnce, r.tiles); t++ {
		across := r.w.in / width
		at := r.at[t*2*across:][:2*across]
		r.count[t] = across + r.roundTile(t, at[:across], at[across:], r.left[i*width:][:width])
	}
}

// roundTile rounds rows, all groups first, then those again that are large in one of the rows. There, a row in which the
// group is not large has zeros.
func (r *rounded) roundTile(t int, at, again []int32, left []float32) (n int) {
	r0, r1 := r.tile(t)
	var limits [8]float64
	for row := r0; row < r1; row++ {
		groups := r.rows[row*r.stride:][:len(at)*roundedGroup]
		r.roundGroups(groups, r.a.Row(row), r.w.Zero)
		sum := 0.0
		for g := range at {
			t := scaleOf(groups[g*roundedGroup:])
			sum += t * t
		}
		limits[row-r0] = large * sum / float64(len(at))
	}
	for g := range at {
		at[g] = int32(g * r.w.form.bytes)
		any := false
		for row := r0; row < r1; row++ {
			t := scaleOf(r.rows[row*r.stride+g*roundedGroup:])
			any = any || t*t > limits[row-r0]
		}
		if !any {
			continue
		}
		for row := r0; row < r1; row++ {
			groups := r.rows[row*r.stride:][:r.stride]
			first, second := groups[g*roundedGroup:][:roundedGroup], groups[(len(at)+n)*roundedGroup:][:roundedGroup]
			t := scaleOf(first)
			if !(t*t > limits[row-r0]) {
				clear(second)
				continue
			}
			for j, x := range r.a.Row(row)[g*width : (g+1)*width] {
				left[j] = x - float32(float32(t)*float32(int8(first[j])))
			}
			r.roundGroups(second, left, r.w.Zero)
		}
		again[n] = at[g]
		n++
	}
	return n
}

// scaleOf is t of a rounded group.
func scaleOf(group []byte) float64 {
	return float64(math.Float32frombits(binary.LittleEndian.Uint32(group[32:])))
}

// unit computes a block of rows of some panels.
func (r *rounded) unit(i int) {
	block, group := i/r.groups, i%r.groups
	t0, t1 := block*r.tiles/r.blocks, (block+1)*r.tiles/r.blocks
	across := r.w.in / width
	for j := group * r.group; j < min((group+1)*r.group, ceil(r.w.out, width)); j++ {
		w, cols := r.w.groups(j, 0, across), min(width, r.w.out-j*width)
		for t := t0; t < t1; t++ {
			r0, r1 := r.tile(t)
			a, at := r.rows[r0*r.stride:], r.at[t*2*across:][:r.count[t]]
			if cols == width {
				r.dot8(r.w.form, r.c.Data[r0*r.c.Stride+j*width:], r.c.Stride, a, r.stride, w, at, r1-r0)
				continue
			}
			var tile [8 * width]float32
			r.dot8(r.w.form, tile[:], width, a, r.stride, w, at, r1-r0)
			for row := r0; row < r1; row++ {
				copy(r.c.Row(row)[j*width:], tile[(row-r0)*width:][:cols])
			}
		}
	}
}
