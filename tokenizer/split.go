package tokenizer

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A splitter returns the length in bytes of the first piece of s, which is
// not empty. The rest of s is split by calling it again, so a pattern that
// looks behind itself is none.
type splitter func(s string) int

// patterns knows every splitting pattern by its regular expression, spelled as
// files spell it. Each has a scanner written by hand, in a file of its own,
// and registers it there.
var patterns = map[string]splitter{}

// named holds the pre-tokenizers that [Train] offers, as files spell them.
var named = map[string]string{}

// A stage cuts each piece that the stage before left.
type stage struct {
	next   splitter // nil leaves a piece whole
	by     string   // the string that next looks for, if it looks for one
	prefix bool     // put a space before a piece that does not start with one
	bytes  bool     // the ByteLevel step, which is the last
}

// each calls f with every piece of text and with the byte offset in the text
// at which the piece starts. A piece may begin with a space that the text does
// not have: made is 1, and the offset one less.
func each(text string, stages []stage, f func(piece string, at, made int)) {
	cut(text, stages, 0, 0, f)
}

func cut(text string, stages []stage, at, made int, f func(piece string, at, made int)) {
	if len(stages) == 0 {
		f(text, at, made)
		return
	}
	s := stages[0]
	if s.prefix && text[0] != ' ' {
		text, at, made = " "+text, at-1, 1
	}
	if s.next == nil {
		cut(text, stages[1:], at, made, f)
		return
	}
	for len(text) > 0 {
		n := s.next(text)
		if len(stages) == 1 {
			f(text[:n], at, made)
		} else {
			cut(text[:n], stages[1:], at, made, f)
		}
		text, at, made = text[n:], at+n, 0
	}
}

func knownPatterns() string {
	var list []string
	for _, p := range slices.Sorted(maps.Keys(patterns)) {
		list = append(list, fmt.Sprintf("%q", p))
	}
	return strings.Join(list, ", ")
}
