// Package checkpoint opens files of weights and fills models from them.
//
// A format is a package of its own that registers itself, as the image formats
// of the standard library do; a program that imports it can open its files:
//
//	import _ "github.com/rotor-lm/rotor/checkpoint/safetensors"
//
//	src, err := checkpoint.Open("model") // a folder, or a file
//
// Tensors are handed over as they lie in the file, so that frozen weights keep
// their two bytes, or widened to float32. Loading is strict: every tensor that
// the model has must be in the file with its shape, and every tensor of the
// file must be in the model.
package checkpoint

import (
	"fmt"

	"github.com/rotor-lm/rotor/quant"
)

// DType is the type of a tensor's elements, under the name that safetensors
// gives it.
type DType string

// The types that can be widened to float32, beside those of package quant, whose
// names are types too. Others can be read as bytes.
const (
	F64  DType = "F64"
	F32  DType = "F32"
	F16  DType = "F16"
	BF16 DType = "BF16"
)

// Blocks is the format of a type whose elements lie in blocks.
func (d DType) Blocks() (quant.Format, bool) {
	f, err := quant.Named(string(d))
	return f, err == nil
}

// Info says what a tensor is, without its values.
type Info struct {
	Name  string
	DType DType
	Shape []int
	Bytes int64 // how much it takes in the file
}

// Len is the number of elements: the product of the shape, one for a scalar.
func (i Info) Len() int {
	n := 1
	for _, d := range i.Shape {
		n *= d
	}
	return n
}

func (i Info) String() string { return fmt.Sprintf("%q: %s %d", i.Name, i.DType, i.Shape) }

// Source is an open checkpoint. Several goroutines may read it at once.
type Source interface {
	// Names lists the tensors in the order in which they lie in the file.
	Names() []string
	Info(name string) (Info, bool)
	// Raw returns the bytes of a tensor, little-endian. They may be mapped from
	// the file: they are not to be written to, nor used after Close.
	Raw(name string) ([]byte, error)
	// ReadF32 widens a tensor to float32. dst must have its length.
	ReadF32(name string, dst []float32) error
	Close() error
}

// Releaser is the power of a Source whose bytes are mapped: Release tells the
// system that the memory of a tensor may be had back, because it was copied or
// packed. It can still be read, from the file again.
type Releaser interface {
	Release(name string)
}

// Release lets go of the memory of a tensor, where src has it mapped.
func Release(src Source, name string) {
	if r, ok := src.(Releaser); ok {
		r.Release(name)
	}
}

// Folder is the power of a Source that holds more than weights: what stands
// beside them in a model's folder, config.json and tokenizer.json for instance.
type Folder interface {
	// ReadFile returns such a file, or an error that is fs.ErrNotExist.
	ReadFile(name string) ([]byte, error)
}

// Describer is the power of a Source that carries notes of its writer.
type Describer interface {
	Metadata() map[string]string
}
