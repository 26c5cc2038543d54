package safetensors

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/rotor-lm/rotor/checkpoint"
	"github.com/rotor-lm/rotor/internal/atomicfile"
)

// Tensor is one tensor to be written: what it is, and how its bytes come.
type Tensor struct {
	Name  string
	DType checkpoint.DType // in the file
	Shape []int
	write func(w io.Writer) error
}

// Floats is a tensor that holds x, rounded to d where that has fewer bits.
func Floats(name string, shape []int, x []float32, d checkpoint.DType) Tensor {
	return Lazy(name, shape, d, func() ([]float32, error) { return x, nil })
}

// Lazy is a tensor whose values are asked for when their turn has come, so that
// one of them at a time is in memory: weights that lie packed, or are computed.
func Lazy(name string, shape []int, d checkpoint.DType, get func() ([]float32, error)) Tensor {
	return Tensor{name, d, slices.Clone(shape), func(w io.Writer) error {
		x, err := get()
		if err != nil {
			return err
		}
		buf := make([]byte, 0, 8*min(piece, len(x)))
		for part := range slices.Chunk(x, piece) {
			if buf, err = checkpoint.Narrow(buf[:0], part, d); err != nil {
				return err
			}
			if _, err := w.Write(buf); err != nil {
				return err
			}
		}
		return nil
	}}
}

// piece is how many elements are written at a time.
const piece = 1 << 16

// Rows is a tensor whose elements are asked for piece by piece, in order: each
// call of rows fills dst with whole rows, from element at on.
func Rows(name string, shape []int, d checkpoint.DType, rows func(dst []float32, at int) error) Tensor {
	return Tensor{name, d, slices.Clone(shape), func(w io.Writer) error {
		n, cols := (checkpoint.Info{Shape: shape}).Len(), 1
		if len(shape) > 0 {
			cols = max(shape[len(shape)-1], 1)
		}
		step := max(piece/cols, 1) * cols
		x, buf := make([]float32, min(step, n)), []byte(nil)
		for at := 0; at < n; at += step {
			x := x[:min(step, n-at)]
			err := rows(x, at)
			if err == nil {
				buf, err = checkpoint.Narrow(buf[:0], x, d)
			}
			if err == nil {
				_, err = w.Write(buf)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}}
}

// Bytes is a tensor that holds raw, which is already as it should be in the file.
func Bytes(name string, shape []int, raw []byte, d checkpoint.DType) Tensor {
	return Tensor{name, d, slices.Clone(shape), func(w io.Writer) error {
		_, err := w.Write(raw)
		return err
	}}
}

// Copy is the tensor of that name of another checkpoint, byte for byte.
func Copy(src checkpoint.Source, name string) (Tensor, error) {
	info, ok := src.Info(name)
	if !ok {
		return Tensor{}, fmt.Errorf("safetensors: no tensor %q to copy", name)
	}
	return Tensor{name, info.DType, slices.Clone(info.Shape), func(w io.Writer) error {
		raw, err := src.Raw(name)
		if err != nil {
			return err
		}
		_, err = w.Write(raw)
		checkpoint.Release(src, name)
		return err
	}}, nil
}

// Create writes a new file, whole or not at all.
func Create(path string, tensors []Tensor, metadata map[string]string) error {
	return atomicfile.Create(path, func(w io.Writer) error { return Write(w, tensors, metadata) })
}

// Replace writes a file and takes the place of one that exists.
func Replace(path string, tensors []Tensor, metadata map[string]string) error {
	return atomicfile.Replace(path, func(w io.Writer) error { return Write(w, tensors, metadata) })
}

// Write writes the file, tensor by tensor. They lie as the reference
// implementation lays them: the wider types first, then by name.
func Write(w io.Writer, tensors []Tensor, metadata map[string]string) error {
	tensors = slices.Clone(tensors)
	slices.SortFunc(tensors, func(a, b Tensor) int {
		if d := slices.Index(order, b.DType) - slices.Index(order, a.DType); d != 0 {
			return d
		}
		return strings.Compare(a.Name, b.Name)
	})
	text, sizes, err := describe(tensors, metadata)
	if err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	head := binary.LittleEndian.AppendUint64(nil, uint64(len(text)))
	if _, err := w.Write(append(head, text...)); err != nil {
		return err
	}
	for i, t := range tensors {
		c := &counter{w: w}
		if err := t.write(c); err != nil {
			return fmt.Errorf("safetensors: tensor %q: %w", t.Name, err)
		}
		if c.n != sizes[i] {
			return fmt.Errorf("safetensors: tensor %q: %s %d takes %d bytes, and %d came", t.Name, t.DType, t.Shape, sizes[i], c.n)
		}
	}
	return nil
}

// order is that of the reference implementation, from narrow to wide.
var order = []checkpoint.DType{
	"BOOL", "F4", "F6_E2M3", "F6_E3M2", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0",
	"I16", "U16", "F16", "BF16", "I32", "U32", "F32", "C64", "F64", "I64", "U64",
}

// describe returns the header, padded with spaces to a multiple of eight bytes,
// and the size of every tensor.
func describe(tensors []Tensor, metadata map[string]string) ([]byte, []uint64, error) {
	var b bytes.Buffer
	field := func(key string, value any) error {
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		k, err := plainJSON(key)
		if err != nil {
			return err
		}
		v, err := plainJSON(value)
		b.Write(append(append(k, ':'), v...))
		return err
	}
	b.WriteByte('{')
	if len(metadata) > 0 {
		if err := field("__metadata__", metadata); err != nil {
			return nil, nil, err
		}
	}
	sizes := make([]uint64, len(tensors))
	seen := map[string]bool{"__metadata__": true}
	at := uint64(0)
	for i, t := range tensors {
		n, err := bytesOf(checkpoint.Info{DType: t.DType, Shape: t.Shape})
		switch {
		case err != nil:
			return nil, nil, fmt.Errorf("tensor %q: %w", t.Name, err)
		case seen[t.Name] || t.Name == "" || len(t.Name) > maxName:
			return nil, nil, fmt.Errorf("tensor %.80q: the name is taken, empty or too long", t.Name)
		case at+n > math.MaxInt64:
			return nil, nil, fmt.Errorf("the tensors are larger than any file")
		}
		seen[t.Name] = true
		shape := t.Shape
		if shape == nil {
			shape = []int{}
		}
		err = field(t.Name, struct {
			DType   checkpoint.DType `json:"dtype"`
			Shape   []int            `json:"shape"`
			Offsets [2]uint64        `json:"data_offsets"`
		}{t.DType, shape, [2]uint64{at, at + n}})
		if err != nil {
			return nil, nil, err
		}
		sizes[i], at = n, at+n
	}
	b.WriteByte('}')
	for b.Len()%8 != 0 {
		b.WriteByte(' ')
	}
	if b.Len() > maxHeader {
		return nil, nil, fmt.Errorf("a header of %d bytes is beyond the limit of %d", b.Len(), maxHeader)
	}
	return b.Bytes(), sizes, nil
}

// plainJSON leaves <, > and & as they are.
func plainJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// until passes on what is written as long as ctx lives.
type until struct {
	ctx context.Context
	w   io.Writer
}

func (u until) Write(p []byte) (int, error) {
	if u.ctx.Err() != nil {
		return 0, context.Cause(u.ctx)
	}
	return u.w.Write(p)
}

type counter struct {
	w io.Writer
	n uint64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += uint64(n)
	return n, err
}
