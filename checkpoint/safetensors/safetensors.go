// Package safetensors reads and writes the format of that name.
//
//	8 bytes   n, little-endian
//	n bytes   JSON: {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, …}
//	the rest  the tensors, one behind the other, little-endian
//
// A file is mapped and not read: opening it costs its header, and a page of
// weights is loaded when it is first looked at. Everything that the header says
// is checked against the size of the file before anything is allocated for it.
// A model in several files comes with an index, model.safetensors.index.json,
// that says which file holds which tensor; Open reads it like one file.
//
// The format is Hugging Face's, github.com/huggingface/safetensors, and this
// package refuses what its reference implementation refuses, and duplicated
// names and unknown keys besides.
package safetensors

import (
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"os"
	"strings"

	"github.com/rotor-lm/rotor/checkpoint"
	"github.com/rotor-lm/rotor/internal/mapped"
)

func init() {
	checkpoint.Register(checkpoint.Format{
		Name:  "safetensors",
		Magic: "????\x00\x00\x00\x00{",
		Files: []string{"model.safetensors", "model.safetensors.index.json", "*.safetensors.index.json", "*.safetensors"},
		Open:  func(path string) (checkpoint.Source, error) { return Open(path) },
	})
}

// File is an open checkpoint: one file, or all that an index names.
type File struct {
	shards   []*shard
	names    []string
	where    map[string]place
	metadata map[string]string
}

// shard is one file on disk.
type shard struct {
	path string
	view mapped.View // how its bytes are had
	base uint64      // where the data begin
}

// place says where a tensor lies.
type place struct {
	entry
	shard *shard
}

// Open opens a .safetensors file, or the files of a .safetensors.index.json.
func Open(path string) (*File, error) {
	f := &File{where: map[string]place{}, metadata: map[string]string{}}
	err := f.open(path)
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("safetensors: %s: %w", path, err)
	}
	return f, nil
}

func (f *File) open(path string) error {
	if strings.HasSuffix(path, ".index.json") {
		return f.openIndex(path)
	}
	return f.add(path)
}

// add maps one file and enters its tensors.
func (f *File) add(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	h, base, err := readHeader(file)
	if err != nil {
		_ = file.Close()
		return err
	}
	v, err := mapped.Open(file)
	if err != nil {
		return err
	}
	s := &shard{path: path, view: v, base: base}
	f.shards = append(f.shards, s)
	for _, e := range h.entries {
		if other, twice := f.where[e.Name]; twice {
			return fmt.Errorf("tensor %q is in %s and in %s", e.Name, other.shard.path, path)
		}
		f.where[e.Name] = place{entry: e, shard: s}
		f.names = append(f.names, e.Name)
	}
	maps.Copy(f.metadata, h.metadata)
	return nil
}

// readHeader reads the header of a file and returns where its data begin.
func readHeader(file *os.File) (*header, uint64, error) {
	st, err := file.Stat()
	if err != nil {
		return nil, 0, err
	}
	if !st.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("not a regular file")
	}
	size := uint64(st.Size())
	var head [8]byte
	if size < 8 {
		return nil, 0, fmt.Errorf("%d bytes are too few for a safetensors file: was it downloaded whole?", size)
	}
	if _, err := file.ReadAt(head[:], 0); err != nil {
		return nil, 0, err
	}
	n := binary.LittleEndian.Uint64(head[:])
	switch {
	case strings.HasPrefix(string(head[:]), "version "):
		return nil, 0, fmt.Errorf("this is a Git LFS pointer, not the weights: fetch them with git lfs pull")
	case n > maxHeader:
		return nil, 0, fmt.Errorf("a header of %d bytes is beyond the limit of %d: this is no safetensors file, or a broken one", n, maxHeader)
	case n > size-8:
		return nil, 0, fmt.Errorf("the header says that it has %d bytes, and %d follow: the file is cut short", n, size-8)
	}
	text := make([]byte, n)
	if _, err := file.ReadAt(text, 8); err != nil && err != io.EOF {
		return nil, 0, err
	}
	h, err := parseHeader(text, size-8-n)
	return h, 8 + n, err
}

// Names lists the tensors in the order in which they lie in the files.
func (f *File) Names() []string { return f.names }

// Info describes a tensor.
func (f *File) Info(name string) (checkpoint.Info, bool) {
	p, ok := f.where[name]
	return p.Info, ok
}

// Metadata is the text that the writer left in the header. It may be empty.
func (f *File) Metadata() map[string]string { return f.metadata }

// Raw returns the bytes of a tensor, mapped from the file where the system can.
// They are not to be written to, nor used after Close.
func (f *File) Raw(name string) ([]byte, error) {
	p, ok := f.where[name]
	if !ok {
		return nil, fmt.Errorf("safetensors: no tensor %q", name)
	}
	b, err := p.shard.view.Bytes(int64(p.shard.base+p.begin), p.Bytes)
	if err != nil {
		return nil, fmt.Errorf("safetensors: %s: tensor %q: %w", p.shard.path, name, err)
	}
	return b, nil
}

// ReadF32 widens a tensor of F32, F16, BF16 or F64 to float32.
func (f *File) ReadF32(name string, dst []float32) error {
	raw, err := f.Raw(name)
	if err != nil {
		return err
	}
	p := f.where[name]
	if p.DType.Size() != 0 && p.Len() != len(dst) {
		return fmt.Errorf("safetensors: tensor %q has %d elements, want %d", name, p.Len(), len(dst))
	}
	if err := checkpoint.Widen(dst, raw, p.DType); err != nil {
		return fmt.Errorf("safetensors: tensor %q: %w", name, err)
	}
	return nil
}

// Release lets the system have back the memory of a tensor that has been copied
// or packed, so that it does not count twice. It can still be read.
func (f *File) Release(name string) {
	if p, ok := f.where[name]; ok {
		p.shard.view.Release(int64(p.shard.base+p.begin), p.Bytes)
	}
}

// Close unmaps the files. Bytes that Raw returned are gone with it.
func (f *File) Close() error {
	var first error
	for _, s := range f.shards {
		if err := s.view.Close(); first == nil {
			first = err
		}
	}
	f.shards, f.where, f.names = nil, nil, nil
	return first
}
