package quant

// IQ4_NL: 32 numbers in 18 bytes, x = d·t_q with a table t that is denser near
// zero, where weights are.
//
//	0       2                18
//	├─ d ───┼─ q ────────────┤   d f16; byte j: lo q_j, hi q_{j+16}
func init() {
	register(Format{Name: "IQ4_NL", Block: 32, Bytes: 18, decode: decodeIQ4_NL, encode: encodeIQ4_NL})
}

var tableIQ4_NL = [16]float32{-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113}

func decodeIQ4_NL(dst []float32, src []byte) {
	d := half(src)
	for j, q := range src[2:] {
		dst[j] = d * tableIQ4_NL[q&15]
		dst[j+16] = d * tableIQ4_NL[q>>4]
	}
}

// encodeIQ4_NL finds the scale as fitScale does: the places that a first scale
// gives, then the best scale for these places, for a number of first scales.
func encodeIQ4_NL(dst []byte, src []float32) {
	far := farthest(src)
	best, d := float32(0), float32(0)
	for step := -9; step <= 9; step++ {
		inv := (tableIQ4_NL[0] + float32(step)) * inverse(far) // the farthest goes to the farthest place
		var xt, tt float32
		for _, x := range src {
			t := tableIQ4_NL[placeIQ4_NL(x*inv)]
			xt += x * t
			tt += t * t
		}
		if tt > 0 && xt*xt > best*tt {
			best, d = xt*xt/tt, xt/tt
		}
	}
	putHalf(dst, d)
	inv := inverse(rounded(d))
	for j := range 16 {
		dst[2+j] = placeIQ4_NL(src[j]*inv) | placeIQ4_NL(src[j+16]*inv)<<4
	}
}

// placeIQ4_NL is the place in the table whose entry is nearest to x. Two entries
// meet at a multiple of one half, so the half that x lies in has one place.
func placeIQ4_NL(x float32) byte {
	return halvesIQ4_NL[int(2*min(max(x, -128), 127)+256)&511] // of what is no number too
}

var halvesIQ4_NL = func() (places [512]byte) {
	for i := range places {
		places[i] = closest((float32(i)-256+0.5)/2, 1, &tableIQ4_NL)
	}
	return places
}()
