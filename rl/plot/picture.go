// Package plot draws what reinforcement learning does: values and policies on a
// grid, walks, visits, curves with bands. A Picture is a list of shapes, which
// SVG and PNG write to a file, and Characters to a screen.
package plot

import (
	"fmt"
	"html"
	"io"
	"math"
	"strings"
)

// Picture is a list of shapes on a white sheet. Lengths are in points, and y
// grows downward.
type Picture struct {
	W, H   float64
	shapes []shape
}

// Colour is red, green, blue, and how much it covers.
type Colour struct{ R, G, B, A uint8 }

// Colours that pictures share.
var (
	Black  = Colour{17, 24, 39, 255}
	Grey   = Colour{107, 114, 128, 255}
	Light  = Colour{229, 231, 235, 255}
	White  = Colour{255, 255, 255, 255}
	Blue   = Colour{37, 99, 235, 255}
	Red    = Colour{220, 38, 38, 255}
	Green  = Colour{5, 150, 105, 255}
	Orange = Colour{217, 119, 6, 255}
	Violet = Colour{124, 58, 237, 255}
	Teal   = Colour{8, 145, 178, 255}
)

// Palette is the order of colours of lines.
var Palette = []Colour{Blue, Red, Green, Orange, Violet, Teal, Grey, {190, 24, 93, 255}, {101, 67, 33, 255}}

// Point is a place on the sheet.
type Point struct{ X, Y float64 }

type shape struct {
	points []Point // an area, or a line if width > 0
	width  float64
	fill   Colour
	text   string  // else text at points[0], of size width
	anchor float64 // 0 begins there, ½ has its middle there, 1 ends there
}

// New is an empty sheet.
func New(w, h float64) *Picture { return &Picture{W: w, H: h} }

// Area fills a polygon.
func (p *Picture) Area(c Colour, points ...Point) {
	p.shapes = append(p.shapes, shape{points: points, fill: c})
}

// Rect fills a rectangle.
func (p *Picture) Rect(c Colour, x, y, w, h float64) {
	p.Area(c, Point{x, y}, Point{x + w, y}, Point{x + w, y + h}, Point{x, y + h})
}

// Line draws through points.
func (p *Picture) Line(c Colour, width float64, points ...Point) {
	p.shapes = append(p.shapes, shape{points: points, fill: c, width: width})
}

// Circle fills a disc.
func (p *Picture) Circle(c Colour, x, y, r float64) {
	const corners = 32
	disc := make([]Point, corners)
	for i := range disc {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / corners)
		disc[i] = Point{x + r*cos, y + r*sin}
	}
	p.Area(c, disc...)
}

// Text writes on a base line. An anchor of 0 begins at x, ½ has its middle there,
// 1 ends there.
func (p *Picture) Text(c Colour, size, anchor, x, y float64, text string) {
	p.shapes = append(p.shapes, shape{points: []Point{{x, y}}, fill: c, width: size, text: text, anchor: anchor})
}

// Place puts another picture on this one.
func (p *Picture) Place(other *Picture, x, y float64) {
	for _, s := range other.shapes {
		moved := make([]Point, len(s.points))
		for i, q := range s.points {
			moved[i] = Point{q.X + x, q.Y + y}
		}
		s.points = moved
		p.shapes = append(p.shapes, s)
	}
}

// Beside puts pictures in rows of so many, each row as high as its highest.
func Beside(columns int, pictures ...*Picture) *Picture {
	var w float64
	for _, q := range pictures {
		w = max(w, q.W)
	}
	p := New(w*float64(min(columns, len(pictures))), 0)
	for i := 0; i < len(pictures); i += columns {
		var h float64
		for k, q := range pictures[i:min(i+columns, len(pictures))] {
			p.Place(q, w*float64(k), p.H)
			h = max(h, q.H)
		}
		p.H += h
	}
	return p
}

// SVG writes the picture as Scalable Vector Graphics.
func (p *Picture) SVG(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" width="%g" height="%g" font-family="sans-serif">`+"\n", p.W, p.H, p.W, p.H)
	fmt.Fprintf(&b, `<rect width="%g" height="%g" fill="white"/>`+"\n", p.W, p.H)
	for _, s := range p.shapes {
		paint := fmt.Sprintf("#%02x%02x%02x", s.fill.R, s.fill.G, s.fill.B)
		clear := ""
		if s.fill.A < 255 {
			clear = fmt.Sprintf(` opacity="%.2g"`, float64(s.fill.A)/255)
		}
		if s.text != "" {
			fmt.Fprintf(&b, `<text x="%.5g" y="%.5g" font-size="%g" text-anchor="%s" fill="%s"%s>%s</text>`+"\n",
				s.points[0].X, s.points[0].Y, s.width, []string{"start", "middle", "end"}[int(s.anchor*2)], paint, clear, html.EscapeString(s.text))
			continue
		}
		b.WriteString(`<path d="`)
		for i, q := range s.points {
			fmt.Fprintf(&b, "%c%.5g %.5g", "ML"[min(i, 1)], q.X, q.Y)
		}
		if s.width > 0 {
			fmt.Fprintf(&b, `" fill="none" stroke="%s" stroke-width="%g" stroke-linejoin="round"%s/>`+"\n", paint, s.width, clear)
		} else {
			fmt.Fprintf(&b, `Z" fill="%s"%s/>`+"\n", paint, clear)
		}
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}
