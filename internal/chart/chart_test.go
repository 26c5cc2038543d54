package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"regexp"
	"strconv"
	"testing"
)

// A picture is well-formed, whatever is drawn, and no line leaves it.
func TestSVG(t *testing.T) {
	for name, c := range map[string]Chart{
		"nothing":  {},
		"a point":  {Lines: []Line{{X: []float64{3}, Y: []float64{3}, Dots: true}}},
		"markup":   {Title: "<a & b>", Lines: []Line{{Name: `"</svg>`, X: []float64{1, 2}, Y: []float64{1, -2}}}},
		"gaps":     {Lines: []Line{{X: []float64{1, 2, 3}, Y: []float64{1, math.NaN(), math.Inf(1)}, Dots: true}}},
		"a band":   {Lines: []Line{{X: []float64{1, 2}, Y: []float64{1, 2}, Band: [2][]float64{{0, 1}, {2, 3}}}}},
		"log axes": {LogX: true, LogY: true, Lines: []Line{{X: []float64{1, 1000}, Y: []float64{.01, 5}}}},
	} {
		var b bytes.Buffer
		if err := c.SVG(&b); err != nil {
			t.Fatal(err)
		}
		d := xml.NewDecoder(bytes.NewReader(b.Bytes()))
		for {
			tok, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v in\n%s", name, err, b.String())
			}
			e, ok := tok.(xml.StartElement)
			if !ok {
				continue
			}
			for _, a := range e.Attr {
				if a.Name.Local != "d" {
					continue
				}
				for _, n := range regexp.MustCompile(`[\d.]+`).FindAllString(a.Value, -1) {
					if v, err := strconv.ParseFloat(n, 64); err != nil || v < 0 || v > width {
						t.Errorf("%s: a line goes to %s", name, n)
					}
				}
			}
		}
	}
}

func TestTicksAreRound(t *testing.T) {
	a := newAxis(false, 0, 100, []Line{{X: []float64{0.3, 9.7}}}, func(l Line) [][]float64 { return [][]float64{l.X} })
	ticks := a.ticks()
	if len(ticks) < 3 || len(ticks) > 7 {
		t.Fatalf("ticks %v", ticks)
	}
	for _, v := range ticks {
		if v < .3 || v > 9.7 || math.Abs(v-math.Round(v)) > 1e-9 {
			t.Errorf("a tick at %g", v)
		}
	}
}
