package gguf

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
)

// Layout is how the model that a config.json describes lies in a file: the notes
// that say what config.json says, and the names, the order and the values of its
// tensors. It is the way back of what [File] does, by the same tables.
type Layout struct {
	Notes []Note   // general.architecture, and what stands under its name
	Lost  []string // what config.json says and llama.cpp does not heed
	Extra []Tensor // of the file, beside those of the model: factors of its rotary encoding

	arch           *architecture
	heads, kvHeads int
}

// NewLayout reads a config.json.
func NewLayout(text []byte) (*Layout, error) {
	c := config{}
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, fmt.Errorf("gguf: config.json: %w", err)
	}
	names, _ := c["architectures"].([]any)
	if len(names) != 1 {
		return nil, fmt.Errorf("gguf: config.json names %d architectures, want one", len(names))
	}
	model, _ := names[0].(string)
	for _, name := range sorted(architectures) {
		if a := architectures[name]; slices.Contains(a.models, model) {
			return a.layout(model, c)
		}
	}
	return nil, fmt.Errorf("gguf: files of this format have no place for a %q; for %s they have", clip(model), writable())
}

func writable() string {
	models := map[string]bool{}
	for _, a := range architectures {
		for _, m := range a.models {
			models[m] = true
		}
	}
	return known(models)
}

func (a *architecture) layout(model string, c config) (*Layout, error) {
	s := &scribe{config: c, model: model, arch: a.name, notes: []Note{{Key: "general.architecture", Value: a.name}}}
	for _, r := range a.config {
		if r.write(s); s.err != nil {
			return nil, fmt.Errorf("gguf: config.json of a %s: %w", model, s.err)
		}
	}
	return &Layout{Notes: s.notes, Lost: s.lost, Extra: s.extra, arch: a, heads: s.heads, kvHeads: s.kvHeads}, nil
}

// Tensor is a tensor of the model, under its name and in the order of Hugging
// Face's files, as the file has it: under which name, with which rows where.
func (l *Layout) Tensor(t Tensor) (Tensor, error) {
	name, c, err := l.place(t.Name, t.Shape)
	if err != nil {
		return Tensor{}, err
	}
	t = c.wrap(t)
	t.Name = name
	return t, nil
}

func (l *Layout) place(name string, shape []int) (file string, c change, err error) {
	file, short, kind, ok := l.arch.back(name)
	if !ok {
		return "", c, fmt.Errorf("gguf: tensor %q has no place in a file of the architecture %s", name, l.arch.name)
	}
	heads := 0
	if slices.Contains(l.arch.paired, short) {
		if heads = l.heads; short == "attn_k" {
			heads = l.kvHeads
		}
		if heads < 1 || len(shape) == 0 || shape[0]%(2*heads) != 0 {
			return "", c, fmt.Errorf("gguf: tensor %q of shape %d has no pairs of rows of %d heads", name, shape, heads)
		}
	}
	if c = l.arch.changeOf(short, kind, heads); c.turned && len(shape) != 2 {
		return "", c, fmt.Errorf("gguf: tensor %q has a shape of %d, want a matrix", name, shape)
	}
	return file, c, nil
}

// scribe writes the notes of an architecture and keeps the first error.
type scribe struct {
	config         config
	model, arch    string
	notes          []Note
	lost           []string
	extra          []Tensor
	heads, kvHeads int
	err            error
}

func (s *scribe) fail(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf(format, args...)
	}
}

func (s *scribe) note(key string, value any) {
	s.notes = append(s.notes, Note{Key: s.arch + "." + key, Value: value})
}

// number reads a key; null counts as missing.
func (c config) number(key string) (value float64, ok bool) {
	v, ok := number(c[key])
	if n, isInt := c[key].(int); isInt {
		v, ok = float64(n), true
	}
	return v, ok
}

// count reads a key that holds a whole number, or may be missing.
func (s *scribe) count(key string, missing int) int {
	v, ok := s.config.number(key)
	switch {
	case s.config[key] == nil:
		return missing
	case !ok || v < 0 || v > math.MaxInt32 || v != math.Trunc(v):
		s.fail("%s is %v, want a whole number from 0 to %d", key, s.config[key], math.MaxInt32)
		return 0
	}
	return int(v)
}

// real reads a key that holds a number, or may be missing.
func (s *scribe) real(key string, missing float64) float64 {
	v, ok := s.config.number(key)
	if s.config[key] == nil {
		return missing
	}
	if !ok || math.IsNaN(v) || math.IsInf(v, 0) {
		s.fail("%s is %v, want a number", key, s.config[key])
	}
	return v
}
