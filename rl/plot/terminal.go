package plot

import (
	"fmt"
	"math"
	"strings"
)

var blocks = []rune("▁▂▃▄▅▆▇█")

// Spark is a curve in one line of so many characters.
func Spark(y []float64, width int) string {
	if len(y) == 0 || width < 1 {
		return ""
	}
	width = min(width, len(y))
	bins := make([]float64, width)
	low, top := math.Inf(1), math.Inf(-1)
	for k := range bins {
		from, to := k*len(y)/width, (k+1)*len(y)/width
		for _, v := range y[from:to] {
			bins[k] += v / float64(to-from)
		}
		low, top = min(low, bins[k]), max(top, bins[k])
	}
	var b strings.Builder
	for _, v := range bins {
		share := 0.
		if top > low {
			share = (v - low) / (top - low)
		}
		if math.IsNaN(share) {
			b.WriteByte(' ')
			continue
		}
		b.WriteRune(blocks[int(share*float64(len(blocks)-1)+.5)])
	}
	return b.String()
}

// Columns is how many characters wide Characters shows the picture at its usual size,
// in which letters are about as large as letters.
func (p *Picture) Columns() int { return int(math.Ceil(p.W / 6)) }

// Characters is the picture in characters, as many columns wide as are given. Lines and
// small shapes are dots of Braille, two columns and four rows of them to a
// character, and letters are letters. With colour, large areas are the ground that
// the rest stands on; without, they are dots too, the denser the darker.
func (p *Picture) Characters(columns int, colour bool) string {
	columns = max(columns, 1)
	c := &canvas{cols: columns, unit: p.W / float64(columns), colour: colour}
	c.rows = max(int(math.Ceil(p.H/(2*c.unit))), 1)
	c.cells = make([]cell, c.cols*c.rows)
	for _, s := range p.shapes {
		switch {
		case s.text != "":
			c.write(s)
		case s.width > 0:
			c.line(s)
		default:
			c.area(s)
		}
	}
	return c.String()
}

// canvas is a sheet of characters, each unit points wide and twice as high.
type canvas struct {
	cols, rows int
	unit       float64
	colour     bool
	cells      []cell
}

// cell is one character. A colour that covers nothing is none.
type cell struct {
	dots          uint8
	letter        rune
	paint, ground Colour
}

// dot marks the dot of Braille at column x and row y, counted in dots.
func (c *canvas) dot(paint Colour, x, y int) {
	if x < 0 || y < 0 || x >= 2*c.cols || y >= 4*c.rows {
		return
	}
	k := &c.cells[y/4*c.cols+x/2]
	k.dots |= [4][2]uint8{{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}[y%4][x%2]
	k.paint = paint
}

func (c *canvas) write(s shape) {
	text := []rune(s.text)
	row := int(math.Floor((s.points[0].Y - s.width*.35) / (2 * c.unit)))
	at := int(math.Round(s.points[0].X/c.unit - s.anchor*float64(len(text))))
	if row < 0 || row >= c.rows {
		return
	}
	for i, r := range text {
		if col := at + i; col >= 0 && col < c.cols {
			k := &c.cells[row*c.cols+col]
			k.letter, k.paint = r, s.fill
		}
	}
}

// line marks the dots that a line goes through. Lines as pale as those that help
// the eye along a chart are left out.
func (c *canvas) line(s shape) {
	if s.fill == Light {
		return
	}
	for i := 1; i < len(s.points); i++ {
		a, b := s.points[i-1], s.points[i]
		steps := math.Ceil(max(math.Abs(b.X-a.X), math.Abs(b.Y-a.Y)) / (c.unit / 2))
		if math.IsNaN(steps) || steps > 1e6 {
			continue
		}
		for k := 0.; k <= steps; k++ {
			t := k / max(steps, 1)
			c.dot(s.fill, c.at(a.X+t*(b.X-a.X)), c.at(a.Y+t*(b.Y-a.Y)))
		}
	}
}

// at is the dot of a length in points: dots are square.
func (c *canvas) at(v float64) int { return int(math.Floor(v / (c.unit / 2))) }

// area fills what a polygon covers: a small one with dots, a large one as ground
// or, without colours, with as many dots as it is dark.
func (c *canvas) area(s shape) {
	left, right, top, low := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, q := range s.points {
		left, right, top, low = min(left, q.X), max(right, q.X), min(top, q.Y), max(low, q.Y)
	}
	if math.IsNaN(left + right + top + low) {
		return
	}
	large := max(right-left, low-top) > 1.7*c.unit
	if large && c.colour {
		for row := max(int(top/(2*c.unit)), 0); row < min(int(low/(2*c.unit))+1, c.rows); row++ {
			for col := max(int(left/c.unit), 0); col < min(int(right/c.unit)+1, c.cols); col++ {
				if s.holds(Point{(float64(col) + .5) * c.unit, (2*float64(row) + 1) * c.unit}) {
					k := &c.cells[row*c.cols+col]
					k.ground = over(s.fill, k.ground)
					if s.fill.A == 255 { // it hides what lies below
						k.dots, k.letter = 0, 0
					}
				}
			}
		}
		return
	}
	if s.fill.A < 255 && len(s.points) == 4 {
		return // the shade of a cell, whose number stands in it: dots would hide more than they show
	}
	dark := float64(s.fill.A) / 255 * (1 - s.fill.light())
	for y := max(c.at(top), 0); y <= min(c.at(low), 4*c.rows-1); y++ {
		for x := max(c.at(left), 0); x <= min(c.at(right), 2*c.cols-1); x++ {
			if (!large || dark > screen[y%4][x%4]) && s.holds(Point{(float64(x) + .5) * c.unit / 2, (float64(y) + .5) * c.unit / 2}) {
				c.dot(s.fill, x, y)
			}
		}
	}
}

// screen says from which darkness on a dot is set, so that dots lie evenly.
//
// Bayer, An Optimum Method for Two-Level Rendition of Continuous-Tone Pictures, 1973.
var screen = [4][4]float64{
	{1. / 32, 17. / 32, 5. / 32, 21. / 32},
	{25. / 32, 9. / 32, 29. / 32, 13. / 32},
	{7. / 32, 23. / 32, 3. / 32, 19. / 32},
	{31. / 32, 15. / 32, 27. / 32, 11. / 32},
}

// holds says whether q lies within a polygon.
func (s shape) holds(q Point) (inside bool) {
	for i, a := range s.points {
		b := s.points[(i+1)%len(s.points)]
		if (a.Y > q.Y) != (b.Y > q.Y) && q.X < a.X+(q.Y-a.Y)/(b.Y-a.Y)*(b.X-a.X) {
			inside = !inside
		}
	}
	return inside
}

// light is how bright a colour is, from 0 to 1.
func (c Colour) light() float64 {
	return (.299*float64(c.R) + .587*float64(c.G) + .114*float64(c.B)) / 255
}

// over lays a colour on another, or on white paper.
func over(c, ground Colour) Colour {
	if ground.A == 0 {
		ground = White
	}
	mix := func(a, b uint8) uint8 {
		t := float64(c.A) / 255
		return uint8(math.Round(float64(a)*t + float64(b)*(1-t)))
	}
	return Colour{mix(c.R, ground.R), mix(c.G, ground.G), mix(c.B, ground.B), 255}
}

// String writes the characters, without blanks at the ends of lines.
func (c *canvas) String() string {
	var b strings.Builder
	for row := range c.rows {
		line := c.cells[row*c.cols : (row+1)*c.cols]
		end := len(line)
		for end > 0 && line[end-1] == (cell{}) {
			end--
		}
		last := ""
		for _, k := range line[:end] {
			if now := k.style(); c.colour && now != last {
				b.WriteString(now)
				last = now
			}
			switch {
			case k.letter != 0:
				b.WriteRune(k.letter)
			case k.dots != 0:
				b.WriteRune(0x2800 + rune(k.dots))
			default:
				b.WriteByte(' ')
			}
		}
		if c.colour && last != "" && last != normal {
			b.WriteString(normal)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

const normal = "\x1b[0m"

// style is the sequence that sets a cell's colours. On no ground of their own,
// black and grey are what the screen has for them.
func (k cell) style() string {
	switch {
	case k.ground.A > 0:
		return fmt.Sprintf("\x1b[0;38;2;%d;%d;%d;48;2;%d;%d;%dm", k.paint.R, k.paint.G, k.paint.B, k.ground.R, k.ground.G, k.ground.B)
	case k.paint.A == 0, k.paint == Black:
		return normal
	case k.paint == Grey:
		return "\x1b[0;2m"
	}
	return fmt.Sprintf("\x1b[0;38;2;%d;%d;%dm", k.paint.R, k.paint.G, k.paint.B)
}
