package tokenizer

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// charTable finds the token of a character.
type charTable [(unicode.MaxRune + 1) >> 8]*[256]int32

func newCharTable(ids map[string]int32) *charTable {
	t := new(charTable)
	for token, id := range ids {
		r, n := utf8.DecodeRuneInString(token)
		if n != len(token) || r == utf8.RuneError && n == 1 {
			continue
		}
		page := t[r>>8]
		if page == nil {
			page = new([256]int32)
			t[r>>8] = page
		}
		page[r&255] = id + 1
	}
	return t
}

func (t *charTable) find(r rune) (id int32, ok bool) {
	page := t[r>>8]
	if page == nil {
		return 0, false
	}
	return page[r&255] - 1, page[r&255] > 0
}

// byteToken is how a vocabulary of characters spells the byte of a character
// that it lacks.
func byteToken(b byte) string { return fmt.Sprintf("<0x%02X>", b) }

// byteValue is the inverse of [byteToken].
func byteValue(token string) (byte, bool) {
	if len(token) != 6 || token[:3] != "<0x" || token[5] != '>' {
		return 0, false
	}
	value := 0
	for _, c := range token[3:5] {
		switch {
		case c >= '0' && c <= '9':
			value = value<<4 | int(c-'0')
		case c >= 'A' && c <= 'F':
			value = value<<4 | int(c-'A'+10)
		case c >= 'a' && c <= 'f':
			value = value<<4 | int(c-'a'+10)
		default:
			return 0, false
		}
	}
	return byte(value), true
}

// byChars appends the first symbols of a word: its characters, or the bytes of a
// character that the vocabulary lacks, or unk. As in the reference, an unk that
// waits for its neighbours to join it comes after the bytes that follow it.
func (m *bpe) byChars(dst []symbol, word string) []symbol {
	waiting := symbol{id: -1}
	flush := func() {
		if waiting.id >= 0 {
			dst, waiting.id = append(dst, waiting), -1
		}
	}
	for len(word) > 0 {
		r, n := utf8.DecodeRuneInString(word)
		id, ok := m.chars.find(r)
		switch {
		case ok && (n > 1 || r != utf8.RuneError):
			flush()
			dst = append(dst, symbol{id, int32(n)})
		case m.fallsBack(word[:n]):
			for i := range n {
				dst = append(dst, symbol{m.bytes[word[i]], 1})
			}
		case m.unk >= 0 && waiting.id >= 0 && m.fuse:
			waiting.size += int32(n)
		case m.unk >= 0:
			flush()
			waiting = symbol{m.unk, int32(n)}
		}
		word = word[n:]
	}
	flush()
	return dst
}

func (m *bpe) fallsBack(char string) bool {
	for i := range len(char) {
		if m.bytes[char[i]] < 0 {
			return false
		}
	}
	return true
}
