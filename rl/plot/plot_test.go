package plot

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/world"
)

// The area that a shape covers is the ink that it leaves.
func TestCoverage(t *testing.T) {
	for name, c := range map[string]struct {
		points []Point
		area   float64
	}{
		"square":     {[]Point{{1.25, 1.5}, {6.75, 1.5}, {6.75, 8}, {1.25, 8}}, 5.5 * 6.5},
		"triangle":   {[]Point{{0.3, 0.2}, {9.1, 3.7}, {2.2, 8.9}}, math.Abs((9.1-.3)*(8.9-.2)-(2.2-.3)*(3.7-.2)) / 2},
		"thin":       {[]Point{{4.4, 0}, {4.6, 0}, {4.6, 10}, {4.4, 10}}, 2},
		"half out":   {[]Point{{-5, -5}, {5, -5}, {5, 5}, {-5, 5}}, 25},
		"right edge": {[]Point{{8.5, 2}, {30, 2}, {30, 4}, {8.5, 4}}, 3},
	} {
		p := New(10, 10)
		p.Area(Black, c.points...)
		img := p.Image(1)
		ink := 0.
		for y := range 10 {
			for x := range 10 {
				r, _, _, _ := img.At(x, y).RGBA()
				ink += (255 - float64(r>>8)) / (255 - float64(Black.R))
			}
		}
		if math.Abs(ink-c.area) > .15 {
			t.Errorf("%s: ink %.3f, area %.3f", name, ink, c.area)
		}
	}
}

func sample(t *testing.T) []*Picture {
	w, err := world.Open("zhao5x5")
	if err != nil {
		t.Fatal(err)
	}
	v, pi := make([]float64, 25), make([]float64, 125)
	for s := range v {
		v[s] = float64(s - 12)
		pi[s*5+s%5] = 1
	}
	up := []float64{1, 2, 4, 8}
	return []*Picture{
		Map{Title: "a & b < c", Grid: w.Grid, Values: v, Policy: pi, Digits: 1, Walks: [][]int{{0, 1, 2, 7}}}.Picture(),
		Chart{Title: "curves", X: "x", Y: "y", LogY: true, Curves: []Curve{Band("one", 1, [][]float64{up, {2, 3, 5, 9}}), {Name: "two", X: up, Y: up, Dots: true}}}.Picture(),
		Chart{Title: "nothing"}.Picture(),
		Chart{Curves: []Curve{{X: []float64{1, 2}, Y: []float64{math.NaN(), 3}}, {X: up, Y: up, Bars: true}}}.Picture(),
		Heat{Title: "heat", Values: [][]float64{{1, 2}, {3, math.NaN()}}, Labels: true}.Picture(),
	}
}

func TestPicturesAreWellFormed(t *testing.T) {
	all := sample(t)
	for i, p := range append(all, Beside(2, all...)) {
		var svg, pix bytes.Buffer
		if err := p.SVG(&svg); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(svg.String(), "NaN") {
			t.Errorf("picture %d has a place that is no number", i)
		}
		for d := xml.NewDecoder(&svg); ; {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("picture %d: %v", i, err)
			}
		}
		if err := p.PNG(&pix, 1.5); err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(&pix)
		if err != nil || img.Bounds().Dx() != int(math.Ceil(p.W*1.5)) {
			t.Errorf("picture %d: %v, %v", i, img.Bounds(), err)
		}
	}
}

func TestLettersHaveStrokes(t *testing.T) {
	for letter, code := range letters {
		for _, word := range strings.Fields(code) {
			if len(word)%2 != 0 || len(word) < 4 {
				t.Errorf("%q: stroke %q", letter, word)
			}
		}
	}
	for letter := '!'; letter <= 'z'; letter++ {
		if _, known := letters[letter]; !known && !strings.ContainsRune("$&@`\\;", letter) {
			t.Errorf("no strokes for %q", letter)
		}
	}
}

func TestTicksAreRound(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		log       bool
		want      int
	}{{0, 1, false, 5}, {-3.2, 17, false, 5}, {.001, 1000, true, 7}, {1, 100, true, 7}, {5, 5.001, false, 4}} {
		if n := len((axis{c.low, c.high, c.log, 0, 1}).ticks()); n < c.want-3 || n > c.want+4 {
			t.Errorf("%v: %d ticks", c, n)
		}
	}
}

func TestTerminal(t *testing.T) {
	if s := Spark([]float64{0, 1, 2, 3}, 4); s != "▁▃▆█" {
		t.Errorf("%q", s)
	}
	if s := Spark([]float64{1, 1}, 9); s != "▁▁" {
		t.Errorf("%q", s)
	}
}

// Lines and letters stand where they stand in the picture, two columns and four
// rows of dots to a character.
func TestCharacters(t *testing.T) {
	p := New(20, 10) // 4 characters of 5 by 10 points
	p.Line(Blue, 1, Point{1, 1}, Point{9, 1})
	p.Text(Black, 8, 1, 20, 9, "ab")
	if s := p.Characters(4, false); s != "\u2809\u2809ab\n" {
		t.Errorf("%q", s)
	}
	if s := p.Characters(4, true); s != "\x1b[0;38;2;37;99;235m\u2809\u2809\x1b[0mab\n" {
		t.Errorf("%q", s)
	}
	dark, pale := New(40, 40), New(40, 40)
	dark.Rect(Black, 0, 0, 40, 40)
	pale.Rect(Light, 0, 0, 40, 40)
	ink := func(p *Picture) (n int) {
		for _, r := range p.Characters(8, false) {
			if r > 0x2800 {
				for b := uint32(r - 0x2800); b > 0; b &= b - 1 {
					n++
				}
			}
		}
		return n
	}
	if d, l := ink(dark), ink(pale); d < 200 || l > d/4 { // of 256 dots
		t.Errorf("%d dots are dark, %d pale", d, l)
	}
	if s := dark.Characters(8, true); !strings.Contains(s, "48;2;17;24;39m") {
		t.Errorf("%q", s)
	}
}

// Every picture has a form in characters, of the width that is asked for.
func TestCharactersOfEveryPicture(t *testing.T) {
	for i, p := range sample(t) {
		for _, columns := range []int{1, 40, p.Columns()} {
			for _, line := range strings.Split(p.Characters(columns, false), "\n") {
				if n := len([]rune(line)); n > columns {
					t.Errorf("picture %d: %d characters in %d columns", i, n, columns)
				}
			}
		}
	}
}

// Every world can be watched: its scene is well formed from any state it gets into.
func TestScenes(t *testing.T) {
	for _, name := range world.Names() {
		w, err := world.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		m := w.New()
		m.Reset(rl.NewRand(1))
		seen := make([]float64, m.Width())
		var states, all [][]float64
		for k := range 30 {
			a := w.Low + (w.High-w.Low)*float64(k%3)/2
			if n := len(w.Actions); n > 0 {
				a = float64(k % n)
			}
			_, gamma := m.Act(a)
			m.Observe(seen)
			states, all = append(states, m.State()), append(all, append([]float64{}, seen...))
			p := Scene(w, m.State(), seen)
			var svg bytes.Buffer
			if err := p.SVG(&svg); err != nil || strings.Contains(svg.String(), "NaN") || p.Characters(p.Columns(), false) == "" {
				t.Errorf("%s: %v", name, err)
			}
			if gamma == 0 {
				break
			}
		}
		if Strobe(w, states, all).W < 100 {
			t.Errorf("%s: nothing to see of a run", name)
		}
	}
}
