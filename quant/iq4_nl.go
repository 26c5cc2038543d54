package quant

// IQ4_NL: 32 numbers in 18 bytes, x = d·t_q with a table t that is denser near
// zero, where weights are.
//
//	0       2                18
//	├─ d ───┼─ q ────────────┤   d f16; byte j: lo q_j, hi q_{j+16}
func init() {
	register(Format{Name: "IQ4_NL", Block: 32, Bytes: 18, decode: decodeIQ4_NL})
}

var tableIQ4_NL = [16]float32{-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113}

func decodeIQ4_NL(dst []float32, src []byte) {
	d := half(src)
	for j, q := range src[2:] {
		dst[j] = d * tableIQ4_NL[q&15]
		dst[j+16] = d * tableIQ4_NL[q>>4]
	}
}
