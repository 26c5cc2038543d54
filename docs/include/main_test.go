package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRenew(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"out.txt": "$ rotor\nyes\n",
		"a.go":    "package a\n\n// F is one.\nfunc F() int { return 1 }\n\nfunc g() {}\n\ntype T struct{}\n\nfunc (t *T) M() {}\n",
		"r.md":    "# R\n\n## One\n\n| a |\n\n### Deeper\n\nmore\n<!-- a mark -->\n\n## Two\n\nno\n",
	} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const end = "<!-- end -->"
	for _, c := range []struct{ from, want string }{
		{"<!-- include out.txt -->\nold\n" + end + "\nafter", "<!-- include out.txt -->\n```text\n$ rotor\nyes\n```\n" + end + "\nafter"},
		{"<!-- include a.go F -->\n" + end, "<!-- include a.go F -->\n```go\n// F is one.\nfunc F() int { return 1 }\n```\n" + end},
		{"<!-- include a.go T.M g -->\n" + end, "<!-- include a.go T.M g -->\n```go\nfunc g() {}\n\nfunc (t *T) M() {}\n```\n" + end},
		{"<!-- include r.md One -->\n" + end, "<!-- include r.md One -->\n| a |\n\n### Deeper\n\nmore\n" + end},
		{"no marks", "no marks"},
	} {
		have, err := renew(root, c.from)
		if err != nil || have != c.want {
			t.Errorf("%q becomes %q (%v), want %q", c.from, have, err, c.want)
		}
		if again, err := renew(root, have); err != nil || again != have {
			t.Errorf("%q is not left as it is: %q (%v)", have, again, err)
		}
	}
	for _, bad := range []string{"absent.txt", "a.go H", "r.md Three"} {
		if _, err := renew(root, "<!-- include "+bad+" -->\n"+end); err == nil {
			t.Errorf("include %s is no error", bad)
		}
	}
}

// Whatever a page includes is what the files hold today.
func TestPagesAreRenewed(t *testing.T) {
	root := filepath.Join("..", "..")
	pages, err := filepath.Glob(filepath.Join(root, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	included := 0
	for _, page := range append(pages, more...) {
		old, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(string(old), "\r\n", "\n")
		have, err := renew(root, text)
		if err != nil {
			t.Errorf("%s: %v", page, err)
		} else if have != text {
			t.Errorf("%s is behind what it includes: go run ./docs/include %s", page, filepath.Base(page))
		}
		included += len(block.FindAllString(text, -1))
	}
	if included == 0 {
		t.Error("no page includes anything")
	}
}
