// Package tokenizer turns text into tokens and tokens into text, exactly as the
// tokenizer that a model was trained with does.
//
// What it reads it either does as Hugging Face's tokenizers does, id for id
// and offset for offset, or refuses by name: a token that is almost right is
// the hardest error to see in a model's answers.
//
//	text → added tokens, and what lies between → pieces → merges → ids
package tokenizer

import "unicode/utf8"

// A Tokenizer is a byte-level byte-pair encoding with its added tokens. It
// does not change once it is made, and any number of goroutines may use it.
type Tokenizer struct {
	model  *bpe
	added  added
	stages []stage
	post   post
	parts  parts
	config config
}

// Encode returns the tokens of a text. Added tokens in it are recognised,
// special ones too; none is added. Bytes that are not UTF-8 are encoded as
// they are.
func (t *Tokenizer) Encode(text string) []int32 { return t.encode(text, true) }

// EncodeOrdinary is [Tokenizer.Encode] without special tokens: "<|im_end|>"
// in a text is then so many characters, as it must be in what others wrote.
func (t *Tokenizer) EncodeOrdinary(text string) []int32 { return t.encode(text, false) }

// Wrap adds the tokens that the tokenizer's template puts around a text, such
// as a first <s>. Without a template it returns ids.
func (t *Tokenizer) Wrap(ids []int32) []int32 { return t.post.wrap(ids) }

func (t *Tokenizer) encode(text string, special bool) []int32 {
	ids := make([]int32, 0, len(text)/4+8)
	for _, s := range t.added.spans(text, special) {
		if s.token != nil {
			ids = append(ids, s.token.ID)
			continue
		}
		each(text[s.from:s.to], t.stages, s.from, func(piece string, _, _ int) {
			ids = t.model.encode(ids, piece)
		})
	}
	return ids
}

// Decode returns the text of tokens, special ones included. Bytes that do not
// make a character become U+FFFD. Decode(Encode(s)) is s for every s that is
// UTF-8, but for white space that an added token took and a space that the
// tokenizer puts before every text. Ids that no token has are left out.
func (t *Tokenizer) Decode(ids []int32) string { return t.decode(ids, true) }

// Text is [Tokenizer.Decode] without special tokens.
func (t *Tokenizer) Text(ids []int32) string { return t.decode(ids, false) }

func (t *Tokenizer) decode(ids []int32, special bool) string {
	raw := make([]byte, 0, 5*len(ids))
	for _, id := range ids {
		if special || !t.added.special(id) {
			raw = append(raw, t.bytes(id)...)
		}
	}
	return string(lossy(make([]byte, 0, len(raw)), raw))
}

// bytes returns what a token stands for.
func (t *Tokenizer) bytes(id int32) string {
	if id < 0 || int(id) >= len(t.model.raw) {
		return ""
	}
	return t.model.raw[id]
}

// VocabSize is one more than the largest id: how many rows an embedding needs.
func (t *Tokenizer) VocabSize() int { return len(t.model.tokens) }

// ID returns the id of a token as files spell it: "Ġthe", "<|endoftext|>".
func (t *Tokenizer) ID(token string) (int32, bool) {
	id, ok := t.model.ids[token]
	return id, ok
}

// Token returns the spelling of an id, "" where no token has it.
func (t *Tokenizer) Token(id int32) string {
	if id < 0 || int(id) >= len(t.model.tokens) {
		return ""
	}
	return t.model.tokens[id]
}

// Added returns the added tokens, by id.
func (t *Tokenizer) Added() []AddedToken { return append([]AddedToken(nil), t.added.tokens...) }

// Special reports whether a token is one of control, not of text.
func (t *Tokenizer) Special(id int32) bool { return t.added.special(id) }

// A Stream decodes tokens as they come. What it returns joins to what
// [Tokenizer.Text] returns for all of them, and never ends within a character.
type Stream struct {
	t    *Tokenizer
	held []byte // the beginning of a character
}

// Stream starts decoding; special tokens give no text.
func (t *Tokenizer) Stream() *Stream { return &Stream{t: t} }

// Push returns the text that a token completes: "" in the middle of a character.
func (s *Stream) Push(id int32) string {
	if s.t.added.special(id) {
		return ""
	}
	s.held = append(s.held, s.t.bytes(id)...)
	whole := len(s.held) - unfinished(s.held)
	text := string(lossy(nil, s.held[:whole]))
	s.held = append(s.held[:0], s.held[whole:]...)
	return text
}

// Flush ends the stream: a character that never ended is one U+FFFD.
func (s *Stream) Flush() string {
	text := string(lossy(nil, s.held))
	s.held = s.held[:0]
	return text
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
