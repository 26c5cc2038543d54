package tokenizer

import (
	"strings"
	"unicode/utf8"
)

// A byte-level vocabulary spells every byte as one printable character, so
// that tokens can be written as text: bytes that already are printable Latin-1
// stand for themselves, the other 68 are moved to U+0100 and up. The space
// becomes Ġ (U+0120) and the line feed Ċ (U+010A).
//
// Radford et al., Language Models are Unsupervised Multitask Learners, 2019,
// section 2.2, and the code published with it.
var (
	byteRune [256]rune
	runeByte = map[rune]byte{}
)

func init() {
	moved := rune(0x100)
	for b := range byteRune {
		r := rune(b)
		if b < '!' || b > '~' && b < 0xA1 || b == 0xAD {
			r = moved
			moved++
		}
		byteRune[b], runeByte[r] = r, byte(b)
	}
}

// spell writes raw bytes in the characters of a byte-level vocabulary.
func spell(raw string) string {
	var b strings.Builder
	b.Grow(len(raw) + len(raw)/2)
	for i := range len(raw) {
		b.WriteRune(byteRune[raw[i]])
	}
	return b.String()
}

// unspell is the inverse of [spell]. A token with a character that stands for
// no byte, such as an added token with a space in it, stands for itself.
func unspell(token string) string {
	raw := make([]byte, 0, len(token))
	for _, r := range token {
		b, ok := runeByte[r]
		if !ok {
			return token
		}
		raw = append(raw, b)
	}
	return string(raw)
}

// lossy appends raw to dst with one U+FFFD for every maximal part that could
// have begun a character but did not become one, as the Unicode standard
// recommends (chapter 3.9, "U+FFFD Substitution of Maximal Subparts").
func lossy(dst []byte, raw []byte) []byte {
	for len(raw) > 0 {
		_, n := utf8.DecodeRune(raw)
		if n > 1 || raw[0] < utf8.RuneSelf {
			dst, raw = append(dst, raw[:n]...), raw[n:]
			continue
		}
		dst, raw = append(dst, "\uFFFD"...), raw[max(1, begun(raw)):]
	}
	return dst
}

// begun returns how many bytes at the start of raw could begin a character
// that they do not complete; 0 if they could not.
func begun(raw []byte) int {
	want, low, high := 0, byte(0x80), byte(0xBF)
	switch b := raw[0]; {
	case b >= 0xC2 && b <= 0xDF:
		want = 2
	case b >= 0xE0 && b <= 0xEF:
		want = 3
	case b >= 0xF0 && b <= 0xF4:
		want = 4
	default:
		return 0
	}
	switch raw[0] { // no overlong forms, surrogates, or values above U+10FFFF
	case 0xE0:
		low = 0xA0
	case 0xED:
		high = 0x9F
	case 0xF0:
		low = 0x90
	case 0xF4:
		high = 0x8F
	}
	n := 1
	for n < min(want, len(raw)) && raw[n] >= low && raw[n] <= high {
		n, low, high = n+1, 0x80, 0xBF
	}
	return n
}
