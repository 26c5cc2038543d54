package gguf

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
)

// ReadFile gives a file of the folder that the model would be in: config.json,
// tokenizer.json, tokenizer_config.json, generation_config.json. What the notes
// do not hold is an error that is [fs.ErrNotExist]. It may be called after Close.
func (f *File) ReadFile(name string) ([]byte, error) {
	var v any
	var err error
	switch name {
	case "config.json":
		v, err = f.config()
	case "tokenizer.json":
		v, err = f.tokenizer()
	case "tokenizer_config.json":
		v, err = f.tokenizerConfig()
	case "generation_config.json":
		v, err = f.generationConfig()
	default:
		return nil, &fs.PathError{Op: "read", Path: f.path + ": " + name, Err: fs.ErrNotExist}
	}
	if err != nil {
		return nil, fmt.Errorf("gguf: %s: %s: %w", f.path, name, err)
	}
	return json.MarshalIndent(v, "", "  ")
}

// config is a config.json.
type config map[string]any

// config is the model's config.json.
func (f *File) config() (config, error) {
	if f.arch == nil {
		name, _, _ := f.Notes.text("general.architecture")
		if kind, _, _ := f.Notes.text("general.type"); kind != "" && kind != "model" {
			return nil, fmt.Errorf("the file holds no model: general.type is %q", clip(kind))
		}
		return nil, fmt.Errorf("general.architecture %q is not known; there are %s", clip(name), known(architectures))
	}
	c := config{"architectures": []string{f.arch.models[0]}, "model_type": f.arch.kind}
	n := &noter{file: f, notes: f.Notes, arch: f.arch.name}
	for _, r := range f.arch.config {
		if r.read(n, c); n.err != nil {
			return nil, n.err
		}
	}
	c["pad_token_id"] = nil // and not what transformers takes where a file says nothing
	if id, ok, err := f.Notes.count("tokenizer.ggml.padding_token_id"); err != nil {
		return nil, err
	} else if ok {
		c["pad_token_id"] = id
	}
	for _, role := range []string{"bos", "eos"} {
		if id, ok, err := f.Notes.count("tokenizer.ggml." + role + "_token_id"); err != nil {
			return nil, err
		} else if ok {
			c[role+"_token_id"] = id
		}
	}
	return point(c).(config), nil
}

// real is a number with a fraction, also where that is zero: 50.0 and not 50,
// which transformers refuses where it wants a float.
type real float64

func (r real) MarshalJSON() ([]byte, error) {
	b := strconv.AppendFloat(nil, float64(r), 'g', -1, 64)
	if !bytes.ContainsAny(b, ".e") {
		b = append(b, ".0"...)
	}
	return b, nil
}

// point makes a real of every number with a fraction, in a config.json and what
// it holds.
func point(v any) any {
	switch v := v.(type) {
	case float64:
		return real(v)
	case config:
		for key := range v {
			v[key] = point(v[key])
		}
	case map[string]any:
		point(config(v))
	}
	return v
}

// generationConfig is generation_config.json: which tokens end an answer, where
// there are several.
func (f *File) generationConfig() (any, error) {
	var ids []int
	for _, role := range []string{"eos", "eot", "eom"} {
		id, ok, err := f.Notes.count("tokenizer.ggml." + role + "_token_id")
		if err != nil {
			return nil, err
		}
		if ok && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if len(ids) < 2 {
		return nil, fs.ErrNotExist
	}
	return map[string]any{"eos_token_id": ids}, nil
}

// noter reads the notes of an architecture and keeps the first error.
type noter struct {
	file  *File
	notes Notes
	arch  string
	err   error
}

func (n *noter) fail(err error) {
	if n.err == nil {
		n.err = err
	}
}

func value[T any](n *noter, get func(string) (T, bool, error), key string, missing T) T {
	v, ok, err := get(n.arch + "." + key)
	if err != nil {
		n.fail(err)
	}
	if !ok {
		return missing
	}
	return v
}

func (n *noter) has(key string) bool {
	_, ok := n.notes[n.arch+"."+key]
	return ok
}

func (n *noter) count(key string, missing int) int {
	return value(n, n.notes.count, key, missing)
}

func (n *noter) real(key string, missing float64) float64 {
	return value(n, n.notes.real, key, missing)
}

func (n *noter) text(key, missing string) string {
	return value(n, n.notes.text, key, missing)
}

// need reads a count that must be there.
func (n *noter) need(key string) int {
	if !n.has(key) {
		n.fail(errors.New("there is no note " + n.arch + "." + key))
	}
	return n.count(key, 0)
}

func (f *File) has(name string) bool {
	_, ok := f.tensors[name]
	return ok
}
