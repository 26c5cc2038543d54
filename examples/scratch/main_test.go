package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestScratch(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.txt")
	if err := os.WriteFile(text, []byte(strings.Repeat("The wheel turns, and the mill grinds the corn. ", 200)), 0o644); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := run(t.Context(), &out, text, filepath.Join(dir, "out"), "The wheel", 40); err != nil {
		t.Fatal(err)
	}
	var first, last float64
	for line := range strings.Lines(out.String()) {
		var n int
		var loss float64
		if k, _ := fmt.Sscanf(line, "step %d: loss %g", &n, &loss); k == 2 {
			if first == 0 {
				first = loss
			}
			last = loss
		}
	}
	if !(first > 5 && last < first/3) {
		t.Errorf("the loss goes from %g to %g", first, last)
	}
	if !strings.Contains(out.String(), "The wheel turns, and the mill") {
		t.Errorf("it did not learn its one sentence:\n%s", out.String())
	}
}
