package quant

// Q5_K: 256 numbers in 176 bytes, x = d·s_k·q − e·m_k in 8 groups k of 32.
//
//	0       2       4            16           48                    176
//	├─ d ───┼─ e ───┼─ s, m ─────┼─ h ────────┼─ q ─────────────────┤   d, e f16
//
// Scales, minima and the low four bits of q lie as in Q4_K; bit k of byte l of h
// is the fifth bit of number 32·k + l.
func init() {
	register(Format{Name: "Q5_K", Block: 256, Bytes: 176, decode: decodeQ5_K, encode: encodeQ5_K})
}

func decodeQ5_K(dst []float32, src []byte) {
	d, e, h, q := half(src), half(src[2:]), src[16:48], src[48:]
	for k := range 8 {
		s, m := scaleAndLeast(src[4:16], k)
		scale, least := d*float32(s), e*float32(m)
		for l := range 32 {
			v := q[k/2*32+l]>>(k%2*4)&15 | h[l]>>k&1<<4
			dst[k*32+l] = float32(scale*float32(v)) - least
		}
	}
}

func encodeQ5_K(dst []byte, src []float32) {
	clear(dst)
	for k, q := range encodeGroups(dst[:16], src, 31) {
		for l, v := range q {
			dst[16+l] |= v >> 4 << k
			dst[48+k/2*32+l] |= v & 15 << (k % 2 * 4)
		}
	}
}
