package gguf

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// inParts writes the tiny model in files of at most max bytes.
func inParts(t *testing.T, max int64, change func(part int, notes []Note) []Note) (files []string) {
	t.Helper()
	dir := t.TempDir()
	if err := CreateSplit(t.Context(), dir, "tiny", tinyNotes(), tinyTensors(), max); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.gguf"))
	if err != nil {
		t.Fatal(err)
	}
	if change == nil {
		return files
	}
	parts, err := divide(tinyTensors(), max)
	if err != nil {
		t.Fatal(err)
	}
	for i, path := range files {
		notes := []Note{{"split.no", uint16(i)}, {"split.count", uint16(len(files))}, {"split.tensors.count", int32(len(tinyTensors()))}}
		if i == 0 {
			notes = append(tinyNotes(), notes...)
		}
		if err := Create(t.Context(), path, change(i, notes), parts[i]); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// A model in several files is the model in one, whichever file is named.
func TestSplit(t *testing.T) {
	whole := tiny(t, tinyNotes(), tinyTensors())
	files := inParts(t, 4000, nil)
	if len(files) < 3 || filepath.Base(files[1]) != "tiny-00002-of-0000"+string(rune('0'+len(files)))+".gguf" {
		t.Fatalf("files %v", files)
	}
	for _, path := range files {
		f, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if len(f.Names()) != len(whole.Names()) {
			t.Errorf("%d tensors, want %d", len(f.Names()), len(whole.Names()))
		}
		for _, name := range whole.Names() {
			want, _ := whole.Raw(name)
			got, err := f.Raw(name)
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%s: another tensor, %v", name, err)
			}
			f.Release(name)
		}
		if _, err := f.ReadFile("config.json"); err != nil {
			t.Error(err)
		}
	}
	if one := inParts(t, 0, nil); len(one) != 1 || filepath.Base(one[0]) != "tiny.gguf" {
		t.Errorf("without a bound: %v", one)
	}
}

// Files that do not belong together are told apart.
func TestSplitRefuses(t *testing.T) {
	set := func(notes []Note, key string, value any) []Note {
		for i := range notes {
			if notes[i].Key == key {
				notes[i].Value = value
			}
		}
		return notes
	}
	for name, c := range map[string]struct {
		change func(part int, notes []Note) []Note
		spoil  func(t *testing.T, files []string) string // returns the file to open
		want   string
	}{
		"one is missing": {nil, func(t *testing.T, files []string) string { must(t, os.Remove(files[1])); return files[0] }, "no such file"},
		"another name": {nil, func(t *testing.T, files []string) string {
			to := filepath.Join(filepath.Dir(files[0]), "model.gguf")
			must(t, os.Rename(files[0], to))
			return to
		}, "by which the others are found"},
		"two change places": {nil, func(t *testing.T, files []string) string {
			must(t, os.Rename(files[0], files[0]+"x"))
			must(t, os.Rename(files[1], files[0]))
			must(t, os.Rename(files[0]+"x", files[1]))
			return files[0]
		}, "split.no is 1, want 0"},
		"one twice": {nil, func(t *testing.T, files []string) string {
			b, err := os.ReadFile(files[1])
			must(t, err)
			must(t, os.WriteFile(files[2], b, 0o644))
			return files[0]
		}, "split.no is 1, want 2"},
		"of another count": {func(i int, n []Note) []Note {
			if i == 1 {
				return set(n, "split.count", uint16(9))
			}
			return n
		}, nil, "split.count is 9"},
		"tensors are missing": {func(i int, n []Note) []Note { return set(n, "split.tensors.count", int32(99)) }, nil, "split.tensors.count is 99"},
		"too many":            {func(i int, n []Note) []Note { return set(n, "split.count", uint16(65535)) }, nil, "at most"},
		"a count of words":    {func(i int, n []Note) []Note { return set(n, "split.count", "three") }, nil, "want a whole number"},
	} {
		t.Run(name, func(t *testing.T) {
			files := inParts(t, 4000, c.change)
			path := files[0]
			if c.spoil != nil {
				path = c.spoil(t, files)
			}
			f, err := Open(path)
			if err == nil {
				f.Close()
				t.Fatal("it was opened")
			}
			if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want one line with %q", err, c.want)
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
