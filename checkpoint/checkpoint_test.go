package checkpoint

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// memory is a Source for tests.
type memory map[string]Info

func (m memory) Names() (names []string) {
	for name := range m {
		names = append(names, name)
	}
	return names
}
func (m memory) Info(name string) (Info, bool)   { i, ok := m[name]; return i, ok }
func (m memory) Raw(string) ([]byte, error)      { return nil, errors.ErrUnsupported }
func (m memory) ReadF32(string, []float32) error { return errors.ErrUnsupported }
func (m memory) Close() error                    { return nil }

func want(shapes map[string][]int) iter.Seq2[string, []int] { return maps.All(shapes) }

func TestMatchIsStrict(t *testing.T) {
	src := memory{"a": {Shape: []int{2, 3}}, "b": {Shape: []int{4}}, "c": {}}
	r, err := Match(want(map[string][]int{"a": {2, 3}, "b": {4}, "c": nil}), src, nil)
	if err != nil || r.Err() != nil || r.Matched != 3 {
		t.Errorf("all there: %v, %v, %v", r, err, r.Err())
	}
	r, err = Match(want(map[string][]int{"a": {2, 3}, "d": {4}}), src, nil)
	if err != nil || r.Matched != 1 || len(r.Missing) != 1 || len(r.Unexpected) != 2 {
		t.Errorf("%v, %v", r, err)
	}
	if err := r.Err(); err == nil || !strings.Contains(err.Error(), "missing: d") || !strings.Contains(err.Error(), "unexpected: ") {
		t.Errorf("the report: %v", err)
	}
	r, err = Match(want(map[string][]int{"a": {2, 3}}), src, func(name string) bool { return name != "a" })
	if err != nil || r.Err() != nil {
		t.Errorf("spare tensors: %v, %v", err, r.Err())
	}
	_, err = Match(want(map[string][]int{"a": {3, 2}}), src, nil)
	if err == nil || !strings.Contains(err.Error(), `tensor "a": want [3 2], have [2 3]`) {
		t.Errorf("another shape: %v", err)
	}
	many := map[string][]int{}
	for i := range 99 {
		many[fmt.Sprint("layer ", i)] = nil
	}
	r, _ = Match(want(many), memory{}, nil)
	if text := r.Err().Error(); !strings.Contains(text, "99 missing") || !strings.Contains(text, "and 93 more") {
		t.Errorf("many missing: %s", text)
	}
}

func TestOpenFindsTheFormat(t *testing.T) {
	defer func(before []Format) { formats = before }(formats)
	formats = nil
	var opened string
	Register(Format{Name: "zoo", Magic: "Z?O", Files: []string{"main.zoo", "*.zoo"}, Open: func(path string) (Source, error) {
		opened = filepath.Base(path)
		return memory{}, nil
	}})
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	open := func(path, want, says string) {
		t.Helper()
		opened = ""
		_, err := Open(path)
		if opened != want || (err != nil) != (says != "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("Open(%s) opened %q, error %v; want %q, %q", path, opened, err, want, says)
		}
	}
	open(dir, "", "holds none of main.zoo, *.zoo")
	open(write("pytorch_model.bin", "PK"), "", "known are zoo")
	open(dir, "", "safe_serialization")
	open(filepath.Join(dir, "nothing"), "", "no such file")
	open(write("anything", "ZOO"), "anything", "")
	open(write("short", "Z"), "", "known are zoo")
	open(write("a.zoo", "broken"), "a.zoo", "")
	open(dir, "a.zoo", "")
	write("b.zoo", "ZZO")
	open(dir, "", "a.zoo, b.zoo")
	write("main.zoo", "ZZO")
	open(dir, "main.zoo", "")
}
