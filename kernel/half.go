package kernel

import "math"

// FromBF16 widens bfloat16: the upper half of a float32.
func FromBF16(dst []float32, src []uint16) {
	stretches(len(dst), func(i, j int) { active.fromBF16(dst[i:j], src[i:j]) })
}

func fromBF16(dst []float32, src []uint16) {
	for i := range dst {
		dst[i] = widenBF16(src[i])
	}
}

func widenBF16(h uint16) float32 { return math.Float32frombits(uint32(h) << 16) }

// ToBF16 rounds to bfloat16, to nearest, ties to even. A NaN stays one and is made quiet.
func ToBF16(dst []uint16, src []float32) {
	stretches(len(dst), func(i, j int) { active.toBF16(dst[i:j], src[i:j]) })
}

func toBF16(dst []uint16, src []float32) {
	for i := range dst {
		dst[i] = roundBF16(math.Float32bits(src[i]))
	}
}

func roundBF16(b uint32) uint16 {
	if b&0x7fffffff > 0x7f800000 {
		return uint16(b>>16) | 0x40
	}
	return uint16((b + 0x7fff + b>>16&1) >> 16)
}

// FromF16 widens IEEE 754 binary16.
func FromF16(dst []float32, src []uint16) {
	stretches(len(dst), func(i, j int) { active.fromF16(dst[i:j], src[i:j]) })
}

func fromF16(dst []float32, src []uint16) {
	for i := range dst {
		dst[i] = widenF16(src[i])
	}
}

func widenF16(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	e, f := uint32(h>>10&31), uint32(h&0x3ff)
	switch {
	case e == 31 && f != 0:
		return math.Float32frombits(sign | 0x7fc00000 | f<<13)
	case e == 31:
		return math.Float32frombits(sign | 0x7f800000)
	case e == 0:
		v := float32(f) / (1 << 24)
		return math.Float32frombits(sign | math.Float32bits(v))
	}
	return math.Float32frombits(sign | (e+112)<<23 | f<<13)
}

// ToF16 rounds to IEEE 754 binary16, to nearest, ties to even. What is too large becomes infinite; a NaN stays one.
func ToF16(dst []uint16, src []float32) {
	stretches(len(dst), func(i, j int) { active.toF16(dst[i:j], src[i:j]) })
}

func toF16(dst []uint16, src []float32) {
	for i := range dst {
		dst[i] = roundF16(src[i])
	}
}

func roundF16(x float32) uint16 {
	b := math.Float32bits(x)
	sign, b := uint16(b>>16&0x8000), b&0x7fffffff
	switch {
	case b > 0x7f800000:
		return sign | 0x7e00 | uint16(b>>13&0x3ff)
	case b >= 0x477ff000: // 65520 and above round to infinity
		return sign | 0x7c00
	case b < 0x38800000: // below 2⁻¹⁴ the spacing is 2⁻²⁴
		return sign | uint16(math.RoundToEven(float64(math.Float32frombits(b))*(1<<24)))
	}
	b += 0xfff + b>>13&1
	return sign | uint16((b-112<<23)>>13)
}
