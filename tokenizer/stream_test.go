package tokenizer

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// A stream gives what Text gives, and every part of it is whole characters.
func TestStream(t *testing.T) {
	for _, name := range goldenNames {
		tok := load(t, name)
		all, hard, rows := goldenRows(t, name)
		for i := range all[:hard] {
			testStream(t, tok, rows[i].IDs)
		}
		var noise []int32 // ids whose bytes make no characters
		for i := range int32(3000) {
			noise = append(noise, i*7919%int32(tok.VocabSize()))
		}
		testStream(t, tok, noise)
	}
}

func testStream(t *testing.T, tok *Tokenizer, ids []int32) {
	t.Helper()
	var got strings.Builder
	s := tok.Stream()
	for _, id := range ids {
		part := s.Push(id)
		if !utf8.ValidString(part) {
			t.Fatalf("token %d gives %q, half a character", id, part)
		}
		got.WriteString(part)
	}
	got.WriteString(s.Flush())
	if want := tok.Text(ids); got.String() != want {
		t.Errorf("stream %.80q, want %.80q", got.String(), want)
	}
}

func TestStreamWaitsForCharacter(t *testing.T) {
	tok := trained(t, TrainOptions{VocabSize: 256})
	s := tok.Stream()
	var parts []string
	for _, id := range tok.Encode("a中\xe4b\xf0\x9f") {
		parts = append(parts, s.Push(id))
	}
	parts = append(parts, s.Flush())
	if got, want := strings.Join(parts, "|"), "a|||中||\uFFFDb|||\uFFFD"; got != want {
		t.Errorf("parts %q, want %q", got, want)
	}
}

// One U+FFFD for each maximal part, in the examples of the Unicode standard,
// tables 3-8 to 3-11.
func TestLossy(t *testing.T) {
	for raw, want := range map[string]int{
		"\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41": 8,
		"\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41": 8,
		"\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42": 7,
		"\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41": 4,
		"\xF0\x9F\x98\x80":                     0,
		"\xF0\x9F\x98":                         1,
	} {
		got := string(lossy(nil, []byte(raw)))
		if n := strings.Count(got, "\uFFFD"); n != want {
			t.Errorf("% x: %d replacements in %q, want %d", raw, n, got, want)
		}
	}
}
