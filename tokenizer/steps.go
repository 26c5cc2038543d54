package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
)

// A step of a tokenizer.json is an object whose type says what else it holds.
// Each of these tables names what there is, in the order errors list it.

type step struct {
	name string
	read func(t *Tokenizer, raw json.RawMessage, depth int) error
}

var preTokenizers, postProcessors []step

func init() { // here, for Sequence refers to the table it is in
	preTokenizers = []step{
		{"none", readNothing},
		{"ByteLevel", readByteLevel},
		{"Digits", readDigits},
		{"Split", readSplit},
		{"Metaspace", readMetaspace},
		{"Sequence", readPreSequence},
	}
	postProcessors = []step{
		{"none", readNothing}, {"ByteLevel", readTrim}, {"TemplateProcessing", readTemplate}, {"Sequence", readPostSequence},
	}
}

func (t *Tokenizer) readStep(table []step, raw json.RawMessage, depth int) error {
	k := kind(raw)
	list := ""
	for i, s := range table {
		if s.name == k {
			return s.read(t, raw, depth)
		}
		if i > 0 {
			list += ", "
		}
		list += s.name
	}
	return fmt.Errorf("%s is not supported; supported: %s", k, list)
}

func (t *Tokenizer) readSteps() error {
	if err := t.readStep(normalizers, t.parts.normalizer, 0); err != nil {
		return fmt.Errorf("normalizer: %w", err)
	}
	if err := t.readStep(preTokenizers, t.parts.preTokenizer, 0); err != nil {
		return fmt.Errorf("pre_tokenizer: %w", err)
	}
	if err := t.readStep(postProcessors, t.parts.postProcessor, 0); err != nil {
		return fmt.Errorf("post_processor: %w", err)
	}
	if err := t.readDecoder(); err != nil {
		return fmt.Errorf("decoder: %w", err)
	}
	return nil
}

// byteLevel reports whether the ByteLevel step has come: it must be the last.
// Without one, words are made of characters.
func (t *Tokenizer) byteLevel() bool {
	return len(t.stages) > 0 && t.stages[len(t.stages)-1].bytes
}

func (t *Tokenizer) addStage(s stage) error {
	if t.byteLevel() {
		return errors.New("a step follows ByteLevel, which must be the last")
	}
	t.stages = append(t.stages, s)
	return nil
}

func (t *Tokenizer) readEach(table []step, steps []json.RawMessage, depth int) error {
	if depth == deepest {
		return fmt.Errorf("a Sequence is nested more than %d deep", deepest)
	}
	if len(steps) > mostSteps {
		return fmt.Errorf("a Sequence of %d steps; at most %d are read", len(steps), mostSteps)
	}
	for _, s := range steps {
		if err := t.readStep(table, s, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func readPreSequence(t *Tokenizer, raw json.RawMessage, depth int) error {
	var s struct {
		Type  string            `json:"type"`
		Steps []json.RawMessage `json:"pretokenizers"`
	}
	if err := strict(raw, &s); err != nil {
		return err
	}
	return t.readEach(preTokenizers, s.Steps, depth)
}

func readPostSequence(t *Tokenizer, raw json.RawMessage, depth int) error {
	var s struct {
		Type  string            `json:"type"`
		Steps []json.RawMessage `json:"processors"`
	}
	if err := strict(raw, &s); err != nil {
		return err
	}
	return t.readEach(postProcessors, s.Steps, depth)
}

// byteLevelStep is ByteLevel as pre-tokenizer, post-processor and decoder. The
// first has no use for trim_offsets, the second none for use_regex.
type byteLevelStep struct {
	Type   string `json:"type"`
	Prefix *bool  `json:"add_prefix_space"`
	Trim   *bool  `json:"trim_offsets"`
	Regex  bool   `json:"use_regex"` // older files have none, and mean true
}

func parseByteLevel(raw json.RawMessage) (byteLevelStep, error) {
	b := byteLevelStep{Regex: true}
	err := strict(raw, &b)
	if err == nil && (b.Prefix == nil || b.Trim == nil) {
		err = errors.New("a ByteLevel must say both add_prefix_space and trim_offsets")
	}
	return b, err
}

func readByteLevel(t *Tokenizer, raw json.RawMessage, _ int) error {
	b, err := parseByteLevel(raw)
	if err != nil {
		return err
	}
	s := stage{prefix: *b.Prefix, bytes: true}
	if b.Regex {
		s.next = splitGPT2
	}
	return t.addStage(s)
}

func readDigits(t *Tokenizer, raw json.RawMessage, _ int) error {
	var d struct {
		Type       string `json:"type"`
		Individual bool   `json:"individual_digits"`
	}
	if err := strict(raw, &d); err != nil {
		return err
	}
	if d.Individual {
		return t.addStage(stage{next: splitDigit})
	}
	return t.addStage(stage{next: splitDigits})
}

func readSplit(t *Tokenizer, raw json.RawMessage, _ int) error {
	var s struct {
		Type     string       `json:"type"`
		Pattern  splitPattern `json:"pattern"`
		Behavior string       `json:"behavior"`
		Invert   bool         `json:"invert"`
	}
	if err := strict(raw, &s); err != nil {
		return err
	}
	next, err := s.Pattern.splitter(s.Behavior, s.Invert)
	if err != nil {
		return err
	}
	st := stage{next: next}
	if s.Pattern.String != nil {
		st.by = *s.Pattern.String
	}
	return t.addStage(st)
}

func readNothing(*Tokenizer, json.RawMessage, int) error { return nil }

func readTrim(t *Tokenizer, raw json.RawMessage, _ int) error {
	b, err := parseByteLevel(raw)
	if err == nil && *b.Trim {
		t.post.trims = append(t.post.trims, trim{*b.Prefix})
	}
	return err
}

func readTemplate(t *Tokenizer, raw json.RawMessage, _ int) error {
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
}
