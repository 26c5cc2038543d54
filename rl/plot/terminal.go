package plot

import (
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

// Terminal is a curve in characters of two columns and four rows of dots each,
// rows of them high.
func Terminal(y []float64, width, rows int) string {
	dots := make([][]bool, rows*4)
	for i := range dots {
		dots[i] = make([]bool, width*2)
	}
	low, top := math.Inf(1), math.Inf(-1)
	for _, v := range y {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			low, top = min(low, v), max(top, v)
		}
	}
	for i, v := range y {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			continue
		}
		share := .5
		if top > low {
			share = (v - low) / (top - low)
		}
		dots[int((1-share)*float64(len(dots)-1)+.5)][i*(width*2-1)/max(len(y)-1, 1)] = true
	}
	bits := [4][2]rune{{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}
	var b strings.Builder
	for row := range rows {
		for col := range width {
			r := rune(0x2800)
			for i := range 4 {
				for j := range 2 {
					if dots[row*4+i][col*2+j] {
						r |= bits[i][j]
					}
				}
			}
			b.WriteRune(r)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
