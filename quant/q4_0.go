package quant

// Q4_0: 32 numbers in 18 bytes, x = d·(q − 8).
//
//	0       2                18
//	├─ d ───┼─ q ────────────┤   d f16; byte j: lo q_j, hi q_{j+16}
//
// The number farthest from zero becomes −8 exactly, whatever its sign.
func init() {
	register(Format{Name: "Q4_0", Block: 32, Bytes: 18, decode: decodeQ4_0, encode: encodeQ4_0})
}

func decodeQ4_0(dst []float32, src []byte) {
	d, q := half(src), src[2:]
	for j := range 16 {
		dst[j] = d * float32(int(q[j]&15)-8)
		dst[j+16] = d * float32(int(q[j]>>4)-8)
	}
}

func encodeQ4_0(dst []byte, src []float32) {
	d := farthest(src) / -8
	putHalf(dst, d)
	q := func(x float32) byte { return byte(min(level(x, inverse(d), 8.5), 15)) }
	for j := range 16 {
		dst[2+j] = q(src[j]) | q(src[j+16])<<4
	}
}
