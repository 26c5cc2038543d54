package tokenizer

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// An Encoding says where in the text each token comes from.
type Encoding struct {
	IDs     []int32  `json:"ids"`
	Tokens  []string `json:"tokens"`  // as files spell them
	Offsets [][2]int `json:"offsets"` // in characters, as Hugging Face gives them
	Bytes   [][2]int `json:"-"`       // text[a:b] is exactly what the token stands for
}

// Encoding encodes a text as [Tokenizer.Encode] does and says where each token
// comes from; with wrap it adds the template's tokens too, which come from
// nowhere: [0, 0].
//
// Offsets in characters hold every character that a token has a part of, so
// those of neighbours overlap where a character takes several tokens; a space
// that the text does not have is where the character after it is; and a ByteLevel post-processor with trim_offsets leaves white space out of them.
func (t *Tokenizer) Encoding(text string, wrap bool) Encoding {
	e := Encoding{IDs: []int32{}, Tokens: []string{}, Offsets: [][2]int{}, Bytes: [][2]int{}}
	chars := countChars(text)
	add := func(id int32, token string, at place) {
		e.IDs, e.Tokens = append(e.IDs, id), append(e.Tokens, token)
		e.Bytes = append(e.Bytes, [2]int{at.from})
		e.Offsets = append(e.Offsets, [2]int{chars.of(at.from), chars.of(max(at.from, at.to-1)) + 1})
	}
	t.passages(passage{text: text, first: true, track: true}, true, func(token *AddedToken, p passage) {
		if token != nil {
			add(token.ID, p.text, place{p.place(0).from, p.place(len(p.text) - 1).to})
		} else {
			t.locate(p, add)
		}
	})
	for i := range e.Bytes { // what a normalizer took away belongs to the token before
		e.Bytes[i][1] = len(text)
		if i > 0 {
			e.Bytes[i-1][1] = e.Bytes[i][0]
		}
	}
	for _, trim := range t.post.trims {
		for i := range e.Offsets {
			e.Offsets[i] = trim.apply(e.Tokens[i], e.Offsets[i], i == 0)
		}
	}
	if wrap {
		e.wrap(t)
	}
	return e
}

// locate encodes a passage and says where in the text each token comes from.
func (t *Tokenizer) locate(p passage, add func(id int32, token string, at place)) {
	var buf []symbol
	each(p.text, t.stages, func(piece string, at, made int) {
		buf = t.model.symbols(buf[:0], piece)
		places := t.model.places(piece, buf)
		for i, sym := range buf {
			from, to := max(at+made, at+places[i][0]), max(at+made, at+places[i][1])
			where := p.place(from)
			where.to = where.from
			if to > from {
				where.to = p.place(to - 1).to
			}
			add(sym.id, t.Token(sym.id), where)
		}
	})
}

func (e *Encoding) wrap(t *Tokenizer) {
	e.IDs = t.post.wrap(e.IDs)
	names := func(ids []int32) (names []string) {
		for _, id := range ids {
			names = append(names, t.Token(id))
		}
		return names
	}
	before, after := t.post.before, t.post.after
	e.Tokens = append(append(names(before), e.Tokens...), names(after)...)
	e.Offsets = append(append(make([][2]int, len(before)), e.Offsets...), make([][2]int, len(after))...)
	e.Bytes = append(append(make([][2]int, len(before)), e.Bytes...), make([][2]int, len(after))...)
}

// places returns where in a word its symbols stand, in bytes.
func (m *bpe) places(word string, symbols []symbol) [][2]int {
	out := make([][2]int, len(symbols))
	at := 0
	for i, s := range symbols {
		out[i] = [2]int{at, at + int(s.size)}
		at += int(s.size)
	}
	if at == len(word) {
		return out
	}
	return m.misplaced(word, symbols)
}

// misplaced is places for a word with bytes that the vocabulary lacks and that
// no unk stands for. The reference then lays the tokens that are left side by
// side from the start of the word, in the spelling of the vocabulary, and so
// do we: equal offsets are worth more than better ones.
func (m *bpe) misplaced(word string, symbols []symbol) [][2]int {
	var byteOf []int // for every byte of the spelling, the byte of the word
	for i := range len(word) {
		for range utf8.RuneLen(byteRune[word[i]]) {
			byteOf = append(byteOf, i)
		}
	}
	out := make([][2]int, len(symbols))
	at := 0
	for i, s := range symbols {
		to := at + len(m.tokens[s.id])
		out[i] = [2]int{byteOf[at], byteOf[to-1] + 1}
		at = to
	}
	return out
}

// apply leaves white space at both ends of a token out of its offsets.
func (p trim) apply(token string, o [2]int, first bool) [2]int {
	blank := func(r rune) bool { return r == byteRune[' '] || unicode.IsSpace(r) }
	count := func(s string) int { return utf8.RuneCountInString(s) }
	lead := count(token) - count(strings.TrimLeftFunc(token, blank))
	trail := count(token) - count(strings.TrimRightFunc(token, blank))
	if lead > 0 {
		if p.prefix && lead == 1 && (first || o[0] == 0) {
			lead = 0 // the space that the tokenizer put there itself
		}
		o[0] = min(o[0]+lead, o[1])
	}
	if trail > 0 && o[1] >= trail {
		o[1] = max(o[1]-trail, o[0])
	}
	return o
}

// charCount holds, for every byte of a text, how many characters end before it.
type charCount []int32

func countChars(text string) charCount {
	c := make(charCount, 0, len(text)+1)
	n := int32(0)
	for i := 0; i < len(text); n++ {
		_, size := utf8.DecodeRuneInString(text[i:])
		for range size {
			c = append(c, n)
		}
		i += size
	}
	return append(c, n)
}

func (c charCount) of(at int) int { return int(c[at]) }
