package main

import (
	"bytes"
	"encoding/xml"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/position"
)

// The mean of cos(d·θ_i) over the pairs is what a score of ones must be.
func TestScores(t *testing.T) {
	for d, have := range scores(position.NewRotary(16, 10000, 2), 16, 40) {
		want := 0.0
		for i := range 8 {
			want += math.Cos(float64(d)/2*math.Pow(10000, -float64(i)/8)) / 8
		}
		if math.Abs(have-want) > 1e-5 {
			t.Fatalf("distance %d: %g, want %g", d, have, want)
		}
	}
}

// A row sees its text in the window, itself included, and its adapter's rows.
func TestMemory(t *testing.T) {
	g := memory()
	for i, want := range []string{
		"..#........", "..##.......", "..###......", "...###.....",
		"##....#....", "##....##...", "##....###..", "##.....###.", "##......###",
	} {
		have := ""
		for _, x := range g.at[i] {
			have += map[bool]string{true: "#", false: "."}[x > 0]
		}
		if have != want {
			t.Errorf("row %s sees %s, want %s", g.rows[i], have, want)
		}
	}
}

func TestPicturesAreXML(t *testing.T) {
	file := filepath.Join(t.TempDir(), "results.md")
	text := "## Other\n\n| a |\n|---|\n| 1 |\n\n## Training\n\nHow.\n\n|  | tokens/s | peak RSS |\n| --- | --- | --- |\n| A & B | 12.5 | 2.00 GB |\n| Rotor | 25.0 | 0.50 GB |\n\nmore\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	g, err := measured(file, "Training", "tokens/s", "peak RSS")
	if err != nil || len(g.panels) != 2 || g.panels[0].x[1] != 25 || g.panels[1].text[0] != "2.00 GB" || g.names[0] != "A & B" {
		t.Errorf("the table is read as %+v, %v", g, err)
	}
	for name, inputs := range map[string][]string{"rotary": nil, "memory": nil, "bars": {file, "Training"}} {
		svg, err := picture(name, inputs)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := svg(&b); err != nil {
			t.Fatal(err)
		}
		d := xml.NewDecoder(strings.NewReader(b.String()))
		for {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
	if _, err := measured(file, "Walking", "tokens/s"); err == nil {
		t.Error("a section that is not there is no error")
	}
	if _, err := picture("mona lisa", nil); err == nil {
		t.Error("a picture that is not there is no error")
	}
}
