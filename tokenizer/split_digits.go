package tokenizer

import (
	"unicode"
	"unicode/utf8"
)

func init() {
	named["smollm"] = `{"type":"Sequence","pretokenizers":[{"type":"Digits","individual_digits":true},` + gpt2Step + `]}`
}

// splitDigit makes every digit a piece of its own.
func splitDigit(s string) int {
	if n := digit(s); n > 0 {
		return n
	}
	return upToDigit(s)
}

// splitDigits makes every run of digits a piece.
func splitDigits(s string) int {
	n := 0
	for size := digit(s); size > 0; size = digit(s[n:]) {
		n += size
	}
	if n > 0 {
		return n
	}
	return upToDigit(s)
}

// digit returns the length of the digit that s begins with, 0 if it begins
// with none. Digits are the characters of category N: Ⅳ and ½ too.
func digit(s string) int {
	c, n := first(s)
	if c == number {
		return n
	}
	if c == other && n == utf8.UTFMax {
		if r, _ := utf8.DecodeRuneInString(s); unicode.Is(newestNumbers, r) {
			return n
		}
	}
	return 0
}

func upToDigit(s string) int {
	n := 0
	for n < len(s) {
		if s[n] < utf8.RuneSelf {
			if ascii[s[n]] == number {
				break
			}
			n++
			continue
		}
		if digit(s[n:]) > 0 {
			break
		}
		_, size := first(s[n:])
		n += size
	}
	return n
}
