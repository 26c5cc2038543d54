package plot

import (
	"image"
	"image/png"
	"io"
	"math"
)

// PNG writes the picture in pixels, scale of them to a point.
func (p *Picture) PNG(w io.Writer, scale float64) error {
	return png.Encode(w, p.Image(scale))
}

// Image is the picture in pixels, scale of them to a point.
func (p *Picture) Image(scale float64) image.Image {
	wide, high := int(math.Ceil(p.W*scale)), int(math.Ceil(p.H*scale))
	r := &raster{image: image.NewNRGBA(image.Rect(0, 0, wide, high)), cover: make([]float64, wide*high+2), wide: wide, high: high}
	for i := range r.image.Pix {
		r.image.Pix[i] = 255
	}
	for _, s := range p.shapes {
		switch {
		case s.text != "":
			r.write(s, scale)
		case s.width > 0:
			r.line(s.points, s.width*scale, scale, s.fill)
		default:
			r.edge(s.points, scale)
			r.paint(s.fill)
		}
	}
	return r.image
}

// raster fills polygons by the area that they cover of each pixel: every edge
// adds, in the pixels that it crosses, the area to its right; sums along rows turn
// that into coverage.
type raster struct {
	image      *image.NRGBA
	cover      []float64
	wide, high int
	top, low   int // rows that edges have touched
	any        bool
}

func (r *raster) edge(points []Point, scale float64) {
	for i, a := range points {
		b := points[(i+1)%len(points)]
		r.segment(a.X*scale, a.Y*scale, b.X*scale, b.Y*scale)
	}
}

// segment adds one edge, a row of pixels at a time.
func (r *raster) segment(x0, y0, x1, y1 float64) {
	if y0 == y1 || math.IsNaN(x0+y0+x1+y1) {
		return
	}
	sign := 1.
	if y0 > y1 {
		x0, y0, x1, y1, sign = x1, y1, x0, y0, -1
	}
	slope := (x1 - x0) / (y1 - y0)
	first, last := max(int(math.Floor(y0)), 0), min(int(math.Ceil(y1)), r.high)
	if first >= last {
		return
	}
	if !r.any {
		r.top, r.low, r.any = first, last, true
	}
	r.top, r.low = min(r.top, first), max(r.low, last)
	for row := first; row < last; row++ {
		from, to := max(y0, float64(row)), min(y1, float64(row+1))
		if from < to {
			r.row(row, x0+(from-y0)*slope, x0+(to-y0)*slope, (to-from)*sign)
		}
	}
}

// row adds an edge that crosses one row from xa to xb, of height h.
func (r *raster) row(row int, xa, xb, h float64) {
	if xa > xb {
		xa, xb = xb, xa
	}
	limit := float64(r.wide)
	if xa >= limit {
		return // all that it covers lies beyond the sheet
	}
	xa, xb = max(xa, 0), min(max(xb, 0), limit)
	base, left, right := row*r.wide, int(xa), int(math.Ceil(xb))
	if right <= left+1 {
		middle := (xa+xb)/2 - float64(left)
		r.cover[base+left] += h * (1 - middle)
		if left+1 < r.wide {
			r.cover[base+left+1] += h * middle
		}
		return
	}
	before := 0. // share of h that lies left of the pixel's right side, times what is filled
	for x := left; x <= right && x < r.wide; x++ {
		filled := area(float64(x+1), xa, xb) * h
		r.cover[base+x] += filled - before
		before = filled
	}
}

// area is how much of the strip left of x lies right of an edge that goes evenly
// from xa to xb, in pixels of the last column and whole ones before.
func area(x, xa, xb float64) float64 {
	part := func(x float64) float64 { // ∫ of the share of the edge left of x
		switch {
		case x <= xa:
			return 0
		case x >= xb:
			return x - (xa+xb)/2
		}
		return (x - xa) * (x - xa) / (2 * (xb - xa))
	}
	return part(x) - part(x-1)
}

// paint lays a colour over what is covered, and forgets it.
func (r *raster) paint(c Colour) {
	if !r.any {
		return
	}
	for row := r.top; row < r.low; row++ {
		sum := 0.
		for x := range r.wide {
			i := row*r.wide + x
			sum += r.cover[i]
			r.cover[i] = 0
			a := min(math.Abs(sum), 1) * float64(c.A) / 255
			if a < 1./512 {
				continue
			}
			pix := r.image.Pix[4*i : 4*i+3]
			for k, v := range [3]uint8{c.R, c.G, c.B} {
				pix[k] = uint8(math.Round(float64(pix[k])*(1-a) + float64(v)*a))
			}
		}
	}
	r.cover[r.wide*r.high] = 0
	r.any = false
}

// line fills a band along points; joints are round.
func (r *raster) line(points []Point, width, scale float64, c Colour) {
	for i := 1; i < len(points); i++ {
		a, b := points[i-1], points[i]
		ax, ay, bx, by := a.X*scale, a.Y*scale, b.X*scale, b.Y*scale
		length := math.Hypot(bx-ax, by-ay)
		if length == 0 || math.IsNaN(length) {
			continue
		}
		nx, ny := (by-ay)/length*width/2, (ax-bx)/length*width/2
		r.edge([]Point{{ax + nx, ay + ny}, {bx + nx, by + ny}, {bx - nx, by - ny}, {ax - nx, ay - ny}}, 1)
		r.paint(c)
	}
}

// write draws text in strokes.
func (r *raster) write(s shape, scale float64) {
	unit := s.width * scale / 9 // the grid of the letters
	x := s.points[0].X*scale - s.anchor*float64(textWidth(s.text))*unit
	y := s.points[0].Y*scale - 6*unit
	for _, letter := range s.text {
		for _, stroke := range strokes(letter) {
			for i := range stroke {
				stroke[i] = Point{x + stroke[i].X*unit, y + stroke[i].Y*unit}
			}
			r.line(stroke, max(unit*.9, 1), 1, s.fill)
		}
		x += advance * unit
	}
}
