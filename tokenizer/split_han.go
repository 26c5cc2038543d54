package tokenizer

import (
	"unicode"
	"unicode/utf8"
)

func init() {
	patterns[hanPattern] = splitHan
	named["llama3-han"] = `{"type":"Sequence","pretokenizers":[` +
		`{"type":"Split","pattern":{"Regex":` + quote(hanPattern) + `},"behavior":"Isolated","invert":false},` +
		`{"type":"Split","pattern":{"Regex":` + quote(llama3Pattern) + `},"behavior":"Isolated","invert":false},` +
		`{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}]}`
}

// hanPattern makes a Chinese character a piece of its own. Before another
// pattern it keeps merges within a character: a small vocabulary then holds
// more of them, and a verse of five has five tokens.
const hanPattern = `\p{Han}`

func splitHan(s string) int {
	r, n := utf8.DecodeRuneInString(s)
	if unicode.Is(unicode.Han, r) {
		return n
	}
	for n < len(s) {
		r, size := utf8.DecodeRuneInString(s[n:])
		if unicode.Is(unicode.Han, r) {
			break
		}
		n += size
	}
	return n
}
