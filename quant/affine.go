package quant

import "encoding/binary"

// Affine says that the numbers of a block share one scale, and perhaps one
// minimum, both binary16:
//
//	x = d·(q − Zero)       or, with Least,       x = d·q + m
//
// with 0 ≤ q < 2^Bits. Products of such blocks can be computed in integers.
type Affine struct {
	Bits  int
	Zero  int
	Least bool

	split func(q *[8]uint32, src []byte) (d, m uint16)
}

// Affine describes the format's blocks of 32 numbers, where they are so simple.
func (f Format) Affine() (Affine, bool) {
	a, ok := affine[f.Name]
	return a, ok
}

// Split takes a block of 32 numbers apart. Level q_i is byte i mod 4, the lowest
// first, of word i/4. m is zero without Least.
func (a Affine) Split(q *[8]uint32, block []byte) (d, m uint16) { return a.split(q, block) }

var affine = map[string]Affine{
	"Q4_0": {Bits: 4, Zero: 8, split: func(q *[8]uint32, b []byte) (d, m uint16) {
		nibbles(q, b[2:18])
		return word(b), 0
	}},
	"Q4_1": {Bits: 4, Least: true, split: func(q *[8]uint32, b []byte) (d, m uint16) {
		nibbles(q, b[4:20])
		return word(b), word(b[2:])
	}},
	"Q5_0": {Bits: 5, Zero: 16, split: func(q *[8]uint32, b []byte) (d, m uint16) {
		nibbles(q, b[6:22])
		fifths(q, binary.LittleEndian.Uint32(b[2:]))
		return word(b), 0
	}},
	"Q5_1": {Bits: 5, Least: true, split: func(q *[8]uint32, b []byte) (d, m uint16) {
		nibbles(q, b[8:24])
		fifths(q, binary.LittleEndian.Uint32(b[4:]))
		return word(b), word(b[2:])
	}},
	"Q8_0": {Bits: 8, Zero: 128, split: func(q *[8]uint32, b []byte) (d, m uint16) {
		for v := range q {
			q[v] = binary.LittleEndian.Uint32(b[2+4*v:]) ^ 0x80808080
		}
		return word(b), 0
	}},
}

func word(b []byte) uint16 { return binary.LittleEndian.Uint16(b) }

// nibbles reads 16 bytes: lo q_j, hi q_{j+16}.
func nibbles(q *[8]uint32, b []byte) {
	for c := range 4 {
		x := binary.LittleEndian.Uint32(b[4*c:])
		q[c], q[c+4] = x&0x0f0f0f0f, x>>4&0x0f0f0f0f
	}
}

// fifths adds the fifth bits: bit i is that of q_i.
func fifths(q *[8]uint32, h uint32) {
	for v := range q {
		n := h >> (4 * v) & 15
		q[v] |= (n&1 | n&2<<7 | n&4<<14 | n&8<<21) << 4
	}
}
