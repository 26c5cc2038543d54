package quant

import "encoding/binary"

// Q5_0: 32 numbers in 22 bytes, x = d·(q − 16).
//
//	0       2            6                22
//	├─ d ───┼─ h ────────┼─ q ────────────┤   d f16; byte j: lo q_j, hi q_{j+16}
//
// Bit i of the 32-bit number h is the fifth bit of q_i.
func init() {
	register(Format{Name: "Q5_0", Block: 32, Bytes: 22, decode: decodeQ5_0, encode: encodeQ5_0})
}

func decodeQ5_0(dst []float32, src []byte) {
	d, h, q := half(src), binary.LittleEndian.Uint32(src[2:]), src[6:]
	for j := range 16 {
		dst[j] = d * float32(int(q[j]&15|fifth(h, j))-16)
		dst[j+16] = d * float32(int(q[j]>>4|fifth(h, j+16))-16)
	}
}

func encodeQ5_0(dst []byte, src []float32) {
	d := farthest(src) / -16
	putHalf(dst, d)
	var q [32]byte
	for i, x := range src {
		q[i] = byte(min(level(x, inverse(d), 16.5), 31))
	}
	putFive(dst[2:], q)
}

// fifth is bit i of h, where it stands in a number of five bits.
func fifth(h uint32, i int) byte { return byte(h>>i&1) << 4 }

// putFive writes 32 numbers of five bits: the high bits, then the low halves.
func putFive(dst []byte, q [32]byte) {
	h := uint32(0)
	for i, v := range q {
		h |= uint32(v>>4) << i
	}
	binary.LittleEndian.PutUint32(dst, h)
	for j := range 16 {
		dst[4+j] = q[j]&15 | q[j+16]<<4
	}
}
