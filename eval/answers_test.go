package eval

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/data"
	"github.com/rotor-lm/rotor/generate"
	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/tokenizer"
)

// ROUGE-L is what the scorer of its usual package says.
func TestRougeL(t *testing.T) {
	raw, err := os.ReadFile("testdata/rouge.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []struct {
			Reference, Candidate string
			Overlap
		}
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) < 40 {
		t.Fatalf("%d cases", len(file.Cases))
	}
	for _, c := range file.Cases {
		got := RougeL(c.Reference, c.Candidate)
		for i, d := range []float64{got.Precision - c.Precision, got.Recall - c.Recall, got.F1 - c.F1} {
			if math.Abs(d) > 1e-12 {
				t.Errorf("%q and %q: number %d is off by %g", c.Reference, c.Candidate, i, d)
			}
		}
	}
	if got := RougeL("床前明月光", "床前看月光").F1; math.Abs(got-.8) > 1e-12 {
		t.Errorf("ideographs: F₁ %g, want 0.8", got)
	}
}

// The memory of one row is enough: the same as the whole table by its definition.
func TestSubsequence(t *testing.T) {
	var longest func(a, b []string) int
	longest = func(a, b []string) int {
		switch {
		case len(a) == 0 || len(b) == 0:
			return 0
		case a[0] == b[0]:
			return 1 + longest(a[1:], b[1:])
		}
		return max(longest(a[1:], b), longest(a, b[1:]))
	}
	texts := []string{"", "a", "a b", "b a c a", "a b c b d a b", "b d c a b a", "c c c a", "d a b b c a d"}
	for _, a := range texts {
		for _, b := range texts {
			x, y := strings.Fields(a), strings.Fields(b)
			if got, want := subsequence(x, y), longest(x, y); got != want {
				t.Errorf("%q and %q: %d, want %d", a, b, got, want)
			}
		}
	}
}

func TestAgree(t *testing.T) {
	var answers []Answer
	say := func(n int, reference, answer string) {
		for range n {
			answers = append(answers, Answer{Reference: reference, Answer: answer, Ended: answer != ""})
		}
	}
	say(6, "spam", "spam")
	say(2, "spam", "ham")
	say(9, "ham", "ham")
	say(1, "ham", "spam")
	say(2, "ham", "")
	a := Agree(answers)
	want := []Class{
		{"ham", 12, Overlap{9. / 11, 9. / 12, 18. / 23}},
		{"spam", 8, Overlap{6. / 7, 6. / 8, 12. / 15}},
	}
	near := func(x, y float64) bool { return math.Abs(x-y) < 1e-12 }
	if a.Answers != 20 || !near(a.Exact, .75) || !near(a.Ended, .9) || !near(a.RougeL, .75) || !near(a.MacroF1, (18./23+12./15)/2) {
		t.Errorf("%+v", a)
	}
	for i, c := range a.Classes {
		w := want[i]
		if c.Label != w.Label || c.Count != w.Count || !near(c.Precision, w.Precision) || !near(c.Recall, w.Recall) || !near(c.F1, w.F1) {
			t.Errorf("%+v, want %+v", c, w)
		}
	}
	if a := Agree(answers[:1]); a.Classes != nil {
		t.Errorf("one answer makes no classes: %+v", a.Classes)
	}
}

func TestLast(t *testing.T) {
	for marks, want := range map[string]int{"..##": 2, "..#.##": 4, "..##.": 2, "....": -1, "##": -1, "": -1} {
		var q data.Sequence
		for i, c := range marks {
			q.IDs, q.Learn = append(q.IDs, int32(i)), append(q.Learn, c == '#')
		}
		prompt, answer, err := last(q)
		if (err != nil) != (want < 0) || err == nil && (len(prompt) != want || int(answer[0]) != want || strings.Trim(marks[want:want+len(answer)], "#") != "") {
			t.Errorf("%q: prompt %d, answer %d, %v", marks, prompt, answer, err)
		}
	}
}

// Every text is answered once, with its own reference beside it, and as it would be alone.
func TestAnswers(t *testing.T) {
	words := "What is red? A rose is red. What is blue? The sea is blue."
	tok, err := tokenizer.Train(context.Background(), slices.Values([]string{words}), tokenizer.TrainOptions{VocabSize: 280, Special: []string{"<end>"}, EOS: "<end>"})
	if err != nil {
		t.Fatal(err)
	}
	m, err := model.New([]byte(`{"architectures": ["GPT2LMHeadModel"], "vocab_size": 280, "n_embd": 16, "n_layer": 1, "n_head": 2, "n_positions": 64,
		"initializer_range": 0.8}`))
	if err != nil {
		t.Fatal(err)
	}
	model.Init(m, 5)
	path := filepath.Join(t.TempDir(), "a.jsonl")
	text := `{"prompt": "What is red?", "completion": " A rose"}` + "\n" + `{"prompt": "What is blue? ", "completion": "The sea"}` + "\n"
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	corpus, err := data.Load(context.Background(), path, tok, data.Options{})
	if err != nil {
		t.Fatal(err)
	}
	set, _, err := corpus.Split(data.Cut{})
	if err != nil {
		t.Fatal(err)
	}
	got := make([]Answer, 2)
	for a, err := range Answers(context.Background(), m, tok, set, 7) {
		if err != nil {
			t.Fatal(err)
		}
		got[a.Text] = a
	}
	for i, want := range []string{"A rose", "The sea"} {
		if got[i].Reference != want || got[i].Text != i {
			t.Errorf("text %d: %+v, want the reference %q", i, got[i], want)
		}
		prompt := tok.Encode([]string{"What is red?", "What is blue? "}[i])
		g, err := generate.New(m, generate.Options{Tokenizer: tok})
		if err != nil {
			t.Fatal(err)
		}
		alone, err := g.All(context.Background(), []generate.Request{{Prompt: prompt, Max: 7}})
		if err != nil {
			t.Fatal(err)
		}
		if got[i].Answer != strings.TrimSpace(alone[0].Text) || got[i].Answer == "" {
			t.Errorf("text %d: %q, alone %q", i, got[i].Answer, alone[0].Text)
		}
	}
	for _, err := range Answers(context.Background(), m, tok, Tokens{{1, 2, 3}}, 7) {
		if err == nil || !strings.Contains(err.Error(), "nothing before its answer") {
			t.Errorf("a text without a prompt: %v", err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, err := range Answers(ctx, m, tok, set, 7) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	}
}
