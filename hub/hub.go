// Package hub turns a model reference into a model: a folder with config.json,
// weights and tokenizer, as Hugging Face lays it out.
package hub

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/rotor-lm/rotor/checkpoint"
	_ "github.com/rotor-lm/rotor/checkpoint/safetensors" // the format of such folders
	"github.com/rotor-lm/rotor/model"
	_ "github.com/rotor-lm/rotor/model/gpt2" // the architectures that there are
	_ "github.com/rotor-lm/rotor/model/llama"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/tokenizer"
)

// Model is an opened model folder.
type Model struct {
	model.Model `w:""`
	Dir         string
	Config      []byte // config.json, as it stands in the folder
	Report      checkpoint.Report

	src checkpoint.Source
}

// Open reads config.json of the folder dir, builds the model and maps its
// weights into it. They lie in the mapped file until they are used first: the
// folder must stay as it is, and Close be called only when the model is done.
func Open(dir string) (*Model, error) {
	m, err := Hollow(dir)
	if err != nil {
		return nil, err
	}
	if m.src, err = checkpoint.Open(dir); err != nil {
		return nil, err
	}
	m.Report, err = checkpoint.Load(nn.Params(m.Model), m.src, checkpoint.Options{Spare: spare(m.Info())})
	if err != nil {
		m.src.Close()
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return m, nil
}

// maxConfig is the size of the largest config.json that is read.
const maxConfig = 1 << 24

// Hollow builds the model that dir's config.json describes, without weights:
// what training from scratch begins with.
func Hollow(dir string) (*Model, error) {
	path := filepath.Join(dir, "config.json")
	if st, err := os.Stat(path); err == nil && st.Size() > maxConfig {
		return nil, fmt.Errorf("hub: %s has %d bytes; at most %d are read", path, st.Size(), maxConfig)
	}
	config, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("hub: %s is not a model folder: %w", dir, err)
	}
	m, err := model.New(config)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &Model{Model: m, Dir: dir, Config: config}, nil
}

// Tokenizer opens the tokenizer in the model's folder.
func (m *Model) Tokenizer() (*tokenizer.Tokenizer, error) {
	t, err := tokenizer.Open(m.Dir)
	if err != nil {
		return nil, fmt.Errorf("hub: %s has no tokenizer that can be used: %w", m.Dir, err)
	}
	return t, nil
}

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
