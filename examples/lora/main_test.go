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

// The adapted model answers what it was taught; the base, of random weights,
// cannot.
func TestLoRA(t *testing.T) {
	dir := t.TempDir()
	var lines strings.Builder
	for i := range 200 {
		fmt.Fprintf(&lines, "{\"prompt\": \"%d is \", \"completion\": \"%s\"}\n", i%100, []string{"even", "odd"}[i%2])
	}
	data := filepath.Join(dir, "data.jsonl")
	if err := os.WriteFile(data, []byte(lines.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := tiny.Folder(dir, lines.String()); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	adapter, err := tune(t.Context(), &out, filepath.Join(dir, "model"), data, filepath.Join(dir, "run"))
	if err != nil {
		t.Fatal(err)
	}
	out.Reset()
	for _, prompt := range []string{"12 is ", "37 is "} {
		if err := write(t.Context(), &out, filepath.Join(dir, "model"), adapter, prompt); err != nil {
			t.Fatal(err)
		}
	}
	if have := out.String(); !strings.HasPrefix(have, "12 is ") || !strings.Contains(have, "even") && !strings.Contains(have, "odd") {
		t.Errorf("it writes %q", have)
	}
}
