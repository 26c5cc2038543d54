package gguf

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// kinds of token, in tokenizer.ggml.token_type.
const (
	control     = 3 // never made of text
	userDefined = 4
)

// splits are the pre-tokenizers of tokenizer.json, by tokenizer.ggml.pre: how a
// text is cut before pairs are merged.
var splits = map[string]string{
	"gpt-2":     gpt2Split,
	"smollm":    `{"type":"Sequence","pretokenizers":[{"type":"Digits","individual_digits":true},` + gpt2Split + `]}`,
	"llama-bpe": llama3Split,
	"llama3":    llama3Split,
	"llama-v3":  llama3Split,
}

const gpt2Split = `{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}`

var llama3Split = split(`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`)

func split(pattern string) string {
	p, err := json.Marshal(pattern)
	if err != nil {
		panic(err) // a string always encodes
	}
	return `{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":` + string(p) + `},"behavior":"Isolated","invert":false},` +
		`{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}]}`
}

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
	pre    string
}

func (f *File) vocabulary() (*vocabulary, error) {
	kind, ok, err := f.Notes.text("tokenizer.ggml.model")
	switch {
	case err != nil:
		return nil, err
	case !ok || kind == "none" || kind == "no_vocab":
		return nil, fmt.Errorf("the file has no tokenizer: %w", fs.ErrNotExist)
	case kind != "gpt2":
		return nil, fmt.Errorf("a tokenizer of the kind %q is not read; gpt2, the byte-level one, is", clip(kind))
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
	if v.pre, err = need[string](f.Notes, "tokenizer.ggml.pre"); err != nil {
		return nil, fmt.Errorf("%w: how a text is cut must be known", err)
	}
	if splits[v.pre] == "" {
		return nil, fmt.Errorf("tokenizer.ggml.pre %q is not known; there are %s", clip(v.pre), known(splits))
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
		if v.kinds != nil && (v.kinds[id] == control || v.kinds[id] == userDefined) {
			added = append(added, addedToken{ID: id, Content: token, Special: v.kinds[id] == control})
		}
	}
	merges, err := f.merges()
	if err != nil {
		return nil, err
	}
	post, err := f.postProcessor(v)
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"version": "1.0", "truncation": nil, "padding": nil, "normalizer": nil,
		"added_tokens":   added,
		"pre_tokenizer":  json.RawMessage(splits[v.pre]),
		"post_processor": post,
		"decoder":        json.RawMessage(gpt2Split),
		"model": map[string]any{
			"type": "BPE", "dropout": nil, "unk_token": nil, "continuing_subword_prefix": nil, "end_of_word_suffix": nil,
			"fuse_unk": false, "byte_fallback": false, "ignore_merges": splits[v.pre] == llama3Split,
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
	// llama.cpp begins a text of Llama 3 with its token even where the file does not say so.
	bos, err := add("bos", splits[v.pre] == llama3Split)
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
	if err != nil || !ok {
		return "", 0, err
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
