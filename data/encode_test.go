package data

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/tokenizer"
)

// Each form, and the text and mask that it gives.
func TestForms(t *testing.T) {
	for name, c := range map[string]struct {
		line string
		enc  letters
		o    Options
		want string
	}{
		"completion": {`{"prompt":"2+2=","completion":"4"}`, letters{}, Options{}, "2+2=⟦4</s>⟧"},
		"number":     {`{"prompt":"2+2=","completion":4}`, letters{}, Options{}, "2+2=⟦4</s>⟧"},
		"begins":     {`{"prompt":"a","completion":"b"}`, letters{begins: true}, Options{}, "<s>a⟦b</s>⟧"},
		"mapped":     {`{"question":"a","answer":"b"}`, letters{}, Options{Map: map[string]string{"prompt": "question", "completion": "answer"}}, "a⟦b</s>⟧"},
		"map wins":   {`{"text":"a","messages":[]}`, letters{}, Options{Map: map[string]string{"text": "text"}}, "a⟦</s>⟧"},
		"all":        {`{"prompt":"ab","completion":"c"}`, letters{}, Options{LossOn: "all"}, "a⟦bc</s>⟧"},
		"text":       {`{"text":"abc"}`, letters{}, Options{}, "a⟦bc</s>⟧"},
		"text begun": {`{"text":"abc"}`, letters{begins: true}, Options{}, "<s>⟦abc</s>⟧"},
		"task": {
			`{"instruction":"Add.","output":"3"}`,
			letters{},
			Options{},
			"Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n### Instruction:\nAdd.\n\n### Response:\n⟦3</s>⟧",
		},
		"task, no input": {
			`{"instruction":"Add.","input":"","output":"3"}`,
			letters{},
			Options{},
			"Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n### Instruction:\nAdd.\n\n### Response:\n⟦3</s>⟧",
		},
		"task with input": {
			`{"instruction":"Add.","input":"1 2","output":"3"}`,
			letters{},
			Options{},
			"Below is an instruction that describes a task, paired with an input that provides further context. Write a response that appropriately completes the request.\n\n### Instruction:\nAdd.\n\n### Input:\n1 2\n\n### Response:\n⟦3</s>⟧",
		},
		"messages": {
			`{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Yo"},{"role":"user","content":"?"},{"role":"assistant","content":"!"},{"role":"user","content":"bye"}]}`,
			letters{},
			Options{},
			"<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n⟦Yo<|im_end|>⟧\n<|im_start|>user\n?<|im_end|>\n<|im_start|>assistant\n⟦!<|im_end|></s>⟧",
		},
		"control": {`{"prompt":"\u001b[31m","completion":"x\u0000\u202e"}`, letters{}, Options{}, "␛[31m⟦x␀�</s>⟧"},
	} {
		corpus := load(t, write(t, "x.jsonl", c.line), c.enc, c.o)
		set, _ := split(t, corpus, Cut{})
		if set.Len() != 1 {
			t.Errorf("%s: %d sequences", name, set.Len())
			continue
		}
		q := set.At(0, nil)
		var b bytes.Buffer
		if err := Show(&b, q, c.enc, false); err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("%s\n%d tokens, %d learned (%s)\n", c.want, len(q.IDs), q.Labels(), share(q.Labels(), len(q.IDs)))
		if b.String() != want {
			t.Errorf("%s:\n%s\nwant\n%s", name, b.String(), want)
		}
	}
}

func TestShowInColour(t *testing.T) {
	set, _ := split(t, load(t, write(t, "x.jsonl", `{"prompt":"ab","completion":"c"}`), letters{}, Options{}), Cut{})
	var b bytes.Buffer
	if err := Show(&b, set.At(0, nil), letters{}, true); err != nil {
		t.Fatal(err)
	}
	if want := "\x1b[2mab\x1b[0m\x1b[1;32mc</s>\x1b[0m\n4 tokens, 2 learned (50.0 %)\n"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}

func TestMessagesInCSV(t *testing.T) {
	path := write(t, "x.csv", "messages\n\"[{\"\"role\"\":\"\"user\"\",\"\"content\"\":\"\"a\"\"},{\"\"role\"\":\"\"assistant\"\",\"\"content\"\":\"\"b\"\"}]\"\n")
	set, _ := split(t, load(t, path, letters{}, Options{}), Cut{})
	if got := marked(set.At(0, nil)); !strings.HasSuffix(got, "assistant\n[b][<][|][i][m][_][e][n][d][|][>][</s>]") {
		t.Error(got)
	}
}

func TestLoadRefuses(t *testing.T) {
	good := `{"prompt":"a","completion":"b"}` + "\n"
	for name, c := range map[string]struct {
		text string
		o    Options
		says string
	}{
		"no column":        {`{"foo":"a"}`, Options{}, `"foo"; looked for messages`},
		"half a pair":      {`{"prompt":"a"}`, Options{}, `prompt and completion`},
		"column gone":      {good + `{"prompt":"a"}`, Options{}, `x.jsonl:2: there is no column "completion"`},
		"column null":      {good + `{"prompt":"a","completion":null}`, Options{}, `x.jsonl:2: column "completion" is null`},
		"column list":      {`{"prompt":["a"],"completion":"b"}`, Options{}, `column "prompt" is no text`},
		"broken line":      {good + `{"prompt":`, Options{}, "x.jsonl:2: "},
		"map from nothing": {good, Options{Map: map[string]string{"prompt": "question"}}, `from column "question"`},
		"map to nothing":   {good, Options{Map: map[string]string{"promt": "prompt"}}, `reads a column "promt"`},
		"map half":         {good, Options{Map: map[string]string{"messages": "prompt", "text": "prompt"}}, "looked for"},
		"loss":             {good, Options{LossOn: "prompts"}, "want answers, last or all"},
		"too many":         {good, Options{MaxTokens: 2}, "more than 2 tokens"},
		"messages":         {`{"messages":"hello"}`, Options{}, "messages is no list"},
		"messages empty":   {`{"messages":[]}`, Options{}, "messages is no list"},
		"no role":          {`{"messages":[{"content":"a"}]}`, Options{}, "message 1: it has no role"},
		"no content":       {`{"messages":[{"role":"user","content":null},{"role":"assistant","content":"a"}]}`, Options{}, "ChatML has no form"},
		"calls":            {`{"messages":[{"role":"assistant","content":"","tool_calls":[{}]}]}`, Options{}, "no tool_calls"},
		"no answer":        {`{"messages":[{"role":"user","content":"a"}]}`, Options{}, "x.jsonl:1: chat: no message of the role assistant"},
	} {
		_, err := Load(context.Background(), write(t, "x.jsonl", c.text), letters{}, c.o)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v; want %s", name, err, c.says)
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := Load(ctx, write(t, "x.jsonl", good), letters{}, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// A set is refused that teaches nothing, or no end.
func TestCheck(t *testing.T) {
	pairs := `{"prompt":"abcd","completion":"efgh"}` + "\n" + `{"prompt":"a","completion":"b"}` + "\n"
	for name, c := range map[string]struct {
		text string
		enc  letters
		cut  Cut
		says string
	}{
		"good":         {pairs, letters{}, Cut{}, ""},
		"one ends":     {pairs, letters{}, Cut{Length: 5}, "x.jsonl:1: the answer does not end"},
		"told to cut":  {pairs, letters{}, Cut{Length: 5, Long: "cut"}, ""},
		"told to drop": {pairs, letters{}, Cut{Length: 5, Long: "drop"}, ""},
		"endless":      {pairs, letters{endless: true}, Cut{}, "never end"},
		"none ends":    {`{"prompt":"abcd","completion":"efgh"}`, letters{}, Cut{Length: 5}, "none ends"},
		"no answer":    {`{"prompt":"abcd","completion":"efgh"}`, letters{}, Cut{Length: 3}, "no answer is left"},
		"no text":      {`{"text":""}`, letters{}, Cut{}, "looked for messages"},
		"nothing":      {`{"prompt":"abcd","completion":""}`, letters{endless: true}, Cut{}, "no token is learned"},
		"endless text": {`{"text":"abc"}`, letters{endless: true}, Cut{}, ""},
	} {
		set, _ := split(t, load(t, write(t, "x.jsonl", c.text), c.enc, Options{}), c.cut)
		err := set.Check()
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v; want %q", name, err, c.says)
		}
	}
}

func TestStats(t *testing.T) {
	var lines strings.Builder
	for n := range 40 {
		fmt.Fprintf(&lines, `{"prompt":"%s","completion":"%s"}`+"\n", strings.Repeat("p", n), strings.Repeat("c", n%3))
	}
	set, _ := split(t, load(t, write(t, "x.jsonl", lines.String()), letters{}, Options{}), Cut{Length: 32})
	st := set.Stats()
	var rows, labels, count, truncated, dropped, empty int
	for n := range 40 {
		c, total := n%3, n+n%3+1
		if c == 0 {
			empty++
		}
		switch {
		case total == 1: // nothing but the end of an empty text
			continue
		case n > 32:
			dropped++
			continue
		case total > 33:
			truncated++
			total = 33
		}
		count++
		rows += total - 1
		labels += total - max(n, 1)
	}
	if st.Texts != 40 || st.Sequences != count || st.Tokens != rows || st.Labels != labels || st.Truncated != truncated ||
		st.Dropped != dropped || st.EmptyAnswers != empty || st.Empty != 1 || st.Unending != truncated || st.Longest != 32 {
		t.Errorf("%+v; want %d sequences, %d rows, %d labels, %d truncated, %d dropped", st, count, rows, labels, truncated, dropped)
	}
	binned := 0
	for _, b := range st.Lengths {
		binned += b.Count
	}
	if binned != count {
		t.Errorf("the histogram holds %d of %d", binned, count)
	}
	if text := st.String(); !strings.Contains(text, "prompt/completion: 40 texts") || !strings.Contains(text, "were dropped") {
		t.Error(text)
	}
}

// A long file, which is read in parts, has the tokens of its whole text.
func TestPartsHaveTheTokensOfTheWhole(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	words := []string{"the", " quick", " fox", ".", "\n", "\n", "\n\n", "  ", "\r\n", " 42", "'s", "春眠", "不覺曉", "，", "\t", "…", "\u3000", "\n "}
	var b strings.Builder
	for b.Len() < block+block/8 { // two parts
		b.WriteString(words[rng.IntN(len(words))])
	}
	whole := b.String()
	for _, pattern := range []string{"gpt2", "llama3", "smollm"} {
		tok, err := tokenizer.Train(context.Background(), slices.Values([]string{whole[:1<<16]}), tokenizer.TrainOptions{
			VocabSize: 400, Special: []string{"<|end|>"}, EOS: "<|end|>", Pattern: pattern,
		})
		if err != nil {
			t.Fatal(err)
		}
		end, _ := tok.EOS()
		c := load(t, write(t, "x.txt", whole), tok, Options{})
		if c.Len() != 1 || !slices.Equal(c.ids, append(tok.Encode(whole), end)) {
			t.Errorf("%s: other tokens", pattern)
		}
	}
}
