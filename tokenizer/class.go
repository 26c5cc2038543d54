package tokenizer

import (
	"sync"
	"unicode"
	"unicode/utf8"
)

// A class is what the splitting patterns ask of a character: \p{L}, \p{N},
// \s, or none of them.
type class uint8

const (
	other class = iota
	letter
	number
	space
)

// classes holds the class of every code point, filled on first use: one load
// instead of a search through range tables.
var classes = sync.OnceValue(func() *[unicode.MaxRune + 1]class {
	var c [unicode.MaxRune + 1]class
	fill := func(table *unicode.RangeTable, k class) {
		for _, r := range table.R16 {
			for i := int(r.Lo); i <= int(r.Hi); i += int(r.Stride) {
				c[i] = k
			}
		}
		for _, r := range table.R32 {
			for i := int(r.Lo); i <= int(r.Hi); i += int(r.Stride) {
				c[i] = k
			}
		}
	}
	fill(unicode.L, letter)
	fill(newerLetters, letter)
	fill(unicode.N, number)
	fill(newerNumbers, number)
	fill(unicode.White_Space, space)
	return &c
})

var ascii = func() (c [utf8.RuneSelf]class) {
	for r := range rune(utf8.RuneSelf) {
		switch {
		case unicode.IsLetter(r):
			c[r] = letter
		case unicode.IsDigit(r):
			c[r] = number
		case unicode.IsSpace(r):
			c[r] = space
		}
	}
	return c
}()

// first returns the class of the first character of s and its length. A byte
// that is not UTF-8 is a character of class other; the end of s has length 0.
func first(s string) (class, int) {
	if len(s) == 0 {
		return other, 0
	}
	if s[0] < utf8.RuneSelf {
		return ascii[s[0]], 1
	}
	r, n := utf8.DecodeRuneInString(s)
	return classes()[r], n
}

// run returns the length in bytes of the longest start of s that is all of
// one class.
func run(s string, want class) int {
	n := 0
	for n < len(s) {
		if s[n] < utf8.RuneSelf {
			if ascii[s[n]] != want {
				return n
			}
			n++
			continue
		}
		c, size := first(s[n:])
		if c != want {
			return n
		}
		n += size
	}
	return n
}

// blanks matches \s+(?!\S)|\s+ : a run of white space, without its last
// character if something follows, unless that is all there is.
func blanks(s string) int {
	n := run(s, space)
	if n == len(s) {
		return n
	}
	if _, last := utf8.DecodeLastRuneInString(s[:n]); last < n {
		return n - last
	}
	return n
}
