package quant

// Q2_K: 256 numbers in 84 bytes, x = d·s_k·q − e·m_k in 16 groups k of 16.
//
//	0                16                               80      82      84
//	├─ s, m ─────────┼─ q ────────────────────────────┼─ d ───┼─ e ───┤   d, e f16
//
// Byte k of the first part: lo s_k, hi m_k. The numbers come in two halves of
// 128; byte l of the 32 of half h has, two bits each, numbers l, 32+l, 64+l and
// 96+l of that half.
func init() {
	register(Format{Name: "Q2_K", Block: 256, Bytes: 84, decode: decodeQ2_K, encode: encodeQ2_K})
}

func decodeQ2_K(dst []float32, src []byte) {
	scales, q := src[:16], src[16:80]
	d, e := half(src[80:]), half(src[82:])
	for i := range dst {
		s := scales[i/16]
		scale, least := d*float32(s&15), e*float32(s>>4)
		dst[i] = float32(scale*float32(quarter(q, i))) - least
	}
}

// quarter is number i of 256 that have two bits each, in the order of Q2_K.
func quarter(q []byte, i int) byte {
	return q[i/128*32+i%32] >> (i / 32 % 4 * 2) & 3
}

func encodeQ2_K(dst []byte, src []float32) {
	clear(dst)
	var scale, least [16]float32
	var q [16]byte
	for k := range scale {
		scale[k], least[k] = fitAffine(src[k*16:][:16], 3)
	}
	d, e := farthest(scale[:])/15, farthest(least[:])/15
	putHalf(dst[80:], d)
	putHalf(dst[82:], e)
	for k := range scale {
		s := byte(min(level(scale[k], inverse(d), 0.5), 15))
		m := byte(min(level(least[k], inverse(e), 0.5), 15))
		dst[k] = s | m<<4
		assign(q[:], src[k*16:][:16], rounded(d)*float32(s), rounded(e)*float32(m), 3)
		for l, v := range q {
			putQuarter(dst[16:80], k*16+l, v)
		}
	}
}

// putQuarter writes what quarter reads into bytes that were zero.
func putQuarter(q []byte, i int, v byte) {
	q[i/128*32+i%32] |= v << (i / 32 % 4 * 2)
}
