package quant

import "math"

// Q3_K: 256 numbers in 110 bytes, x = d·(s_k − 32)·q in 16 groups k of 16, with
// q from −4 to 3.
//
//	0                32                               96         108     110
//	├─ h ────────────┼─ q ────────────────────────────┼─ s ──────┼─ d ───┤   d f16
//
// The low two bits of q lie as in Q2_K. Bit i/32 of byte i mod 32 of h is set
// where q_i is *not* negative: where it is clear, 4 is taken away.
//
// The six bits of s_k: the low four are lo (k < 8) or hi of byte k mod 8, the
// high two are the pair k/4 of byte 8 + k mod 4.
func init() {
	register(Format{Name: "Q3_K", Block: 256, Bytes: 110, decode: decodeQ3_K, encode: encodeQ3_K})
}

func decodeQ3_K(dst []float32, src []byte) {
	h, q, scales, d := src[:32], src[32:96], src[96:108], half(src[108:])
	for i := range dst {
		v := int(quarter(q, i))
		if h[i%32]>>(i/32)&1 == 0 {
			v -= 4
		}
		dst[i] = d * float32(sixBits(scales, i/16)-32) * float32(v)
	}
}

// sixBits is scale k of Q3_K.
func sixBits(s []byte, k int) int {
	low := s[k%8] >> (k / 8 * 4) & 15
	high := s[8+k%4] >> (k / 4 * 2) & 3
	return int(low | high<<4)
}

func encodeQ3_K(dst []byte, src []float32) {
	clear(dst)
	h, q, scales := dst[:32], dst[32:96], dst[96:108]
	var scale [16]float32
	for k := range scale {
		scale[k] = fitScale(src[k*16:][:16], 4)
	}
	d := farthest(scale[:]) / -32 // the farthest scale is −32 exactly
	putHalf(dst[108:], d)
	for k := range scale {
		s := int(max(min(math.Round(float64(scale[k]*inverse(d))), 31), -32))
		putSixBits(scales, k, byte(s+32))
		inv := inverse(rounded(d) * float32(s))
		for i := k * 16; i < k*16+16; i++ {
			v := nearest(src[i]*inv, -4, 3)
			if v >= 0 {
				h[i%32] |= 1 << (i / 32)
			}
			putQuarter(q, i, byte(v)&3)
		}
	}
}

// putSixBits writes what sixBits reads into bytes that were zero.
func putSixBits(s []byte, k int, v byte) {
	s[k%8] |= v & 15 << (k / 8 * 4)
	s[8+k%4] |= v >> 4 << (k / 4 * 2)
}
