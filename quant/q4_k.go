package quant

// Q4_K: 256 numbers in 144 bytes, x = d·s_k·q − e·m_k in 8 groups k of 32.
//
//	0       2       4            16                                 144
//	├─ d ───┼─ e ───┼─ s, m ─────┼─ q ──────────────────────────────┤   d, e f16
//
// Scales and minima have six bits, 12 bytes for all:
//
//	byte k      bits 0…5: s_k       6…7: bits 4…5 of s_{k+4}     k = 0…3
//	byte 4+k    bits 0…5: m_k       6…7: bits 4…5 of m_{k+4}
//	byte 8+k    lo: bits 0…3 of s_{k+4}, hi: bits 0…3 of m_{k+4}
//
// Byte l of the c-th 32 of q: lo number 64·c + l, hi number 64·c + 32 + l.
func init() {
	register(Format{Name: "Q4_K", Block: 256, Bytes: 144, decode: decodeQ4_K, encode: encodeQ4_K})
}

func decodeQ4_K(dst []float32, src []byte) {
	d, e, q := half(src), half(src[2:]), src[16:]
	for k := range 8 {
		s, m := scaleAndLeast(src[4:16], k)
		scale, least := d*float32(s), e*float32(m)
		for l := range 32 {
			v := q[k/2*32+l] >> (k % 2 * 4) & 15
			dst[k*32+l] = float32(scale*float32(v)) - least
		}
	}
}

func encodeQ4_K(dst []byte, src []float32) {
	clear(dst)
	for k, q := range encodeGroups(dst[:16], src, 15) {
		for l, v := range q {
			dst[16+k/2*32+l] |= v << (k % 2 * 4)
		}
	}
}

// encodeGroups fits the eight groups of a Q4_K or Q5_K block, writes d, e, the
// scales and the minima to head, and returns the levels, 0 to most.
func encodeGroups(head []byte, src []float32, most int) (q [8][32]byte) {
	var scale, least [8]float32
	for k := range 8 {
		scale[k], least[k] = fitAffine(src[k*32:][:32], most)
	}
	d, e := farthest(scale[:])/63, farthest(least[:])/63
	putHalf(head, d)
	putHalf(head[2:], e)
	for k := range 8 {
		s := byte(min(level(scale[k], inverse(d), 0.5), 63))
		m := byte(min(level(least[k], inverse(e), 0.5), 63))
		putScaleAndLeast(head[4:], k, s, m)
		assign(q[k][:], src[k*32:][:32], rounded(d)*float32(s), rounded(e)*float32(m), most)
	}
	return q
}

// scaleAndLeast reads s_k and m_k.
func scaleAndLeast(b []byte, k int) (s, m byte) {
	if k < 4 {
		return b[k] & 63, b[4+k] & 63
	}
	k -= 4
	return b[8+k]&15 | b[k]>>6<<4, b[8+k]>>4 | b[4+k]>>6<<4
}

// putScaleAndLeast writes what scaleAndLeast reads into bytes that were zero.
func putScaleAndLeast(b []byte, k int, s, m byte) {
	if k < 4 {
		b[k] |= s
		b[4+k] |= m
		return
	}
	k -= 4
	b[8+k] = s&15 | m<<4
	b[k] |= s >> 4 << 6
	b[4+k] |= m >> 4 << 6
}
