package tokenizer

import (
	"unicode"
	"unicode/utf8"
)

func init() {
	patterns[hanPattern] = splitHan
	named["llama3-han"] = isolated(hanPattern, llama3Pattern)
}

// hanPattern makes a Chinese character a piece of its own. Before another
// pattern it keeps merges within a character: a small vocabulary then holds
// more of them, and a verse of five has five tokens.
const hanPattern = `\p{Han}`

func splitHan(s string) int {
	if n := han(s); n > 0 {
		return n
	}
	n := 0
	for n < len(s) && han(s[n:]) == 0 {
		_, size := first(s[n:])
		n += size
	}
	return n
}

// han returns the length of the Chinese character that s begins with, 0 if it
// begins with none. Most are letters; 〇 and a few more are not.
func han(s string) int {
	if s[0] < utf8.RuneSelf {
		return 0
	}
	if r, n := utf8.DecodeRuneInString(s); unicode.In(r, unicode.Han, newerHan) {
		return n
	}
	return 0
}
