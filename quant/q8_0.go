package quant

import "math"

// Q8_0: 32 numbers in 34 bytes, x = d·q.
//
//	0       2                                34
//	├─ d ───┼─ q ────────────────────────────┤   d f16; q_i int8
func init() {
	register(Format{Name: "Q8_0", Block: 32, Bytes: 34, decode: decodeQ8_0, encode: encodeQ8_0})
}

func decodeQ8_0(dst []float32, src []byte) {
	d := half(src)
	for i, q := range src[2:] {
		dst[i] = d * float32(int8(q))
	}
}

func encodeQ8_0(dst []byte, src []float32) {
	d := abs(farthest(src)) / 127
	putHalf(dst, d)
	for i, x := range src {
		dst[2+i] = byte(int8(math.Round(float64(x * inverse(d)))))
	}
}
