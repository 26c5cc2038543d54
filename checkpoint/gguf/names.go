package gguf

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rotor-lm/rotor/checkpoint"
)

// An architecture is how models lie in this format that Hugging Face's files
// have too. It is one table, read in both directions: [File] reads a model by it,
// and [Layout] says how to write one.
type architecture struct {
	name   string   // general.architecture
	models []string // "architectures" of config.json: what is read is the first, what is written may be any
	kind   string   // "model_type" of config.json

	outer  map[string]string // names of tensors, there and in Hugging Face's files, without .weight or .bias
	prefix string            // of a layer's names in Hugging Face's files, before its number
	inner  map[string]string // names in a layer, which begin with "blk.", its number and a dot

	paired  []string // names in a layer whose rows stand in pairs
	turned  []string // names in a layer whose matrices are transposed
	centred bool     // what the file has of a norm's weight w is 1 + w

	config []relation // between notes and config.json, in an order in which each may use those before it
}

// architectures are found by general.architecture; each registers itself.
var architectures = map[string]*architecture{}

func register(a *architecture) { architectures[a.name] = a }

// change is how a tensor in the file differs from Hugging Face's.
type change struct {
	heads  int     // its rows stand in pairs, of so many heads; 0 where they do not
	turned bool    // it is transposed
	plus   float32 // was added to its values
}

// values reports whether the change cannot be made to raw bytes.
func (c change) values() bool { return c.turned || c.plus != 0 }

// translate gives a tensor the name that Hugging Face's files have, and says how
// it is to be changed. What is not known keeps its name: whoever loads the model
// will miss it there.
func (a *architecture) translate(notes Notes, t *entry) error {
	stem, kind := cutKind(t.Name)
	if to, ok := a.outer[stem]; ok {
		t.change = a.changeOf(stem, kind, 0)
		t.Name = to + kind
		return t.settle()
	}
	number, rest, ok := cutLayer(stem, "blk.")
	if !ok || a.inner[rest] == "" {
		return nil
	}
	heads := 0
	if slices.Contains(a.paired, rest) {
		var err error
		if heads, err = headsOf(notes, rest); err != nil {
			return err
		}
	}
	if err := a.fits(t, rest, heads); err != nil {
		return err
	}
	t.change = a.changeOf(rest, kind, heads)
	t.Name = a.prefix + number + "." + a.inner[rest] + kind
	return t.settle()
}

// fits refuses rows that cannot be put in order.
func (a *architecture) fits(t *entry, name string, heads int) error {
	if !slices.Contains(a.paired, name) {
		return nil
	}
	if _, blocks := t.DType.Blocks(); blocks && len(t.Shape) == 1 {
		return fmt.Errorf("tensor %q has its rows inside blocks of %s, where they cannot change places", t.Name, t.DType)
	}
	if heads < 1 || t.Shape[0]%(2*heads) != 0 {
		return fmt.Errorf("tensor %q has %d rows, which are not pairs of rows of %d heads", t.Name, t.Shape[0], heads)
	}
	return nil
}

// changeOf is the change of the tensor of that name in the file; kind is
// ".weight" or ".bias".
func (a *architecture) changeOf(name, kind string, heads int) change {
	c := change{heads: heads, turned: kind == ".weight" && slices.Contains(a.turned, name)}
	if a.centred && kind == ".weight" && strings.HasSuffix(name, "norm") {
		c.plus = 1
	}
	return c
}

// settle turns the shape and the type into those that are handed out.
func (t *entry) settle() error {
	if !t.change.values() {
		return nil
	}
	if _, blocks := t.DType.Blocks(); !blocks && t.DType.Size() == 0 {
		return fmt.Errorf("tensor %q holds %s, which are no numbers of a weight", t.Name, t.DType)
	}
	if t.turned {
		if len(t.Shape) != 2 {
			return fmt.Errorf("tensor %q has a shape of %d, want a matrix", t.Name, t.Shape)
		}
		t.Shape = []int{t.Shape[1], t.Shape[0]}
	}
	t.DType, t.Bytes = checkpoint.F32, int64(4*t.Len())
	return nil
}

// back is the name in the file of a tensor of Hugging Face's, and its name there
// without layer and kind.
func (a *architecture) back(name string) (file, short, kind string, ok bool) {
	stem, kind := cutKind(name)
	for from, to := range a.outer {
		if to == stem {
			return from + kind, from, kind, true
		}
	}
	number, rest, ok := cutLayer(stem, a.prefix)
	if !ok {
		return "", "", "", false
	}
	for from, to := range a.inner {
		if to == rest {
			return "blk." + number + "." + from + kind, from, kind, true
		}
	}
	return "", "", "", false
}

// cutKind cuts .weight or .bias from a name.
func cutKind(name string) (stem, kind string) {
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		return name[:i], name[i:]
	}
	return name, ""
}

// cutLayer cuts a name into the number of its layer and what follows.
func cutLayer(name, prefix string) (number, rest string, ok bool) {
	layer, ok := strings.CutPrefix(name, prefix)
	if !ok {
		return "", "", false
	}
	number, rest, _ = strings.Cut(layer, ".")
	n, err := strconv.Atoi(number)
	return number, rest, err == nil && strconv.Itoa(n) == number
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
