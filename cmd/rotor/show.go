package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rotor-lm/rotor/checkpoint"
	"github.com/rotor-lm/rotor/checkpoint/gguf"
	"github.com/rotor-lm/rotor/hub"
	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/tokenizer"
)

type showCmd struct {
	Path     string `arg:"" optional:"" help:"A model (folder, GGUF file, owner/name, ollama:NAME), an adapter folder, a tokenizer, a .safetensors file, or data (JSONL, CSV, text). Nothing lists the models that are here by name."`
	Tensors  bool   `help:"List every tensor."`
	Template bool   `help:"Show the model's chat template at work: an example conversation, and what of it training learns."`
	Model    string `placeholder:"REF" help:"Count the tokens of a data file with this model's tokenizer; name the tokens of a .jinja file."`

	ollama *hub.OllamaModel // what Path was, if it was one
}

func (showCmd) Help() string {
	return `Examples:

    rotor show                              the models in the cache of the hub, and Ollama's
    rotor show owner/name                   one of them
    rotor show ./model                      architecture, sizes, types, tokenizer
    rotor show ./model --tensors            and every tensor, with its type and size
    rotor show model.gguf                   and the metadata of the file, its chat template among them
    rotor show ./model --template           a conversation as its chat template writes it, and what is learned
    rotor show chat_template.jinja          the same of a template that stands alone
    rotor show ./adapter                    rank, targets, the base it belongs to
    rotor show train.jsonl --model ./model  examples, columns, tokens
    rotor show ./model --json`
}

// Run finds out what stands at the path, and describes it.
func (c showCmd) Run(ctx context.Context, e *env) error {
	if c.Path == "" {
		return c.here(e)
	}
	if name, ok := strings.CutPrefix(c.Path, ollama); ok {
		c.ollama, _ = hub.Ollama(name)
	}
	ref := c.Path
	path, err := hub.Find(ref)
	if err != nil {
		return err
	}
	c.Path = path
	return hub.Incomplete(ref, c.kind(ctx, e))
}

// kind shows what stands at the path, by what it is.
func (c showCmd) kind(ctx context.Context, e *env) error {
	st, err := os.Stat(c.Path)
	switch {
	case err != nil:
		return err
	case c.Template, strings.HasSuffix(c.Path, ".jinja"):
		return c.template(e)
	case has(c.Path, "adapter_config.json"):
		return c.adapter(e)
	case has(c.Path, "config.json"):
		return c.model(e)
	case hasTokenizer(c.Path), filepath.Base(c.Path) == "tokenizer.json":
		return c.tokenizer(e)
	case st.IsDir():
		return c.folder(ctx, e)
	case c.gguf():
		return c.model(e)
	case strings.HasSuffix(c.Path, ".safetensors"), strings.HasSuffix(c.Path, ".index.json"):
		return c.weights(e)
	}
	return c.data(ctx, e)
}

// folder shows a folder that is no model, adapter or tokenizer: weights, or data.
func (c showCmd) folder(ctx context.Context, e *env) error {
	src, err := checkpoint.Open(c.Path)
	if err == nil {
		src.Close()
		if _, whole := src.(checkpoint.Folder); whole { // the files of one GGUF model
			return c.model(e)
		}
		return c.weights(e)
	}
	if !errors.Is(err, checkpoint.ErrFormat) {
		return err
	}
	if err := c.data(ctx, e); err != nil {
		return fmt.Errorf("%s: no config.json, adapter_config.json, tokenizer.json or weights, and no data either: %w", c.Path, err)
	}
	return nil
}

func has(dir, name string) bool {
	_, err := os.Stat(filepath.Join(dir, name))
	return err == nil
}

func hasTokenizer(dir string) bool { return has(dir, "tokenizer.json") || has(dir, "vocab.json") }

// holding is what all weights have: how many, of which types, and how large.
type holding struct {
	Parameters int            `json:"parameters"`
	Bytes      int64          `json:"bytes"`
	Types      map[string]int `json:"types"` // tensors of each
	Tensors    []tensorInfo   `json:"tensors,omitempty"`
}

type tensorInfo struct {
	Name  string `json:"name"`
	Type  string `json:"type"`
	Shape []int  `json:"shape"`
	Bytes int64  `json:"bytes"`
}

func (c showCmd) holding(path string) (holding, error) {
	src, err := checkpoint.Open(path)
	if err != nil {
		return holding{}, err
	}
	defer src.Close()
	h := holding{Types: map[string]int{}}
	for _, name := range src.Names() {
		info, _ := src.Info(name)
		if f, ok := src.(*gguf.File); ok {
			info, _ = f.Stored(name)
		}
		h.Parameters += info.Len()
		h.Bytes += info.Bytes
		h.Types[string(info.DType)]++
		if c.Tensors {
			h.Tensors = append(h.Tensors, tensorInfo{info.Name, string(info.DType), info.Shape, info.Bytes})
		}
	}
	return h, nil
}

func (h holding) rows(t *table) {
	var types []string
	for name, n := range h.Types {
		types = append(types, fmt.Sprintf("%s (%d tensors)", name, n))
	}
	slices.Sort(types)
	t.add("parameters", "%s", count(h.Parameters))
	t.add("weights", "%s, %s", size(h.Bytes), strings.Join(types, ", "))
}

func (h holding) list(e *env) {
	var t table
	for _, x := range h.Tensors {
		t.add(x.Name, "%s %v, %s", x.Type, x.Shape, size(x.Bytes))
	}
	t.print(e)
}

// model shows a model folder: what config.json says, and whether the weights
// are those that it wants.
func (c showCmd) model(e *env) error {
	notes, known, err := notesOf(c.Path)
	if err != nil {
		return err
	}
	if notes != nil && !known {
		return c.unknown(e, notes)
	}
	m, err := hub.Examine(c.Path)
	if err != nil {
		return err
	}
	h, err := c.holding(c.Path)
	if err != nil {
		return err
	}
	h.Parameters = 0 // of the model: a tied head counts once, whatever the file has
	for _, x := range nn.Params(m.Model) {
		h.Parameters += x.Len()
	}
	var tok *tokenizer.Tokenizer
	if hasTokenizer(c.Path) || notes != nil {
		if tok, err = m.Tokenizer(); err != nil && !(notes != nil && errors.Is(err, fs.ErrNotExist)) {
			return err
		}
	}
	info := m.Info()
	if e.JSON {
		return e.object(struct {
			Kind string `json:"kind"`
			model.Info
			holding
			Tokenizer *tokenizerInfo   `json:"tokenizer"`
			Ollama    *hub.OllamaModel `json:"ollama,omitempty"`
			Notes     map[string]any   `json:"metadata,omitempty"` // of a GGUF file
		}{"model", info, h, describe(tok), c.ollama, notes})
	}
	var t table
	t.add("model", "%s", c.Path)
	t.add("architecture", "%s", info.Architecture)
	t.add("size", "%d layers of width %d, %d heads and %d key heads of %d", info.Layers, info.Width, info.Heads, info.KVHeads, info.HeadDim)
	t.add("vocabulary", "%s%s", count(info.Vocab), map[bool]string{true: ", the head is the embedding"}[info.Tied])
	t.add("context", "%s positions", count(info.Context))
	h.rows(&t)
	describe(tok).rows(&t)
	if tok != nil {
		t.add("conversations", "%s", conversations(m, tok))
	}
	ollamaRows(&t, c.ollama)
	t.print(e)
	printNotes(e, notes)
	h.list(e)
	return nil
}

// gguf reports whether the path is a file that holds a whole model: by its name,
// or, as Ollama's files have none that would tell, by how it begins.
func (c showCmd) gguf() bool {
	if strings.HasSuffix(c.Path, ".gguf") || c.ollama != nil {
		return true
	}
	f, err := os.Open(c.Path)
	if err != nil {
		return false
	}
	defer f.Close()
	var magic [4]byte
	_, err = io.ReadFull(f, magic[:])
	return err == nil && string(magic[:]) == "GGUF"
}

// tokenizerInfo is what there is to say of a tokenizer.
type tokenizerInfo struct {
	Vocab int                    `json:"vocab"`
	Type  string                 `json:"type"` // what its tokens are made of
	Added []tokenizer.AddedToken `json:"added"`
	BOS   *int32                 `json:"bos"`
	EOS   *int32                 `json:"eos"`
	Stops []int32                `json:"stops"`

	text string
}

func describe(tok *tokenizer.Tokenizer) *tokenizerInfo {
	if tok == nil {
		return nil
	}
	t := &tokenizerInfo{Vocab: tok.VocabSize(), Type: tok.Kind(), Added: tok.Added(), Stops: tok.Stops()}
	t.text = count(t.Vocab) + " tokens, " + t.Type
	if id, ok := tok.BOS(); ok {
		t.BOS = &id
		verb := "begins a text with"
		if !slices.Contains(tok.Wrap(nil), id) {
			verb = "puts before no text its"
		}
		t.text += fmt.Sprintf(", %s %q", verb, tok.Token(id))
	}
	if id, ok := tok.EOS(); ok {
		t.EOS = &id
		t.text += fmt.Sprintf(", ends one with %q", tok.Token(id))
	}
	return t
}

func (i *tokenizerInfo) rows(t *table) {
	if i == nil {
		t.add("tokenizer", "none in this folder")
		return
	}
	t.add("tokenizer", "%s", i.text)
}

func (c showCmd) tokenizer(e *env) error {
	tok, err := tokenizer.Open(c.Path)
	if err != nil {
		return err
	}
	info := describe(tok)
	if e.JSON {
		return e.object(struct {
			Kind string `json:"kind"`
			*tokenizerInfo
		}{"tokenizer", info})
	}
	var t table
	info.rows(&t)
	for _, a := range info.Added {
		t.add(fmt.Sprint(a.ID), "%q%s", a.Content, map[bool]string{true: " (special)"}[a.Special])
	}
	t.print(e)
	return nil
}

// weights shows a file of tensors that belongs to no model.
func (c showCmd) weights(e *env) error {
	c.Tensors = true
	h, err := c.holding(c.Path)
	if err != nil {
		return err
	}
	if e.JSON {
		return e.object(struct {
			Kind string `json:"kind"`
			holding
		}{"weights", h})
	}
	var t table
	h.rows(&t)
	t.print(e)
	h.list(e)
	return nil
}
