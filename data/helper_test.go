package data

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

// letters is an encoder whose tokens are bytes. Its last ids are the beginning
// and the end of a text.
type letters struct{ begins, endless bool }

const bos, eos = 256, 257

func (l letters) Encode(text string) []int32 {
	ids := make([]int32, len(text))
	for i := range len(text) {
		ids[i] = int32(text[i])
	}
	return ids
}

func (l letters) Wrap(ids []int32) []int32 {
	if !l.begins {
		return ids
	}
	return append([]int32{bos}, ids...)
}

func (l letters) EOS() (int32, bool) { return eos, !l.endless }

func (l letters) Decode(ids []int32) string {
	var b []byte
	for _, id := range ids {
		switch id {
		case bos:
			b = append(b, "<s>"...)
		case eos:
			b = append(b, "</s>"...)
		default:
			b = append(b, byte(id))
		}
	}
	return string(b)
}

// write puts a file into a new folder.
func write(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t testing.TB, path string, enc Encoder, o Options) *Corpus {
	t.Helper()
	c, err := Load(context.Background(), path, enc, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func split(t testing.TB, c *Corpus, o Cut) (train, held *Set) {
	t.Helper()
	train, held, err := c.Split(o)
	if err != nil {
		t.Fatal(err)
	}
	return train, held
}

// marked writes a sequence as text with what is learned in brackets.
func marked(q Sequence) string {
	var out string
	for i, id := range q.IDs {
		s := letters{}.Decode([]int32{id})
		if q.Learn[i] {
			s = "[" + s + "]"
		}
		out += s
	}
	return out
}
