package tokenizer

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// folder makes a folder of a trained tokenizer and other files.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	if err := trained(t, TrainOptions{VocabSize: 260, Special: []string{"<s>", "</s>", "<e>"}}).Save(dir); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestRoles(t *testing.T) {
	none := func(id int32, ok bool) bool { return !ok }
	is := func(want int32) func(int32, bool) bool {
		return func(id int32, ok bool) bool { return ok && id == want }
	}
	for name, test := range map[string]struct {
		files         map[string]string
		bos, eos, pad func(int32, bool) bool
		stops         []int32
	}{
		"nothing known": {nil, none, none, none, nil},
		"strings and objects": {
			map[string]string{"tokenizer_config.json": `{"bos_token":"<s>","eos_token":{"content":"</s>","lstrip":false},"pad_token":null}`},
			is(0), is(1), none,
			[]int32{1},
		},
		"special tokens map": {
			map[string]string{"special_tokens_map.json": `{"bos_token":"<s>","pad_token":{"content":"<e>"}}`}, is(0), none, is(2), nil,
		},
		"the tokenizer's own word first, the model's list after": {
			map[string]string{"tokenizer_config.json": `{"eos_token":"<e>"}`, "generation_config.json": `{"eos_token_id":[1,2]}`, "config.json": `{"bos_token_id":0,"eos_token_id":1}`},
			is(0), is(2), none,
			[]int32{2, 1},
		},
		"ids that no token has": {map[string]string{"config.json": `{"bos_token_id":50256,"eos_token_id":50256}`}, none, none, none, nil},
	} {
		tok, err := Open(folder(t, test.files))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !test.bos(tok.BOS()) || !test.eos(tok.EOS()) || !test.pad(tok.Pad()) || !slices.Equal(tok.Stops(), test.stops) {
			b, _ := tok.BOS()
			e, _ := tok.EOS()
			p, _ := tok.Pad()
			t.Errorf("%s: bos %d, eos %d, pad %d, stops %v", name, b, e, p, tok.Stops())
		}
	}
}

func TestSaveKeepsConfig(t *testing.T) {
	tok, err := Open(folder(t, map[string]string{"tokenizer_config.json": `{"chat_template":"{{ x }}","eos_token":"</s>","model_max_length":8192}`}))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := tok.Save(dir); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "tokenizer_config.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"chat_template": "{{ x }}"`, `"eos_token": "</s>"`, `"model_max_length": 8192`} {
		if !strings.Contains(string(data), want) {
			t.Errorf("%s lost in\n%s", want, data)
		}
	}
}

func TestGPT2Folder(t *testing.T) {
	tok := load(t, "gpt2")
	for role, get := range map[string]func() (int32, bool){"bos": tok.BOS, "eos": tok.EOS, "unk": tok.Unk} {
		if id, ok := get(); !ok || id != 50256 {
			t.Errorf("%s %d %v, want 50256", role, id, ok)
		}
	}
	if tok.VocabSize() != 50257 || tok.Token(262) != "Ġthe" || !tok.Special(50256) || len(tok.Added()) != 1 {
		t.Errorf("vocabulary of %d, token 262 is %q, added %v", tok.VocabSize(), tok.Token(262), tok.Added())
	}
}

// Broken folders are errors that name the file.
func TestOpenErrors(t *testing.T) {
	for file, text := range map[string]string{
		"tokenizer.json":          `{"model":`,
		"tokenizer_config.json":   `[]`,
		"special_tokens_map.json": `{`,
		"generation_config.json":  `{"eos_token_id":"x"}`,
		"added_tokens.json":       `{"a":"b"}`,
	} {
		if _, err := Open(folder(t, map[string]string{file: text})); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: error %v", file, err)
		}
	}
	dir := t.TempDir()
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "no tokenizer.json") {
		t.Errorf("empty folder: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "vocab.json"), []byte(`{"a":0,"b":1,"ab":2}`), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "merges.txt") {
		t.Errorf("no merges: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "merges.txt"), []byte("#version: 0.2\na b\na b c\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "line 3") {
		t.Errorf("a merge of three: %v", err)
	}
	if _, err := Open(filepath.Join(dir, "nowhere")); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("no folder: %v", err)
	}
}
