package quant

import "math"

// MXFP4: 32 numbers in 17 bytes, x = 2^(e−127)·t_q, where t_q is a float of four
// bits: sign, two bits of exponent, one of mantissa.
//
//	0   1                17
//	├ e ┼─ q ────────────┤   byte j: lo q_j, hi q_{j+16}
//
// Open Compute Project, Microscaling Formats (MX) Specification 1.0, 2023, §5.
func init() {
	register(Format{Name: "MXFP4", Block: 32, Bytes: 17, decode: decodeMXFP4, encode: encodeMXFP4})
}

// tableMXFP4 is twice the value of each float of four bits.
var tableMXFP4 = [16]float32{0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12}

func decodeMXFP4(dst []float32, src []byte) {
	d := halfPower(src[0])
	for j, q := range src[1:] {
		dst[j] = d * tableMXFP4[q&15]
		dst[j+16] = d * tableMXFP4[q>>4]
	}
}

// halfPower is 2^(e−128): half of the scale, for the table is doubled.
func halfPower(e byte) float32 {
	if e < 2 {
		return math.Float32frombits(0x00200000 << e)
	}
	return math.Float32frombits(uint32(e-1) << 23)
}

func encodeMXFP4(dst []byte, src []float32) {
	dst[0] = 0
	if far := abs(farthest(src)); far > 0 {
		dst[0] = byte(max(math.Ilogb(float64(far))-2+127, 0)) // 4 = 2² is the greatest power in the table
	}
	d := halfPower(dst[0])
	for j := range 16 {
		dst[1+j] = closest(src[j], d, &tableMXFP4) | closest(src[j+16], d, &tableMXFP4)<<4
	}
}

// closest is the place in a table whose entry times d is nearest to x.
func closest(x, d float32, table *[16]float32) byte {
	best, far := byte(0), float32(math.Inf(1))
	for q, t := range table {
		if e := abs(d*t - x); e < far {
			best, far = byte(q), e
		}
	}
	return best
}
