package quant

import "encoding/binary"

// Q5_1: 32 numbers in 24 bytes, x = d·q + m.
//
//	0       2       4            8                24
//	├─ d ───┼─ m ───┼─ h ────────┼─ q ────────────┤   d, m f16; h and q as in Q5_0
func init() {
	register(Format{Name: "Q5_1", Block: 32, Bytes: 24, decode: decodeQ5_1, encode: encodeQ5_1})
}

func decodeQ5_1(dst []float32, src []byte) {
	d, m, h, q := half(src), half(src[2:]), binary.LittleEndian.Uint32(src[4:]), src[8:]
	for j := range 16 {
		dst[j] = float32(d*float32(q[j]&15|fifth(h, j))) + m
		dst[j+16] = float32(d*float32(q[j]>>4|fifth(h, j+16))) + m
	}
}

func encodeQ5_1(dst []byte, src []float32) {
	low, high := extent(src)
	d := (high - low) / 31
	putHalf(dst, d)
	putHalf(dst[2:], low)
	var q [32]byte
	for i, x := range src {
		q[i] = byte(min(level(x-low, inverse(d), 0.5), 31))
	}
	putFive(dst[4:], q)
}
