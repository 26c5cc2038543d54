package quant

import "math"

// Q6_K: 256 numbers in 210 bytes, x = d·s_k·(q − 32) in 16 groups k of 16.
//
//	0                        128           192      208     210
//	├─ q ────────────────────┼─ h ─────────┼─ s ────┼─ d ───┤   s_k int8, d f16
//
// Two halves of 128 numbers have 64 bytes of q and 32 of h each. Number 32·r + l
// of a half: its low four bits are lo (r < 2) or hi of byte 32·(r mod 2) + l of
// q, its high two the pair r of byte l of h.
func init() {
	register(Format{Name: "Q6_K", Block: 256, Bytes: 210, decode: decodeQ6_K, encode: encodeQ6_K})
}

func decodeQ6_K(dst []float32, src []byte) {
	scales, d := src[192:208], half(src[208:])
	for i := range dst {
		q, h, low, high := placesQ6_K(i)
		v := src[q]>>low&15 | src[h]>>high&3<<4
		dst[i] = d * float32(int8(scales[i/16])) * float32(int(v)-32)
	}
}

func encodeQ6_K(dst []byte, src []float32) {
	clear(dst)
	var scale [16]float32
	for k := range scale {
		scale[k] = fitScale(src[k*16:][:16], 32)
	}
	d := farthest(scale[:]) / -128 // the farthest scale is −128 exactly
	putHalf(dst[208:], d)
	for k := range scale {
		s := int8(min(math.Round(float64(scale[k]*inverse(d))), 127))
		dst[192+k] = byte(s)
		inv := inverse(rounded(d) * float32(s))
		for i := k * 16; i < k*16+16; i++ {
			v := byte(nearest(src[i]*inv, -32, 31) + 32)
			q, h, low, high := placesQ6_K(i)
			dst[q] |= v & 15 << low
			dst[h] |= v >> 4 << high
		}
	}
}

// placesQ6_K says in which bytes, from which bit, number i has its parts.
func placesQ6_K(i int) (q, h, low, high int) {
	c, r, l := i/128, i/32%4, i%32
	return c*64 + r%2*32 + l, 128 + c*32 + l, r / 2 * 4, r * 2
}
