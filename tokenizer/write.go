package tokenizer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

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
		Type: "BPE", FuseUnk: t.model.fuse, ByteFallback: t.model.fallback, IgnoreMerges: t.model.whole != nil,
		Vocab: t.vocabJSON(), Merges: t.mergesJSON(),
	}
	if t.model.unk >= 0 {
		m.Unk = &t.model.tokens[t.model.unk]
	}
	var out bytes.Buffer
	tokens := slices.Clone(t.added.tokens)
	if tokens == nil {
		tokens = []AddedToken{}
	}
	err := newEncoder(&out).Encode(struct {
		Version       string          `json:"version"`
		Truncation    *struct{}       `json:"truncation"`
		Padding       *struct{}       `json:"padding"`
		AddedTokens   []AddedToken    `json:"added_tokens"`
		Normalizer    json.RawMessage `json:"normalizer"`
		PreTokenizer  json.RawMessage `json:"pre_tokenizer"`
		PostProcessor json.RawMessage `json:"post_processor"`
		Decoder       json.RawMessage `json:"decoder"`
		Model         model           `json:"model"`
	}{
		Version: "1.0", AddedTokens: tokens, Normalizer: t.parts.normalizer, PreTokenizer: t.parts.preTokenizer,
		PostProcessor: t.parts.postProcessor, Decoder: t.parts.decoder, Model: m,
	})
	return out.Bytes(), err
}

func newEncoder(w io.Writer) *json.Encoder {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	return e
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
