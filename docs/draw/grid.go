package main

import (
	"fmt"
	"html"
	"io"
	"math"
	"strings"
)

// grid is a table of numbers from 0 on, drawn as squares that are darker where
// the number is larger.
type grid struct {
	title      string
	rows, cols []string
	at         [][]float64 // [row][col]; NaN is left empty
	label      func(x float64) string
	note       string
}

// SVG writes the picture.
func (g grid) SVG(w io.Writer) error {
	const left, top, wide, high = 96, 56, 72, 30
	most := 0.0
	for _, row := range g.at {
		for _, x := range row {
			if !math.IsNaN(x) {
				most = max(most, x)
			}
		}
	}
	width, height := left+wide*len(g.cols)+16, top+high*len(g.rows)+36
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", width, height)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="white"/>`+"\n", width, height)
	fmt.Fprintf(&b, `<text x="16" y="22" font-size="15" fill="#111">%s</text>`+"\n", html.EscapeString(g.title))
	for j, name := range g.cols {
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle" fill="#444">%s</text>`+"\n", left+wide*j+wide/2, top-8, html.EscapeString(name))
	}
	for i, name := range g.rows {
		y := top + high*i
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end" fill="#444">%s</text>`+"\n", left-8, y+high/2+4, html.EscapeString(name))
		for j, x := range g.at[i] {
			if math.IsNaN(x) {
				continue
			}
			share := x / max(most, 1e-30)
			ink := "#111"
			if share > .7 {
				ink = "#fff"
			}
			fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%d" height="%d" fill="#2563eb" fill-opacity="%.3f" stroke="#e5e7eb"/>`, left+wide*j, y, wide, high, share)
			fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle" fill="%s">%s</text>`+"\n", left+wide*j+wide/2, y+high/2+4, ink, html.EscapeString(g.label(x)))
		}
	}
	fmt.Fprintf(&b, `<text x="16" y="%d" fill="#444">%s</text>`+"\n</svg>\n", height-12, html.EscapeString(g.note))
	_, err := io.WriteString(w, b.String())
	return err
}
