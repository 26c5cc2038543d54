package tokenizer

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rotor-lm/rotor/internal/gunzip"
)

var realNames = []string{"gpt2", "smollm2", "llama3", "qwen2.5", "qwen3", "gpt4o", "llama2", "mistral", "gemma3"}

// realFolder holds what testdata/real.py fetches, for the vocabularies are too
// large to be kept here.
func realFolder(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("ROTOR_TOKENIZERS")
	if dir == "" {
		t.Skip("ROTOR_TOKENIZERS does not name the folder that testdata/real.py has filled")
	}
	return dir
}

// loadReal opens one of the published tokenizers.
func loadReal(t testing.TB, name string) *Tokenizer {
	t.Helper()
	if name == "gpt2" || name == "smollm2" {
		return load(t, name)
	}
	tok, err := Open(filepath.Join(realFolder(t), name))
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

type goldenStrings struct {
	Hard    int
	Strings []string
}

// The published tokenizers give the reference's ids, offsets and text: on the
// hard strings, of which the golden files are here, and on 10,000 random ones and
// a megabyte each of English and Chinese, of which they are in the folder.
func TestReal(t *testing.T) {
	for _, name := range realNames {
		t.Run(name, func(t *testing.T) {
			tok := loadReal(t, name)
			var all goldenStrings
			var rows []goldenRow
			gunzip.JSON(t, "testdata/real/strings.json.gz", &all)
			gunzip.JSON(t, "testdata/real/"+name+".json.gz", &rows)
			if all.Hard < 260 || len(all.Strings) != all.Hard {
				t.Fatalf("%d hard strings", all.Hard)
			}
			sameRows(t, tok, all.Strings, rows)

			dir := realFolder(t)
			var texts map[string]string
			var ids map[string][]int32
			gunzip.JSON(t, filepath.Join(dir, "strings.json.gz"), &all)
			gunzip.JSON(t, filepath.Join(dir, name, "golden.json.gz"), &rows)
			gunzip.JSON(t, filepath.Join(dir, "texts.json.gz"), &texts)
			gunzip.JSON(t, filepath.Join(dir, name, "texts.json.gz"), &ids)
			if len(all.Strings)-all.Hard < 10_000 {
				t.Fatalf("%d random strings", len(all.Strings)-all.Hard)
			}
			sameRows(t, tok, all.Strings[all.Hard:], rows[all.Hard:])
			for _, language := range []string{"English", "Chinese"} {
				text := texts[language]
				if len(text) < 1_000_000 {
					t.Fatalf("%d bytes of %s", len(text), language)
				}
				if !slices.Equal(tok.Wrap(tok.Encode(text)), ids[language]) {
					t.Errorf("the ids of %d bytes of %s differ", len(text), language)
				}
				if e := tok.Encoding(text, true); !slices.Equal(e.IDs, ids[language]) {
					t.Errorf("the ids of %d bytes of %s differ where offsets are asked for", len(text), language)
				}
			}
		})
	}
}
