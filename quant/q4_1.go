package quant

// Q4_1: 32 numbers in 20 bytes, x = d·q + m.
//
//	0       2       4                20
//	├─ d ───┼─ m ───┼─ q ────────────┤   d, m f16; byte j: lo q_j, hi q_{j+16}
func init() {
	register(Format{Name: "Q4_1", Block: 32, Bytes: 20, decode: decodeQ4_1, encode: encodeQ4_1})
}

func decodeQ4_1(dst []float32, src []byte) {
	d, m, q := half(src), half(src[2:]), src[4:]
	for j := range 16 {
		dst[j] = float32(d*float32(q[j]&15)) + m
		dst[j+16] = float32(d*float32(q[j]>>4)) + m
	}
}

func encodeQ4_1(dst []byte, src []float32) {
	low, high := extent(src)
	d := (high - low) / 15
	putHalf(dst, d)
	putHalf(dst[2:], low)
	q := func(x float32) byte { return byte(min(level(x-low, inverse(d), 0.5), 15)) }
	for j := range 16 {
		dst[4+j] = q(src[j]) | q(src[j+16])<<4
	}
}
