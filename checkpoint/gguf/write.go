package gguf

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"

	"github.com/rotor-lm/rotor/checkpoint"
	"github.com/rotor-lm/rotor/internal/atomicfile"
	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/quant"
)

// A Note is one entry of the metadata. Its value is of a type that [Notes] may hold.
type Note struct {
	Key   string
	Value any
}

// A Tensor is to be written under its name, as DType: F32, F16, BF16, F64, or
// blocks of package quant that can be encoded.
type Tensor struct {
	Name  string
	Shape []int
	DType checkpoint.DType

	// Rows fills dst with whole rows, from element at on. A tensor is asked for
	// piece by piece, in order, when its turn comes.
	Rows func(dst []float32, at int) error
	// Raw, if there is one, is asked instead: the bytes as the file shall have them.
	Raw func() ([]byte, error)
	// Done, if there is one, is called when the tensor has been written.
	Done func()
}

// Values are the rows of a tensor whose elements are in memory.
func Values(x []float32) func(dst []float32, at int) error {
	return func(dst []float32, at int) error {
		if at+len(dst) > len(x) {
			return fmt.Errorf("%d values, and %d are wanted", len(x), at+len(dst))
		}
		copy(dst, x[at:])
		return nil
	}
}

// Create writes a file of version 3, whole or not at all. It ends soon after ctx.
func Create(ctx context.Context, path string, notes []Note, tensors []Tensor) error {
	err := atomicfile.Replace(path, func(w io.Writer) error { return Write(ctx, w, notes, tensors) })
	if err != nil {
		return fmt.Errorf("gguf: writing %s: %w", path, err)
	}
	return nil
}

// Write writes a file of version 3, tensor by tensor. It ends soon after ctx.
func Write(ctx context.Context, w io.Writer, notes []Note, tensors []Tensor) error {
	head, err := head(notes, tensors)
	if err != nil {
		return err
	}
	if _, err := w.Write(head); err != nil {
		return err
	}
	for _, t := range tensors {
		if err := t.write(ctx, w); err != nil {
			return fmt.Errorf("tensor %q: %w", t.Name, err)
		}
		if t.Done != nil {
			t.Done()
		}
	}
	return nil
}

// head is everything before the weights.
func head(notes []Note, tensors []Tensor) ([]byte, error) {
	b := order.AppendUint32(nil, magic)
	b = order.AppendUint32(b, 3)
	b = order.AppendUint64(b, uint64(len(tensors)))
	b = order.AppendUint64(b, uint64(len(notes)))
	seen := map[string]bool{}
	for _, n := range notes {
		if n.Key == "" || seen[n.Key] || n.Key == "general.alignment" {
			return nil, fmt.Errorf("note %q cannot be written, or twice", n.Key)
		}
		seen[n.Key] = true
		var err error
		if b, err = appendNote(appendText(b, n.Key), n.Value); err != nil {
			return nil, fmt.Errorf("note %q: %w", n.Key, err)
		}
	}
	clear(seen)
	at := int64(0)
	for _, t := range tensors {
		size, number, err := t.size()
		if err == nil && (t.Name == "" || seen[t.Name]) {
			err = errors.New("there are two of this name, or it has none")
		}
		if err != nil {
			return nil, fmt.Errorf("tensor %q: %w", t.Name, err)
		}
		seen[t.Name] = true
		b = appendText(b, t.Name)
		b = order.AppendUint32(b, uint32(len(t.Shape)))
		for i := range t.Shape {
			b = order.AppendUint64(b, uint64(t.Shape[len(t.Shape)-1-i]))
		}
		b = order.AppendUint32(b, number)
		b = order.AppendUint64(b, uint64(at))
		at += (size + align - 1) / align * align
	}
	return pad(b), nil
}

// pad fills up to the next tensor.
func pad(b []byte) []byte { return append(b, make([]byte, (align-len(b)%align)%align)...) }

func appendText(b []byte, s string) []byte {
	return append(order.AppendUint64(b, uint64(len(s))), s...)
}

// appendNote writes the type of a value and the value.
func appendNote(b []byte, value any) ([]byte, error) {
	if s, ok := value.(string); ok {
		return appendText(order.AppendUint32(b, uint32(typeString)), s), nil
	}
	if list, ok := value.([]string); ok {
		b = order.AppendUint32(order.AppendUint32(b, uint32(typeArray)), uint32(typeString))
		b = order.AppendUint64(b, uint64(len(list)))
		for _, s := range list {
			b = appendText(b, s)
		}
		return b, nil
	}
	have := fmt.Sprintf("%T", value)
	for number, s := range scalars {
		switch one := fmt.Sprintf("%T", s.read(make([]byte, 8))); have {
		case one:
			return binary.Append(order.AppendUint32(b, uint32(number)), order, value)
		case "[]" + one:
			b = order.AppendUint32(order.AppendUint32(b, uint32(typeArray)), uint32(number))
			b = order.AppendUint64(b, uint64(reflect.ValueOf(value).Len()))
			return binary.Append(b, order, value)
		}
	}
	return nil, fmt.Errorf("a %T is no value of a note", value)
}

// size is the bytes of a tensor and the number of its type.
func (t Tensor) size() (bytes int64, number uint32, err error) {
	if len(t.Shape) < 1 || len(t.Shape) > maxDims {
		return 0, 0, fmt.Errorf("%d dimensions; from 1 to %d can be", len(t.Shape), maxDims)
	}
	n := int64(1)
	for _, d := range t.Shape {
		if d < 1 || int64(d) > maxElements/n {
			return 0, 0, fmt.Errorf("a shape of %d, which cannot be", t.Shape)
		}
		n *= int64(d)
	}
	for number, kind := range types {
		if kind.name != t.DType {
			continue
		}
		if cols := t.Shape[len(t.Shape)-1]; cols%kind.block != 0 {
			return 0, 0, fmt.Errorf("rows of %d are no whole blocks of %s, which has %d", cols, kind.name, kind.block)
		}
		return n / int64(kind.block) * int64(kind.bytes), number, nil
	}
	return 0, 0, fmt.Errorf("type %s has no number in this format", t.DType)
}

// piece is about how many elements are in memory at a time.
const piece = 1 << 20

// write writes the bytes of a tensor, and fills up to the next.
func (t Tensor) write(ctx context.Context, w io.Writer) error {
	size, _, err := t.size()
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	if t.Raw != nil {
		raw, err := t.Raw()
		if err == nil && int64(len(raw)) != size {
			err = fmt.Errorf("%d bytes, want %d", len(raw), size)
		}
		if err == nil {
			_, err = w.Write(raw)
		}
		if err != nil {
			return err
		}
	} else if err := t.encode(ctx, w); err != nil {
		return err
	}
	_, err = w.Write(make([]byte, (align-size%align)%align))
	return err
}

// encode turns the values into the bytes of the file, a few rows at a time.
func (t Tensor) encode(ctx context.Context, w io.Writer) error {
	f, blocks := t.DType.Blocks()
	if blocks && !f.Encodes() {
		return fmt.Errorf("type %s is read and not written", f.Name)
	}
	cols, n := t.Shape[len(t.Shape)-1], (checkpoint.Info{Shape: t.Shape}).Len()
	step := max(piece/cols, 1) * cols
	x, raw := make([]float32, min(step, n)), []byte(nil)
	for at := 0; at < n; at += step {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		x := x[:min(step, n-at)]
		if err := t.Rows(x, at); err != nil {
			return err
		}
		var err error
		if blocks {
			raw, err = encode(raw, x, f)
		} else {
			raw, err = checkpoint.Narrow(raw[:0], x, t.DType)
		}
		if err != nil {
			return fmt.Errorf("elements from %d on: %w", at, err)
		}
		if _, err := w.Write(raw); err != nil {
			return err
		}
	}
	return nil
}

// encode puts numbers into blocks, in raw where it has the room.
func encode(raw []byte, x []float32, f quant.Format) ([]byte, error) {
	for i, v := range x {
		if v-v != 0 { // infinite, or not a number
			return nil, fmt.Errorf("element %d is %g, which %s cannot hold", i, v, f.Name)
		}
	}
	raw = slices.Grow(raw[:0], f.Size(len(x)))[:f.Size(len(x))]
	const stretch = 1 << 12 // whole blocks of any format
	kernel.Parallel((len(x)+stretch-1)/stretch, func(i int) {
		from, to := i*stretch, min((i+1)*stretch, len(x))
		f.Encode(raw[f.Size(from):f.Size(to)], x[from:to])
	})
	return raw, nil
}
