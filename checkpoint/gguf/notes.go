package gguf

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
)

// Notes are the metadata of a file: key to value. A value is a bool, a string, a
// number of the type that the file says, or a slice of one of these.
type Notes map[string]any

// A noteType is how a file says what follows.
type noteType uint32

const (
	typeString noteType = 8
	typeArray  noteType = 9
)

// scalars are the types of fixed size.
var scalars = map[noteType]struct {
	size  int64
	read  func(b []byte) any
	slice func(r *reader, n int) any
}{
	0:  {1, func(b []byte) any { return b[0] }, array(func(b []byte) uint8 { return b[0] }, 1)},
	1:  {1, func(b []byte) any { return int8(b[0]) }, array(func(b []byte) int8 { return int8(b[0]) }, 1)},
	2:  {2, func(b []byte) any { return order.Uint16(b) }, array(order.Uint16, 2)},
	3:  {2, func(b []byte) any { return int16(order.Uint16(b)) }, array(func(b []byte) int16 { return int16(order.Uint16(b)) }, 2)},
	4:  {4, func(b []byte) any { return order.Uint32(b) }, array(order.Uint32, 4)},
	5:  {4, func(b []byte) any { return int32(order.Uint32(b)) }, array(func(b []byte) int32 { return int32(order.Uint32(b)) }, 4)},
	6:  {4, func(b []byte) any { return float(b) }, array(float, 4)},
	7:  {1, func(b []byte) any { return b[0] != 0 }, array(func(b []byte) bool { return b[0] != 0 }, 1)},
	10: {8, func(b []byte) any { return order.Uint64(b) }, array(order.Uint64, 8)},
	11: {8, func(b []byte) any { return int64(order.Uint64(b)) }, array(func(b []byte) int64 { return int64(order.Uint64(b)) }, 8)},
	12: {8, func(b []byte) any { return double(b) }, array(double, 8)},
}

var order = binary.LittleEndian

func float(b []byte) float32  { return math.Float32frombits(order.Uint32(b)) }
func double(b []byte) float64 { return math.Float64frombits(order.Uint64(b)) }

func array[T any](read func([]byte) T, size int) func(*reader, int) any {
	return func(r *reader, n int) any {
		b, list := make([]byte, n*size), make([]T, n)
		r.bytes(b)
		for i := range list {
			list[i] = read(b[i*size:])
		}
		return list
	}
}

// note reads a value.
func (r *reader) note() any {
	t := noteType(r.u32())
	switch t {
	case typeString:
		return r.text()
	case typeArray:
		return r.list()
	}
	s, ok := scalars[t]
	if !ok {
		r.fail("a value of type %d, which does not exist", t)
		return nil
	}
	var b [8]byte
	r.bytes(b[:s.size])
	return s.read(b[:])
}

func (r *reader) list() any {
	t, n := noteType(r.u32()), r.u64()
	size := int64(8) // a string has at least its length
	s, ok := scalars[t]
	switch {
	case ok:
		size = s.size
	case t != typeString:
		r.fail("an array of values of type %d: numbers, bools and strings are read", t)
		return nil
	}
	if !r.left(n, size) {
		r.fail("an array of %d elements at %d: %w", n, r.at-8, r.end())
		return nil
	}
	if ok {
		return s.slice(r, int(n))
	}
	list := make([]string, 0, n)
	for range n {
		if list = append(list, r.text()); r.err != nil {
			return nil
		}
	}
	return list
}

// The getters return ok false where there is no such note, and an error where it
// has another type.

func (n Notes) text(key string) (value string, ok bool, err error) { return get[string](n, key) }

func (n Notes) flag(key string) (value, ok bool, err error) { return get[bool](n, key) }

func get[T any](n Notes, key string) (value T, ok bool, err error) {
	v, ok := n[key]
	if !ok {
		return value, false, nil
	}
	if value, ok = v.(T); !ok {
		return value, false, fmt.Errorf("%s is %s, want a %T", key, kind(v), value)
	}
	return value, true, nil
}

// need reads a note that must be there.
func need[T any](n Notes, key string) (T, error) {
	v, ok, err := get[T](n, key)
	if err == nil && !ok {
		err = fmt.Errorf("there is no note %s", key)
	}
	return v, err
}

// kind names a value in an error.
func kind(v any) string {
	if s, ok := v.(string); ok {
		if len(s) > 100 {
			s = s[:100] + "…"
		}
		return fmt.Sprintf("the string %q", s)
	}
	if s := fmt.Sprintf("%T", v); s[0] == '[' {
		return "an array, " + s
	}
	return fmt.Sprintf("the %T %v", v, v)
}

// count reads a whole number from 0 to 2³¹−1 of any type.
func (n Notes) count(key string) (value int, ok bool, err error) {
	v, ok := n[key]
	if !ok {
		return 0, false, nil
	}
	if list, isList := v.([]int32); isList { // one number a layer: the same for all, or it is another architecture
		if v, ok = same(list); !ok {
			return 0, false, fmt.Errorf("%s differs from layer to layer", key)
		}
	}
	f, ok := number(v)
	if !ok || f < 0 || f > math.MaxInt32 || f != math.Trunc(f) {
		return 0, false, fmt.Errorf("%s is %s, want a whole number from 0 to %d", key, kind(v), math.MaxInt32)
	}
	return int(f), true, nil
}

func same(list []int32) (any, bool) {
	for _, v := range list {
		if v != list[0] {
			return nil, false
		}
	}
	if len(list) == 0 {
		return nil, false
	}
	return list[0], true
}

// real reads a finite number of any type.
func (n Notes) real(key string) (value float64, ok bool, err error) {
	v, ok := n[key]
	if !ok {
		return 0, false, nil
	}
	f, ok := number(v)
	if !ok || math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, false, fmt.Errorf("%s is %s, want a number", key, kind(v))
	}
	return f, true, nil
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case uint8:
		return float64(v), true
	case int8:
		return float64(v), true
	case uint16:
		return float64(v), true
	case int16:
		return float64(v), true
	case uint32:
		return float64(v), true
	case int32:
		return float64(v), true
	case uint64:
		return float64(v), true
	case int64:
		return float64(v), true
	case float32: // as it was written, 1e-06 and not 9.99999997e-07
		f, err := strconv.ParseFloat(strconv.FormatFloat(float64(v), 'g', -1, 32), 64)
		return f, err == nil
	case float64:
		return v, true
	}
	return 0, false
}
