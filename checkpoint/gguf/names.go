package gguf

import (
	"fmt"
	"strconv"
	"strings"
)

// An architecture knows how a model that Hugging Face's files have too lies in
// this format.
type architecture struct {
	outer  map[string]string // names, without .weight or .bias
	inner  map[string]string // names in a layer
	prefix string            // of the layers' names

	paired []string // names in a layer whose rows come in pairs
	config func(f *File) (map[string]any, error)
}

// architectures are found by general.architecture; each registers itself.
var architectures = map[string]*architecture{}

// translate gives a tensor the name that Hugging Face's files have, and says how
// its rows are to be put in order. What is not known keeps its name: whoever
// loads the model will miss it there.
func (a *architecture) translate(notes Notes, t *entry) error {
	stem, kind := t.Name, ""
	if i := strings.LastIndexByte(t.Name, '.'); i >= 0 {
		stem, kind = t.Name[:i], t.Name[i:]
	}
	if to, ok := a.outer[stem]; ok {
		t.Name = to + kind
		return nil
	}
	layer, ok := strings.CutPrefix(stem, "blk.")
	if !ok {
		return nil
	}
	number, rest, _ := strings.Cut(layer, ".")
	if n, err := strconv.Atoi(number); err != nil || strconv.Itoa(n) != number {
		return nil
	}
	to, ok := a.inner[rest]
	if !ok {
		return nil
	}
	for _, p := range a.paired {
		if rest != p {
			continue
		}
		heads, err := headsOf(notes, rest)
		if err != nil {
			return err
		}
		if _, blocks := t.DType.Blocks(); blocks && len(t.Shape) == 1 {
			return fmt.Errorf("tensor %q has its rows inside blocks of %s, where they cannot change places", t.Name, t.DType)
		}
		if heads < 1 || t.Shape[0]%(2*heads) != 0 {
			return fmt.Errorf("tensor %q has %d rows, which are not pairs of rows of %d heads", t.Name, t.Shape[0], heads)
		}
		t.heads = heads
	}
	t.Name = a.prefix + number + "." + to + kind
	return nil
}

// headsOf says how many heads the rows of attn_q or attn_k belong to.
func headsOf(notes Notes, name string) (int, error) {
	arch, _, _ := notes.text("general.architecture")
	heads, ok, err := notes.count(arch + ".attention.head_count")
	if err == nil && !ok {
		err = fmt.Errorf("there is no note %s.attention.head_count", arch)
	}
	if name == "attn_k" && err == nil {
		if kv, ok, err := notes.count(arch + ".attention.head_count_kv"); ok || err != nil {
			return kv, err
		}
	}
	return heads, err
}

// unpair undoes a change of the order of rows. Hugging Face's rotary encoding
// turns rows i and i + D/2 of a head of D rows together, and llama.cpp's rows 2i
// and 2i + 1; the file has the rows where the latter wants them.
//
//	row D·h + s·D/2 + i   ←   row D·h + 2·i + s        s = 0, 1
func unpair(raw []byte, rows, heads int) []byte {
	size, d := len(raw)/rows, rows/heads
	out := make([]byte, len(raw))
	for h := range heads {
		for s := range 2 {
			for i := range d / 2 {
				to, from := h*d+s*d/2+i, h*d+2*i+s
				copy(out[to*size:][:size], raw[from*size:][:size])
			}
		}
	}
	return out
}
