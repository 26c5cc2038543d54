package gguf

import (
	"fmt"
	"strings"

	"github.com/rotor-lm/rotor/checkpoint"
)

// Translate turns a model as Hugging Face's files have it, its config.json, its
// tensors under their names there and what else read finds in its folder (a
// tokenizer.json, a tokenizer_config.json, a chat template), into the notes and
// tensors of a file. Tensors keep their types. lost is what config.json says and
// llama.cpp does not heed.
//
// It undoes what [File] does: a file that is opened, translated and written again
// is the same model.
func Translate(config []byte, tensors []Tensor, read func(name string) ([]byte, error)) (notes []Note, out []Tensor, lost []string, err error) {
	l, err := NewLayout(config)
	if err != nil {
		return nil, nil, nil, err
	}
	n := tokenNotes{notes: append(l.Notes, Note{"general.type", "model"})}
	if err := n.tokenizer(read, l.Vocab()); err != nil {
		return nil, nil, nil, fmt.Errorf("gguf: %w", err)
	}
	out = l.Extra
	for _, t := range tensors {
		t, err := l.Tensor(t)
		if err != nil {
			return nil, nil, nil, err
		}
		out = append(out, t)
	}
	return n.notes, out, l.Lost, nil
}

// Vocab is how many tokens the model knows.
func (l *Layout) Vocab() int {
	for _, n := range l.Notes {
		if v, ok := n.Value.(uint32); ok && n.Key == l.arch.name+".vocab_size" {
			return int(v)
		}
	}
	return 0
}

// Vector reports whether a tensor of a file is one that is added or multiplied
// element by element, or holds a row a position: llama.cpp wants these in F32.
func Vector(name string, shape []int) bool {
	return len(shape) < 2 || strings.HasSuffix(name, "_norm.weight") || name == "position_embd.weight"
}

// Stock is a tensor of an open checkpoint, to be written as it lies there.
func Stock(src checkpoint.Source, name string) (Tensor, error) {
	info, ok := src.Info(name)
	if !ok {
		return Tensor{}, fmt.Errorf("gguf: no tensor %q to copy", name)
	}
	return Tensor{
		Name: name, Shape: info.Shape, DType: info.DType, Rows: checkpoint.Rows(src, name),
		Raw:  func() ([]byte, error) { return src.Raw(name) },
		Done: func() { checkpoint.Release(src, name) },
	}, nil
}
