package main

import (
	"fmt"
	"strings"
	"testing"
)

// A dataset is shown with its lengths: in characters, and with a model in its
// tokens.
func TestShowDataLengths(t *testing.T) {
	var b strings.Builder
	for i := range 100 {
		n := 3 // 海 is one character
		if i >= 90 {
			n = 500
		}
		fmt.Fprintf(&b, `{"prompt":"%s","completion":"y"}`+"\n", strings.Repeat("海", n))
	}
	file := write(t, "d.jsonl", b.String())
	d := object[dataInfo](t, rotor(t, done, "show", file, "--json"))
	l := d.Lengths
	if d.Examples != 100 || l.Shortest != 4 || l.Median != 4 || l.Nine != 4 || l.Longest != 501 {
		t.Errorf("have %+v", d)
	}
	total := 0
	for i, b := range l.Bins {
		total += b.Count
		if i > 0 && b.AtMost != 2*l.Bins[i-1].AtMost {
			t.Errorf("bin %d reaches to %d", i, b.AtMost)
		}
	}
	if total != 100 || l.Bins[0] != (bin{4, 90}) || l.Bins[len(l.Bins)-1] != (bin{512, 10}) {
		t.Errorf("the histogram is %+v", l.Bins)
	}
	o := rotor(t, done, "show", file)
	for _, want := range []string{"length 4 to 501 characters, median 4, nine in ten at most 4", "≤ 4      90 ████", "≤ 512      10 ███"} {
		if !strings.Contains(o.stdout, want) {
			t.Errorf("it does not say %q:\n%s", want, o.stdout)
		}
	}
	if o := rotor(t, done, "show", file, "--model", tiny(t, llamaConfig, 1, false)); !strings.Contains(o.stdout, "median") || strings.Contains(o.stdout, "characters") {
		t.Errorf("with a model it says\n%s", o.stdout)
	}
	// A long file is one text, however it is read.
	book := write(t, "book.txt", strings.Repeat("the sea\n", 300_000))
	if d := object[dataInfo](t, rotor(t, done, "show", book, "--json")); d.Examples != 1 || d.Lengths.Longest != 8*300_000 {
		t.Errorf("a book is %+v", d)
	}
}
