package main

import (
	"bytes"
	"encoding/xml"
	"io"
	"math"
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
	for _, name := range []string{"rotary", "memory"} {
		svg, err := picture(name, nil)
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
	if _, err := picture("mona lisa", nil); err == nil {
		t.Error("a picture that is not there is no error")
	}
}
