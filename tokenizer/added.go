package tokenizer

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// An AddedToken is found in the text itself, before the text is split.
type AddedToken struct {
	ID         int32  `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"` // only where no letter, digit, mark or underscore touches it
	LStrip     bool   `json:"lstrip"`      // takes the white space before it
	RStrip     bool   `json:"rstrip"`      // takes the white space after it
	Normalized bool   `json:"normalized"`  // looked for after the other ones, in what they left
	Special    bool   `json:"special"`     // a control token: [Tokenizer.EncodeOrdinary] reads it as text
}

// added finds added tokens in a text.
type added struct {
	tokens  []AddedToken
	byID    map[int32]int // place in tokens
	literal finder        // not normalized: searched first
	normal  finder
}

// newAdded makes the finders of both kinds. Normalized tokens are looked for as
// the normalizer writes them.
func newAdded(tokens []AddedToken, normal []edit) added {
	a := added{tokens: tokens, byID: map[int32]int{}}
	for i, t := range tokens {
		a.byID[t.ID] = i
		if t.Normalized {
			p := passage{text: t.Content, first: true}
			for _, e := range normal {
				p = e.rewrite(p)
			}
			a.normal.add(p.text, i)
		} else {
			a.literal.add(t.Content, i)
		}
	}
	return a
}

func (a *added) special(id int32) bool {
	i, ok := a.byID[id]
	return ok && a.tokens[i].Special
}

// A span of the text: an added token, or text to be split where token is nil.
type span struct {
	token    *AddedToken
	from, to int
}

// cut finds the tokens of one finder in a text: from left to right, the longest where several start at one place. What a
// token that turns out not to count has covered is not searched again.
func (a *added) cut(f *finder, text string, special bool) (out []span) {
	done, at := 0, 0
	for {
		from, to, i := f.find(text, at)
		if i < 0 {
			break
		}
		at = to
		t := &a.tokens[i]
		if t.Special && !special || t.SingleWord && touched(text, from, to) {
			continue
		}
		if t.LStrip {
			from = max(done, blankBefore(text, from))
		}
		if t.RStrip {
			to += run(text[to:], space)
		}
		if from > done {
			out = append(out, span{nil, done, from})
		}
		out = append(out, span{t, from, to})
		done = to
	}
	if done < len(text) {
		out = append(out, span{nil, done, len(text)})
	}
	return out
}

func touched(text string, from, to int) bool {
	before, n := utf8.DecodeLastRuneInString(text[:from])
	after, m := utf8.DecodeRuneInString(text[to:])
	return n > 0 && wordRune(before) || m > 0 && wordRune(after)
}

// wordRune is \w of UTS 18: alphabetic, mark, decimal number, connector
// punctuation, join control.
func wordRune(r rune) bool {
	return unicode.In(r, unicode.L, unicode.M, unicode.Nd, unicode.Nl, unicode.Pc, unicode.Other_Alphabetic, unicode.Join_Control,
		newerLetters, newerNumbers, newerMarks)
}

func blankBefore(text string, at int) int {
	for at > 0 {
		r, n := utf8.DecodeLastRuneInString(text[:at])
		if !unicode.Is(unicode.White_Space, r) {
			break
		}
		at -= n
	}
	return at
}

// finder is a tree of the bytes of the strings it looks for.
type finder struct {
	root   finderNode
	starts [256]bool // bytes that some string begins with
}

type finderNode struct {
	bytes []byte // sorted
	next  []*finderNode
	end   int // 1 + the number of the string that ends here
}

func (f *finder) add(s string, number int) {
	if s == "" {
		return
	}
	f.starts[s[0]] = true
	n := &f.root
	for i := range len(s) {
		at, ok := slices.BinarySearch(n.bytes, s[i])
		if !ok {
			n.bytes = slices.Insert(n.bytes, at, s[i])
			n.next = slices.Insert(n.next, at, &finderNode{})
		}
		n = n.next[at]
	}
	n.end = 1 + number
}

// find returns the first, then longest, of the strings in text[at:] and its
// number, or -1.
func (f *finder) find(text string, at int) (from, to, number int) {
	if len(f.root.next) == 0 {
		return 0, 0, -1
	}
	for from := at; from < len(text); from++ {
		if len(f.root.bytes) == 1 {
			skip := strings.IndexByte(text[from:], f.root.bytes[0])
			if skip < 0 {
				break
			}
			from += skip
		}
		if !f.starts[text[from]] {
			continue
		}
		n, number := &f.root, -1
		for i := from; i < len(text); i++ {
			k, ok := slices.BinarySearch(n.bytes, text[i])
			if !ok {
				break
			}
			if n = n.next[k]; n.end > 0 {
				to, number = i+1, n.end-1
			}
		}
		if number >= 0 {
			return from, to, number
		}
	}
	return 0, 0, -1
}
