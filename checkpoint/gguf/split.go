package gguf

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
)

// part is the name of file i of n, counted from zero.
func part(stem string, i, n int) string {
	return fmt.Sprintf("%s-%05d-of-%05d.gguf", stem, i+1, n)
}

var partName = regexp.MustCompile(`^(.*)-\d{5}-of-\d{5}\.gguf$`)

// mostParts bounds the files of a model: each costs a descriptor and a mapping.
const mostParts = 1 << 10

// join opens all n files of a model of which path is one. Each says which it is,
// and all together have the tensors that the first counts.
func (f *File) join(path string, n int) (*header, error) {
	m := partName.FindStringSubmatch(filepath.Base(path))
	if m == nil {
		return nil, fmt.Errorf("it is one of %d files of a model, and its name does not end in -00001-of-%05d.gguf, by which the others are found", n, n)
	}
	if n > mostParts {
		return nil, fmt.Errorf("a model in %d files; at most %d are read", n, mostParts)
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	var all *header
	for i := range n {
		name := part(m[1], i, n)
		h, err := f.add(filepath.Join(filepath.Dir(path), name))
		if err != nil {
			return nil, fmt.Errorf("file %d of %d: %w", i+1, n, err)
		}
		no, _, err := h.notes.count("split.no")
		if err == nil && no != i {
			err = fmt.Errorf("split.no is %d, want %d", no, i)
		}
		count, _, e := h.notes.count("split.count")
		if err == nil && e == nil && count != n {
			err = fmt.Errorf("split.count is %d, want %d", count, n)
		}
		if err == nil {
			err = e
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if all == nil {
			all = h
			continue
		}
		all.tensors = append(all.tensors, h.tensors...)
	}
	want, ok, err := all.notes.count("split.tensors.count")
	if err != nil {
		return nil, err
	}
	if ok && want != len(all.tensors) {
		return nil, fmt.Errorf("the %d files have %d tensors, and split.tensors.count is %d", n, len(all.tensors), want)
	}
	return all, nil
}

// CreateSplit writes a model into the folder dir, in files of at most max bytes
// of weights each: stem-00001-of-0000N.gguf and so on, or stem.gguf where one is
// enough. The folder should be a new one that atomicfile.CreateDir hands out.
func CreateSplit(ctx context.Context, dir, stem string, notes []Note, tensors []Tensor, max int64) error {
	parts, err := divide(tensors, max)
	if err != nil {
		return fmt.Errorf("gguf: %w", err)
	}
	if len(parts) == 1 {
		return Create(ctx, filepath.Join(dir, stem+".gguf"), notes, tensors)
	}
	if len(parts) > mostParts {
		return fmt.Errorf("gguf: %d files of at most %d bytes; at most %d can be", len(parts), max, mostParts)
	}
	for i, p := range parts {
		own := []Note{{"split.no", uint16(i)}, {"split.count", uint16(len(parts))}, {"split.tensors.count", int32(len(tensors))}}
		if i == 0 {
			own = append(append([]Note{}, notes...), own...)
		}
		if err := Create(ctx, filepath.Join(dir, part(stem, i, len(parts))), own, p); err != nil {
			return err
		}
	}
	return nil
}

// divide fills one file after the other up to max bytes of weights, in order.
func divide(tensors []Tensor, max int64) ([][]Tensor, error) {
	parts, room := [][]Tensor{nil}, max
	for _, t := range tensors {
		size, _, err := t.size()
		if err != nil {
			return nil, fmt.Errorf("tensor %q: %w", t.Name, err)
		}
		last := len(parts) - 1
		if max > 0 && size > room && len(parts[last]) > 0 {
			parts, room = append(parts, nil), max
			last++
		}
		parts[last] = append(parts[last], t)
		room -= min(size, room)
	}
	return parts, nil
}
