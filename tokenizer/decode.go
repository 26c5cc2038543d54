package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// decoder says what text tokens stand for.
//
//	of every token   ByteLevel: its bytes; Replace, Metaspace: spaces for ▁
//	of neighbours    ByteFallback: the bytes of tokens like <0xE4>, if they are UTF-8
//	of the whole     Fuse, then Strip: the space that the tokenizer put before the text
type decoder struct {
	bytes    bool
	replace  []replace
	drop     string // the first token loses all of these: Metaspace's ▁
	fallback bool
	fused    bool
	strip    string // the text loses this at its beginning,
	most     int    // so many times at most

	text []string // by id
	byte []int16  // by id: the byte that a token stands for, or -1
}

// learn finds out what each token of a model stands for.
func (d *decoder) learn(m *bpe) {
	d.text = m.raw
	if d.bytes {
		return
	}
	d.text = make([]string, len(m.tokens))
	d.byte = make([]int16, len(m.tokens))
	for id, token := range m.tokens {
		for _, r := range d.replace {
			token = strings.ReplaceAll(token, r.old, r.new)
		}
		d.text[id], d.byte[id] = token, -1
		if b, ok := byteValue(token); ok && d.fallback {
			d.byte[id] = int16(b)
		}
	}
}

// A Stream decodes tokens as they come. What it returns joins to what
// [Tokenizer.Text] returns for all of them, and never ends within a character.
type Stream struct {
	t     *Tokenizer
	held  []byte // the beginning of a character, or bytes whose neighbours are to come
	begun bool
	lead  int // how many more times the beginning may lose what the decoder strips
}

// Stream starts decoding; special tokens give no text.
func (t *Tokenizer) Stream() *Stream { return &Stream{t: t, lead: t.decoder.most} }

// StreamAfter starts decoding what follows other tokens: a text that goes on
// keeps the space before its first word.
func (t *Tokenizer) StreamAfter(ids []int32) *Stream {
	s := t.Stream()
	for _, id := range ids {
		if t.Token(id) != "" && !t.Special(id) {
			s.begun, s.lead = true, 0
		}
	}
	return s
}

// Push returns the text that a token completes: "" in the middle of a
// character, and while tokens stand for one byte each, for the reference judges
// a run of them as a whole.
func (s *Stream) Push(id int32) string {
	if s.t.added.special(id) {
		return ""
	}
	return string(s.push(nil, id))
}

// Flush ends the stream: what never became a character is U+FFFD.
func (s *Stream) Flush() string { return string(s.flush(nil)) }

func (s *Stream) push(dst []byte, id int32) []byte {
	if s.t.Token(id) == "" {
		return dst
	}
	d := &s.t.decoder
	if d.bytes {
		s.held = append(s.held, d.text[id]...)
		whole := len(s.held) - unfinished(s.held)
		dst = lossy(dst, s.held[:whole])
		s.held = append(s.held[:0], s.held[whole:]...)
		return dst
	}
	begun := s.begun
	s.begun = true
	if b := d.byte[id]; b >= 0 {
		s.held = append(s.held, byte(b))
		return dst
	}
	dst = s.flush(dst)
	if !begun && d.drop != "" {
		return s.write(dst, strings.ReplaceAll(s.t.Token(id), d.drop, ""))
	}
	return s.write(dst, d.text[id])
}

func (s *Stream) flush(dst []byte) []byte {
	switch held := s.held; {
	case s.t.decoder.bytes:
		dst = lossy(dst, held)
	case utf8.Valid(held):
		dst = s.write(dst, string(held))
	default:
		dst = s.write(dst, strings.Repeat("\uFFFD", len(held)))
	}
	s.held = s.held[:0]
	return dst
}

// write appends text, without what the beginning of a text loses.
func (s *Stream) write(dst []byte, text string) []byte {
	for s.lead > 0 && text != "" {
		rest, ok := strings.CutPrefix(text, s.t.decoder.strip)
		if s.lead--; !ok {
			s.lead = 0
		}
		text = rest
	}
	return append(dst, text...)
}

// unfinished returns how many bytes at the end of raw begin a character that
// more bytes could complete.
func unfinished(raw []byte) int {
	for n := 1; n <= min(3, len(raw)); n++ {
		tail := raw[len(raw)-n:]
		if tail[0] >= 0xC0 {
			if begun(tail) == n && !utf8.FullRune(tail) {
				return n
			}
			return 0
		}
	}
	return 0
}

var decoders []step

func init() {
	decoders = []step{
		{"ByteLevel", readByteDecoder},
		{"Replace", readReplaceDecoder},
		{"Metaspace", readMetaspaceDecoder},
		{"ByteFallback", readByteFallback},
		{"Fuse", readFuse},
		{"Strip", readStrip},
		{"Sequence", readDecoders},
	}
}

func (t *Tokenizer) readDecoder() error {
	if err := t.readStep(decoders, t.parts.decoder, 0); err != nil {
		return err
	}
	switch d := t.decoder; {
	case t.byteLevel() && !d.bytes:
		return fmt.Errorf("%s is not supported after the pre-tokenizer ByteLevel; supported: ByteLevel", kind(t.parts.decoder))
	case !t.byteLevel() && d.bytes:
		return errors.New("ByteLevel without the pre-tokenizer ByteLevel is not supported")
	case d.bytes && (d.fallback || d.fused || len(d.replace) > 0):
		return errors.New("steps beside ByteLevel are not supported")
	}
	return nil
}

func readDecoders(t *Tokenizer, raw json.RawMessage, depth int) error {
	var s struct {
		Type  string            `json:"type"`
		Steps []json.RawMessage `json:"decoders"`
	}
	if err := strict(raw, &s); err != nil {
		return err
	}
	return t.readEach(decoders, s.Steps, depth)
}

// order refuses a step that comes after one that it has to come before.
func (d *decoder) order(name string) error {
	if d.fallback || d.fused {
		return fmt.Errorf("a %s after ByteFallback or Fuse is not supported; supported: before them", name)
	}
	return nil
}

func readByteDecoder(t *Tokenizer, raw json.RawMessage, _ int) error {
	_, err := parseByteLevel(raw)
	t.decoder.bytes = true
	return err
}

func readReplaceDecoder(t *Tokenizer, raw json.RawMessage, _ int) error {
	r, err := parseReplace(raw)
	t.decoder.replace = append(t.decoder.replace, r)
	return errors.Join(err, t.decoder.order("Replace"))
}

func readMetaspaceDecoder(t *Tokenizer, raw json.RawMessage, _ int) error {
	m, _, err := parseMetaspace(raw)
	if m.scheme != "never" {
		t.decoder.drop = m.mark
	}
	if len(t.decoder.replace) > 0 {
		return errors.New("a Metaspace after a Replace is not supported; supported: one of them")
	}
	t.decoder.replace = append(t.decoder.replace, replace{m.mark, " "})
	return errors.Join(err, t.decoder.order("Metaspace"))
}

func readByteFallback(t *Tokenizer, raw json.RawMessage, _ int) error {
	err := errors.Join(bare(raw), t.decoder.order("ByteFallback"))
	t.decoder.fallback = true
	return err
}

func readFuse(t *Tokenizer, raw json.RawMessage, _ int) error {
	t.decoder.fused = true
	return bare(raw)
}

// bare decodes a step that has no options.
func bare(raw json.RawMessage) error {
	var s struct {
		Type string `json:"type"`
	}
	return strict(raw, &s)
}

func readStrip(t *Tokenizer, raw json.RawMessage, _ int) error {
	var s struct {
		Type    string `json:"type"`
		Content string `json:"content"`
		Start   int    `json:"start"`
		Stop    int    `json:"stop"`
	}
	if err := strict(raw, &s); err != nil {
		return err
	}
	switch {
	case !t.decoder.fused || t.decoder.most > 0:
		return errors.New("a Strip is supported once, and after Fuse")
	case s.Stop != 0:
		return fmt.Errorf("a Strip of %d at the end is not supported; supported: at the start", s.Stop)
	case s.Start < 0 || utf8.RuneCountInString(s.Content) != 1:
		return fmt.Errorf("a Strip of %d times %q is not supported; supported: one character", s.Start, clip(s.Content))
	}
	t.decoder.strip, t.decoder.most = s.Content, s.Start
	return nil
}
