package gguf

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// The steps around a vocabulary of characters, as tokenizer.json has them.
const (
	markSpaces  = `{"type":"Replace","pattern":{"String":" "},"content":"▁"}`
	markFirst   = `{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},` + markSpaces + `]}`
	unmark      = `{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"}`
	unmarkAll   = `{"type":"Sequence","decoders":[` + unmark + `]}`
	unmarkFirst = `{"type":"Sequence","decoders":[` + unmark + `,{"type":"Strip","content":" ","start":1,"stop":0}]}`
)

const (
	longestPiece = 512 // bytes of a token that may be made of others
	mostMerges   = 16  // for each token
)

// characters is the tokenizer.json of a vocabulary in the manner of
// SentencePiece: tokens with scores, and no merges.
func (f *File) characters(v *vocabulary, added []addedToken, ids map[string]int) (map[string]any, error) {
	scores, err := need[[]float32](f.Notes, "tokenizer.ggml.scores")
	if err != nil {
		return nil, err
	}
	if len(scores) != len(v.tokens) {
		return nil, fmt.Errorf("%d tokens have %d scores", len(v.tokens), len(scores))
	}
	if extra, _, err := f.Notes.flag("tokenizer.ggml.remove_extra_whitespaces"); err != nil || extra {
		return nil, cmp.Or(err, errors.New("tokenizer.ggml.remove_extra_whitespaces is not supported"))
	}
	scores = slices.Clone(scores)
	for id, token := range v.tokens {
		if v.kinds != nil && v.kinds[id] == userDefined && strings.Trim(token, "▁") == "" {
			scores[id] = math.MaxFloat32
		}
	}
	merges, err := implied(v.tokens, scores, ids)
	if err != nil {
		return nil, err
	}
	prefix, ok, err := f.Notes.flag("tokenizer.ggml.add_space_prefix")
	if err != nil {
		return nil, err
	}
	normalizer, decoder := markFirst, unmarkFirst
	if ok && !prefix {
		normalizer, decoder = markSpaces, unmarkAll
	}
	unk, _, err := f.role(v, "unknown")
	if err != nil {
		return nil, err
	}
	var unkToken any
	if unk != "" {
		unkToken = unk
	}
	return map[string]any{
		"normalizer": json.RawMessage(normalizer), "pre_tokenizer": nil, "decoder": json.RawMessage(decoder),
		"added_tokens": f.takeSpace(added),
		"model": map[string]any{
			"type": "BPE", "dropout": nil, "unk_token": unkToken, "continuing_subword_prefix": nil, "end_of_word_suffix": nil,
			"fuse_unk": true, "byte_fallback": true, "ignore_merges": false, "vocab": ids, "merges": merges,
		},
	}, nil
}

// implied returns the merges of tokens that have scores: any two that make a
// third, the one with the highest score first. Of the pairs that make the same
// token those of smaller ids go first, as in the files that transformers makes.
//
// Kudo and Richardson, SentencePiece, 2018, arXiv:1808.06226, section 3.1.
func implied(tokens []string, scores []float32, ids map[string]int) ([][2]string, error) {
	order := make([]int, 0, len(tokens))
	for id, token := range tokens {
		if s := float64(scores[id]); math.IsNaN(s) || math.IsInf(s, 0) {
			return nil, fmt.Errorf("token %d, %q, has the score %v", id, clip(token), s)
		}
		if len(token) <= longestPiece {
			order = append(order, id)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(scores[b], scores[a]), cmp.Compare(len(tokens[b]), len(tokens[a])))
	})
	var merges [][2]string
	for _, id := range order {
		token, from := tokens[id], len(merges)
		for i := range token {
			if i == 0 || !utf8.RuneStart(token[i]) {
				continue
			}
			if _, ok := ids[token[:i]]; !ok {
				continue
			}
			if _, ok := ids[token[i:]]; ok {
				merges = append(merges, [2]string{token[:i], token[i:]})
			}
		}
		slices.SortStableFunc(merges[from:], func(a, b [2]string) int {
			return cmp.Or(cmp.Compare(ids[a[0]], ids[b[0]]), cmp.Compare(ids[a[1]], ids[b[1]]))
		})
		if len(merges) > mostMerges*len(tokens) {
			return nil, fmt.Errorf("%d tokens can be made of each other in more than %d ways", len(tokens), mostMerges*len(tokens))
		}
	}
	return merges, nil
}

// mark spells tokens of spaces as a text has them once it is normalized: they are
// then merged like others, and before others. llama.cpp's converter writes them
// as user-defined tokens with spaces.
func (v *vocabulary) mark() {
	for id, token := range v.tokens {
		if v.kinds != nil && v.kinds[id] == userDefined && strings.Trim(token, " ") == "" {
			v.tokens[id] = strings.Repeat("▁", len(token))
		}
	}
}

// takeSpace lets the special tokens of Phi-3 take the white space after them,
// which this format cannot say and llama.cpp knows by the model's name.
func (f *File) takeSpace(added []addedToken) []addedToken {
	name, _, _ := f.Notes.text("general.name")
	if name = strings.ToLower(name); !strings.Contains(name, "phi-3") && !strings.Contains(name, "phi3") {
		return added
	}
	for i := range added {
		switch added[i].Content {
		case "<unk>", "<s>", "<|endoftext|>":
		default:
			added[i].Right = true
		}
	}
	return added
}
