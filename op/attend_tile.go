package op

import (
	"math"
	"sync"

	"github.com/rotor-lm/rotor/kernel"
)

// work is one tile of one head: a strip of scores [rows, S] over the keys that
// any of its rows sees, and what is needed to fill it.
type work struct {
	*attend
	tile
	head   int
	cols   []strip
	width  int       // S
	strip  []float32 // scores, then probabilities [rows, S]
	raw    []float32 // the capped scores, where they are capped
	grad   []float32 // dP, then dS [rows, S]
	q      []float32 // queries with a bias added [rows, D]
	bucket []float32 // [rows, R] or [keys, R], one a bucket
}

// strip is a range of keys and where its scores stand.
type strip struct {
	keyRange
	lo, hi int // rows of the range that the tile can see
	at     int // first column
}

var spareWork struct {
	sync.Mutex
	list []*work
}

func (n *attend) newWork(tl tile, head int) *work {
	spareWork.Lock()
	var w *work
	if k := len(spareWork.list); k > 0 {
		w = spareWork.list[k-1]
		spareWork.list = spareWork.list[:k-1]
	} else {
		w = new(work)
	}
	spareWork.Unlock()
	w.attend, w.tile, w.head, w.cols, w.width = n, tl, head, w.cols[:0], 0
	v := &n.spans[tl.span]
	first := v.Pos + int32(tl.lo)
	last := v.Pos + int32(tl.hi) - 1
	for _, r := range v.ranges {
		lo, hi := n.window(r, first, last)
		if hi > lo {
			w.cols = append(w.cols, strip{r, lo, hi, w.width})
			w.width += hi - lo
		}
	}
	return w
}

func (w *work) done() {
	w.attend = nil
	spareWork.Lock()
	spareWork.list = append(spareWork.list, w)
	spareWork.Unlock()
}

// grow returns *buf with n elements of garbage.
func grow(buf *[]float32, n int) []float32 {
	if cap(*buf) < n {
		*buf = make([]float32, n+n/4)
	}
	*buf = (*buf)[:n]
	return *buf
}

func (w *work) rows() int { return w.hi - w.lo }

func (w *work) matrix(buf []float32, c strip) kernel.Matrix {
	return kernel.Matrix{Data: buf[c.at:], Rows: w.rows(), Cols: c.hi - c.lo, Stride: w.width}
}

func (w *work) key(c strip) kernel.Matrix {
	k := w.parts[c.part].K
	return keyRows(k.Data, k.Shape[1], w.d, w.head/w.group, c.row+c.lo, c.hi-c.lo)
}

func (w *work) value(c strip) kernel.Matrix {
	v := w.parts[c.part].V
	return keyRows(v.Data, v.Shape[1], w.e, w.head/w.group, c.row+c.lo, c.hi-c.lo)
}

// scores fills the strip: products, relative terms, cap, mask.
func (w *work) scores() {
	s := grow(&w.strip, w.rows()*w.width)
	q := w.headRows(w.attend.q.Data, w.tile, w.head, w.d)
	for _, c := range w.cols {
		kernel.SerialMatMulT(w.matrix(s, c), w.biased(q, c, w.score.Relative.u()), w.key(c), false)
	}
	kernel.Scale(s, w.score.Scale, s)
	if w.score.Relative != nil {
		for _, c := range w.cols {
			if !c.free {
				w.relative(q, c)
			}
		}
	}
	if c := w.score.Cap; c > 0 {
		for i, z := range s {
			s[i] = c * float32(math.Tanh(float64(z/c)))
		}
		copy(grow(&w.raw, len(s)), s)
	}
	w.mask(s, float32(math.Inf(-1)))
}

// mask writes x at every score of a pair that may not see each other.
func (w *work) mask(s []float32, x float32) {
	first := w.spans[w.span].Pos + int32(w.lo)
	for i := range w.rows() {
		pos := first + int32(i)
		row := s[i*w.width : (i+1)*w.width]
		for _, c := range w.cols {
			lo, hi := w.window(c.keyRange, pos, pos)
			lo, hi = max(lo, c.lo), min(hi, c.hi)
			for j := c.lo; j < min(lo, c.hi); j++ {
				row[c.at+j-c.lo] = x
			}
			for j := max(hi, c.lo); j < c.hi; j++ {
				row[c.at+j-c.lo] = x
			}
		}
	}
}

// softmax turns scores into probabilities. A row that sees nothing gets zeros.
func (w *work) softmax() {
	for i := range w.rows() {
		row := w.strip[i*w.width : (i+1)*w.width]
		if len(row) == 0 || math.IsInf(float64(kernel.Max(row)), -1) {
			clear(row)
			continue
		}
		kernel.Softmax(row, row)
	}
}

// gatherValues computes y = P·V.
func (w *work) gatherValues(y kernel.Matrix) {
	if len(w.cols) == 0 {
		for i := range y.Rows {
			clear(y.Data[i*y.Stride : i*y.Stride+y.Cols])
		}
		return
	}
	for i, c := range w.cols {
		kernel.SerialMatMul(y, w.matrix(w.strip, c), w.value(c), i > 0)
		w.relativeValue(y, c)
	}
}

// backward computes the tile again and passes its gradient on.
func (w *work) backward() {
	if w.width == 0 {
		return
	}
	w.scores()
	w.softmax()
	n := w.attend
	dy := n.headRows(n.y.Grad, w.tile, w.head, n.e)
	y := n.headRows(n.y.Data, w.tile, w.head, n.e)
	dp := grow(&w.grad, w.rows()*w.width)
	for _, c := range w.cols {
		kernel.SerialMatMulT(w.matrix(dp, c), dy, w.value(c), false)
		w.relativeValueBackward(dy, dp, c)
		if dv := n.dv[c.part]; dv != nil {
			kernel.SerialTMatMul(keyRows(dv, n.heads, n.e, w.head, c.row+c.lo, c.hi-c.lo), w.matrix(w.strip, c), dy, true)
		}
	}
	w.softmaxBackward(dp, y, dy)
	q := n.headRows(n.q.Data, w.tile, w.head, n.d)
	if w.score.Relative != nil {
		for _, c := range w.cols {
			if !c.free {
				w.relativeBackward(q, c)
			}
		}
	}
	kernel.Scale(dp, w.score.Scale, dp)
	for _, c := range w.cols {
		w.relativeU(c)
		if n.q.Grad != nil {
			kernel.SerialMatMul(n.headRows(n.q.Grad, w.tile, w.head, n.d), w.matrix(dp, c), w.key(c), true)
		}
		if dk := n.dk[c.part]; dk != nil {
			kernel.SerialTMatMul(keyRows(dk, n.heads, n.d, w.head, c.row+c.lo, c.hi-c.lo), w.matrix(dp, c), w.biased(q, c, w.score.Relative.u()), true)
		}
	}
}

// softmaxBackward turns dP into dS, before scaling:
// dS = P ⊙ (dP − δ), and through the cap dS·(1 − (S/c)²).
func (w *work) softmaxBackward(dp []float32, y, dy kernel.Matrix) {
	for i := range w.rows() {
		delta := kernel.Dot(y.Data[i*y.Stride:][:y.Cols], dy.Data[i*dy.Stride:][:dy.Cols])
		p, g := w.strip[i*w.width:(i+1)*w.width], dp[i*w.width:(i+1)*w.width]
		for j := range g {
			g[j] = p[j] * (g[j] - delta)
		}
		if c := w.score.Cap; c > 0 {
			for j, s := range w.raw[i*w.width : (i+1)*w.width] {
				g[j] *= 1 - s/c*(s/c)
			}
		}
	}
}
