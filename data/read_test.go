package data

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func records(path string) (list []Record, err error) {
	for r, err := range Read(path) {
		if err != nil {
			return list, err
		}
		list = append(list, r)
	}
	return list, nil
}

func TestReadEveryFormat(t *testing.T) {
	for name, text := range map[string]string{
		"plain.jsonl":    "{\"a\":\"x\\ny\",\"b\":\"诗\"}\n{\"a\":\"2\",\"b\":\"\"}\n",
		"no end.jsonl":   "{\"a\":\"x\\ny\",\"b\":\"诗\"}\n{\"a\":\"2\",\"b\":\"\"}",
		"windows.jsonl":  "\ufeff{\"a\":\"x\\ny\",\"b\":\"诗\"}\r\n{\"a\":\"2\",\"b\":\"\"}\r\n",
		"plain.ndjson":   "{\"a\":\"x\\ny\",\"b\":\"诗\"}\n  {\"a\":\"2\",\"b\":\"\"}  \n",
		"plain.csv":      "a,b\n\"x\ny\",诗\n2,\n",
		"windows.csv":    "\ufeffa,b\r\n\"x\r\ny\",诗\r\n2,\r\n",
		"blank line.csv": "a , b\n\"x\ny\",诗\n\n2,\n",
		"quoted.csv":     "\"a\",\"b\"\n\"x\ny\",\"诗\"\n\"2\",\"\"\n",
		"plain.tsv":      "a\tb\n\"x\ny\"\t诗\n2\t\n",
		"list.json":      "[{\"a\":\"x\\ny\",\"b\":\"诗\"},\n{\"a\":\"2\",\"b\":\"\"}]\n",
		"lines.json":     "{\"a\":\"x\\ny\",\"b\":\"诗\"}\n{\"a\":\"2\",\"b\":\"\"}\n",
	} {
		list, err := records(write(t, name, text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(list) != 2 || list[0].Columns["a"] != "x\ny" || list[0].Columns["b"] != "诗" || list[1].Columns["a"] != "2" || list[1].Columns["b"] != "" {
			t.Errorf("%s: %v", name, list)
		}
	}
}

func TestRecordsKnowTheirLine(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		lines []int
	}{
		"a.jsonl": {"{}\n{}\n{}", []int{1, 2, 3}},
		"a.csv":   {"a\n1\n\"2\n2\"\n3\n", []int{2, 3, 5}},
		"a.json":  {"[\n  {\n    \"a\": 1\n  },\n\n  {}, {}\n]", []int{2, 6, 6}},
	} {
		list, err := records(write(t, name, c.text))
		var lines []int
		for _, r := range list {
			lines = append(lines, r.Line)
		}
		if err != nil || !slices.Equal(lines, c.lines) {
			t.Errorf("%s: lines %v, want %v; %v", name, lines, c.lines, err)
		}
	}
}

// broken are files that must be refused, the line that must be named, and a word
// of what must be said.
var brokenFiles = []struct{ name, text, at, says string }{
	{"empty.jsonl", "", "", "holds no record"},
	{"empty.csv", "", "", "holds no record"},
	{"names only.csv", "a,b\n", "", "holds no record"},
	{"empty.txt", "", "", "holds no record"},
	{"empty line.jsonl", "{}\n\n{}\n", ":2", "empty"},
	{"blank.jsonl", "{}\n{}\n  \n", ":3", "delete it"},
	{"cut.jsonl", "{}\n{\"a\": \"x", ":2", "too early"},
	{"list.jsonl", "[1]\n", ":1", "JSON array"},
	{"null.jsonl", "null\n", ":1", "null"},
	{"bare.jsonl", "{}\nhello\n", ":2", "hello"},
	{"two.jsonl", "{} {}\n", ":1", "line of its own"},
	{"latin.jsonl", "{\"a\":\"\xe9\"}\n", ":1", "UTF-8"},
	{"wide.jsonl", "\xff\xfe{\x00}\x00", "", "UTF-16"},
	{"deep.jsonl", strings.Repeat("[", 20000), ":1", "depth"},
	{"quote.csv", "a,b\n1,\"x\n", ":2", "quote"},
	{"ragged.csv", "a,b\n1,2\n1\n", ":3", "another number of fields"},
	{"twice.csv", "a,a\n1,2\n", ":1", "twice"},
	{"no name.csv", "a,\n1,2\n", ":1", "no name"},
	{"latin.csv", "a\n\xe9\n", ":2", "UTF-8"},
	{"latin.txt", "\xe9", "", "UTF-8"},
	{"open.json", "[{}", "", "too early"},
	{"number.json", "[1]", ":1", "JSON number"},
	{"more.json", "[{}]\n[{}]", ":2", "closing ]"},
	{"unknown.xyz", "?", "", ".jsonl"},
}

func TestBrokenFiles(t *testing.T) {
	for _, c := range brokenFiles {
		path := write(t, c.name, c.text)
		_, err := records(path)
		if err == nil || !strings.Contains(err.Error(), path+c.at) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v; want %s and %q", c.name, err, c.at, c.says)
		}
		if err != nil && len(err.Error()) > 400+len(path) {
			t.Errorf("%s: an error of %d bytes", c.name, len(err.Error()))
		}
	}
	if _, err := records(filepath.Join(t.TempDir(), "none.jsonl")); err == nil {
		t.Error("a file that is not there was read")
	}
	if _, err := records(t.TempDir()); err == nil || !strings.Contains(err.Error(), "no file in it ends in") {
		t.Errorf("an empty folder: %v", err)
	}
}

// A record beyond the limit is an error, whatever the file, and the line is named.
func TestHugeRecords(t *testing.T) {
	long := strings.Repeat("x", maxRecord+1<<20)
	for name, text := range map[string]string{
		"a.jsonl": "{}\n{\"a\":\"" + long + "\"}\n",
		"a.csv":   "a\n1\n\"" + long + "\"\n",
		"a.json":  "[{},{\"a\":\"" + long + "\"}]",
	} {
		_, err := records(write(t, name, text))
		if err == nil || !strings.Contains(err.Error(), "more than 16 MB") {
			t.Errorf("%s: %.200v", name, err)
		}
	}
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"b.jsonl": `{"text":"2"}`, "a.csv": "text\n1\n", "c/d.txt": "3",
		".hidden.jsonl": "broken", ".git/x.txt": "no", "readme.doc": "no",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	list, err := records(dir)
	var texts []any
	for _, r := range list {
		texts = append(texts, r.Columns["text"])
	}
	if err != nil || fmt.Sprint(texts) != "[1 2 3]" {
		t.Errorf("%v, %v", texts, err)
	}
}

// The parts of a text file join to the file, are valid UTF-8 each, and are
// parted where no tokenizer's piece reaches across.
func TestTextInParts(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("one line\n", 50),
		strings.Repeat("春眠不覺曉\n處處聞啼鳥\n\n", 50),
		strings.Repeat("a\n\n  b\r\n", 50) + "tail",
		"short",
		strings.Repeat("x", 50) + "\ny",
	} {
		for size := 1; size < 40; size += 3 {
			var joined strings.Builder
			more := true
			for r, err := range parts("x", bufio.NewReader(strings.NewReader(text)), size) {
				if err != nil {
					t.Fatal(err)
				}
				part := r.Columns["text"].(string)
				joined.WriteString(part)
				if more = r.More; more && seam([]byte(part+"x")) != len(part) {
					t.Fatalf("part %q does not end at a seam", part)
				}
			}
			if joined.String() != text || more {
				t.Fatalf("parts of %d do not join to the text", size)
			}
		}
	}
	long := strings.Repeat("诗", maxRecord/3+100) // no line end in more than the limit
	list, err := records(write(t, "a.txt", long))
	if err != nil || len(list) < 2 {
		t.Fatalf("%d parts, %v", len(list), err)
	}
	var joined strings.Builder
	for _, r := range list {
		joined.WriteString(r.Columns["text"].(string))
	}
	if joined.String() != long {
		t.Error("the parts of a text without lines do not join to it")
	}
}

// Whatever a line holds, it is refused or it is the JSON object that the
// standard library sees.
func FuzzJSONL(f *testing.F) {
	for _, c := range brokenFiles {
		if len(c.text) < 1000 {
			f.Add([]byte(c.text))
		}
	}
	f.Add([]byte("\xef\xbb\xbf{\"text\":\"a\"}\r\n{\"text\":1e9,\"x\":[{}]}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		path := write(t, "x.jsonl", string(b))
		lines := strings.Split(strings.TrimPrefix(string(b), "\ufeff"), "\n")
		for r, err := range Read(path) {
			if err != nil {
				return
			}
			var want map[string]any
			if err := json.Unmarshal([]byte(lines[r.Line-1]), &want); err != nil || len(want) != len(r.Columns) {
				t.Fatalf("line %d: %v, %v", r.Line, r.Columns, err)
			}
		}
	})
}

// Whatever a CSV file holds, it is refused or every row has every column, and
// lines only grow.
func FuzzCSV(f *testing.F) {
	for _, c := range brokenFiles {
		if len(c.text) < 1000 {
			f.Add([]byte(c.text))
		}
	}
	f.Add([]byte("\xef\xbb\xbfprompt,completion\r\n\"a\r\nb\",\"\"\"\"\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		line, width := 0, 0
		for r, err := range Read(write(t, "x.csv", string(b))) {
			if err != nil {
				return
			}
			if width == 0 {
				width = len(r.Columns)
			}
			if len(r.Columns) != width || r.Line <= line {
				t.Fatalf("%v after line %d", r, line)
			}
			line = r.Line
		}
	})
}
