package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/examples/internal/tiny"
)

// packages is a file as Debian's translations are. Every other one begins as
// the one before, and is left out.
func packages(n int) string {
	var b strings.Builder
	for i := range n {
		what := []string{"reader", "writer", "viewer", "player"}[i%4]
		fmt.Fprintf(&b, "Package: p%d\nDescription-md5: 0\nDescription-en: %s of format %d\n", i, what, i/2)
		fmt.Fprintf(&b, " This program is for format %d. It opens files of every size, large and\n small ones, and is a %s.\n .\n A second paragraph.\n\n", i/2, what)
	}
	return b.String()
}

func TestSummarise(t *testing.T) {
	dir := t.TempDir()
	descriptions := filepath.Join(dir, "descriptions.txt")
	if err := os.WriteFile(descriptions, []byte(packages(80)), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := tiny.Folder(dir, packages(80)+system); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := run(t.Context(), &out, filepath.Join(dir, "model"), descriptions, filepath.Join(dir, "out"), size{24, 4, 8}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"the first sentence           ROUGE-L 0.", "the model as it is", "step 3 of 3: loss", "perplexity on what is held back", "3 steps in ", "after LoRA", "8 answers in"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
	if err := run(t.Context(), &out, "", descriptions, filepath.Join(dir, "out"), size{40, 4, 8}); err == nil || !strings.Contains(err.Error(), "40 packages that are unlike") {
		t.Errorf("too few packages: %v", err)
	}
}

func TestRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d")
	if err := os.WriteFile(path, []byte(packages(6)), 0o644); err != nil {
		t.Fatal(err)
	}
	list, err := read(path)
	if err != nil || len(list) != 3 {
		t.Fatalf("%d packages, %v", len(list), err)
	}
	for _, p := range list {
		if !strings.HasPrefix(p[0], "This program is for format") || !strings.Contains(p[0], "small ones") || !strings.HasSuffix(p[0], "\nA second paragraph.") || !strings.Contains(p[1], " of format ") {
			t.Errorf("%q", p)
		}
	}
}
