package demo

import (
	"archive/zip"
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/train"
)

// What the program carries is small, whole, and in the form that hub opens.
func TestModel(t *testing.T) {
	if len(base) > 8e6 {
		t.Errorf("the model takes %d bytes of the program, and may take 8 MB", len(base))
	}
	if _, err := zip.NewReader(bytes.NewReader(base), int64(len(base))); err != nil {
		t.Fatal(err)
	}
	d := &demo{ctx: context.Background(), dir: t.TempDir(), tell: func(Event) error { return nil }}
	defer d.close()
	if err := d.open(); err != nil {
		t.Fatal(err)
	}
	if len(d.titles) < 100 {
		t.Errorf("%d held-out titles", len(d.titles))
	}
	for _, text := range []string{string(Tuning), string(HeldOut)} {
		for line := range strings.Lines(text) {
			if got := d.tok.Decode(d.tok.Encode(line)); got != line {
				t.Fatalf("%q came back as %q", line, got)
			}
		}
	}
	if p, err := d.perplexity(d.base.Model); err != nil || p > 300 {
		t.Errorf("the model finds the held-out poems with a perplexity of %g: %v", p, err)
	}
}

// The whole demo keeps its promise.
func TestRun(t *testing.T) {
	if os.Getenv("ROTOR_LONG") == "" {
		t.Skip("set ROTOR_LONG to run the demo")
	}
	dir := t.TempDir()
	var before, after Measure
	var checked Checked
	for e, err := range Run(context.Background(), dir, 1) {
		if err != nil {
			t.Fatal(err)
		}
		switch e := e.(type) {
		case Measured:
			if e.After {
				after = e.Measure
			} else {
				before = e.Measure
			}
		case Checked:
			checked = e
		case train.Done:
			if e.Out != filepath.Join(dir, "run") {
				t.Errorf("the result is in %s", e.Out)
			}
		}
	}
	if after.WellFormed < .85 || after.WellFormed < before.WellFormed+.3 {
		t.Errorf("in form %.2f, and %.2f after", before.WellFormed, after.WellFormed)
	}
	if after.Perplexity >= before.Perplexity {
		t.Errorf("perplexity %.1f, and %.1f after", before.Perplexity, after.Perplexity)
	}
	if checked.ReloadError > 1e-4 || checked.MergeError > 1e-3 || checked.AdapterBytes == 0 {
		t.Errorf("on disk: %+v", checked)
	}
}
