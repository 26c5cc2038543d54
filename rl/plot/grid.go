package plot

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/rotor-lm/rotor/rl/world"
)

// Map is a picture of a grid world, with what is to be seen on it.
type Map struct {
	Title  string
	Grid   *world.Grid
	Values []float64 // written in every cell, and its shade; nil for none
	Policy []float64 // arrows, as long as their probability     [States·Actions]; nil for none
	Counts []int     // how often each cell was visited, as number and shade; nil for none
	Walks  [][]int   // states that were passed one after another
	Digits int       // behind the point of a value
}

const cellSize = 52.0

var arrow = Colour{6, 78, 59, 255}

// Picture draws the map.
func (m Map) Picture() *Picture {
	g := m.Grid
	p := New(max(float64(g.Cols)*cellSize, room(m.Title, 13))+24, float64(g.Rows)*cellSize+44)
	p.Text(Black, 13, 0, 12, 20, m.Title)
	x := func(s int) float64 { return 12 + float64(s%g.Cols)*cellSize }
	y := func(s int) float64 { return 32 + float64(s/g.Cols)*cellSize }
	shade := m.shades()
	for s, cell := range g.Cells {
		p.Rect(ground(cell), x(s), y(s), cellSize, cellSize)
		if shade != nil && cell != world.Wall {
			p.Rect(shade[s], x(s)+2, y(s)+2, cellSize-4, cellSize-4)
		}
	}
	for row := 0; row <= g.Rows; row++ {
		p.Line(Grey, 1, Point{12, 32 + float64(row)*cellSize}, Point{12 + float64(g.Cols)*cellSize, 32 + float64(row)*cellSize})
	}
	for col := 0; col <= g.Cols; col++ {
		p.Line(Grey, 1, Point{12 + float64(col)*cellSize, 32}, Point{12 + float64(col)*cellSize, 32 + float64(g.Rows)*cellSize})
	}
	for s, cell := range g.Cells {
		if cell == world.Wall {
			continue
		}
		base := y(s) + cellSize/2 + 4
		if m.Values != nil {
			if m.Policy != nil {
				base = y(s) + cellSize - 6
			}
			p.Text(Black, 11, .5, x(s)+cellSize/2, base, fmt.Sprintf("%.*f", m.Digits, m.Values[s]))
		} else if m.Counts != nil {
			p.Text(Black, 11, .5, x(s)+cellSize/2, base, short(m.Counts[s]))
		}
		if m.Policy != nil && !ends(g, s) {
			m.arrows(p, s, x(s)+cellSize/2, y(s)+cellSize/2)
		}
	}
	for _, s := range g.Start {
		if len(g.Start) == 1 {
			p.Text(Grey, 9, 0, x(s)+3, y(s)+10, "S")
		}
	}
	m.walks(p, x, y)
	return p
}

// ends says whether nobody acts in cell s, because the episode is over.
func ends(g *world.Grid, s int) bool {
	return g.Cells[s] == world.Hole || g.Episodic && g.Cells[s] == world.Target || slices.Contains(g.Terminal, s)
}

// short is a count in at most five characters: 12345, 678k, 9.1M.
func short(n int) string {
	switch {
	case n < 100_000:
		return strconv.Itoa(n)
	case n < 1_000_000:
		return fmt.Sprintf("%dk", n/1000)
	}
	return fmt.Sprintf("%.3gM", float64(n)/1e6)
}

func ground(cell world.Cell) Colour {
	switch cell {
	case world.Wall:
		return Colour{75, 85, 99, 255}
	case world.Forbidden, world.Cliff:
		return Colour{251, 191, 36, 255}
	case world.Target:
		return Colour{96, 165, 250, 255}
	case world.Hole:
		return Colour{148, 163, 184, 255}
	}
	return White
}

// arrows draws what the policy does in s, around the middle of its cell.
func (m Map) arrows(p *Picture, s int, cx, cy float64) {
	if m.Values != nil {
		cy -= 6
	}
	n := len(m.Grid.Moves)
	for a, move := range m.Grid.Moves {
		prob := m.Policy[s*n+a]
		if prob < .01 {
			continue
		}
		if move.Row == 0 && move.Col == 0 {
			p.Circle(arrow, cx, cy, 1.5+4.5*prob)
			continue
		}
		reach := 4 + 10*prob
		size := math.Hypot(float64(move.Row), float64(move.Col))
		dx, dy := float64(move.Col)/size, float64(move.Row)/size
		from, tip := Point{cx, cy}, Point{cx + dx*reach, cy + dy*reach}
		if prob > .99 { // alone: in the middle of the cell
			from, tip = Point{cx - dx*9, cy - dy*9}, Point{cx + dx*9, cy + dy*9}
		}
		p.Line(arrow, 1.6, from, Point{tip.X - 3*dx, tip.Y - 3*dy})
		p.Area(arrow, tip, Point{tip.X - 5*dx - 3*dy, tip.Y - 5*dy + 3*dx}, Point{tip.X - 5*dx + 3*dy, tip.Y - 5*dy - 3*dx})
	}
}

// shades colours cells by value or by visits.
func (m Map) shades() []Colour {
	n := m.Grid.Rows * m.Grid.Cols
	weight := make([]float64, n)
	switch {
	case m.Counts != nil:
		for s, count := range m.Counts {
			weight[s] = float64(count)
		}
	case m.Values != nil:
		copy(weight, m.Values)
	default:
		return nil
	}
	top := 0.
	for s, w := range weight {
		if m.Grid.Cells[s] != world.Wall {
			top = max(top, math.Abs(w))
		}
	}
	list := make([]Colour, n)
	for s, w := range weight {
		paint := Green
		if w < 0 {
			paint = Red
		}
		if top > 0 {
			paint.A = uint8(95 * math.Abs(w) / top)
		} else {
			paint.A = 0
		}
		list[s] = paint
	}
	return list
}

// walks draws paths, each a little aside so that none hides another.
func (m Map) walks(p *Picture, x, y func(int) float64) {
	for k, walk := range m.Walks {
		off := cellSize / 2
		if len(m.Walks) > 1 {
			off += float64(k%7-3) * 3
		}
		var line []Point
		for i, s := range walk {
			if i > 0 && s == walk[i-1] {
				continue
			}
			jitter := float64((i*7)%5-2) * 1.5
			line = append(line, Point{x(s) + off + jitter, y(s) + off - jitter})
		}
		paint := Palette[k%len(Palette)]
		p.Line(paint, 1.8, line...)
		if len(line) > 0 {
			p.Circle(paint, line[0].X, line[0].Y, 3)
		}
	}
}

// Heat is a table of numbers as coloured squares, the first row at the bottom.
type Heat struct {
	Title, X, Y  string
	Values       [][]float64
	Labels       bool               // write the numbers
	Small        bool               // half as large, without a range below it
	XTick, YTick func(i int) string // nil for none
}

// Picture draws the table.
func (h Heat) Picture() *Picture {
	rows, cols := len(h.Values), len(h.Values[0])
	if h.Small {
		return h.small(rows, cols)
	}
	size := min(320/float64(max(rows, cols)), 30)
	p := New(max(float64(cols)*size+70, room(h.Title, 13)+20), float64(rows)*size+76)
	low, top := h.span()
	p.Text(Black, 13, 0, 10, 18, h.Title)
	p.Text(Black, small, 0, 6, 32, h.Y)
	for i, row := range h.Values {
		y := 36 + float64(rows-1-i)*size
		if h.YTick != nil {
			p.Text(Grey, 9, 1, 40, y+size/2+3, h.YTick(i))
		}
		for j, v := range row {
			share := 0.
			if top > low {
				share = (v - low) / (top - low)
			}
			if math.IsNaN(v) {
				continue
			}
			p.Rect(warm(share), 44+float64(j)*size, y, size+.3, size+.3)
			if h.Labels {
				p.Text(Black, min(size*.4, 10), .5, 44+(float64(j)+.5)*size, y+size/2+3, label(math.Round(v*100)/100))
			}
		}
	}
	for j := range cols {
		if h.XTick != nil {
			p.Text(Grey, 9, .5, 44+(float64(j)+.5)*size, 36+float64(rows)*size+11, h.XTick(j))
		}
	}
	p.Text(Black, small, .5, 44+float64(cols)*size/2, 36+float64(rows)*size+26, h.X+fmt.Sprintf("   (%.3g to %.3g)", low+0, top+0))
	return p
}

// Hands draws what there is of every hand of Blackjack: sums of 12 to 21 by the
// dealer's card, with a usable ace (1) or without (0). y is by state.
func Hands(title string, ace int, y []float64) *Picture {
	h := Heat{
		Title: title, X: "dealer shows", Y: "player's sum",
		XTick: func(j int) string { return []string{"A", "2", "3", "4", "5", "6", "7", "8", "9", "10"}[j] },
		YTick: func(i int) string { return strconv.Itoa(12 + i) },
	}
	for sum := 12; sum <= 21; sum++ {
		var row []float64
		for dealer := 1; dealer <= 10; dealer++ {
			row = append(row, y[(sum*11+dealer)*2+ace])
		}
		h.Values = append(h.Values, row)
	}
	return h.Picture()
}

// span is the least and the greatest of the numbers.
func (h Heat) span() (low, top float64) {
	low, top = math.Inf(1), math.Inf(-1)
	for _, row := range h.Values {
		for _, v := range row {
			if !math.IsNaN(v) {
				low, top = min(low, v), max(top, v)
			}
		}
	}
	return low, top
}

// small is a table among many.
func (h Heat) small(rows, cols int) *Picture {
	size := 144 / float64(max(rows, cols))
	p := New(float64(cols)*size+16, float64(rows)*size+34)
	low, top := h.span()
	p.Text(Black, 10, 0, 8, 16, h.Title)
	for i, row := range h.Values {
		for j, v := range row {
			share := .5
			if top > low {
				share = (v - low) / (top - low)
			}
			p.Rect(warm(share), 8+float64(j)*size, 22+float64(rows-1-i)*size, size+.3, size+.3)
		}
	}
	return p
}

// warm goes from blue over white to red.
func warm(share float64) Colour {
	mix := func(a, b Colour, t float64) Colour {
		f := func(x, y uint8) uint8 { return uint8(float64(x)*(1-t) + float64(y)*t) }
		return Colour{f(a.R, b.R), f(a.G, b.G), f(a.B, b.B), 255}
	}
	cold, hot := Colour{59, 130, 246, 255}, Colour{239, 68, 68, 255}
	if share < .5 {
		return mix(cold, White, share*2)
	}
	return mix(White, hot, share*2-1)
}
