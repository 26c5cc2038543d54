package gguf

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// kinds of token, in tokenizer.ggml.token_type.
const (
	unknown     = 2 // stands for what the vocabulary lacks
	control     = 3 // never made of text
	userDefined = 4
	byteKind    = 6 // a byte of a character that the vocabulary lacks
)

type addedToken struct {
	ID         int    `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"`
	Left       bool   `json:"lstrip"`
	Right      bool   `json:"rstrip"`
	Normalized bool   `json:"normalized"`
	Special    bool   `json:"special"`
}

// vocabulary is what the notes say of tokens.
type vocabulary struct {
	tokens []string
	kinds  []int32
	cut    *cut // nil where words are made of characters
}

func (f *File) vocabulary() (*vocabulary, error) {
	kind, ok, err := f.Notes.text("tokenizer.ggml.model")
	switch {
	case err != nil:
		return nil, err
	case !ok || kind == "none" || kind == "no_vocab":
		return nil, fmt.Errorf("the file has no tokenizer: %w", fs.ErrNotExist)
	case kind != "gpt2" && kind != "llama":
		return nil, fmt.Errorf("a tokenizer of the kind %q is not read; gpt2, the byte-level one, and llama, SentencePiece's pairs, are", clip(kind))
	}
	v := &vocabulary{}
	if v.tokens, err = need[[]string](f.Notes, "tokenizer.ggml.tokens"); err != nil {
		return nil, err
	}
	if v.kinds, ok, err = get[[]int32](f.Notes, "tokenizer.ggml.token_type"); err != nil {
		return nil, err
	}
	if ok && len(v.kinds) != len(v.tokens) {
		return nil, fmt.Errorf("%d tokens have %d types", len(v.tokens), len(v.kinds))
	}
	if kind == "llama" {
		v.tokens = slices.Clone(v.tokens)
		v.mark()
		return v, nil
	}
	pre, err := need[string](f.Notes, "tokenizer.ggml.pre")
	if err != nil {
		return nil, fmt.Errorf("%w: how a text is cut must be known", err)
	}
	if v.cut = cuts[pre]; v.cut == nil {
		return nil, fmt.Errorf("tokenizer.ggml.pre %q is not known; there are %s", clip(pre), known(cuts))
	}
	if sep, _, err := f.Notes.flag("tokenizer.ggml.add_sep_token"); err != nil || sep {
		return nil, cmp.Or(err, errors.New("tokenizer.ggml.add_sep_token is not supported"))
	}
	return v, nil
}

// tokenizer is tokenizer.json.
func (f *File) tokenizer() (any, error) {
	v, err := f.vocabulary()
	if err != nil {
		return nil, err
	}
	ids, added := map[string]int{}, []addedToken{}
	for id, token := range v.tokens {
		if first, twice := ids[token]; twice {
			return nil, fmt.Errorf("tokens %d and %d are both %q", first, id, clip(token))
		}
		ids[token] = id
		if v.kinds == nil {
			continue
		}
		if v.cut == nil && v.kinds[id] == userDefined && strings.Trim(token, "▁") == "" {
			continue
		}
		if k := v.kinds[id]; k == control || k == userDefined || k == unknown && v.cut == nil {
			added = append(added, addedToken{ID: id, Content: token, Special: k != userDefined})
		}
	}
	post, err := f.postProcessor(v)
	if err != nil {
		return nil, err
	}
	t, err := f.model(v, added, ids)
	if err != nil {
		return nil, err
	}
	t["version"], t["truncation"], t["padding"], t["post_processor"] = "1.0", nil, nil, post
	return t, nil
}

// model is the part of tokenizer.json that the kind of the vocabulary decides.
func (f *File) model(v *vocabulary, added []addedToken, ids map[string]int) (map[string]any, error) {
	if v.cut == nil {
		return f.characters(v, added, ids)
	}
	merges, err := f.merges()
	if err != nil {
		return nil, err
	}
	var normalizer any
	if v.cut.nfc {
		normalizer = map[string]any{"type": "NFC"}
	}
	return map[string]any{
		"added_tokens": added, "normalizer": normalizer,
		"pre_tokenizer": json.RawMessage(v.cut.steps),
		"decoder":       json.RawMessage(gpt2Split),
		"model": map[string]any{
			"type": "BPE", "dropout": nil, "unk_token": nil, "continuing_subword_prefix": nil, "end_of_word_suffix": nil,
			"fuse_unk": false, "byte_fallback": false, "ignore_merges": v.cut.whole,
			"vocab": ids, "merges": merges,
		},
	}, nil
}

func (f *File) merges() ([][2]string, error) {
	list, err := need[[]string](f.Notes, "tokenizer.ggml.merges")
	if err != nil {
		return nil, err
	}
	pairs := make([][2]string, len(list))
	for i, m := range list {
		a, b, ok := strings.Cut(m, " ")
		if !ok || a == "" || b == "" || strings.Contains(b, " ") {
			return nil, fmt.Errorf("merge %d, %q, is not two tokens with a space between", i, clip(m))
		}
		pairs[i] = [2]string{a, b}
	}
	return pairs, nil
}

// postProcessor puts the tokens around a text that the notes ask for.
func (f *File) postProcessor(v *vocabulary) (any, error) {
	type object = map[string]any
	single, pair := []object{{"Sequence": object{"id": "A", "type_id": 0}}}, []object{}
	special := object{}
	add := func(role string, byDefault bool) (*object, error) {
		want, ok, err := f.Notes.flag("tokenizer.ggml.add_" + role + "_token")
		if err != nil || ok && !want || !ok && !byDefault {
			return nil, err
		}
		token, id, err := f.role(v, role)
		if err != nil {
			return nil, err
		}
		if token == "" {
			return nil, fmt.Errorf("tokenizer.ggml.add_%s_token asks for a token, and tokenizer.ggml.%s_token_id does not say which", role, role)
		}
		special[token] = object{"id": token, "ids": []int{id}, "tokens": []string{token}}
		return &object{"SpecialToken": object{"id": token, "type_id": 0}}, nil
	}
	bos, err := add("bos", v.cut == nil || v.cut.bos)
	if err != nil {
		return nil, err
	}
	eos, err := add("eos", false)
	if err != nil {
		return nil, err
	}
	if bos == nil && eos == nil {
		return nil, nil
	}
	if bos != nil {
		single = append([]object{*bos}, single...)
	}
	if eos != nil {
		single = append(single, *eos)
	}
	return object{"type": "TemplateProcessing", "single": single, "pair": pair, "special_tokens": special}, nil
}

// role is the token that the notes give a role, "" where there is none.
func (f *File) role(v *vocabulary, role string) (token string, id int, err error) {
	name := "tokenizer.ggml." + role + "_token_id"
	id, ok, err := f.Notes.count(name)
	if err != nil {
		return "", 0, err
	}
	if !ok { // llama.cpp has ids for SentencePiece's alone
		usual, ok := map[string]int{"unknown": 0, "bos": 1, "eos": 2}[role]
		if !ok || v.cut != nil || usual >= len(v.tokens) {
			return "", 0, nil
		}
		return v.tokens[usual], usual, nil
	}
	if id >= len(v.tokens) {
		return "", 0, fmt.Errorf("%s is %d, and there are %d tokens", name, id, len(v.tokens))
	}
	return v.tokens[id], id, nil
}

// tokenizerConfig is tokenizer_config.json.
func (f *File) tokenizerConfig() (any, error) {
	v, err := f.vocabulary()
	if err != nil {
		return nil, err
	}
	c := map[string]any{"tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": false}
	for role, name := range map[string]string{"bos": "bos", "eos": "eos", "unk": "unknown", "pad": "padding"} {
		token, _, err := f.role(v, name)
		if err != nil {
			return nil, err
		}
		if token != "" {
			c[role+"_token"] = token
		}
	}
	if t, ok, err := f.Notes.text("tokenizer.chat_template"); err != nil {
		return nil, err
	} else if ok {
		c["chat_template"] = t
	}
	return c, nil
}

func known[T any](m map[string]T) string { return strings.Join(sorted(m), ", ") }

func sorted[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }
