package main

import (
	"fmt"
	"io"

	"github.com/rotor-lm/rotor/eval"
	"github.com/rotor-lm/rotor/internal/atomicfile"
	"github.com/rotor-lm/rotor/internal/chart"
)

// curve is how well e-mails are judged, by how many were learned from.
type curve struct{ mails, accuracy []float64 }

// add prints what judged e-mails show, and keeps it.
func (c *curve) add(w io.Writer, n int, name string, answers []eval.Answer) {
	a := eval.Agree(answers)
	fmt.Fprintf(w, "%-28s accuracy %.3f", name, a.Exact)
	for _, k := range a.Classes {
		fmt.Fprintf(w, ", F1 of %s %.3f", k.Label, k.F1)
	}
	fmt.Fprintln(w)
	c.mails, c.accuracy = append(c.mails, float64(n)), append(c.accuracy, a.Exact)
}

// draw draws both ways to learn.
func draw(path string, words, adapted curve) error {
	return atomicfile.Replace(path, chart.Chart{
		Title: "E-mails that were held out, judged rightly", X: "e-mails learned from", Y: "accuracy", LogX: true,
		Lines: []chart.Line{
			{Name: "TF-IDF, logistic regression", X: words.mails, Y: words.accuracy, Dots: true},
			{Name: "LoRA", X: adapted.mails, Y: adapted.accuracy, Dots: true},
		},
	}.SVG)
}
