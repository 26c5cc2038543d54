package gguf

import (
	"fmt"
	"io"
	"math/bits"
	"slices"

	"github.com/rotor-lm/rotor/checkpoint"
)

const (
	magic       = 0x46554747 // "GGUF"
	maxDims     = 4
	maxElements = 1 << 42
	align       = 32 // where a file does not say
)

// entry is a tensor of the file.
type entry struct {
	checkpoint.Info // as it is handed out
	change
	stored checkpoint.Info // as it lies in the file
	shard  int             // in which of several
	begin  int64           // where its bytes begin there
}

type header struct {
	notes   Notes
	tensors []entry
}

// readHeader reads what stands before the weights of a file of size bytes.
func readHeader(in io.Reader, size int64) (*header, error) {
	r := newReader(in, size)
	tensors, notes := r.start()
	h := &header{notes: Notes{}}
	for range notes {
		key := r.text()
		value := r.note()
		if r.err != nil {
			return nil, fmt.Errorf("note %q: %w", clip(key), r.err)
		}
		if _, twice := h.notes[key]; twice {
			return nil, fmt.Errorf("note %q is there twice", clip(key))
		}
		h.notes[key] = value
	}
	for range tensors {
		h.tensors = append(h.tensors, r.tensor())
		if r.err != nil {
			return nil, r.err
		}
	}
	if r.err != nil {
		return nil, r.err
	}
	return h, h.place(r.at, size)
}

// start reads the magic, the version and how much follows.
func (r *reader) start() (tensors, notes uint64) {
	if m := r.u32(); r.err == nil && m != magic {
		r.fail("begins with %#08x, not with \"GGUF\": this is no GGUF file", bits.ReverseBytes32(m))
	}
	switch v := r.u32(); {
	case r.err != nil:
	case v == 1:
		r.fail("version 1 is not read: convert the file with an old llama.cpp, or get a newer one")
	case bits.ReverseBytes32(v) == 2 || bits.ReverseBytes32(v) == 3:
		r.fail("its numbers are big-endian: only little-endian files are read")
	case v != 2 && v != 3:
		r.fail("version %d is not known; 2 and 3 are", v)
	}
	tensors, notes = r.u64(), r.u64()
	// The smallest tensor has a name, a dimension, a type and an offset; the smallest note a key, a type and a byte.
	if r.err == nil && !r.left(tensors, 8+4+8+4+8) {
		r.fail("%d tensors cannot be in a file of this size: it is cut short, or broken", tensors)
	}
	if r.err == nil && !r.left(notes, 8+4+1) {
		r.fail("%d notes cannot be in a file of this size: it is cut short, or broken", notes)
	}
	if r.err != nil {
		return 0, 0
	}
	return tensors, notes
}

// tensor reads one entry; begin is still the offset from the first weight.
func (r *reader) tensor() (t entry) {
	t.Name = r.text()
	if r.err != nil {
		r.err = fmt.Errorf("name of a tensor: %w", r.err)
		return t
	}
	n := r.u32()
	if r.err == nil && (n < 1 || n > maxDims) {
		r.fail("tensor %q has %d dimensions; from 1 to %d can be", clip(t.Name), n, maxDims)
		return t
	}
	elements := uint64(1)
	for range n {
		d := r.u64()
		if r.err == nil && (d < 1 || d > maxElements/elements) {
			r.fail("tensor %q has a dimension of %d, which cannot be", clip(t.Name), d)
		}
		if r.err != nil {
			return t
		}
		elements *= d
		t.Shape = append(t.Shape, int(d))
	}
	number, offset := r.u32(), r.u64()
	if r.err != nil {
		return t
	}
	r.typed(&t, number, int64(elements))
	if offset > 1<<62 {
		r.fail("tensor %q begins at %d, which cannot be", clip(t.Name), offset)
	}
	t.begin = int64(offset)
	slices.Reverse(t.Shape)
	t.stored = t.Info
	return t
}

// typed gives a tensor, whose shape is still reversed, its type and its bytes.
func (r *reader) typed(t *entry, number uint32, elements int64) {
	kind, ok := types[number]
	if !ok {
		r.fail("tensor %q: %s", clip(t.Name), unread(number))
		return
	}
	if t.Shape[0]%kind.block != 0 {
		r.fail("tensor %q has rows of %d, no whole blocks of %s, which has %d", clip(t.Name), t.Shape[0], kind.name, kind.block)
		return
	}
	t.DType = kind.name
	t.Bytes = elements / int64(kind.block) * int64(kind.bytes)
}

// place turns offsets into places in the file and checks that every tensor lies
// in it, by itself and aligned. at is where the header ends.
func (h *header) place(at, size int64) error {
	by, ok, err := h.notes.count("general.alignment")
	if err != nil {
		return err
	}
	if !ok {
		by = align
	}
	if by < 1 || by > 1<<20 || by&(by-1) != 0 {
		return fmt.Errorf("general.alignment is %d, want a power of two up to 2²⁰", by)
	}
	a := int64(by)
	base := (at + a - 1) / a * a
	for i := range h.tensors {
		t := &h.tensors[i]
		switch {
		case t.begin%a != 0:
			return fmt.Errorf("tensor %q begins at offset %d, no multiple of %d", t.Name, t.begin, a)
		case base > size || t.Bytes > size-base || t.begin > size-base-t.Bytes:
			return fmt.Errorf("tensor %q takes %d bytes from offset %d of the weights, of which there are %d: %w", t.Name, t.Bytes, t.begin, max(size-base, 0), errShort)
		}
		t.begin += base
	}
	slices.SortStableFunc(h.tensors, func(a, b entry) int {
		if a.begin < b.begin {
			return -1
		}
		if a.begin > b.begin {
			return 1
		}
		return 0
	})
	for i := 1; i < len(h.tensors); i++ {
		if a, b := h.tensors[i-1], h.tensors[i]; a.begin+a.Bytes > b.begin {
			return fmt.Errorf("tensors %q and %q overlap", a.Name, b.Name)
		}
	}
	return nil
}

func clip(s string) string {
	if len(s) > 100 {
		return s[:100] + "…"
	}
	return s
}
