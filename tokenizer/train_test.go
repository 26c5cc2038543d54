package tokenizer

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
)

const verse = "床前明月光，疑是地上霜。舉頭望明月，低頭思故鄉。 the cat's hat sat on the mat; they've 1234 cats\n"

func trained(t testing.TB, o TrainOptions) *Tokenizer {
	t.Helper()
	tok, err := Train(context.Background(), slices.Values([]string{strings.Repeat(verse, 3)}), o)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func TestTrainSaveOpen(t *testing.T) {
	for _, pattern := range []string{"gpt2", "llama3", "llama3-han", "o200k", "qwen2", "smollm"} {
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

// Training gives the tokenizer that the reference's trainer gave; see
// testdata/golden.py.
func TestTrainReference(t *testing.T) {
	want := load(t, "llama3")
	all, hard, _ := goldenRows(t, "llama3")
	var special []string
	for _, token := range want.Added() {
		special = append(special, token.Content)
	}
	got, err := Train(context.Background(), slices.Values(all[:hard]), TrainOptions{VocabSize: 1200, Special: special, Pattern: "llama3", MinFrequency: 1})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.model.tokens, want.model.tokens[:1200]) {
		t.Error("the vocabulary differs")
	}
	if !slices.Equal(got.model.pairs, want.model.pairs) {
		t.Error("the merges differ")
	}
}

// What a merge changes is what counting anew would find.
func TestTrainCounts(t *testing.T) {
	tr, err := newTrainer(nil)
	if err != nil {
		t.Fatal(err)
	}
	tr.count(context.Background(), slices.Values([]string{"abab", "aaaa", "banana", "abab", "aaaaa"}), []stage{{bytes: true}})
	for len(tr.merges) < 6 {
		before := len(tr.merges)
		tr.learn(context.Background(), len(tr.tokens)+1, 1)
		if len(tr.merges) == before {
			break
		}
		counts := map[[2]int32]int{}
		for i, w := range tr.words {
			for j := 1; j < len(w); j++ {
				counts[[2]int32{w[j-1], w[j]}] += tr.times[i]
			}
		}
		for p, n := range counts {
			if tr.pairs[p] != n {
				t.Errorf("after %v: pair %q %q is counted %d times, occurs %d", tr.merges, tr.tokens[p[0]], tr.tokens[p[1]], tr.pairs[p], n)
			}
		}
	}
}

func TestTrainErrors(t *testing.T) {
	for name, test := range map[string]struct {
		o    TrainOptions
		want string
	}{
		"pattern":      {TrainOptions{VocabSize: 300, Pattern: "qwen9"}, `"qwen9"; there are gpt2, llama3`},
		"small":        {TrainOptions{VocabSize: 256, Special: []string{"x!"}}, "from 257"},
		"huge":         {TrainOptions{VocabSize: 1 << 30}, "to 4194304"},
		"frequency":    {TrainOptions{VocabSize: 300, MinFrequency: -1}, "negative"},
		"twice":        {TrainOptions{VocabSize: 300, Special: []string{"x!", "x!"}}, "twice"},
		"a byte":       {TrainOptions{VocabSize: 300, Special: []string{"x"}}, "byte"},
		"unknown role": {TrainOptions{VocabSize: 300, EOS: "</s>"}, `"</s>"`},
	} {
		if _, err := Train(context.Background(), slices.Values([]string{verse}), test.o); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestTrainStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	texts := func(yield func(string) bool) {
		for i := range 1000 {
			if i == 3 {
				cancel()
			}
			if !yield(verse) {
				return
			}
			if i > 3 {
				t.Fatal("it reads on")
			}
		}
	}
	if _, err := Train(ctx, texts, TrainOptions{VocabSize: 400}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// The marks of turns, as special tokens have them.
const (
	imStart = "<|im_start|>"
	imEnd   = "<|im_end|>"
)
