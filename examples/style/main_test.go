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

// Chapters that say the same make the next easier to foretell.
func TestStyle(t *testing.T) {
	dir := t.TempDir()
	chapters := filepath.Join(dir, "chapters")
	if err := os.MkdirAll(chapters, 0o755); err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat(beginning+", and the whale went down into the deep. ", 30)
	for i := range 10 {
		if err := os.WriteFile(filepath.Join(chapters, fmt.Sprintf("chapter_%d.txt", i)), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	whole := filepath.Join(chapters, "data.txt") // the book in one file is not among its chapters
	if err := os.WriteFile(whole, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := tiny.Folder(dir, text); err != nil {
		t.Fatal(err)
	}
	settings["length"], settings["epochs"], settings["lr"] = "64", "6", "2e-2"
	var out bytes.Buffer
	if err := run(t.Context(), &out, filepath.Join(dir, "model"), chapters, filepath.Join(dir, "out")); err != nil {
		t.Fatal(err)
	}
	var before, after float64
	for line := range strings.Lines(out.String()) {
		if rest, ok := strings.CutPrefix(line, "the model as it is: perplexity "); ok {
			fmt.Sscan(rest, &before)
		}
		if rest, ok := strings.CutPrefix(line, "after LoRA: perplexity "); ok {
			fmt.Sscan(rest, &after)
		}
	}
	if !(before > 100 && after > 1 && after < 0.7*before) || strings.Count(out.String(), "    "+beginning) != 2 {
		t.Errorf("perplexity %g, then %g\n%s", before, after, out.String())
	}
	for _, part := range []string{"learned", "held"} {
		if _, err := os.Stat(filepath.Join(dir, "out", part, "data.txt")); err == nil {
			t.Errorf("the whole book is among what is %s", part)
		}
	}
}
