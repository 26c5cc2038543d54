// Package hub turns a model reference into a model: a folder with config.json,
// weights and tokenizer, as Hugging Face lays it out, or a file that holds all
// of them, as GGUF does; by its path, or by its name in the cache of the hub or
// in the store of Ollama. Package download fetches what is not there.
package hub

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rotor-lm/rotor/checkpoint"
	_ "github.com/rotor-lm/rotor/checkpoint/gguf"        // the format of such files
	_ "github.com/rotor-lm/rotor/checkpoint/safetensors" // and that of such folders
	"github.com/rotor-lm/rotor/model"
	_ "github.com/rotor-lm/rotor/model/all" // the architectures that there are
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/tokenizer"
)

// Model is an opened model folder, or file.
type Model struct {
	model.Model `w:""`
	Dir         string // the folder or the file
	Config      []byte // config.json, as it stands there
	Report      checkpoint.Report

	read reader
	src  checkpoint.Source
}

// Open reads the config.json of a model, builds it and maps its weights into
// it. They lie in the mapped file until they are used first: the files must stay
// as they are, and Close be called only when the model is done.
func Open(ref string) (*Model, error) {
	m, err := hollow(ref)
	if err != nil {
		return nil, err
	}
	if m.src == nil {
		if m.src, err = checkpoint.Open(m.Dir); err != nil {
			return nil, Incomplete(ref, err)
		}
	}
	m.Report, err = checkpoint.Load(nn.Params(m.Model), m.src, checkpoint.Options{Spare: spare(m.Info())})
	if err != nil {
		m.src.Close()
		return nil, fmt.Errorf("%s: %w", ref, err)
	}
	return m, nil
}

// Hollow builds the model that a config.json describes, without weights: what
// training from scratch begins with.
func Hollow(ref string) (*Model, error) {
	m, err := hollow(ref)
	if err != nil {
		return nil, err
	}
	err = m.Close()
	m.src = nil
	return m, err
}

// hollow leaves the weights open if ref is a file.
func hollow(ref string) (*Model, error) {
	path, err := Find(ref)
	if err != nil {
		return nil, err
	}
	read, src, err := beside(path)
	if err != nil {
		return nil, err
	}
	m := &Model{Dir: path, read: read, src: src}
	if m.Config, err = read("config.json"); err != nil {
		err = Incomplete(ref, fmt.Errorf("hub: %s is not a model folder: %w", path, err))
	} else if m.Model, err = model.New(m.Config); err != nil {
		err = fmt.Errorf("%s: %w", filepath.Join(path, "config.json"), err)
	}
	if err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return m, nil
}

// Examine is Open without the weights' values: it builds the model and compares
// names and shapes with those in the files.
func Examine(ref string) (*Model, error) {
	m, err := Hollow(ref)
	if err != nil {
		return nil, err
	}
	src, err := checkpoint.Open(m.Dir)
	if err != nil {
		return nil, Incomplete(ref, err)
	}
	defer src.Close()
	shapes := func(yield func(string, []int) bool) {
		for name, t := range nn.Params(m.Model) {
			if !yield(name, t.Shape) {
				return
			}
		}
	}
	m.Report, err = checkpoint.Match(shapes, src, spare(m.Info()))
	if err == nil {
		err = m.Report.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", ref, err)
	}
	return m, nil
}

// Tokenizer opens the tokenizer of a model, or one that stands alone: a folder,
// a tokenizer.json, or a file of weights that holds one.
func Tokenizer(ref string) (*tokenizer.Tokenizer, error) {
	path, err := Find(ref)
	if err != nil {
		return nil, err
	}
	st, err := os.Stat(path)
	if err != nil || st.IsDir() || strings.HasSuffix(path, ".json") {
		return tokenizer.Open(path)
	}
	read, src, err := beside(path)
	if err != nil {
		return nil, err
	}
	if src != nil {
		defer src.Close()
	}
	return tokenizer.OpenFiles(path, read)
}

// Tokenizer opens the model's tokenizer. One that makes tokens of text for which
// the model has no rows is an error: the two do not belong together. Added tokens
// past the end of the model's vocabulary may be, as that for pictures in the files
// of Gemma 3: whoever uses one is refused then.
func (m *Model) Tokenizer() (*tokenizer.Tokenizer, error) {
	t, err := tokenizer.OpenFiles(m.Dir, m.read)
	if err != nil {
		return nil, fmt.Errorf("hub: %s has no tokenizer that can be used: %w", m.Dir, err)
	}
	rows := m.Info().Vocab
	if t.VocabSize() <= rows {
		return t, nil
	}
	added := map[int32]bool{}
	for _, a := range t.Added() {
		added[a.ID] = true
	}
	for id := int32(rows); int(id) < t.VocabSize(); id++ {
		if t.Token(id) != "" && !added[id] {
			return nil, fmt.Errorf("hub: %s: its tokenizer has %d tokens, token %d is %q, and the vocabulary of its model ends at %d: they do not belong together", m.Dir, t.VocabSize(), id, t.Token(id), rows-1)
		}
	}
	return t, nil
}

// ReadFile returns what stands beside the weights, by its name in a model's
// folder: config.json, tokenizer.json. What there is not is fs.ErrNotExist.
func (m *Model) ReadFile(name string) ([]byte, error) { return m.read(name) }

// Source is the open checkpoint that the weights come from, nil for a hollow model.
func (m *Model) Source() checkpoint.Source { return m.src }

// Close unmaps the weights.
func (m *Model) Close() error {
	if m.src == nil {
		return nil
	}
	return m.src.Close()
}

// spare admits tensors that old files carry and no model has: buffers that are
// computed, and the second name of a tied head.
func spare(info model.Info) func(name string) bool {
	return func(name string) bool {
		if info.Tied && name == "lm_head.weight" {
			return true
		}
		for _, suffix := range []string{".attn.bias", ".attn.masked_bias", ".rotary_emb.inv_freq"} {
			if len(name) > len(suffix) && name[len(name)-len(suffix):] == suffix {
				return true
			}
		}
		return false
	}
}
