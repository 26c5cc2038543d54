// Package quant stores numbers in small blocks: a few bits for each, and a scale
// that a block shares.
//
//	x ≈ d·q          q an integer or a place in a table, d the scale of the block
//	x ≈ d·q − m      with a minimum as well
//
// A format is one file with a drawing of its bytes. The types of llama.cpp are
// laid out as its files have them, NF4 as bitsandbytes has it.
//
// Drawings show a block byte by byte. "lo" and "hi" are the halves of a byte,
// bits 0…3 and 4…7; numbers are little-endian; f16 is IEEE 754 binary16.
package quant

import (
	"fmt"
	"slices"
	"strings"
)

// A Format says how a block of numbers lies in bytes.
type Format struct {
	Name  string // as files name it: "Q4_K"
	Block int    // numbers in a block
	Bytes int    // bytes of a block

	decode func(dst []float32, src []byte) // one block
	encode func(dst []byte, src []float32) // one block; nil where there is none
}

var formats []Format

func register(f Format) {
	formats = append(formats, f)
	slices.SortFunc(formats, func(a, b Format) int { return strings.Compare(a.Name, b.Name) })
}

// Formats lists all formats by name.
func Formats() []Format { return slices.Clone(formats) }

// Named finds a format, in capitals or not.
func Named(name string) (Format, error) {
	var known []string
	for _, f := range formats {
		if strings.EqualFold(f.Name, name) {
			return f, nil
		}
		known = append(known, f.Name)
	}
	return Format{}, fmt.Errorf("quant: format %q is not known; there are %s", name, strings.Join(known, ", "))
}

// Encodes reports whether the format can be written; all can be read.
func (f Format) Encodes() bool { return f.encode != nil }

// Size is the number of bytes that n numbers take: n is a multiple of Block.
func (f Format) Size(n int) int {
	f.whole(n)
	return n / f.Block * f.Bytes
}

// Decode turns blocks into numbers. src has the blocks of len(dst) numbers.
func (f Format) Decode(dst []float32, src []byte) {
	if len(src) != f.Size(len(dst)) {
		panic(fmt.Sprintf("quant: %d bytes are not %d numbers of %s", len(src), len(dst), f.Name))
	}
	for i := range len(dst) / f.Block {
		f.decode(dst[i*f.Block:][:f.Block], src[i*f.Bytes:][:f.Bytes])
	}
}

// Encode turns numbers into blocks. dst has room for the blocks of src, whose
// numbers are finite.
func (f Format) Encode(dst []byte, src []float32) {
	if f.encode == nil {
		panic("quant: " + f.Name + " is read and not written")
	}
	if len(dst) != f.Size(len(src)) {
		panic(fmt.Sprintf("quant: %d bytes are not %d numbers of %s", len(dst), len(src), f.Name))
	}
	for i := range len(src) / f.Block {
		f.encode(dst[i*f.Bytes:][:f.Bytes], src[i*f.Block:][:f.Block])
	}
}

func (f Format) whole(n int) {
	if n%f.Block != 0 {
		panic(fmt.Sprintf("quant: %d numbers are no whole blocks of %s, which has %d", n, f.Name, f.Block))
	}
}
