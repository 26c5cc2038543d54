package gallery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/rl/plot"
)

var (
	texts   = regexp.MustCompile(`<text[^>]*>[^<]*`)
	letters = regexp.MustCompile(`<text[^>]*>`)
)

// The exact figures hold in every test run, the sampled ones with ROTOR_LONG=1,
// with the seed that rotor rl gallery draws them with and reference.md shows.
func TestFigures(t *testing.T) {
	names := []string{"zhao-03-optimal", "zhao-04-iteration", "zhao-04-small", "zhao-05-4-basic", "zhao-05-6-soft", "zhao-06-3-robbins-monro", "zhao-06-2-mean", "sb-06-4-windy", "sb-11-2-baird"}
	if os.Getenv("ROTOR_LONG") != "" {
		names = nil
	}
	n := 0
	var all []Drawn
	for d, err := range Draw(context.Background(), Study{}, names...) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		if len(d.Checks) == 0 {
			t.Errorf("%s checks nothing", d.Name)
		}
		for _, c := range d.Checks {
			if !c.Good() {
				t.Errorf("%s: %s: %g, want %g ± %g", d.Name, c.What, c.Measured, c.Expected, c.Within)
			}
		}
		var svg bytes.Buffer
		if err := d.Picture.SVG(&svg); err != nil || svg.Len() < 2000 || strings.Contains(svg.String(), "NaN") {
			t.Errorf("%s: %d bytes, %v", d.Name, svg.Len(), err)
		}
		for _, r := range letters.ReplaceAllString(html.UnescapeString(strings.Join(texts.FindAllString(svg.String(), -1), "")), "") {
			if !plot.HasLetter(r) {
				t.Errorf("%s: no letter %q in pixels", d.Name, r)
			}
		}
		all = append(all, d)
	}
	page, err := os.ReadFile("../../docs/rl/reference.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range all { // the page is the last run of this program
		for _, c := range d.Checks {
			if row := fmt.Sprintf("| %s | %s | %s | %.5g |", d.Name, d.Source, strings.ReplaceAll(c.What, "|", "\\|"), c.Expected+0); !strings.Contains(string(page), row) {
				t.Errorf("docs/rl/reference.md lacks %q: run docs/rl/make", row)
			}
		}
		if !strings.Contains(string(page), "| "+d.Name+" | "+strings.ReplaceAll(d.Choice, "|", "\\|")+" |") {
			t.Errorf("docs/rl/reference.md lacks the settings of %s: run docs/rl/make", d.Name)
		}
	}
	if names != nil && n != len(names) {
		t.Errorf("%d figures, want %d", n, len(names))
	}
	var table bytes.Buffer
	if err := Reference(&table, all); err != nil || strings.Count(table.String(), "\n|") < 20 {
		t.Errorf("%v\n%s", err, table.String())
	}
}

// Runs over many seeds use all cores, and draw the same on one as on several.
func TestFiguresOnAnyCores(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	draw := func(cores int) string {
		runtime.GOMAXPROCS(cores)
		var out bytes.Buffer
		for d, err := range Draw(context.Background(), Study{}, "zhao-07-2-sarsa", "sb-06-1-random-walk") {
			if err == nil {
				err = d.Picture.SVG(&out)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		return out.String()
	}
	if draw(1) != draw(4) {
		t.Error("the figures depend on the number of cores")
	}
}

func TestEveryFigureIsNamedOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range Figures() {
		if seen[f.Name] || f.Title == "" || f.Source == "" || f.Choice == "" {
			t.Errorf("%+v", f)
		}
		seen[f.Name] = true
	}
}

func TestStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, err := range Draw(ctx, Study{}, "sb-06-1-random-walk") {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	}
}
