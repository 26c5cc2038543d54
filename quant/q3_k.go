package quant

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
	register(Format{Name: "Q3_K", Block: 256, Bytes: 110, decode: decodeQ3_K})
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
