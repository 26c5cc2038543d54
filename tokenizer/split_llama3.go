package tokenizer

import "strings"

func init() {
	patterns[llama3Pattern] = splitLlama3
	named["llama3"] = isolated(llama3Pattern)
}

// isolated spells the steps that cut a text by patterns, one after another, and
// then go over to bytes.
func isolated(patterns ...string) string {
	steps := ""
	for _, p := range patterns {
		steps += `{"type":"Split","pattern":{"Regex":` + quote(p) + `},"behavior":"Isolated","invert":false},`
	}
	return `{"type":"Sequence","pretokenizers":[` + steps +
		`{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}]}`
}

// llama3Pattern is the pattern of Llama 3. It differs from GPT-2's in that any
// one character may lead a word, that numbers come by three digits, that line
// ends stay with the punctuation or the blanks before them, and that
// contractions know capitals.
//
// Dubey et al., The Llama 3 Herd of Models, 2024, arXiv:2407.21783, and the
// tokenizer published with it.
const llama3Pattern = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`

func splitLlama3(s string) int { return splitWords(s, 3) }

// splitWords is splitLlama3 with so many digits to a number.
func splitWords(s string, most int) int {
	if n := foldedContraction(s); n > 0 {
		return n
	}
	c, n := first(s)
	switch {
	case c == letter:
		return n + run(s[n:], letter)
	case c == number:
		return digits(s, most)
	case s[0] != '\r' && s[0] != '\n':
		if next, size := first(s[n:]); size > 0 && next == letter {
			return n + run(s[n:], letter)
		}
	}
	lead := 0
	if s[0] == ' ' {
		lead = 1
	}
	if n := run(s[lead:], other); n > 0 {
		n += lead
		return n + lineEnds(s[n:])
	}
	if n := strings.LastIndexAny(s[:run(s, space)], "\r\n"); n >= 0 {
		return n + 1
	}
	return blanks(s)
}

// digits matches \p{N}{1,most} .
func digits(s string, most int) int {
	n := 0
	for range most {
		c, size := first(s[n:])
		if c != number {
			break
		}
		n += size
	}
	return n
}

// lineEnds matches [\r\n]* .
func lineEnds(s string) int {
	n := 0
	for n < len(s) && (s[n] == '\r' || s[n] == '\n') {
		n++
	}
	return n
}

// foldedContraction matches (?i:'s|'t|'re|'ve|'m|'ll|'d) . The letter ſ
// (U+017F) is an s that ignores its case.
func foldedContraction(s string) int {
	if len(s) < 2 || s[0] != '\'' {
		return 0
	}
	if strings.HasPrefix(s[1:], "ſ") {
		return 1 + len("ſ")
	}
	low := [3]byte{'\''}
	for i := 1; i < min(3, len(s)); i++ {
		low[i] = s[i]
		if s[i] >= 'A' && s[i] <= 'Z' {
			low[i] += 'a' - 'A'
		}
	}
	return contraction(string(low[:min(3, len(s))]))
}
