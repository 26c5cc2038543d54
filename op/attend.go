package op

import (
	"fmt"
	"math"

	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/tensor"
)

// Part is a run of key rows that are stored together: those of this pass, those
// of a cache, or those that an adapter learned.
type Part struct {
	K, V  *tensor.Tensor // [S, G, D]
	Spans []Span         // where each sequence lies in them, and at which positions
	// Adapter says that the spans belong to adapters and not to texts: a row
	// sees those of its own adapter, at any distance, with no relative term.
	Adapter bool
}

// Keys is everything that the rows of a pass may look at.
type Keys struct {
	Part        // usually all there is
	More []Part // adapters' rows, which stand before it
}

// Mask says which distances a row sees.
type Mask struct {
	Full   bool // both directions; otherwise a row sees itself and what came before
	Window int  // how many rows, itself included, a row sees backwards; 0 for all
}

// admits reports whether a row at position i sees a key at position j.
func (m Mask) admits(i, j int32) bool {
	return (m.Full || j <= i) && (m.Window == 0 || int(i)-int(j) < m.Window)
}

// Score says how a query weighs a key. It belongs to a layer.
type Score struct {
	Scale    float32   // s; zero means 1/√D
	Cap      float32   // c·tanh(S/c); zero means none
	Mask     Mask      // causal by default
	Relative *Relative // nil for none
}

// Attend lets every row gather the values of the keys that it sees.
//
//	S_ij = s·q_i·k_j    and the terms of Relative
//	P_ij = softmax over the j that i sees
//	y_i  = Σ_j P_ij·v_j
//
// Who sees whom is one predicate: both stand in the same sequence and the mask
// admits the distance, or the key belongs to the row's adapter. The H query
// heads share the G key heads in groups of H/G.
//
// Scores are computed a tile of rows at a time and never kept: on the way back
// the tile is computed again, and with δ_i = y_i·dy_i
//
//	dS = P ⊙ (dy·Vᵀ − δ),  dq = s·dS·K,  dK = s·dSᵀ·q,  dV = Pᵀ·dy
//
// Shapes: q [T, H, D], K [S, G, D], V [S, G, E] → y [T, H·E].
//
// Vaswani et al., Attention Is All You Need, 2017. arXiv:1706.03762, eq. 1.
// Dao et al., FlashAttention, 2022. arXiv:2205.14135, for the way back.
func Attend(q *tensor.Tensor, places Places, keys Keys, score Score) *tensor.Tensor {
	t := q.Tape()
	n := tensor.Make[attend](t)
	n.q, n.places, n.score = q, places, score
	n.parts = append(n.parts[:0], keys.More...)
	n.parts = append(n.parts, keys.Part)
	n.heads, n.group, n.d, n.e = q.Shape[1], q.Shape[1]/keys.K.Shape[1], q.Shape[2], keys.V.Shape[2]
	if n.group*keys.K.Shape[1] != n.heads || keys.K.Shape[2] != n.d {
		mismatch("Attend", q, keys.K)
	}
	if n.score.Scale == 0 {
		n.score.Scale = float32(1 / math.Sqrt(float64(n.d)))
	}
	n.y = t.New(q.Rows()/n.heads, n.heads*n.e)
	n.plan()
	if n.forward == nil {
		n.forward, n.backward = n.forwardUnit, n.backwardUnit
	}
	kernel.Parallel(len(n.tiles)*n.heads, n.forward)
	n.record(t)
	return n.y
}

type attend struct {
	q, y              *tensor.Tensor
	places            Places
	parts             []Part
	score             Score
	heads, group      int // H, H/G
	d, e              int // width of a key and of a value
	spans             []visible
	ranges            []keyRange
	tiles             []tile
	inputs            []*tensor.Tensor
	dk, dv            [][]float32 // of each part, a copy for every query head where heads share keys
	forward, backward func(int)
}

// visible is one span of queries with the ranges of keys that its rows may see.
type visible struct {
	Span
	ranges []keyRange // in the order in which their scores stand in a strip
	from   int        // where in attend.ranges they begin
	n      int
}

// keyRange is a run of rows of one part that belongs to one span of queries.
type keyRange struct {
	part     int
	row, len int
	pos      int32 // of its first row
	free     bool  // an adapter's: seen at any distance
	extra    int   // the column of its first row in Relative.Extra
}

// tile is some rows of one span: the unit of work.
type tile struct{ span, lo, hi int }

// tileRows is the number of query rows whose scores are held at once.
const tileRows = 64

// plan finds, once a pass and for all heads, which keys each span sees.
func (n *attend) plan() {
	n.spans, n.ranges, n.tiles = n.spans[:0], n.ranges[:0], n.tiles[:0]
	for i, s := range n.places.Spans {
		v := visible{Span: s, from: len(n.ranges)}
		column := 0
		for pi := range n.parts {
			p := &n.parts[pi]
			v.n += n.match(pi, i, s, column)
			column += p.K.Shape[0]
		}
		n.spans = append(n.spans, v)
		for lo := 0; lo < s.Len; lo += tileRows {
			n.tiles = append(n.tiles, tile{span: i, lo: lo, hi: min(s.Len, lo+tileRows)})
		}
	}
	for i := range n.spans { // only now do the ranges stand still
		v := &n.spans[i]
		v.ranges = n.ranges[v.from : v.from+v.n]
	}
}

// match adds the ranges of part pi that span s, the i-th, sees.
func (n *attend) match(pi, i int, s Span, column int) (found int) {
	p := &n.parts[pi]
	add := func(k Span) {
		if k.Len > 0 {
			n.ranges = append(n.ranges, keyRange{pi, k.Row, k.Len, k.Pos, p.Adapter, column + k.Row})
			found++
		}
	}
	if !p.Adapter && i < len(p.Spans) && len(p.Spans) == len(n.places.Spans) && p.Spans[i].Seq == s.Seq {
		add(p.Spans[i]) // the usual case: the lists run side by side
		return found
	}
	for _, k := range p.Spans {
		if p.Adapter && k.Adapter == s.Adapter || !p.Adapter && k.Seq == s.Seq {
			add(k)
		}
	}
	return found
}

// window returns the rows of r that some query row at positions first … last
// may see.
func (n *attend) window(r keyRange, first, last int32) (lo, hi int) {
	lo, hi = 0, r.len
	if r.free {
		return lo, hi
	}
	m := n.score.Mask
	if !m.Full {
		hi = min(hi, int(last)-int(r.pos)+1)
	}
	if m.Window > 0 {
		lo = max(lo, int(first)-m.Window+1-int(r.pos))
	}
	return min(lo, max(hi, 0)), max(hi, 0)
}

// forwardUnit computes one tile of one head.
func (n *attend) forwardUnit(i int) {
	w := n.newWork(n.tiles[i/n.heads], i%n.heads)
	defer w.done()
	w.scores()
	w.softmax()
	y := n.headRows(n.y.Data, w.tile, w.head, n.e)
	w.gatherValues(y)
}

func (n *attend) record(t *tensor.Tape) {
	n.inputs = append(n.inputs[:0], n.q)
	for _, p := range n.parts {
		n.inputs = append(n.inputs, p.K, p.V)
	}
	t.Hold(n.inputs...)
	t.Hold(n.y)
	n.inputs = n.score.Relative.tensors(n.inputs)
	t.Record(n, n.y, n.inputs...)
}

func (n *attend) Backward() {
	t := n.y.Tape()
	n.q.WantGrad()
	n.score.Relative.wantGrad()
	n.dk, n.dv = n.dk[:0], n.dv[:0]
	for _, p := range n.parts {
		n.dk = append(n.dk, n.headGrad(t, p.K))
		n.dv = append(n.dv, n.headGrad(t, p.V))
	}
	kernel.Parallel(n.heads, n.backward)
	for i, p := range n.parts {
		n.sumGroups(t, p.K, n.dk[i])
		n.sumGroups(t, p.V, n.dv[i])
	}
}

// headGrad returns room for the gradient of k from each query head by itself
// [S, H, D], so that heads which share a key can run at once.
func (n *attend) headGrad(t *tensor.Tape, k *tensor.Tensor) []float32 {
	if !k.NeedsGrad() {
		return nil
	}
	if n.group == 1 {
		return k.WantGrad()
	}
	g := t.Floats(k.Len() * n.group)
	clear(g)
	return g
}

func (n *attend) sumGroups(t *tensor.Tape, k *tensor.Tensor, per []float32) {
	if per == nil || n.group == 1 {
		return
	}
	g, d := k.WantGrad(), k.Shape[2]
	for i := range len(g) / d { // a row of one key head
		dst := g[i*d : (i+1)*d]
		for h := range n.group {
			at := (i*n.group + h) * d
			kernel.Add(dst, dst, per[at:at+d])
		}
	}
	t.Free(per)
}

// backwardUnit walks all tiles of one head: keys that several tiles, or several
// sequences, share are summed in one order.
func (n *attend) backwardUnit(head int) {
	for _, tl := range n.tiles {
		w := n.newWork(tl, head)
		w.backward()
		w.done()
	}
}

// headRows sees the rows of a tile of one head of x [T, H·width].
func (n *attend) headRows(x []float32, tl tile, head, width int) kernel.Matrix {
	row := n.spans[tl.span].Row + tl.lo
	stride := n.heads * width
	return kernel.Matrix{Data: x[row*stride+head*width:], Rows: tl.hi - tl.lo, Cols: width, Stride: stride}
}

// keyRows sees rows of one head of k [S, heads, width], of any number of heads.
func keyRows(k []float32, heads, width, head, row, rows int) kernel.Matrix {
	stride := heads * width
	return kernel.Matrix{Data: k[row*stride+head*width:], Rows: rows, Cols: width, Stride: stride}
}

func (n *attend) String() string {
	return fmt.Sprintf("Attend(%d rows, %d heads)", n.y.Rows(), n.heads)
}
