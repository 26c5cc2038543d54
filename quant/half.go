package quant

import (
	"encoding/binary"
	"math"
)

// half reads a binary16 number.
func half(b []byte) float32 { return widen(binary.LittleEndian.Uint16(b)) }

func widen(h uint16) float32 {
	sign, e, f := uint32(h&0x8000)<<16, uint32(h>>10&31), uint32(h&0x3ff)
	switch e {
	case 31:
		return math.Float32frombits(sign | 0x7f800000 | f<<13)
	case 0:
		return math.Float32frombits(sign | math.Float32bits(float32(f)/(1<<24)))
	}
	return math.Float32frombits(sign | (e+112)<<23 | f<<13)
}

// putHalf writes x as binary16, rounded to nearest with ties to even. What is
// too large becomes the largest number: a scale must stay finite.
func putHalf(b []byte, x float32) {
	binary.LittleEndian.PutUint16(b, narrow(x))
}

// rounded is x as a binary16 has it.
func rounded(x float32) float32 { return widen(narrow(x)) }

func narrow(x float32) uint16 {
	sign := uint16(math.Float32bits(x) >> 16 & 0x8000)
	a := math.Float32frombits(math.Float32bits(x) & 0x7fffffff)
	switch {
	case a != a:
		return sign | 0x7e00
	case a >= 65504:
		return sign | 0x7bff
	case a < 1.0/(1<<14): // subnormal: multiples of 2⁻²⁴
		return sign | uint16(math.RoundToEven(float64(a)*(1<<24)))
	}
	b := math.Float32bits(a)
	b += 0xfff + b>>13&1 // round bit 13
	return sign | min(uint16(b>>13-112<<10), 0x7bff)
}
