package tokenizer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Open reads a tokenizer from a folder, or from its tokenizer.json. A folder
// without tokenizer.json may have vocab.json and merges.txt, as GPT-2's has.
// What the tokens at the ends of a text are comes from tokenizer_config.json,
// special_tokens_map.json, generation_config.json and config.json.
func Open(path string) (*Tokenizer, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	dir, file := path, filepath.Join(path, "tokenizer.json")
	if !info.IsDir() {
		dir, file = filepath.Dir(path), path
	}
	c, err := readConfig(dir)
	if err != nil {
		return nil, err
	}
	data, err := read(file)
	var t *Tokenizer
	switch {
	case err == nil:
		t, err = Parse(data)
	case errors.Is(err, fs.ErrNotExist):
		file = filepath.Join(dir, "vocab.json")
		t, err = openPair(dir, c)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("tokenizer: %s has no tokenizer.json, and no vocab.json with merges.txt", dir)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %s: %w", file, err)
	}
	t.config = c
	return t, nil
}

func read(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.Size() > largestFile {
		return nil, fmt.Errorf("%d bytes; at most %d are read", info.Size(), largestFile)
	}
	return os.ReadFile(file)
}

// openPair reads vocab.json and merges.txt as the tokenizer of GPT-2.
func openPair(dir string, c config) (*Tokenizer, error) {
	vocab, err := read(filepath.Join(dir, "vocab.json"))
	if err != nil {
		return nil, err
	}
	merges, err := read(filepath.Join(dir, "merges.txt"))
	if err != nil {
		return nil, err
	}
	var f modelFile
	if err := json.Unmarshal(vocab, &f.Vocab); err != nil {
		return nil, err
	}
	if f.Merges, err = parseMerges(merges); err != nil {
		return nil, err
	}
	m, err := newBPE(&f)
	if err != nil {
		return nil, err
	}
	t := &Tokenizer{parts: gpt2Parts(c.PrefixSpace)}
	if err := t.readSteps(); err != nil {
		return nil, err
	}
	return t, t.build(m, c.addedTokens(f.Vocab))
}

func gpt2Parts(prefix bool) parts {
	step := func(trim bool) json.RawMessage {
		return fmt.Appendf(nil, `{"type":"ByteLevel","add_prefix_space":%v,"trim_offsets":%v,"use_regex":true}`, prefix, trim)
	}
	return parts{step(true), step(false), step(true)}
}

// parseMerges reads merges.txt: a version line, then two tokens a line.
func parseMerges(data []byte) ([]pair, error) {
	var merges []pair
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimSuffix(line, "\r")
		if line == "" || strings.HasPrefix(line, "#version") {
			continue
		}
		p, ok := splitMerge(line)
		if !ok {
			return nil, fmt.Errorf("merges.txt: line %d, %q, is not two tokens with a space between", i+1, clip(line))
		}
		merges = append(merges, p)
	}
	return merges, nil
}

// Save writes tokenizer.json, which Hugging Face's tokenizers and transformers
// load, and tokenizer_config.json.
func (t *Tokenizer) Save(dir string) error {
	data, err := t.JSON()
	if err != nil {
		return fmt.Errorf("tokenizer: %w", err)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("tokenizer: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "tokenizer.json"), data, 0o666); err != nil {
		return fmt.Errorf("tokenizer: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "tokenizer_config.json"), t.config.json(), 0o666); err != nil {
		return fmt.Errorf("tokenizer: %w", err)
	}
	return nil
}

// JSON returns the tokenizer as a tokenizer.json.
func (t *Tokenizer) JSON() ([]byte, error) {
	type model struct {
		Type         string          `json:"type"`
		Dropout      *float64        `json:"dropout"`
		Unk          *string         `json:"unk_token"`
		Prefix       *string         `json:"continuing_subword_prefix"`
		Suffix       *string         `json:"end_of_word_suffix"`
		FuseUnk      bool            `json:"fuse_unk"`
		ByteFallback bool            `json:"byte_fallback"`
		IgnoreMerges bool            `json:"ignore_merges"`
		Vocab        json.RawMessage `json:"vocab"`
		Merges       json.RawMessage `json:"merges"`
	}
	m := model{
		Type: "BPE", FuseUnk: t.model.fuse, IgnoreMerges: t.model.whole != nil,
		Vocab: t.vocabJSON(), Merges: t.mergesJSON(),
	}
	if t.model.unk >= 0 {
		m.Unk = &t.model.tokens[t.model.unk]
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	tokens := slices.Clone(t.added.tokens)
	if tokens == nil {
		tokens = []AddedToken{}
	}
	err := e.Encode(struct {
		Version       string          `json:"version"`
		Truncation    *struct{}       `json:"truncation"`
		Padding       *struct{}       `json:"padding"`
		AddedTokens   []AddedToken    `json:"added_tokens"`
		Normalizer    *struct{}       `json:"normalizer"`
		PreTokenizer  json.RawMessage `json:"pre_tokenizer"`
		PostProcessor json.RawMessage `json:"post_processor"`
		Decoder       json.RawMessage `json:"decoder"`
		Model         model           `json:"model"`
	}{
		Version: "1.0", AddedTokens: tokens, PreTokenizer: t.parts.preTokenizer,
		PostProcessor: t.parts.postProcessor, Decoder: t.parts.decoder, Model: m,
	})
	return out.Bytes(), err
}

// vocabJSON writes the model's own tokens in the order of their ids.
func (t *Tokenizer) vocabJSON() []byte {
	b := []byte("{")
	for id, token := range t.model.tokens {
		if !t.model.own(int32(id)) {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, "%s:%d", quote(token), id)
	}
	return append(b, '}')
}

func (t *Tokenizer) mergesJSON() []byte {
	b := []byte("[")
	for i, p := range t.model.pairs {
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, "[%s,%s]", quote(t.model.tokens[p[0]]), quote(t.model.tokens[p[1]]))
	}
	return append(b, ']')
}
