// Package gguf reads the file format of llama.cpp: a model in one file, weights,
// configuration and tokenizer.
//
//	4 bytes   "GGUF"
//	u32       version: 2 or 3
//	u64 ×2    how many tensors t, how many notes n
//	n ×       key, type, value
//	t ×       name, dimensions (the fastest first), type, offset
//	padding   to a multiple of general.alignment, 32 if there is no such note
//	the rest  the tensors, each at its offset from here, aligned too
//
// A string is a u64 and as many bytes; an array is the type of its elements, a
// u64 and the elements; numbers are little-endian. Everything is checked against
// the size of the file before anything is allocated for it.
//
// Of architectures that this package knows, tensors have the names and the order
// of rows that Hugging Face's files have, and [File.ReadFile] gives the
// config.json and tokenizer.json that such a model's folder has. Of others, they
// have the file's own names.
//
// The ggml authors, GGUF specification, github.com/ggml-org/ggml/docs/gguf.md.
package gguf

import (
	"errors"
	"fmt"
	"io"
	"os"
	"unsafe"

	"github.com/rotor-lm/rotor/checkpoint"
	"github.com/rotor-lm/rotor/internal/mapped"
)

func init() {
	checkpoint.Register(checkpoint.Format{
		Name:  "gguf",
		Magic: "GGUF",
		Files: []string{"*.gguf"},
		Open:  func(path string) (checkpoint.Source, error) { return Open(path) },
	})
}

// File is an open file.
type File struct {
	Notes Notes

	path    string
	view    mapped.View
	tensors map[string]entry // under the names that are handed out
	names   []string
	arch    *architecture        // nil where it is not known
	factors map[string][]float32 // of the rotary encoding, where the architecture is known
}

// Open opens a file.
func Open(path string) (*File, error) {
	f, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("gguf: %s: %w", path, err)
	}
	return f, nil
}

func open(path string) (*File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	f := &File{path: path, tensors: map[string]entry{}}
	if err := f.read(file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	if f.view, err = mapped.Open(file); err != nil {
		return nil, err
	}
	if err := f.takeFactors(); err != nil {
		return nil, errors.Join(err, f.view.Close())
	}
	return f, nil
}

// read reads everything but the weights.
func (f *File) read(file *os.File) error {
	st, err := file.Stat()
	if err != nil {
		return err
	}
	if !st.Mode().IsRegular() {
		return errors.New("not a regular file")
	}
	return f.parse(io.NewSectionReader(file, 0, st.Size()), st.Size())
}

// parse reads the head of a file of size bytes.
func (f *File) parse(in io.Reader, size int64) error {
	h, err := readHeader(in, size)
	if err != nil {
		return err
	}
	if n, _, err := h.notes.count("split.count"); err != nil {
		return err
	} else if n > 1 {
		return fmt.Errorf("it is one of %d files into which a model is split: join them first (llama-gguf-split --merge)", n)
	}
	f.Notes = h.notes
	return f.enter(h.tensors)
}

// enter gives the tensors their names.
func (f *File) enter(tensors []entry) error {
	name, _, err := f.Notes.text("general.architecture")
	if err != nil {
		return err
	}
	kind, _, err := f.Notes.text("general.type")
	if err != nil {
		return err
	}
	if kind == "" || kind == "model" {
		f.arch = architectures[name]
	}
	for _, t := range tensors {
		if f.arch != nil {
			if err := f.arch.translate(f.Notes, &t); err != nil {
				return err
			}
		}
		if _, twice := f.tensors[t.Name]; twice {
			return fmt.Errorf("tensor %q is there twice", t.Name)
		}
		f.tensors[t.Name] = t
		f.names = append(f.names, t.Name)
	}
	return nil
}

// Names lists the tensors in the order in which they lie in the file.
func (f *File) Names() []string { return f.names }

// Info describes a tensor.
func (f *File) Info(name string) (checkpoint.Info, bool) {
	t, ok := f.tensors[name]
	return t.Info, ok
}

// Raw returns the bytes of a tensor: blocks, where its type is one of package
// quant. They are mapped from the file where the system can, and copied where
// the file has the rows in another order or other values. They are not to be written to, nor used after Close.
func (f *File) Raw(name string) ([]byte, error) {
	t, ok := f.tensors[name]
	if !ok {
		return nil, fmt.Errorf("gguf: no tensor %q", name)
	}
	lying, err := f.view.Bytes(t.begin, t.size)
	b := lying
	if err == nil {
		b, err = t.undo(lying)
	}
	if err != nil {
		return nil, fmt.Errorf("gguf: %s: tensor %q: %w", f.path, name, err)
	}
	if unsafe.SliceData(b) != unsafe.SliceData(lying) { // a copy
		f.view.Release(t.begin, t.size)
	}
	return b, nil
}

// ReadF32 widens a tensor to float32.
func (f *File) ReadF32(name string, dst []float32) error {
	raw, err := f.Raw(name)
	if err != nil {
		return err
	}
	t := f.tensors[name]
	if t.Len() != len(dst) {
		return fmt.Errorf("gguf: tensor %q has %d elements, want %d", name, t.Len(), len(dst))
	}
	if err := checkpoint.Widen(dst, raw, t.DType); err != nil {
		return fmt.Errorf("gguf: tensor %q: %w", name, err)
	}
	return nil
}

// Release lets the system have back the memory of a tensor that has been copied
// or packed. It can still be read.
func (f *File) Release(name string) {
	if t, ok := f.tensors[name]; ok {
		f.view.Release(t.begin, t.size)
	}
}

// Close unmaps the file. Bytes that Raw returned are gone with it.
func (f *File) Close() error { return f.view.Close() }
