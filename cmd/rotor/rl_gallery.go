package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/rotor-lm/rotor/internal/atomicfile"
	"github.com/rotor-lm/rotor/internal/nearest"
	"github.com/rotor-lm/rotor/rl/gallery"
)

type rlGalleryCmd struct {
	Out       string   `default:"gallery" placeholder:"DIR" help:"Folder for the pictures (${default})."`
	Only      []string `placeholder:"NAME" help:"Draw these figures only."`
	Format    string   `default:"svg" enum:"svg,png" help:"svg or png (${default})."`
	Runs      float64  `default:"1" placeholder:"X" help:"Average so many times the usual number of runs (${default})."`
	Reference string   `placeholder:"FILE" help:"Where to write the table of expected and measured numbers; usually reference.md in the folder."`
	List      bool     `help:"Name the figures and draw none."`
}

func (rlGalleryCmd) Help() string {
	return `Draws the figures of Sutton and Barto's and of Zhao's book from runs of these
algorithms, and writes what the books say beside what was measured.

Examples:

    rotor rl gallery
    rotor rl gallery --only zhao-07-3-q-learning,sb-06-5-cliff --format png
    rotor rl gallery --out docs/rl/figures --reference docs/rl/reference.md`
}

// Run draws.
func (c rlGalleryCmd) Run(ctx context.Context, e *env) error {
	figures := gallery.Figures()
	var names []string
	for _, f := range figures {
		names = append(names, f.Name)
	}
	if c.List {
		return c.list(e, figures)
	}
	for _, only := range c.Only {
		if n := nearest.Word(only, names); n != only {
			return usagef("--only %s: no such figure; the nearest is %s (--list names all)", only, n)
		}
	}
	if !(c.Runs > 0 && c.Runs <= 100) {
		return usagef("--runs %g: want a number above 0 and up to 100", c.Runs)
	}
	if err := os.MkdirAll(c.Out, 0o755); err != nil {
		return err
	}
	total := len(c.Only)
	if total == 0 {
		total = len(figures)
	}
	start := time.Now()
	var drawn []gallery.Drawn
	bad := 0
	for d, err := range gallery.Draw(ctx, gallery.Study{Runs: c.Runs, Seed: e.seed()}, c.Only...) {
		if err != nil {
			return err
		}
		drawn = append(drawn, d)
		path := filepath.Join(c.Out, d.Name+"."+c.Format)
		if err := writePicture(path, d.Picture); err != nil {
			return err
		}
		good := 0
		for _, k := range d.Checks {
			if k.Good() {
				good++
			} else {
				bad++
			}
		}
		if e.JSON {
			if err := e.object(struct {
				Name   string          `json:"name"`
				Title  string          `json:"title"`
				Source string          `json:"source"`
				Choice string          `json:"settings"`
				File   string          `json:"file"`
				Checks []gallery.Check `json:"checks"`
			}{d.Name, d.Title, d.Source, d.Choice, path, d.Checks}); err != nil {
				return err
			}
			continue
		}
		e.printf("%2d/%d  %4.0f s  %s: %d of %d numbers as expected\n", len(drawn), total, time.Since(start).Seconds(), path, good, len(d.Checks))
		for _, k := range d.Checks {
			if !k.Good() {
				e.printf("             %s\n", e.paint(red, fmt.Sprintf("%s: %.4g, want %.4g ± %.3g", k.What, k.Measured, k.Expected, k.Within)))
			}
		}
	}
	table := c.Reference
	if table == "" {
		table = filepath.Join(c.Out, "reference.md")
	}
	if err := atomicfile.Replace(table, func(w io.Writer) error { return gallery.Reference(w, drawn) }); err != nil {
		return err
	}
	if bad > 0 {
		return fmt.Errorf("%d numbers are not as expected; see %s", bad, table)
	}
	return nil
}

func (c rlGalleryCmd) list(e *env, figures []gallery.Figure) error {
	type listed struct {
		Name   string `json:"name"`
		Title  string `json:"title"`
		Source string `json:"source"`
	}
	var all []listed
	rows := [][]string{{"figure", "what it shows", "source"}}
	for _, f := range figures {
		all = append(all, listed{f.Name, f.Title, f.Source})
		rows = append(rows, []string{f.Name, f.Title, f.Source})
	}
	if e.JSON {
		return e.object(struct {
			Figures []listed `json:"figures"`
		}{all})
	}
	for _, l := range columns(rows) {
		e.printf("%s\n", l)
	}
	return nil
}
