package tokenizer

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rotor-lm/rotor/internal/gunzip"
)

// load opens one of the tokenizers of testdata.
func load(t testing.TB, name string) *Tokenizer {
	t.Helper()
	dir := filepath.Join("testdata", name)
	var tok *Tokenizer
	var err error
	switch name {
	case "gpt2":
		dir = t.TempDir()
		for _, file := range []string{"vocab.json", "merges.txt"} {
			if err := os.WriteFile(filepath.Join(dir, file), gunzip.Bytes(t, "testdata/gpt2/"+file+".gz"), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		tok, err = Open(dir)
	case "smollm2":
		tok, err = Parse(gunzip.Bytes(t, "testdata/smollm2/tokenizer.json.gz"))
	default:
		tok, err = Open(dir)
	}
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

var goldenNames = []string{"gpt2", "smollm2", "llama3", "added"}

type goldenRow struct {
	IDs      []int32
	Offsets  []int
	Ordinary []int32 // null where the special tokens' text is encoded alike
	Decoded  *string // null where it is the string
}

func goldenRows(t testing.TB, name string) (strings []string, hard int, rows []goldenRow) {
	var all struct {
		Hard    int
		Strings []string
	}
	gunzip.JSON(t, "testdata/strings.json.gz", &all)
	gunzip.JSON(t, "testdata/"+name+"/golden.json.gz", &rows)
	if len(rows) != len(all.Strings) || all.Hard < 260 || len(rows)-all.Hard < 2000 {
		t.Fatalf("%d rows for %d strings, %d of them hard", len(rows), len(all.Strings), all.Hard)
	}
	return all.Strings, all.Hard, rows
}

// Ids, offsets and decoded text are those of Hugging Face's tokenizers; see
// testdata/golden.py.
func TestReference(t *testing.T) {
	for _, name := range goldenNames {
		t.Run(name, func(t *testing.T) { testReference(t, name, load(t, name)) })
	}
}

func testReference(t *testing.T, name string, tok *Tokenizer) {
	strings, _, rows := goldenRows(t, name)
	sameRows(t, tok, strings, rows)
}

func sameRows(t *testing.T, tok *Tokenizer, strings []string, rows []goldenRow) {
	t.Helper()
	if len(rows) != len(strings) {
		t.Fatalf("%d rows for %d strings", len(rows), len(strings))
	}
	for i, s := range strings {
		want := rows[i]
		if got := tok.Wrap(tok.Encode(s)); !slices.Equal(got, want.IDs) {
			t.Errorf("%.60q: ids\n%v, want\n%v", s, got, want.IDs)
			continue
		}
		e := tok.Encoding(s, true)
		if !slices.Equal(e.IDs, want.IDs) {
			t.Errorf("%.60q: ids with offsets %v, want %v", s, e.IDs, want.IDs)
		}
		var offsets []int
		for _, o := range e.Offsets {
			offsets = append(offsets, o[0], o[1])
		}
		if !slices.Equal(offsets, want.Offsets) {
			t.Errorf("%.60q: offsets\n%v, want\n%v", s, offsets, want.Offsets)
		}
		ordinary := want.Ordinary
		if ordinary == nil {
			ordinary = tok.Encode(s)
		}
		if got := tok.EncodeOrdinary(s); !slices.Equal(got, ordinary) {
			t.Errorf("%.60q: ordinary %v, want %v", s, got, ordinary)
		}
		decoded := s
		if want.Decoded != nil {
			decoded = *want.Decoded
		}
		if got := tok.Text(want.IDs); got != decoded {
			t.Errorf("%.60q: decoded %.60q, want %.60q", s, got, decoded)
		}
	}
}
