package approx

import (
	"math"
	"math/rand/v2"
)

// sumTree draws leaf i with probability p_i/Σp, in time log n: every node holds
// the sum of its two children. Leaf i is node i + size.
//
// Schaul, Quan, Antonoglou and Silver, Prioritized Experience Replay, 2015.
// arXiv:1511.05952, appendix B.2.1.
type sumTree struct {
	sum  []float64 // [2·size]
	size int
	top  float64 // the highest priority so far, which new transitions get
}

func newSumTree(capacity int) *sumTree {
	size := 1
	for size < capacity {
		size *= 2
	}
	return &sumTree{sum: make([]float64, 2*size), size: size, top: 1}
}

func (t *sumTree) add(i int) { t.set(i, t.top) }

func (t *sumTree) set(i int, p float64) {
	t.top = max(t.top, p)
	k := i + t.size
	for t.sum[k] = p; k > 1; k /= 2 {
		t.sum[k/2] = t.sum[k] + t.sum[k^1]
	}
}

// find is the leaf in which the running sum passes u.
func (t *sumTree) find(u float64) int {
	k := 1
	for k < t.size {
		k *= 2
		if u >= t.sum[k] && t.sum[k+1] > 0 {
			u -= t.sum[k]
			k++
		}
	}
	return k - t.size
}

// DrawByPriority picks one transition from each of equal slices of the sum of
// priorities, and writes how much each counts:
//
//	P(i) = p_i/Σp     w_i = (N·P(i))^−β / max_j w_j
func (r *Replay) DrawByPriority(rng *rand.Rand, rows []int, weight []float32, beta float64) {
	total := r.tree.sum[1]
	var most float64
	for i := range rows {
		u := (float64(i) + rng.Float64()) / float64(len(rows)) * total
		rows[i] = min(r.tree.find(u), r.N-1) // rounding may lead past the last
		w := math.Pow(float64(r.N)*r.tree.sum[rows[i]+r.tree.size]/total, -beta)
		weight[i] = float32(w)
		most = max(most, w)
	}
	for i := range weight {
		weight[i] /= float32(most)
	}
}

// Reweigh sets the priority of a transition by its error, p = (|δ| + ε)^α.
func (r *Replay) Reweigh(row int, delta, alpha float64) {
	r.tree.set(row, math.Pow(math.Abs(delta)+1e-6, alpha))
}
