package tokenizer

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// White space as Unicode has it; Go's \s is ASCII.
const white = `\t-\r \x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}`

// slow runs a pattern through Go's regexp, which prefers alternatives from the
// left as the reference does and has no lookahead: that of the alternative
// \s+(?!\S), which comes last, is done by hand.
func slow(pattern string) splitter {
	pattern = strings.TrimSuffix(pattern, `|\s+(?!\S)|\s+`) + `|(\s+)`
	pattern = strings.ReplaceAll(strings.ReplaceAll(pattern, `[^\s`, `[^`+white), `\s`, `[`+white+`]`)
	re := regexp.MustCompile(`^(?:` + pattern + `)`)
	return func(s string) int {
		m := re.FindStringSubmatchIndex(s)
		n := m[1]
		if m[2] < 0 || n == len(s) {
			return n
		}
		if _, last := utf8.DecodeLastRuneInString(s[:n]); last < n {
			n -= last
		}
		return n
	}
}

func pieces(next splitter, s string) (out []string) {
	each(s, []stage{{next: next}}, func(piece string, _, _ int) { out = append(out, piece) })
	return out
}

// The scanners cut where their patterns do.
func FuzzSplit(f *testing.F) {
	all, _, _ := goldenRows(f, "gpt2")
	for _, s := range all[:len(all)/4] {
		f.Add(s)
	}
	compare := map[string]splitter{}
	for _, p := range []string{gpt2Pattern, llama3Pattern} {
		compare[p] = slow(p)
	}
	f.Fuzz(func(t *testing.T, s string) {
		s = strings.ToValidUTF8(s, "")
		if strings.ContainsFunc(s, func(r rune) bool {
			return unicode.In(r, newerLetters, newerNumbers)
		}) {
			t.Skip("Go's regexp does not know these yet")
		}
		for p, next := range compare {
			if got, want := pieces(patterns[p], s), pieces(next, s); !slices.Equal(got, want) {
				t.Errorf("%s\n%q\n%q, want\n%q", p, s, got, want)
			}
		}
		for name, next := range map[string]splitter{"digit": splitDigit, "digits": splitDigits} {
			if got := pieces(next, s); strings.Join(got, "") != s {
				t.Errorf("%s: %q", name, got)
			}
		}
	})
}
