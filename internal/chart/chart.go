// Package chart draws lines over two axes as SVG.
package chart

import (
	"fmt"
	"html"
	"io"
	"math"
	"strings"
)

// Chart is one picture.
type Chart struct {
	Title, X, Y string
	LogX, LogY  bool
	Lines       []Line
}

// Line is a named row of points. Band, if there, is drawn as the area between
// its low and high.
type Line struct {
	Name string
	X, Y []float64
	Band [2][]float64
	Dots bool // mark the points as well
	Pale bool // in the background: of the next line's colour, and without a name
}

const (
	width, height            = 720, 400
	left, right, top, bottom = 64, 16, 40, 48
)

var palette = []string{"#2563eb", "#dc2626", "#059669", "#d97706", "#7c3aed", "#0891b2", "#4b5563"}

// SVG writes the picture.
func (c Chart) SVG(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", width, height)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="white"/>`+"\n", width, height)
	fmt.Fprintf(&b, `<text x="%d" y="22" font-size="15" fill="#111">%s</text>`+"\n", left, html.EscapeString(c.Title))
	x := newAxis(c.LogX, left, width-right, c.Lines, func(l Line) [][]float64 { return [][]float64{l.X} })
	y := newAxis(c.LogY, height-bottom, top, c.Lines, func(l Line) [][]float64 { return [][]float64{l.Y, l.Band[0], l.Band[1]} })
	for _, t := range x.ticks() {
		fmt.Fprintf(&b, `<path d="M%.1f %dV%d" stroke="#e5e7eb"/><text x="%.1f" y="%d" text-anchor="middle" fill="#444">%s</text>`+"\n",
			x.at(t), top, height-bottom, x.at(t), height-bottom+16, label(t))
	}
	for _, t := range y.ticks() {
		fmt.Fprintf(&b, `<path d="M%d %.1fH%d" stroke="#e5e7eb"/><text x="%d" y="%.1f" text-anchor="end" fill="#444">%s</text>`+"\n",
			left, y.at(t), width-right, left-6, y.at(t)+4, label(t))
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle" fill="#111">%s</text>`+"\n", (left+width-right)/2, height-10, html.EscapeString(c.X))
	fmt.Fprintf(&b, `<text transform="translate(14 %d) rotate(-90)" text-anchor="middle" fill="#111">%s</text>`+"\n", (top+height-bottom)/2, html.EscapeString(c.Y))
	i := 0
	for _, l := range c.Lines {
		l.draw(&b, x, y, palette[i%len(palette)])
		if !l.Pale {
			i++
		}
	}
	i = 0
	for _, l := range c.Lines { // over the lines, with an edge that keeps them off
		if !l.Pale {
			fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end" fill="%s" stroke="white" stroke-width="4" paint-order="stroke">%s</text>`+"\n",
				width-right-4, top+14+16*i, palette[i%len(palette)], html.EscapeString(l.Name))
			i++
		}
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func (l Line) draw(b *strings.Builder, x, y axis, colour string) {
	if len(l.Band[0]) == len(l.X) && len(l.X) > 0 {
		fmt.Fprintf(b, `<path fill="%s" fill-opacity="0.15" d="M`, colour)
		for i := range l.X {
			fmt.Fprintf(b, "%.1f %.1f ", x.at(l.X[i]), y.at(l.Band[0][i]))
		}
		for i := len(l.X) - 1; i >= 0; i-- {
			fmt.Fprintf(b, "%.1f %.1f ", x.at(l.X[i]), y.at(l.Band[1][i]))
		}
		b.WriteString("Z\"/>\n")
	}
	opacity := "1"
	if l.Pale {
		opacity = "0.25"
	}
	fmt.Fprintf(b, `<path fill="none" stroke="%s" stroke-width="1.5" stroke-opacity="%s" d="`, colour, opacity)
	pen := "M"
	for i := range l.X {
		if !finite(l.Y[i]) {
			pen = "M"
			continue
		}
		fmt.Fprintf(b, "%s%.1f %.1f", pen, x.at(l.X[i]), y.at(l.Y[i]))
		pen = "L"
	}
	b.WriteString("\"/>\n")
	for i := range l.X {
		if l.Dots && finite(l.Y[i]) {
			fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>`+"\n", x.at(l.X[i]), y.at(l.Y[i]), colour)
		}
	}
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// axis maps values to places of the picture.
type axis struct {
	log             bool
	from, to        float64 // in the picture
	lowest, highest float64 // values, or their logarithms
}

func newAxis(log bool, from, to float64, lines []Line, values func(Line) [][]float64) axis {
	a := axis{log: log, from: from, to: to, lowest: math.Inf(1), highest: math.Inf(-1)}
	for _, l := range lines {
		for _, list := range values(l) {
			for _, v := range list {
				if v = a.value(v); finite(v) {
					a.lowest, a.highest = min(a.lowest, v), max(a.highest, v)
				}
			}
		}
	}
	if a.lowest > a.highest {
		a.lowest, a.highest = 0, 1
	}
	if a.lowest == a.highest {
		a.lowest, a.highest = a.lowest-.5, a.highest+.5
	}
	return a
}

func (a axis) value(v float64) float64 {
	if a.log {
		return math.Log10(v)
	}
	return v
}

func (a axis) at(v float64) float64 {
	return a.from + (a.to-a.from)*(a.value(v)-a.lowest)/(a.highest-a.lowest)
}

// ticks are some five round numbers within the axis, or powers of ten.
func (a axis) ticks() (list []float64) {
	if a.log {
		for p := math.Ceil(a.lowest - 1e-9); p <= a.highest+1e-9; p++ {
			list = append(list, math.Pow(10, p))
		}
		if len(list) > 1 {
			return list
		}
		return []float64{math.Pow(10, a.lowest), math.Pow(10, a.highest)}
	}
	step := math.Pow(10, math.Floor(math.Log10((a.highest-a.lowest)/5)))
	for _, k := range []float64{1, 2, 5, 10} {
		if (a.highest-a.lowest)/(k*step) <= 6 {
			step *= k
			break
		}
	}
	for t := math.Ceil(a.lowest/step-1e-9) * step; t <= a.highest+step*1e-9; t += step {
		list = append(list, t)
	}
	return list
}

func label(v float64) string {
	if math.Abs(v) < 1e-12 {
		return "0"
	}
	return fmt.Sprintf("%.4g", v)
}
