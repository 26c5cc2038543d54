package kernel

import (
	"encoding/binary"
	"math"

	"github.com/rotor-lm/rotor/quant"
)

// form is how the blocks of one format lie once they are rearranged: 32 rows of W side by side, 32 columns at a time.
// Such a group has the scales of all rows, then the minima, then the levels, four columns of a row together:
//
//	├ d: 32×f16 ┼ m: 32×f16 ┼ levels ───────────────────────┤    m where the format has minima
//
//	4 bits   [4][32 rows][4]: byte c, r, b has in lo column 4c + b of row r, in hi column 16 + 4c + b
//	5 bits   the same of the low four; then [32 rows] words: bit 8b + v is the fifth of column 4v + b
//	8 bits   [8][32 rows][4]: byte v, r, b is column 4v + b of row r
//
// So one vector holds four columns of all its rows, as the instructions for products of bytes want them.
type form struct {
	quant.Affine
	kind   int
	levels int // where they begin
	bytes  int // of a group
}

// The forms that there are.
const (
	formQ4_0 = iota
	formQ4_1
	formQ5_0
	formQ5_1
	formQ8_0
	formCount
)

var forms = map[string]*form{}

func init() {
	for kind, name := range [formCount]string{"Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0"} {
		f, err := quant.Named(name)
		if err != nil {
			panic(err)
		}
		a, _ := f.Affine()
		o := &form{Affine: a, kind: kind, levels: 2 * width}
		if a.Least {
			o.levels += 2 * width
		}
		o.bytes = o.levels + width*width/8*a.Bits
		forms[name] = o
	}
}

// put writes row i of a group.
func (f *form) put(group []byte, i int, q *[8]uint32, d, m uint16) {
	binary.LittleEndian.PutUint16(group[2*i:], d)
	if f.Least {
		binary.LittleEndian.PutUint16(group[2*width+2*i:], m)
	}
	at := group[f.levels+4*i:]
	if f.Bits == 8 {
		for v, x := range q {
			binary.LittleEndian.PutUint32(at[4*width*v:], x)
		}
		return
	}
	for c := range 4 {
		binary.LittleEndian.PutUint32(at[4*width*c:], q[c]&0x0f0f0f0f|q[c+4]&0x0f0f0f0f<<4)
	}
	if f.Bits == 5 {
		h := uint32(0)
		for v, x := range q {
			h |= x >> 4 & 0x01010101 << v
		}
		binary.LittleEndian.PutUint32(at[4*width*4:], h)
	}
}

// get reads row i of a group.
func (f *form) get(q *[8]uint32, group []byte, i int) (d, m float32) {
	d = widenF16(binary.LittleEndian.Uint16(group[2*i:]))
	if f.Least {
		m = widenF16(binary.LittleEndian.Uint16(group[2*width+2*i:]))
	}
	at := group[f.levels+4*i:]
	if f.Bits == 8 {
		for v := range q {
			q[v] = binary.LittleEndian.Uint32(at[4*width*v:])
		}
		return d, m
	}
	for c := range 4 {
		x := binary.LittleEndian.Uint32(at[4*width*c:])
		q[c], q[c+4] = x&0x0f0f0f0f, x>>4&0x0f0f0f0f
	}
	if f.Bits == 5 {
		h := binary.LittleEndian.Uint32(at[4*width*4:])
		for v := range q {
			q[v] |= h >> v & 0x01010101 << 4
		}
	}
	return d, m
}

// level is that of column j.
func level(q *[8]uint32, j int) int { return int(q[j/4] >> (j % 4 * 8) & 255) }

// decode writes groups of a panel to dst, [32 columns][32 rows] each.
func (f *form) decode(dst []float32, w []byte) {
	var q [8]uint32
	for g := 0; g < len(w); g += f.bytes {
		for i := range width {
			d, m := f.get(&q, w[g:g+f.bytes], i)
			for j := range width {
				x := d * float32(level(&q, j)-f.Zero)
				if f.Least {
					x += m
				}
				dst[j*width+i] = x
			}
		}
		dst = dst[width*width:]
	}
}

// Activations that are rounded for such products lie in groups of 32 too, 64 bytes each, with t a scale:
//
//	0                       32      36      40                          44                         48
//	├ a: 32×int8 ───────────┼ t ────┼ t·Σa ─┼ −Zero·Σa ─────────────────┼ … of the first 16 ────────┼ … of the last 16 ┤
const roundedGroup = 64

// roundGroups rounds 32 numbers at a time to multiples of a 127th of the largest,
//
//	t = max|x|/127,   a = x/t to the nearest integer, ties to even
//
// Among numbers that are too small for that, all are zero; where one is not finite, t is NaN.
func roundGroups(dst []byte, src []float32, zero int) {
	for ; len(src) >= width; src, dst = src[width:], dst[roundedGroup:] {
		most := uint32(0)
		for _, x := range src[:width] {
			most = max(most, math.Float32bits(x)&0x7fffffff)
		}
		top := math.Float32frombits(most)
		t := top / 127
		inverse := float32(0)
		if t >= 0x1p-126 {
			inverse = 1 / t
		}
		t += top - top
		var sum [2]int32
		for j, x := range src[:width] {
			a := int32(0)
			if most < 0x7f800000 {
				a = int32(math.RoundToEven(float64(x * inverse)))
			}
			sum[j/16] += a
			dst[j] = byte(int8(a))
		}
		put := func(at int, v uint32) { binary.LittleEndian.PutUint32(dst[at:], v) }
		put(32, math.Float32bits(t))
		put(36, math.Float32bits(t*float32(sum[0]+sum[1])))
		put(40, uint32(-int32(zero)*(sum[0]+sum[1])))
		put(44, uint32(-int32(zero)*sum[0]))
		put(48, uint32(-int32(zero)*sum[1]))
	}
}

// dot multiplies some rows of rounded activations, lda bytes apart, with a panel of W, whose group at at_g meets their
// group g:
//
//	c_ri = Σ_g (d_gi·t_gr)·Σ_j a_grj·(q_gij − Zero) + m_gi·t_gr·Σ_j a_grj
//
// The inner sums are those of integers, exact.
func (f *form) dot(c []float32, ldc int, a []byte, lda int, w []byte, at []int32, rows int) {
	for r := range rows {
		clear(c[r*ldc : r*ldc+width])
	}
	var q [8]uint32
	for g, at := range at {
		for i := range width {
			d, m := f.get(&q, w[at:int(at)+f.bytes], i)
			for r := range rows {
				x := a[r*lda+g*roundedGroup:][:roundedGroup]
				word := func(at int) uint32 { return binary.LittleEndian.Uint32(x[at:]) }
				sum := int32(word(40))
				for j := range width {
					sum += int32(int8(x[j])) * int32(level(&q, j))
				}
				y := d * math.Float32frombits(word(32)) * float32(sum)
				if f.Least {
					y += m * math.Float32frombits(word(36))
				}
				c[r*ldc+i] += y
			}
		}
	}
}
