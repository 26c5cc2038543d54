package gguf

import (
	"encoding/json"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/internal/gunzip"
	"github.com/rotor-lm/rotor/tokenizer"
)

// pieces are the notes of a vocabulary of characters as llama.cpp's converter
// writes them: user-defined tokens are spelled with spaces and have no rank.
func pieces(change ...Note) []Note {
	list := []string{"<unk>", "<s>", "</s>", "▁a", "ab", "▁ab", "▁▁", "\n\n", "  x", "a", "b", "▁", "c", "\n", "<tool>", "   "}
	scores := []float32{0, 0, 0, -1, -2, -3, -4, -1000, -1000, -10, -11, -12, -13, -14, -1000, -1000}
	kinds := []int32{2, 3, 3, 1, 1, 1, 1, 4, 4, 1, 1, 1, 1, 1, 4, 4}
	for b := range 256 {
		list, scores, kinds = append(list, byteName(b)), append(scores, 0), append(kinds, 6)
	}
	notes := []Note{
		{"general.architecture", "llama"},
		{"tokenizer.ggml.model", "llama"},
		{"tokenizer.ggml.tokens", list},
		{"tokenizer.ggml.scores", scores},
		{"tokenizer.ggml.token_type", kinds},
	}
	for _, c := range change {
		notes = slices.DeleteFunc(notes, func(n Note) bool { return n.Key == c.Key })
		if c.Value != nil {
			notes = append(notes, c)
		}
	}
	return notes
}

func byteName(b int) string {
	const digit = "0123456789ABCDEF"
	return "<0x" + digit[b>>4:b>>4+1] + digit[b&15:b&15+1] + ">"
}

// reopened writes notes into a file and opens the tokenizer that it holds.
func reopened(t *testing.T, notes []Note) (*tokenizer.Tokenizer, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.gguf")
	if err := Create(t.Context(), path, notes, nil); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return tokenizer.OpenFiles(path, func(name string) ([]byte, error) {
		if name == "config.json" { // of a model, which there is none
			return nil, fs.ErrNotExist
		}
		return f.ReadFile(name)
	})
}

// Scores imply merges: the token with the highest score is made first, of any
// two that make it.
func TestScores(t *testing.T) {
	tok, err := reopened(t, pieces())
	if err != nil {
		t.Fatal(err)
	}
	bare, err := reopened(t, pieces(Note{"tokenizer.ggml.add_space_prefix", false}, Note{"tokenizer.ggml.add_bos_token", false}))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		tok        *tokenizer.Tokenizer
		text, want string
	}{
		{tok, "ab", "<s>|▁ab"}, // ▁a before ab
		{tok, "", "<s>"},
		{tok, "ab</s>ab", "<s>|▁ab|</s>|▁ab"},
		{tok, "é", "<s>|▁|<0xC3>|<0xA9>"},
		{bare, "ab ab", "ab|▁ab"},
		{bare, "c\n\n\nc", "c|\n\n|\n|c"},
		{bare, "c  x<tool>c", "c|  x|<tool>|c"},
		{bare, "c    x", "c|▁▁|  x"},
		{bare, "c     c", "c|▁▁▁|▁▁|c"}, // a token of spaces comes before all others
		{bare, "c ▁ c", "c|▁▁▁|c"},
	} {
		var names []string
		for _, id := range test.tok.Wrap(test.tok.Encode(test.text)) {
			names = append(names, test.tok.Token(id))
		}
		if got := strings.Join(names, "|"); got != test.want {
			t.Errorf("%q: %q, want %q", test.text, got, test.want)
		}
	}
	if got := tok.Text(tok.Encode(" ab c")); got != " ab c" {
		t.Errorf("decoded %q", got)
	}
	if id, ok := tok.EOS(); !ok || tok.Token(id) != "</s>" {
		t.Errorf("EOS %d, %v: without a note it is 2", id, ok)
	}
}

func TestBadScores(t *testing.T) {
	many := make([]string, 3000) // a, aa, aaa …: each can be made in as many ways as it is long
	for i := range many {
		many[i] = strings.Repeat("a", i+1)
	}
	for name, c := range map[string]struct {
		notes []Note
		want  string
	}{
		"too few":     {pieces(Note{"tokenizer.ggml.scores", []float32{1}}), "have 1 scores"},
		"not numbers": {pieces(Note{"tokenizer.ggml.scores", []int32{1}}), "want a []float32"},
		"infinite":    {pieces(Note{"tokenizer.ggml.scores", slices.Repeat([]float32{float32(math.Inf(1))}, 272)}), "has the score +Inf"},
		"white space": {pieces(Note{"tokenizer.ggml.remove_extra_whitespaces", true}), "remove_extra_whitespaces"},
		"ways": {pieces(Note{"tokenizer.ggml.tokens", many}, Note{"tokenizer.ggml.scores", make([]float32, len(many))},
			Note{"tokenizer.ggml.token_type", nil}), "in more than"},
	} {
		if _, err := reopened(t, c.notes); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
}

// Phi-3's special tokens take the white space after them.
func TestPhi3TakesSpace(t *testing.T) {
	tok, err := reopened(t, pieces(Note{"general.name", "Phi-3 Mini"}))
	if err != nil {
		t.Fatal(err)
	}
	a, b := tok.Encode("c<tool> \n c"), tok.Encode("c<tool>c")
	if !slices.Equal(a, b) {
		t.Errorf("%v, want %v", a, b)
	}
}

// notesOf are the notes of a folder's tokenizer.
func notesOf(t *testing.T, dir string) []Note {
	t.Helper()
	read := func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(dir, name)) }
	tok, err := tokenizer.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	var n tokenNotes
	if err := n.tokenizer(read, tok.VocabSize()); err != nil {
		t.Fatal(err)
	}
	return append(n.notes, Note{"general.architecture", "llama"})
}

var spacious = []string{
	"", " ", "  ", "   a", "Hello, world!", " Hello  world ", "\n\n\n x\n", "\t\tx", "ab<s>c", "<s> a", "</s>", "naïve café e\u0301 中文，漢字。", "😀👍🏽 ሀ", "1234567 I'm HERE'S don't",
	"a\u00a0b", "<0x41>", "▁a▁▁b", strings.Repeat(" ", 77) + "x" + strings.Repeat("\n", 65), strings.Repeat("=", 300), strings.Repeat("ab ", 100),
}

// A tokenizer that went through this format gives the ids that it gave before:
// those that the repository has, and those that tokenizer/testdata/real.py
// fetches into ROTOR_TOKENIZERS.
func TestTokenizersThroughNotes(t *testing.T) {
	dirs := map[string]string{"llama3-like": "../../tokenizer/testdata/llama3"}
	texts := slices.Clone(spacious)
	if real := os.Getenv("ROTOR_TOKENIZERS"); real != "" {
		for _, name := range []string{"llama2", "mistral", "llama3", "qwen2.5", "qwen3", "gemma3", "gpt4o"} {
			dirs[name] = filepath.Join(real, name)
		}
		texts = append(texts, realTexts(t, real)...)
	} else {
		t.Log("ROTOR_TOKENIZERS does not name the published tokenizers: one small one is compared")
	}
	for _, name := range slices.Sorted(maps.Keys(dirs)) {
		t.Run(name, func(t *testing.T) {
			want, err := tokenizer.Open(dirs[name])
			if err != nil {
				t.Fatal(err)
			}
			got, err := reopened(t, notesOf(t, dirs[name]))
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range texts {
				a, b := want.Wrap(want.Encode(text)), got.Wrap(got.Encode(text))
				if !slices.Equal(a, b) {
					t.Errorf("%.60q: %.30v, want %.30v", text, b, a)
				}
				if x, y := want.Text(a), got.Text(b); x != y {
					t.Errorf("%.60q: decoded %.60q, want %.60q", text, y, x)
				}
			}
		})
	}
}

func realTexts(t *testing.T, dir string) []string {
	t.Helper()
	var strs struct{ Strings []string }
	var texts map[string]string
	for name, v := range map[string]any{"strings.json.gz": &strs, "texts.json.gz": &texts} {
		if err := json.Unmarshal(gunzip.Bytes(t, filepath.Join(dir, name)), v); err != nil {
			t.Fatal(err)
		}
	}
	return append(strs.Strings, texts["English"], texts["Chinese"])
}

// The tokenizer of the real SmolLM2 file is the one of which the golden numbers
// were made.
func TestSmolLM2Tokenizer(t *testing.T) {
	path := os.Getenv("ROTOR_SMOLLM2")
	if path == "" {
		t.Skip("ROTOR_SMOLLM2 does not name SmolLM2-135M-Instruct.Q4_1.gguf")
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := tokenizer.OpenFiles(path, f.ReadFile)
	if err != nil {
		t.Fatal(err)
	}
	want, err := tokenizer.Parse(gunzip.Bytes(t, "../../tokenizer/testdata/smollm2/tokenizer.json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	texts := slices.Clone(spacious)
	if real := os.Getenv("ROTOR_TOKENIZERS"); real != "" {
		texts = append(texts, realTexts(t, real)...)
	}
	for _, text := range texts {
		if a, b := got.Encode(text), want.Encode(text); !slices.Equal(a, b) {
			t.Errorf("%.60q: %.30v, want %.30v", text, a, b)
		}
	}
	if !reflect.DeepEqual(got.Added(), want.Added()) {
		t.Error("the added tokens differ")
	}
}
