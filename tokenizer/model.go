package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// modelFile is the model of a tokenizer.json.
type modelFile struct {
	Type         string           `json:"type"`
	Dropout      *float64         `json:"dropout"`
	Unk          *string          `json:"unk_token"`
	Prefix       *string          `json:"continuing_subword_prefix"`
	Suffix       *string          `json:"end_of_word_suffix"`
	FuseUnk      bool             `json:"fuse_unk"`
	ByteFallback bool             `json:"byte_fallback"`
	IgnoreMerges bool             `json:"ignore_merges"`
	Vocab        map[string]int32 `json:"vocab"`
	Merges       []pair           `json:"merges"`
}

// pair is a merge: ["a","b"], or "a b" in older files.
type pair [2]string

func (p *pair) UnmarshalJSON(data []byte) error {
	if data[0] == '[' {
		var both []string
		if err := json.Unmarshal(data, &both); err != nil {
			return err
		}
		if len(both) != 2 {
			return fmt.Errorf("a merge of %d tokens", len(both))
		}
		p[0], p[1] = both[0], both[1]
		return nil
	}
	var line string
	if err := json.Unmarshal(data, &line); err != nil {
		return err
	}
	var ok bool
	*p, ok = splitMerge(line)
	if !ok {
		return fmt.Errorf("the merge %q is not two tokens with a space between", clip(line))
	}
	return nil
}

func splitMerge(line string) (pair, bool) {
	a, b, ok := strings.Cut(line, " ")
	return pair{a, b}, ok && a != "" && b != "" && !strings.Contains(b, " ")
}

func parseModel(raw json.RawMessage, bytes bool) (*bpe, error) {
	if k := kind(raw); k != "BPE" && !(k == "an object without a type" && strings.Contains(string(raw), `"merges"`)) {
		return nil, fmt.Errorf("%s is not supported; supported: BPE", k)
	}
	var f modelFile
	if err := strict(raw, &f); err != nil {
		return nil, err
	}
	switch {
	case f.Dropout != nil && *f.Dropout != 0:
		return nil, fmt.Errorf("dropout %v is not supported; supported: none", *f.Dropout)
	case f.Prefix != nil && *f.Prefix != "":
		return nil, fmt.Errorf("continuing_subword_prefix %q is not supported; supported: none", clip(*f.Prefix))
	case f.Suffix != nil && *f.Suffix != "":
		return nil, fmt.Errorf("end_of_word_suffix %q is not supported; supported: none", clip(*f.Suffix))
	case f.ByteFallback && bytes:
		return nil, errors.New("byte_fallback is not supported in a byte-level encoding, which needs none")
	}
	return newBPE(&f, bytes)
}
