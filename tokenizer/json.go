package tokenizer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

const (
	largestFile  = 256 << 20
	largestVocab = 1 << 22
	longestToken = 1 << 16 // bytes
	mostAdded    = 1 << 18
	mostGap      = 1 << 16 // ids that no token has
	deepest      = 8       // Sequence within Sequence
	mostSteps    = 64
)

// file is tokenizer.json. Truncation and padding are there too, and are none
// of a tokenizer's business: who makes a batch decides on both.
type file struct {
	Version       string          `json:"version"`
	Truncation    json.RawMessage `json:"truncation"`
	Padding       json.RawMessage `json:"padding"`
	AddedTokens   []AddedToken    `json:"added_tokens"`
	Normalizer    json.RawMessage `json:"normalizer"`
	PreTokenizer  json.RawMessage `json:"pre_tokenizer"`
	PostProcessor json.RawMessage `json:"post_processor"`
	Decoder       json.RawMessage `json:"decoder"`
	Model         json.RawMessage `json:"model"`
}

// parts are the steps of a tokenizer as its file spells them.
type parts struct{ normalizer, preTokenizer, postProcessor, decoder json.RawMessage }

// Parse reads a tokenizer.json. What it does not know it refuses, by name.
func Parse(data []byte) (*Tokenizer, error) {
	if len(data) > largestFile {
		return nil, fmt.Errorf("%d bytes; a tokenizer.json has at most %d", len(data), largestFile)
	}
	var f file
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, err
	}
	t := &Tokenizer{parts: parts{f.Normalizer, f.PreTokenizer, f.PostProcessor, f.Decoder}}
	if err := t.readSteps(); err != nil {
		return nil, err
	}
	m, err := parseModel(f.Model, t.byteLevel())
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	if err := t.build(m, f.AddedTokens); err != nil {
		return nil, err
	}
	return t, nil
}

// kind returns the type of a step, for choosing it and for saying what it is.
func kind(raw json.RawMessage) string {
	if absent(raw) {
		return "none"
	}
	var t struct {
		Type *string `json:"type"`
	}
	if json.Unmarshal(raw, &t) != nil {
		return "a value that is not an object"
	}
	if t.Type == nil {
		return "an object without a type"
	}
	return clip(*t.Type)
}

func absent(raw json.RawMessage) bool {
	return len(raw) == 0 || string(bytes.TrimSpace(raw)) == "null"
}

// strict decodes what it knows and refuses the rest: an option that is not
// read is an option that is ignored.
func strict(raw json.RawMessage, v any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

func clip(s string) string {
	if len(s) > 200 {
		return strings.ToValidUTF8(s[:200], "") + "…"
	}
	return s
}

func quote(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err) // a string always encodes
	}
	return strings.TrimSuffix(b.String(), "\n")
}
