// Package gguf reads and writes the file format of llama.cpp: a model in one file, weights,
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
// config.json and tokenizer.json that such a model's folder has; [Translate] goes
// the other way. Of others, they have the file's own names.
//
// A model may lie in several files, name-00001-of-00003.gguf and so on. Each is a
// file of its own with the notes split.no, split.count and split.tensors.count;
// all other notes are in the first.
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
		Files: []string{"*-00001-of-*.gguf", "*.gguf"},
		Open:  func(path string) (checkpoint.Source, error) { return Open(path) },
	})
}

// File is an open file, or all the files into which a model is split.
type File struct {
	Notes Notes // of the first file

	path    string
	shards  []shard
	tensors map[string]entry // under the names that are handed out
	names   []string
	arch    *architecture        // nil where it is not known
	factors map[string][]float32 // of the rotary encoding, where the architecture is known
}

// shard is one file on disk.
type shard struct {
	path string
	view mapped.View
}

// Open opens a file. Of a model that is split into several it opens all,
// whichever is named.
func Open(path string) (*File, error) {
	f := &File{path: path}
	if err := f.open(path); err != nil {
		return nil, fmt.Errorf("gguf: %s: %w", path, errors.Join(err, f.Close()))
	}
	return f, nil
}

func (f *File) open(path string) error {
	h, err := f.add(path)
	if err != nil {
		return err
	}
	n, _, err := h.notes.count("split.count")
	if err != nil {
		return err
	}
	if n > 1 {
		if h, err = f.join(path, n); err != nil {
			return err
		}
	}
	return f.enter(h)
}

// add maps a file and reads everything but its weights.
func (f *File) add(path string) (*header, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	h, err := readFile(file, len(f.shards))
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	view, err := mapped.Open(file)
	if err != nil {
		return nil, err
	}
	f.shards = append(f.shards, shard{path, view})
	return h, nil
}

func readFile(file *os.File, shard int) (*header, error) {
	st, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	h, err := readHeader(io.NewSectionReader(file, 0, st.Size()), st.Size())
	if err != nil {
		return nil, err
	}
	for i := range h.tensors {
		h.tensors[i].shard = shard
	}
	return h, nil
}

// enter takes the notes, and gives the tensors their names.
func (f *File) enter(h *header) error {
	f.Notes, f.tensors = h.notes, map[string]entry{}
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
	for _, t := range h.tensors {
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
	return f.takeFactors()
}

// Names lists the tensors in the order in which they lie in the file.
func (f *File) Names() []string { return f.names }

// Info describes a tensor.
func (f *File) Info(name string) (checkpoint.Info, bool) {
	t, ok := f.tensors[name]
	return t.Info, ok
}

// Known reports whether the file holds a model of an architecture that has a
// config.json, so that its tensors have the names of such a model's.
func (f *File) Known() bool { return f.arch != nil }

// Stored describes a tensor as it lies in the file, under the file's own name.
func (f *File) Stored(name string) (checkpoint.Info, bool) {
	t, ok := f.tensors[name]
	return t.stored, ok
}

// Raw returns the bytes of a tensor: blocks, where its type is one of package
// quant. They are mapped from the file where the system can, and copied where
// the file has the rows in another order or other values. They are not to be
// written to, nor used after Close.
func (f *File) Raw(name string) ([]byte, error) {
	t, ok := f.tensors[name]
	if !ok {
		return nil, fmt.Errorf("gguf: no tensor %q", name)
	}
	lying, err := f.shards[t.shard].view.Bytes(t.begin, t.stored.Bytes)
	b := lying
	if err == nil {
		b, err = t.undo(lying)
	}
	if err != nil {
		return nil, fmt.Errorf("gguf: %s: tensor %q: %w", f.shards[t.shard].path, name, err)
	}
	if unsafe.SliceData(b) != unsafe.SliceData(lying) { // a copy
		f.shards[t.shard].view.Release(t.begin, t.stored.Bytes)
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
		f.shards[t.shard].view.Release(t.begin, t.stored.Bytes)
	}
}

// Close unmaps the files. Bytes that Raw returned are gone with them.
func (f *File) Close() error {
	var errs []error
	for _, s := range f.shards {
		errs = append(errs, s.view.Close())
	}
	f.shards = nil
	return errors.Join(errs...)
}
