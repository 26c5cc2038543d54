package checkpoint

import (
	"encoding/binary"
	"fmt"
	"math"
	"unsafe"

	"github.com/rotor-lm/rotor/kernel"
)

// stretch is how many elements one core takes at a time: whole blocks of any format.
const stretch = 1 << 16

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

// Widen reads the elements of raw, little-endian or in blocks, as float32.
func Widen(dst []float32, raw []byte, d DType) error {
	if f, ok := d.Blocks(); ok {
		if len(dst)%f.Block != 0 || len(raw) != f.Size(len(dst)) {
			return fmt.Errorf("%d bytes do not hold %d elements in blocks of %s", len(raw), len(dst), d)
		}
		kernel.Parallel((len(dst)+stretch-1)/stretch, func(i int) {
			from, to := i*stretch, min((i+1)*stretch, len(dst))
			f.Decode(dst[from:to], raw[f.Size(from):f.Size(to)])
		})
		return nil
	}
	if d.Size() == 0 {
		return fmt.Errorf("elements of type %s are no numbers of a weight: want F32, F16, BF16, F64 or blocks", d)
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
		copy(dst, numbers[float32](raw))
	case BF16:
		kernel.FromBF16(dst, numbers[uint16](raw))
	case F16:
		kernel.FromF16(dst, numbers[uint16](raw))
	}
	return nil
}

// Narrow appends the elements of src to dst, little-endian, rounded to nearest
// with ties to even. A finite number that is too large for the type is an error:
// an infinite weight would be found much later.
func Narrow(dst []byte, src []float32, d DType) ([]byte, error) {
	switch d {
	case F64:
		for _, x := range src {
			dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(float64(x)))
		}
		return dst, nil
	case F32:
		for _, x := range src {
			dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(x))
		}
		return dst, nil
	case BF16, F16:
		return narrowHalf(dst, src, d)
	}
	return dst, fmt.Errorf("weights are not written as %s: want F32, F16, BF16 or F64", d)
}

func narrowHalf(dst []byte, src []float32, d DType) ([]byte, error) {
	half, infinite := make([]uint16, len(src)), uint16(0x7f80)
	if d == F16 {
		kernel.ToF16(half, src)
		infinite = 0x7c00
	} else {
		kernel.ToBF16(half, src)
	}
	for i, h := range half {
		if x := src[i]; h&0x7fff == infinite && !math.IsInf(float64(x), 0) {
			return dst, fmt.Errorf("element %d is %g, too large for %s: keep F32", i, x, d)
		}
		dst = binary.LittleEndian.AppendUint16(dst, h)
	}
	return dst, nil
}

// numbers sees little-endian bytes as numbers: in place where memory is laid out
// like the file and the bytes are aligned, else as a copy.
func numbers[T uint16 | float32](raw []byte) []T {
	var zero T
	size := int(unsafe.Sizeof(zero))
	start := unsafe.Pointer(unsafe.SliceData(raw))
	little := binary.NativeEndian.Uint16([]byte{1, 0}) == 1
	if little && uintptr(start)%uintptr(size) == 0 {
		return unsafe.Slice((*T)(start), len(raw)/size)
	}
	list := make([]T, len(raw)/size)
	for i := range list {
		switch p := any(&list[i]).(type) {
		case *uint16:
			*p = binary.LittleEndian.Uint16(raw[2*i:])
		case *float32:
			*p = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		}
	}
	return list
}
