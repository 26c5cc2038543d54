package tokenizer

import (
	"slices"
	"strings"
	"testing"
)

const verse = "床前明月光，疑是地上霜。舉頭望明月，低頭思故鄉。 the cat's hat sat on the mat; they've 1234 cats\n"

func trained(t testing.TB, o TrainOptions) *Tokenizer {
	t.Helper()
	tok, err := Train(slices.Values([]string{strings.Repeat(verse, 3)}), o)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func TestTrainSaveOpen(t *testing.T) {
	for _, pattern := range []string{"gpt2", "llama3", "llama3-han", "smollm"} {
		tok := trained(t, TrainOptions{VocabSize: 310, Special: []string{"<|endoftext|>", imStart, imEnd}, Pattern: pattern, EOS: "<|endoftext|>"})
		if tok.VocabSize() != 310 {
			t.Errorf("%s: vocabulary of %d, want 310", pattern, tok.VocabSize())
		}
		dir := t.TempDir()
		if err := tok.Save(dir); err != nil {
			t.Fatal(err)
		}
		again, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		text := verse + imStart + "user\nhi 霜" + imEnd
		ids := tok.Encode(text)
		if !slices.Equal(ids, again.Encode(text)) || again.Decode(ids) != text {
			t.Errorf("%s: %q becomes %q", pattern, text, again.Decode(ids))
		}
		if id, ok := again.EOS(); !ok || id != 0 {
			t.Errorf("EOS %d %v", id, ok)
		}
		if n := len(tok.EncodeOrdinary(imEnd)); n < 2 {
			t.Errorf("%s: a special token in ordinary text is %d tokens", pattern, n)
		}
		if !slices.Equal(tok.Encode(imEnd), []int32{2}) {
			t.Errorf("special token: %v", tok.Encode(imEnd))
		}
	}
}
