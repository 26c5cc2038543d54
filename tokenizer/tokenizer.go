// Package tokenizer turns text into tokens and tokens into text, exactly as the
// tokenizer that a model was trained with does.
//
// What it reads it either does as Hugging Face's tokenizers does, id for id
// and offset for offset, or refuses by name: a token that is almost right is
// the hardest error to see in a model's answers.
//
//	text → added tokens, and what lies between → normalized → pieces → merges → ids
package tokenizer

// A Tokenizer is a byte-pair encoding, of bytes or of characters, with its added
// tokens. It does not change once it is made, and any number of goroutines may
// use it.
type Tokenizer struct {
	normal  []edit // the normalizer
	added   added
	late    []edit  // rewrites what lies between added tokens
	stages  []stage // cut it into words
	model   *bpe
	post    post
	decoder decoder
	parts   parts
	config  config

	spaces bool // a text keeps its spaces; see keepSpaces
	lead   bool // with one in front
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
	t.passages(passage{text: text, first: true}, special, func(token *AddedToken, p passage) {
		if token != nil {
			ids = append(ids, token.ID)
			return
		}
		if t.spaces {
			ids = t.model.encode(ids, p.text)
			return
		}
		each(p.text, t.stages, func(piece string, _, _ int) {
			ids = t.model.encode(ids, piece)
		})
	})
	return ids
}

// passages calls f with the added tokens of a text and, where token is nil, with
// what lies between them, normalized.
func (t *Tokenizer) passages(text passage, special bool, f func(token *AddedToken, p passage)) {
	rewrite := func(p passage, edits []edit) passage {
		for _, e := range edits {
			p = e.rewrite(p)
		}
		return p
	}
	for _, s := range t.added.cut(&t.added.literal, text.text, special) {
		p := text.part(s.from, s.to)
		if s.token != nil {
			f(s.token, p)
			continue
		}
		switch {
		case !t.spaces || p.track:
			p = rewrite(p, t.normal)
		case t.lead:
			p.text = " " + p.text
		}
		for _, s := range t.added.cut(&t.added.normal, p.text, special) {
			part := p.part(s.from, s.to)
			if s.token == nil {
				part = rewrite(part, t.late)
			}
			f(s.token, part)
		}
	}
}

// Decode returns the text of tokens, special ones included. Bytes that do not
// make a character become U+FFFD. Decode(Encode(s)) is s for every s that is
// UTF-8, but for white space that an added token took and a space that the
// tokenizer puts before every text. Ids that no token has are left out.
func (t *Tokenizer) Decode(ids []int32) string { return t.decode(ids, true) }

// Text is [Tokenizer.Decode] without special tokens.
func (t *Tokenizer) Text(ids []int32) string { return t.decode(ids, false) }

func (t *Tokenizer) decode(ids []int32, special bool) string {
	s := t.Stream()
	text := make([]byte, 0, 5*len(ids))
	for _, id := range ids {
		if special || !t.added.special(id) {
			text = s.push(text, id)
		}
	}
	return string(s.flush(text))
}

// Kind says in words what the tokens are made of.
func (t *Tokenizer) Kind() string {
	switch {
	case t.model.chars == nil:
		return "byte-pair encoding of bytes"
	case t.model.fallback:
		return "byte-pair encoding of characters, with bytes for what the vocabulary lacks"
	}
	return "byte-pair encoding of characters"
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
