package checkpoint

import (
	"encoding/binary"
	"fmt"
	"math"
	"unsafe"
)

// Size is the number of bytes of one element of a type that can be widened to
// float32, and zero for every other.
func (d DType) Size() int {
	switch d {
	case F64:
		return 8
	case F32:
		return 4
	case F16, BF16:
		return 2
	}
	return 0
}

// little says that numbers lie in memory as they do in files.
var little = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

func bytesOf(x []float32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), 4*len(x))
}

// Widen reads the little-endian elements of raw as float32.
func Widen(dst []float32, raw []byte, d DType) error {
	if d.Size() == 0 {
		return fmt.Errorf("elements of type %s are no numbers of a weight: want F32, F16, BF16 or F64", d)
	}
	if len(raw) != len(dst)*d.Size() {
		return fmt.Errorf("%d bytes do not hold %d elements of type %s", len(raw), len(dst), d)
	}
	switch d {
	case F64:
		for i := range dst {
			dst[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(raw[8*i:])))
		}
	case F32:
		if little {
			copy(bytesOf(dst), raw)
			break
		}
		for i := range dst {
			dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		}
	case BF16:
		for i := range dst {
			dst[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(raw[2*i:])) << 16)
		}
	case F16:
		for i := range dst {
			dst[i] = fromHalf(binary.LittleEndian.Uint16(raw[2*i:]))
		}
	}
	return nil
}

// Narrow appends the elements of src to dst, little-endian, rounded to nearest
// with ties to even. A finite number that is too large for the type is an error:
// an infinite weight would be found much later.
func Narrow(dst []byte, src []float32, d DType) ([]byte, error) {
	if d == F32 && little {
		return append(dst, bytesOf(src)...), nil
	}
	for i, x := range src {
		switch d {
		case F64:
			dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(float64(x)))
		case F32:
			dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(x))
		case BF16, F16:
			h, inf := toBrain(x), uint16(0x7f80)
			if d == F16 {
				h, inf = toHalf(x), 0x7c00
			}
			if h&0x7fff == inf && !math.IsInf(float64(x), 0) {
				return dst, fmt.Errorf("element %d is %g, too large for %s: keep F32", i, x, d)
			}
			dst = binary.LittleEndian.AppendUint16(dst, h)
		default:
			return dst, fmt.Errorf("weights are not written as %s: want F32, F16, BF16 or F64", d)
		}
	}
	return dst, nil
}

func toBrain(x float32) uint16 {
	b := math.Float32bits(x)
	if x != x {
		return uint16(b>>16) | 0x40 // stay a NaN, made quiet
	}
	return uint16((b + 0x7fff + b>>16&1) >> 16)
}

func fromHalf(h uint16) float32 {
	sign, exp, frac := uint32(h>>15)<<31, uint32(h>>10&31), uint32(h&0x3ff)
	switch exp {
	case 0: // zero or subnormal: frac·2⁻²⁴
		x := float32(frac) * 0x1p-24
		return math.Float32frombits(math.Float32bits(x) | sign)
	case 31:
		return math.Float32frombits(sign | 0x7f800000 | frac<<13)
	}
	return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
}

func toHalf(x float32) uint16 {
	b := math.Float32bits(x)
	sign, b := uint16(b>>16&0x8000), b&0x7fffffff
	switch {
	case b > 0x7f800000: // NaN, made quiet
		return sign | 0x7e00 | uint16(b>>13&0x3ff)
	case b >= 0x47800000: // 65536 and above
		return sign | 0x7c00
	case b < 0x38800000: // below 2⁻¹⁴: a whole number of 2⁻²⁴, rounded by the adder
		return sign | uint16(math.Float32bits(math.Float32frombits(b)+0.5)-0x3f000000)
	}
	return sign | uint16((b-0x38000000+0xfff+b>>13&1)>>13)
}
