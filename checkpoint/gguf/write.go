package gguf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/rotor-lm/rotor/checkpoint"
	"github.com/rotor-lm/rotor/internal/atomicfile"
	"github.com/rotor-lm/rotor/kernel"
)

// A Note is one entry of the metadata. Its value is of a type that [Notes] may hold.
type Note struct {
	Key   string
	Value any
}

// A Tensor is to be written under its name, as DType: F32, F16, BF16, F64, or
// blocks of package quant that can be encoded.
type Tensor struct {
	Name   string
	Shape  []int
	DType  checkpoint.DType
	Values func() ([]float32, error) // asked for when its turn comes, and then let go
}

// Create writes a file of version 3, whole or not at all.
func Create(path string, notes []Note, tensors []Tensor) error {
	err := atomicfile.Replace(path, func(w io.Writer) error { return write(w, notes, tensors) })
	if err != nil {
		return fmt.Errorf("gguf: writing %s: %w", path, err)
	}
	return nil
}

func write(w io.Writer, notes []Note, tensors []Tensor) error {
	head, err := head(notes, tensors)
	if err != nil {
		return err
	}
	if _, err := w.Write(head); err != nil {
		return err
	}
	for _, t := range tensors {
		raw, err := t.encode()
		if err != nil {
			return fmt.Errorf("tensor %q: %w", t.Name, err)
		}
		if _, err := w.Write(pad(raw)); err != nil {
			return err
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

// encode turns the values into the bytes of the file.
func (t Tensor) encode() ([]byte, error) {
	values, err := t.Values()
	if err != nil {
		return nil, err
	}
	if n := (checkpoint.Info{Shape: t.Shape}).Len(); len(values) != n {
		return nil, fmt.Errorf("%d values, want %d", len(values), n)
	}
	f, ok := t.DType.Blocks()
	if !ok {
		return checkpoint.Narrow(nil, values, t.DType)
	}
	if !f.Encodes() {
		return nil, fmt.Errorf("type %s is read and not written", f.Name)
	}
	for i, x := range values {
		if x-x != 0 { // infinite, or not a number
			return nil, fmt.Errorf("element %d is %g, which %s cannot hold", i, x, f.Name)
		}
	}
	raw := make([]byte, f.Size(len(values)))
	const stretch = 1 << 16
	kernel.Parallel((len(values)+stretch-1)/stretch, func(i int) {
		from, to := i*stretch, min((i+1)*stretch, len(values))
		f.Encode(raw[f.Size(from):f.Size(to)], values[from:to])
	})
	return raw, nil
}
