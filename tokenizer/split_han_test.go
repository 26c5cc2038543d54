package tokenizer

import (
	"regexp"
	"slices"
	"testing"
)

// splitHan cuts where the regular expression does, matches and what lies between.
func FuzzSplitHan(f *testing.F) {
	for _, s := range []string{"", "春", "床前，\n明月 the 光", "々〇〡⺀⼀㐀𠀀鿿豈", "アー한é", "\xe6\x98春\xe6"} {
		f.Add(s)
	}
	pattern := regexp.MustCompile(`[\p{Han}\x{2EBF0}-\x{2EE5D}]`) // Unicode 16, as in newerHan
	f.Fuzz(func(t *testing.T, s string) {
		var want, got []string
		end := 0
		for _, m := range append(pattern.FindAllStringIndex(s, -1), []int{len(s), len(s)}) {
			if end < m[0] {
				want = append(want, s[end:m[0]])
			}
			if m[0] < m[1] {
				want = append(want, s[m[0]:m[1]])
			}
			end = m[1]
		}
		each(s, []stage{{next: splitHan}}, func(piece string, _, _ int) { got = append(got, piece) })
		if !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	})
}

func TestMergesStayWithinHan(t *testing.T) {
	tok := trained(t, TrainOptions{VocabSize: 400, Pattern: "llama3-han"})
	if ids := tok.Encode("床前明月光，\n"); len(ids) < 6 {
		t.Errorf("%d tokens for five characters and a mark", len(ids))
	}
	for id := range int32(tok.VocabSize()) {
		if han := regexp.MustCompile(hanPattern).FindAllString(tok.Decode([]int32{id}), -1); len(han) > 1 {
			t.Errorf("token %d holds %q", id, han)
		}
	}
}
