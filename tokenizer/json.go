package tokenizer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

const (
	largestFile  = 256 << 20
	largestVocab = 1 << 22
	longestToken = 1 << 16 // bytes
	mostAdded    = 1 << 18
	deepest      = 8 // Sequence within Sequence
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
type parts struct{ preTokenizer, postProcessor, decoder json.RawMessage }

// Parse reads a tokenizer.json. What it does not know it refuses, by name.
func Parse(data []byte) (*Tokenizer, error) {
	if len(data) > largestFile {
		return nil, fmt.Errorf("%d bytes; a tokenizer.json has at most %d", len(data), largestFile)
	}
	var f file
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, err
	}
	if !absent(f.Normalizer) {
		return nil, fmt.Errorf("normalizer: %s is not supported; supported: none", kind(f.Normalizer))
	}
	t := &Tokenizer{parts: parts{f.PreTokenizer, f.PostProcessor, f.Decoder}}
	if err := t.readSteps(); err != nil {
		return nil, err
	}
	m, err := parseModel(f.Model)
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	if err := t.build(m, f.AddedTokens); err != nil {
		return nil, err
	}
	return t, nil
}

func (t *Tokenizer) readSteps() error {
	if err := t.readPreTokenizer(t.parts.preTokenizer, 0); err != nil {
		return fmt.Errorf("pre_tokenizer: %w", err)
	}
	if !t.byteLevel() {
		return errors.New("pre_tokenizer: its last step is not ByteLevel; supported: byte-level encodings")
	}
	if err := t.readPost(t.parts.postProcessor, 0); err != nil {
		return fmt.Errorf("post_processor: %w", err)
	}
	if k := kind(t.parts.decoder); k != "ByteLevel" {
		return fmt.Errorf("decoder: %s is not supported; supported: ByteLevel", k)
	}
	return nil
}

// byteLevel reports whether the ByteLevel step has come: it must be the last.
func (t *Tokenizer) byteLevel() bool {
	return len(t.stages) > 0 && t.stages[len(t.stages)-1].bytes
}

func (t *Tokenizer) readPreTokenizer(raw json.RawMessage, depth int) error {
	if t.byteLevel() {
		return errors.New("a step follows ByteLevel, which must be the last")
	}
	switch k := kind(raw); k {
	case "Sequence":
		var s struct {
			Type  string            `json:"type"`
			Steps []json.RawMessage `json:"pretokenizers"`
		}
		if err := strict(raw, &s); err != nil {
			return err
		}
		if depth == deepest {
			return fmt.Errorf("Sequence is nested more than %d deep", deepest)
		}
		for _, step := range s.Steps {
			if err := t.readPreTokenizer(step, depth+1); err != nil {
				return err
			}
		}
		return nil
	case "ByteLevel":
		return t.readByteLevel(raw)
	case "Digits":
		d := struct {
			Type       string `json:"type"`
			Individual bool   `json:"individual_digits"`
		}{}
		if err := strict(raw, &d); err != nil {
			return err
		}
		s := stage{next: splitDigits}
		if d.Individual {
			s.next = splitDigit
		}
		t.stages = append(t.stages, s)
		return nil
	case "Split":
		return t.readSplit(raw)
	default:
		return fmt.Errorf("%s is not supported; supported: ByteLevel, Digits, Split, Sequence", k)
	}
}

func (t *Tokenizer) readByteLevel(raw json.RawMessage) error {
	b := struct {
		Type   string `json:"type"`
		Prefix bool   `json:"add_prefix_space"`
		Trim   bool   `json:"trim_offsets"`
		Regex  bool   `json:"use_regex"`
	}{Prefix: true, Regex: true}
	if err := strict(raw, &b); err != nil {
		return err
	}
	s := stage{prefix: b.Prefix, bytes: true}
	if b.Regex {
		s.next = splitGPT2
	}
	t.stages = append(t.stages, s)
	return nil
}

func (t *Tokenizer) readSplit(raw json.RawMessage) error {
	var s struct {
		Type    string `json:"type"`
		Pattern struct {
			Regex  *string `json:"Regex"`
			String *string `json:"String"`
		} `json:"pattern"`
		Behavior string `json:"behavior"`
		Invert   bool   `json:"invert"`
	}
	if err := strict(raw, &s); err != nil {
		return err
	}
	if s.Pattern.Regex == nil {
		return errors.New("Split by a string is not supported; supported: Split by one of the known regular expressions")
	}
	if s.Behavior != "Isolated" || s.Invert {
		return fmt.Errorf("Split with behavior %q and invert %v is not supported; supported: \"Isolated\", false", s.Behavior, s.Invert)
	}
	next, ok := patterns[*s.Pattern.Regex]
	if !ok {
		return fmt.Errorf("Split by the pattern %q is not supported; supported: %s", clip(*s.Pattern.Regex), knownPatterns())
	}
	t.stages = append(t.stages, stage{next: next})
	return nil
}

func (t *Tokenizer) readPost(raw json.RawMessage, depth int) error {
	if absent(raw) {
		return nil
	}
	switch k := kind(raw); k {
	case "Sequence":
		var s struct {
			Type  string            `json:"type"`
			Steps []json.RawMessage `json:"processors"`
		}
		if err := strict(raw, &s); err != nil {
			return err
		}
		if depth == deepest {
			return fmt.Errorf("Sequence is nested more than %d deep", deepest)
		}
		for _, step := range s.Steps {
			if err := t.readPost(step, depth+1); err != nil {
				return err
			}
		}
		return nil
	case "ByteLevel":
		b := struct {
			Type   string `json:"type"`
			Prefix bool   `json:"add_prefix_space"`
			Trim   bool   `json:"trim_offsets"`
			Regex  bool   `json:"use_regex"`
		}{Prefix: true, Trim: true}
		if err := strict(raw, &b); err != nil {
			return err
		}
		if b.Trim {
			t.post.trims = append(t.post.trims, trim{b.Prefix})
		}
		return nil
	case "TemplateProcessing":
		var p struct {
			Type   string                   `json:"type"`
			Single []templatePart           `json:"single"`
			Pair   json.RawMessage          `json:"pair"` // Rotor encodes one text at a time
			Tokens map[string]templateToken `json:"special_tokens"`
		}
		if err := strict(raw, &p); err != nil {
			return err
		}
		return t.post.template(p.Single, p.Tokens)
	default:
		return fmt.Errorf("%s is not supported; supported: ByteLevel, TemplateProcessing, Sequence, none", k)
	}
}

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

func parseModel(raw json.RawMessage) (*bpe, error) {
	if k := kind(raw); k != "BPE" && !(k == "an object without a type" && bytes.Contains(raw, []byte(`"merges"`))) {
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
		return nil, fmt.Errorf("continuing_subword_prefix %q is not supported in a byte-level encoding", clip(*f.Prefix))
	case f.Suffix != nil && *f.Suffix != "":
		return nil, fmt.Errorf("end_of_word_suffix %q is not supported in a byte-level encoding", clip(*f.Suffix))
	case f.ByteFallback:
		return nil, errors.New("byte_fallback is not supported; supported: byte-level encodings, which need none")
	}
	return newBPE(&f)
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
