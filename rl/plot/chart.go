package plot

import (
	"fmt"
	"math"
	"strconv"
)

// Chart is curves over two axes.
type Chart struct {
	Title, X, Y string
	LogX, LogY  bool
	Low, High   float64 // of y; both zero fit the curves
	Curves      []Curve
}

// Curve is a named row of points, with a band around it if there is one.
type Curve struct {
	Name      string
	X, Y      []float64
	Low, High []float64 // of the band; nil for none
	Dots      bool      // points only
	Bars      bool      // from zero up to each point
	Dashed    bool
}

const (
	wide, high                      = 490.0, 330.0
	marginLeft, marginRight         = 58.0, 24.0
	marginTop, marginBottom         = 44.0, 44.0
	small, middling         float64 = 10, 12
)

// Picture draws the chart, with the names of its curves at its right side.
func (c Chart) Picture() *Picture {
	p := New(wide+c.legendWidth(), high)
	x, y := c.axes()
	p.Text(Black, 13, 0, marginLeft, 16, c.Title)
	for _, t := range x.ticks() {
		p.Line(Light, 1, Point{x.at(t), marginTop}, Point{x.at(t), high - marginBottom})
		p.Text(Grey, small, .5, x.at(t), high-marginBottom+14, label(t))
	}
	for _, t := range y.ticks() {
		p.Line(Light, 1, Point{marginLeft, y.at(t)}, Point{wide - marginRight, y.at(t)})
		p.Text(Grey, small, 1, marginLeft-5, y.at(t)+3.5, label(t))
	}
	p.Text(Black, middling, .5, (marginLeft+wide-marginRight)/2, high-10, c.X)
	p.Text(Grey, small, 0, 6, marginTop-9, c.Y)
	for i, curve := range c.Curves {
		curve.draw(p, x, y, Palette[i%len(Palette)])
	}
	c.legend(p)
	return p
}

// legendWidth is the room that the longest name takes, or what the title wants.
func (c Chart) legendWidth() float64 {
	longest := 0.
	for _, curve := range c.Curves {
		longest = max(longest, room(curve.Name, small))
	}
	if longest == 0 {
		return max(marginLeft+room(c.Title, 13)-wide, 0)
	}
	return 30 + longest
}

func (c Chart) legend(p *Picture) {
	row := 0
	for i, curve := range c.Curves {
		if curve.Name == "" {
			continue
		}
		at, y, paint := wide-4, marginTop+10+16*float64(row), Palette[i%len(Palette)]
		switch {
		case curve.Dots:
			p.Circle(paint, at+8, y-4, 2.5)
		case curve.Dashed:
			dash(p, paint, 2, Point{at, y - 4}, Point{at + 16, y - 4})
		default:
			p.Line(paint, 2.5, Point{at, y - 4}, Point{at + 16, y - 4})
		}
		p.Text(Black, small, 0, at+21, y, curve.Name)
		row++
	}
}

func (c Curve) draw(p *Picture, x, y axis, paint Colour) {
	switch {
	case c.Bars:
		c.bars(p, x, y, paint)
		return
	case c.Dots:
		for i := range c.X {
			if x.shows(c.X[i]) && y.shows(c.Y[i]) {
				p.Circle(paint, x.at(c.X[i]), y.at(c.Y[i]), 2)
			}
		}
		return
	}
	c.band(p, x, y, paint)
	for _, run := range c.runs(x, y) {
		if c.Dashed {
			dash(p, paint, 1.4, run...)
		} else {
			p.Line(paint, 1.6, run...)
		}
	}
}

func (c Curve) bars(p *Picture, x, y axis, paint Colour) {
	w := max((x.to-x.from)/float64(len(c.X))*.7, 1)
	base := y.at(max(0, y.low))
	for i := range c.X {
		if x.shows(c.X[i]) && y.shows(c.Y[i]) {
			top := y.at(c.Y[i])
			p.Rect(paint, x.at(c.X[i])-w/2, min(top, base), w, math.Abs(base-top))
		}
	}
}

// band fills the area between the curve's bounds.
func (c Curve) band(p *Picture, x, y axis, paint Colour) {
	if c.Low == nil {
		return
	}
	paint.A = 45
	var upper, lower []Point
	flush := func() {
		if len(upper) > 1 {
			for i := len(lower) - 1; i >= 0; i-- {
				upper = append(upper, lower[i])
			}
			p.Area(paint, upper...)
		}
		upper, lower = nil, nil
	}
	for i := range c.X {
		if !x.shows(c.X[i]) || math.IsNaN(c.Low[i]+c.High[i]) {
			flush()
			continue
		}
		at := x.at(c.X[i])
		upper = append(upper, Point{at, y.at(y.clamp(c.High[i]))})
		lower = append(lower, Point{at, y.at(y.clamp(c.Low[i]))})
	}
	flush()
}

// runs are the parts of the curve that can be seen, cut where it leaves the axes.
func (c Curve) runs(x, y axis) (list [][]Point) {
	var run []Point
	flush := func() {
		if len(run) > 1 {
			list = append(list, run)
		}
		run = nil
	}
	for i := range c.X {
		a, ok := c.place(i, x, y)
		if !ok {
			flush()
			continue
		}
		if i == 0 {
			run = append(run, a)
			continue
		}
		b, before := c.place(i-1, x, y)
		if !before {
			run = append(run, a)
			continue
		}
		from, to, seen := cut(b, a, y.to, y.from)
		if !seen {
			flush()
			continue
		}
		if len(run) == 0 || run[len(run)-1] != from {
			flush()
			run = append(run, from)
		}
		if run = append(run, to); to != a {
			flush()
		}
	}
	flush()
	return list
}

// place is point i on the sheet, which may lie above or below the axes.
func (c Curve) place(i int, x, y axis) (Point, bool) {
	if !x.shows(c.X[i]) || math.IsNaN(c.Y[i]) || math.IsInf(c.Y[i], 0) || y.log && c.Y[i] <= 0 {
		return Point{}, false
	}
	return Point{x.at(c.X[i]), y.at(c.Y[i])}, true
}

// cut is the part of a line whose height lies between top and low.
func cut(a, b Point, top, low float64) (from, to Point, seen bool) {
	within := func(q, other Point) Point {
		if q.Y < top {
			return Point{q.X + (top-q.Y)/(other.Y-q.Y)*(other.X-q.X), top}
		}
		if q.Y > low {
			return Point{q.X + (low-q.Y)/(other.Y-q.Y)*(other.X-q.X), low}
		}
		return q
	}
	if max(a.Y, b.Y) < top || min(a.Y, b.Y) > low {
		return a, b, false
	}
	return within(a, b), within(b, a), true
}

// dash draws along points, six on and four off.
func dash(p *Picture, paint Colour, width float64, points ...Point) {
	const on, off = 6., 4.
	at := 0. // along the whole
	for i := 1; i < len(points); i++ {
		a, b := points[i-1], points[i]
		length := math.Hypot(b.X-a.X, b.Y-a.Y)
		for t := 0.; t < length; {
			phase := math.Mod(at+t, on+off)
			end := min(t+on-phase, length)
			if phase >= on {
				t += on + off - phase
				continue
			}
			p.Line(paint, width, Point{a.X + (b.X-a.X)*t/length, a.Y + (b.Y-a.Y)*t/length}, Point{a.X + (b.X-a.X)*end/length, a.Y + (b.Y-a.Y)*end/length})
			t = end + 1e-9
		}
		at += length
	}
}

// axis maps numbers to places on the sheet.
type axis struct {
	low, high float64
	log       bool
	from, to  float64
}

func (c Chart) axes() (x, y axis) {
	x = axis{math.Inf(1), math.Inf(-1), c.LogX, marginLeft, wide - marginRight}
	y = axis{math.Inf(1), math.Inf(-1), c.LogY, high - marginBottom, marginTop}
	for _, curve := range c.Curves {
		for i := range curve.X {
			x.fit(curve.X[i])
			y.fit(curve.Y[i])
			if curve.Low != nil {
				y.fit(curve.Low[i])
				y.fit(curve.High[i])
			}
			if curve.Bars {
				y.fit(0)
			}
		}
	}
	if c.Low != c.High {
		y.low, y.high = c.Low, c.High
	}
	x.widen(0)
	y.widen(.04)
	return x, y
}

func (a *axis) fit(v float64) {
	if math.IsInf(v, 0) || math.IsNaN(v) || a.log && v <= 0 {
		return
	}
	a.low, a.high = min(a.low, v), max(a.high, v)
}

// widen leaves room around what is shown, and makes something of nothing.
func (a *axis) widen(share float64) {
	if a.low > a.high {
		a.low, a.high = 0, 1
		if a.log {
			a.low = .1
		}
	}
	if a.low == a.high {
		if a.log {
			a.low, a.high = a.low/2, a.high*2
		} else {
			a.low, a.high = a.low-.5, a.high+.5
		}
	}
	if !a.log {
		room := (a.high - a.low) * share
		a.low, a.high = a.low-room, a.high+room
	}
}

func (a axis) at(v float64) float64 {
	low, high := a.low, a.high
	if a.log {
		v, low, high = math.Log(v), math.Log(low), math.Log(high)
	}
	return a.from + (v-low)/(high-low)*(a.to-a.from)
}

// shows says whether v can be drawn.
func (a axis) shows(v float64) bool {
	return v >= a.low-(a.high-a.low)*1e-9 && v <= a.high+(a.high-a.low)*1e-9
}

func (a axis) clamp(v float64) float64 { return min(max(v, a.low), a.high) }

// ticks are round numbers, about six of them.
func (a axis) ticks() (list []float64) {
	if a.log && a.high/a.low >= 8 {
		for e := math.Floor(math.Log10(a.low)); e <= math.Log10(a.high); e++ {
			for _, m := range [3]float64{1, 2, 5} {
				t := m * math.Pow(10, e)
				if a.shows(t) && (m == 1 || a.high/a.low < 300) {
					list = append(list, t)
				}
			}
		}
		return list
	}
	step := math.Pow(10, math.Floor(math.Log10((a.high-a.low)/4)))
	for _, m := range [3]float64{5, 2.5, 2} {
		if (a.high-a.low)/(step*m) >= 3 {
			step *= m
			break
		}
	}
	for k := math.Ceil(a.low / step); k*step <= a.high+step*1e-9; k++ {
		list = append(list, math.Round(k)*step+0) // not −0
	}
	return list
}

func label(v float64) string {
	switch size := math.Abs(v); {
	case v == 0:
		return "0"
	case size >= 1e5 && size < 1e6:
		return strconv.FormatFloat(v/1e3, 'g', 4, 64) + "k"
	case size >= 1e6 && size < 1e9:
		return strconv.FormatFloat(v/1e6, 'g', 4, 64) + "M"
	case size >= 1e9 || size < 1e-3:
		return fmt.Sprintf("%.3g", v)
	}
	return strconv.FormatFloat(math.Round(v*1e6)/1e6, 'g', 6, 64)
}

// Steps numbers the elements of y from first: the x of a curve over episodes.
func Steps(y []float64, first int) []float64 {
	x := make([]float64, len(y))
	for i := range x {
		x[i] = float64(first + i)
	}
	return x
}

// Band is the mean of several curves of equal length, with the interval in which
// 95 of 100 such means would lie.
func Band(name string, first int, curves [][]float64) Curve {
	n := len(curves[0])
	c := Curve{Name: name, Y: make([]float64, n), Low: make([]float64, n), High: make([]float64, n)}
	for i := range n {
		var mean, square float64
		for _, curve := range curves {
			mean += curve[i] / float64(len(curves))
		}
		for _, curve := range curves {
			square += (curve[i] - mean) * (curve[i] - mean)
		}
		half := 0.
		if k := float64(len(curves)); k > 1 {
			half = 1.96 * math.Sqrt(square/(k-1)/k)
		}
		c.Y[i], c.Low[i], c.High[i] = mean, mean-half, mean+half
	}
	c.X = Steps(c.Y, first)
	return c
}

// Smooth is the mean of the last so many elements at every place.
func Smooth(y []float64, window int) []float64 {
	out, sum := make([]float64, len(y)), 0.
	for i, v := range y {
		sum += v
		if i >= window {
			sum -= y[i-window]
		}
		out[i] = sum / float64(min(i+1, window))
	}
	return out
}
