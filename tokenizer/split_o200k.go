package tokenizer

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

func init() {
	patterns[o200kPattern] = func(s string) int { return splitCased(s, 3, true) }
	patterns[tekkenPattern] = func(s string) int { return splitCased(s, 1, false) }
	named["o200k"] = isolated(o200kPattern)
}

// o200kPattern is the pattern of GPT-4o, and of Llama 4 after it. It differs
// from Llama 3's in that a word ends where small letters are followed by
// capitals, that marks belong to words, and that a contraction stays with its
// word.
//
// OpenAI, tiktoken, 2024, encoding o200k_base.
const o200kPattern = cased + `+` + contractions + `?|` + casedUpper + contractions + `?|\p{N}{1,3}` + afterWords

// tekkenPattern is the pattern of Mistral's Tekken: no contractions, and every
// digit alone.
//
// Mistral AI, mistral-common, 2024, Tekken.
const tekkenPattern = cased + `+|` + casedUpper + `|\p{N}` + afterWords

const (
	cased        = `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]`
	casedUpper   = `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*`
	contractions = `(?i:'s|'t|'re|'ve|'m|'ll|'d)`
	afterWords   = `| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`
)

// A side is what a character may be in a word: of the first part, capitals, of
// the second, small letters, or of both, as are marks and letters without case.
type side uint8

const (
	upper side = 1 << iota
	lower
)

var sides = sync.OnceValue(func() *[unicode.MaxRune + 1]side {
	var c [unicode.MaxRune + 1]side
	each := func(t *unicode.RangeTable, s side) {
		for _, r := range t.R16 {
			for i := int(r.Lo); i <= int(r.Hi); i += int(r.Stride) {
				c[i] = s
			}
		}
		for _, r := range t.R32 {
			for i := int(r.Lo); i <= int(r.Hi); i += int(r.Stride) {
				c[i] = s
			}
		}
	}
	for _, t := range []*unicode.RangeTable{unicode.Lm, unicode.Lo, unicode.M, newerLetters, newerMarks} {
		each(t, upper|lower)
	}
	for _, t := range []*unicode.RangeTable{unicode.Lu, unicode.Lt, newerUpper} {
		each(t, upper)
	}
	for _, t := range []*unicode.RangeTable{unicode.Ll, newerLower} {
		each(t, lower)
	}
	return &c
})

// sideOf returns the side of the first character of s and its length.
func sideOf(s string) (side, int) {
	if len(s) == 0 {
		return 0, 0
	}
	if b := s[0]; b < utf8.RuneSelf {
		switch {
		case b >= 'a' && b <= 'z':
			return lower, 1
		case b >= 'A' && b <= 'Z':
			return upper, 1
		}
		return 0, 1
	}
	r, n := utf8.DecodeRuneInString(s)
	return sides()[r], n
}

// splitCased is the patterns above, with so many digits to a number.
func splitCased(s string, most int, contract bool) int {
	c, lead := first(s)
	if c == letter || c == number || s[0] == '\r' || s[0] == '\n' {
		lead = 0
	}
	n := casedWord(s, lead)
	if n == 0 {
		n = capitals(s, lead)
	}
	if n > 0 {
		if contract {
			n += foldedContraction(s[n:])
		}
		return n
	}
	if c == number {
		return digits(s, most)
	}
	at := 0
	if s[0] == ' ' {
		at = 1
	}
	if n := run(s[at:], other); n > 0 {
		n += at
		for n < len(s) && strings.IndexByte("\r\n/", s[n]) >= 0 {
			n++
		}
		return n
	}
	if n := strings.LastIndexAny(s[:run(s, space)], "\r\n"); n >= 0 {
		return n + 1
	}
	return blanks(s)
}

// casedWord matches the first alternative of the pattern, with lead bytes before
// the letters or, if that fails, without. After the longest run of capitals come
// small letters, or the run gives back what follows its last character that can
// be one.
func casedWord(s string, lead int) int {
	for {
		at, last := lead, 0
		for {
			k, n := sideOf(s[at:])
			if k&upper == 0 {
				break
			}
			at += n
			if k&lower != 0 {
				last = at
			}
		}
		if k, _ := sideOf(s[at:]); k&lower != 0 {
			return at + sideRun(s[at:], lower)
		}
		if last > 0 || lead == 0 {
			return last
		}
		lead = 0
	}
}

// capitals matches the second alternative where the first fails.
func capitals(s string, lead int) int {
	if n := sideRun(s[lead:], upper); n > 0 {
		return lead + n
	}
	return sideRun(s, upper)
}

// sideRun returns the length of the longest start of s whose characters are all
// of a side.
func sideRun(s string, want side) int {
	at := 0
	for {
		k, n := sideOf(s[at:])
		if k&want == 0 {
			return at
		}
		at += n
	}
}
