package op

import (
	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/tensor"
)

// Relative is everything that a relative position encoding adds to attention.
// With b the bucket of a distance, s the scale, and every term optional,
//
//	S_ij = s·[(q_i + u)·k_j + (q_i + v)·K_b(i−j) + Q_b(i−j)·k_j] + β_b(i−j) + E_ij
//	y_i  = Σ_j softmax_j(S_ij)·(v_j + V_b(i−j))
//
// No term falls on the keys of an adapter, which have no distance.
type Relative struct {
	Bucket func(distance int) int // distance i−j to 0 … R−1
	U, V   *tensor.Tensor         // [H, D]    global content and position bias
	Key    *tensor.Tensor         // [R, H, D] relative keys
	Query  *tensor.Tensor         // [R, H, D] relative queries
	Value  *tensor.Tensor         // [R, H, E] relative values
	Bias   *tensor.Tensor         // [R, H]    β
	Extra  *tensor.Tensor         // [T, S, H] E: what depends on both places and not on their distance; costs memory
}

func (r *Relative) tensors(list []*tensor.Tensor) []*tensor.Tensor {
	if r == nil {
		return list
	}
	return append(list, r.U, r.V, r.Key, r.Query, r.Value, r.Bias, r.Extra)
}

func (r *Relative) wantGrad() {
	if r == nil {
		return
	}
	for _, x := range [...]*tensor.Tensor{r.U, r.V, r.Key, r.Query, r.Value, r.Bias, r.Extra} {
		x.WantGrad()
	}
}

func (r *Relative) u() *tensor.Tensor {
	if r == nil {
		return nil
	}
	return r.U
}

// biased returns q + b for the work's head, or q itself where there is no bias
// or the keys are an adapter's.
func (w *work) biased(q kernel.Matrix, c strip, b *tensor.Tensor) kernel.Matrix {
	if b == nil || c.free {
		return q
	}
	sum := kernel.Matrix{Data: grow(&w.q, q.Rows*q.Cols), Rows: q.Rows, Cols: q.Cols, Stride: q.Cols}
	bias := b.Data[w.head*w.d : (w.head+1)*w.d]
	for i := range q.Rows {
		kernel.Add(sum.Data[i*q.Cols:(i+1)*q.Cols], q.Data[i*q.Stride:i*q.Stride+q.Cols], bias)
	}
	return sum
}

// distance is i−j for row i of the tile and key j of the range.
func (w *work) distance(i, j int, c strip) int {
	return int(w.spans[w.span].Pos) + w.lo + i - int(c.pos) - j
}

// each calls f with every pair that may see each other: the column in the
// strip and the bucket of the distance, −1 without buckets.
func (w *work) each(c strip, f func(i, j, at, bucket int)) {
	r := w.score.Relative
	pos := w.spans[w.span].Pos + int32(w.lo)
	for i := range w.rows() {
		for j := c.lo; j < c.hi; j++ {
			if !w.score.Mask.admits(pos+int32(i), c.pos+int32(j)) {
				continue
			}
			b := -1
			if r.Bucket != nil {
				b = r.Bucket(w.distance(i, j, c))
			}
			f(i, j, i*w.width+c.at+j-c.lo, b)
		}
	}
}

// table sees one head of a table of buckets [R, H, width].
func (w *work) table(x *tensor.Tensor, data []float32) kernel.Matrix {
	return keyRows(data, x.Shape[1], x.Shape[2], w.head, 0, x.Shape[0])
}

// relative adds the terms of the score, but for u, which stands with q.
func (w *work) relative(q kernel.Matrix, c strip) {
	r, s := w.score.Relative, w.strip
	if r.Key != nil { // (q + v)·K_b: one product [rows, R], then a gather by bucket
		n := r.Key.Shape[0]
		t := kernel.Matrix{Data: grow(&w.bucket, w.rows()*n), Rows: w.rows(), Cols: n, Stride: n}
		kernel.SerialMatMulT(t, w.biased(q, c, r.V), w.table(r.Key, r.Key.Data), false)
		w.each(c, func(i, _, at, b int) { s[at] += w.score.Scale * t.Data[i*n+b] })
	}
	if r.Query != nil { // Q_b·k: [keys, R]
		n := r.Query.Shape[0]
		t := kernel.Matrix{Data: grow(&w.bucket, (c.hi-c.lo)*n), Rows: c.hi - c.lo, Cols: n, Stride: n}
		kernel.SerialMatMulT(t, w.key(c), w.table(r.Query, r.Query.Data), false)
		w.each(c, func(_, j, at, b int) { s[at] += w.score.Scale * t.Data[(j-c.lo)*n+b] })
	}
	if r.Bias != nil {
		w.bias(c)
	}
	if r.Extra != nil {
		w.each(c, func(i, j, at, _ int) { s[at] += r.Extra.Data[w.extra(i, j, c)] })
	}
}

// The bias of a pair depends on its distance alone, and a row's keys stand at
// consecutive distances: with one entry a distance, from the largest down, the
// bias of a row is a run of the table, and the next row's begins one earlier.

// distances is the number of distances in a strip, and the largest.
func (w *work) distances(c strip) (n, largest int) {
	return w.rows() + c.hi - c.lo - 1, w.distance(w.rows()-1, c.lo, c)
}

// run is the part of a table of distances that belongs to row i of a strip.
func (w *work) run(table []float32, i int, c strip) []float32 {
	from := w.rows() - 1 - i
	return table[from : from+c.hi-c.lo]
}

// bias adds β_b(i−j) to the scores. Pairs that may not see each other get none:
// their distance may have no bucket.
func (w *work) bias(c strip) {
	r := w.score.Relative
	n, largest := w.distances(c)
	table, heads := grow(&w.bucket, n), r.Bias.Shape[1]
	for k := range table {
		table[k] = 0
		if d := largest - k; w.score.Mask.admits(int32(d), 0) {
			table[k] = r.Bias.Data[r.Bucket(d)*heads+w.head]
		}
	}
	for i := range w.rows() {
		row := w.strip[i*w.width+c.at:][:c.hi-c.lo]
		kernel.Add(row, row, w.run(table, i, c))
	}
}

// biasBackward sums dS by distance, then by bucket.
func (w *work) biasBackward(c strip) {
	r := w.score.Relative
	n, largest := w.distances(c)
	table, heads := grow(&w.bucket, n), r.Bias.Shape[1]
	clear(table)
	for i := range w.rows() {
		run := w.run(table, i, c)
		kernel.Add(run, run, w.grad[i*w.width+c.at:][:c.hi-c.lo])
	}
	for k, g := range table {
		if d := largest - k; w.score.Mask.admits(int32(d), 0) {
			r.Bias.Grad[r.Bucket(d)*heads+w.head] += g
		}
	}
}

// extra is the place of a pair in Extra [T, S, H].
func (w *work) extra(i, j int, c strip) int {
	e := w.score.Relative.Extra
	row := w.spans[w.span].Row + w.lo + i
	return (row*e.Shape[1]+c.extra+j)*e.Shape[2] + w.head
}

// relativeBackward passes dS, before scaling, to the terms of relative.
func (w *work) relativeBackward(q kernel.Matrix, c strip) {
	r, ds, n := w.score.Relative, w.grad, w.attend
	if r.Key != nil { // G[i, b] = s·Σ dS over the keys in bucket b
		g := w.sums(w.rows(), r.Key.Shape[0])
		w.each(c, func(i, _, at, b int) { g.Data[i*g.Stride+b] += w.score.Scale * ds[at] })
		if n.q.Grad != nil {
			kernel.SerialMatMul(n.headRows(n.q.Grad, w.tile, w.head, n.d), g, w.table(r.Key, r.Key.Data), true)
		}
		if r.Key.Grad != nil {
			kernel.SerialTMatMul(w.table(r.Key, r.Key.Grad), g, w.biased(q, c, r.V), true)
		}
		if r.V != nil && r.V.Grad != nil {
			w.sumRows(r.V.Grad, g, w.table(r.Key, r.Key.Data))
		}
	}
	if r.Query != nil { // G[j, b] = s·Σ dS over the rows in bucket b
		g := w.sums(c.hi-c.lo, r.Query.Shape[0])
		w.each(c, func(_, j, at, b int) { g.Data[(j-c.lo)*g.Stride+b] += w.score.Scale * ds[at] })
		if dk := n.dk[c.part]; dk != nil {
			kernel.SerialMatMul(keyRows(dk, n.heads, n.d, w.head, c.row+c.lo, c.hi-c.lo), g, w.table(r.Query, r.Query.Data), true)
		}
		if r.Query.Grad != nil {
			kernel.SerialTMatMul(w.table(r.Query, r.Query.Grad), g, w.key(c), true)
		}
	}
	if r.Bias != nil && r.Bias.Grad != nil {
		w.biasBackward(c)
	}
	if r.Extra != nil && r.Extra.Grad != nil {
		w.each(c, func(i, j, at, _ int) { r.Extra.Grad[w.extra(i, j, c)] += ds[at] })
	}
}

// relativeU passes the scaled dS to u: du = Σ_i dS_i·K.
func (w *work) relativeU(c strip) {
	if u := w.score.Relative.u(); u != nil && u.Grad != nil && !c.free {
		w.sumRows(u.Grad, w.matrix(w.grad, c), w.key(c))
	}
}

// sumRows adds Σ_i (a·b)_i to the row of the work's head of dst [H, D].
func (w *work) sumRows(dst []float32, a, b kernel.Matrix) {
	ones := grow(&w.q, a.Cols)
	clear(ones)
	for i := range a.Rows {
		kernel.Add(ones, ones, a.Data[i*a.Stride:i*a.Stride+a.Cols])
	}
	row := dst[w.head*w.d : (w.head+1)*w.d]
	for j, x := range ones {
		kernel.Axpy(row, x, b.Data[j*b.Stride:j*b.Stride+b.Cols])
	}
}

// relativeValue adds Σ_j P_ij·V_b to y.
func (w *work) relativeValue(y kernel.Matrix, c strip) {
	r := w.score.Relative
	if r == nil || r.Value == nil || c.free {
		return
	}
	g := w.sums(w.rows(), r.Value.Shape[0])
	w.each(c, func(i, _, at, b int) { g.Data[i*g.Stride+b] += w.strip[at] })
	kernel.SerialMatMul(y, g, w.table(r.Value, r.Value.Data), true)
}

// relativeValueBackward adds dy·V_b to dP, and the gradient of the table.
func (w *work) relativeValueBackward(dy kernel.Matrix, dp []float32, c strip) {
	r := w.score.Relative
	if r == nil || r.Value == nil || c.free {
		return
	}
	n := r.Value.Shape[0]
	if r.Value.Grad != nil {
		g := w.sums(w.rows(), n)
		w.each(c, func(i, _, at, b int) { g.Data[i*n+b] += w.strip[at] })
		kernel.SerialTMatMul(w.table(r.Value, r.Value.Grad), g, dy, true)
	}
	t := kernel.Matrix{Data: grow(&w.bucket, w.rows()*n), Rows: w.rows(), Cols: n, Stride: n}
	kernel.SerialMatMulT(t, dy, w.table(r.Value, r.Value.Data), false)
	w.each(c, func(i, _, at, b int) { dp[at] += t.Data[i*n+b] })
}

// sums returns a matrix of zeros to add up buckets in.
func (w *work) sums(rows, cols int) kernel.Matrix {
	m := kernel.Matrix{Data: grow(&w.bucket, rows*cols), Rows: rows, Cols: cols, Stride: cols}
	clear(m.Data)
	return m
}
