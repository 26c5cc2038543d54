package approx

import (
	"cmp"
	"slices"
)

// Polynomial has every product of powers up to a total degree, of coordinates
// that the box brings to [−1, 1]. For two coordinates and degree 3:
//
//	φ = (1, x, y, x², y², xy, x³, y³, x²y, xy²)
//
// Zhao 2025, eq. 8.15 and 8.16.
type Polynomial struct {
	box    Box
	powers [][]int
}

// NewPolynomial makes the features of a box.
func NewPolynomial(box Box, degree int) *Polynomial {
	f := &Polynomial{box: box}
	p := make([]int, len(box.Low))
	var fill func(i, left int)
	fill = func(i, left int) {
		if i == len(p) {
			f.powers = append(f.powers, slices.Clone(p))
			return
		}
		for p[i] = 0; p[i] <= left; p[i]++ {
			fill(i+1, left-p[i])
		}
		p[i] = 0
	}
	fill(0, degree)
	slices.SortFunc(f.powers, func(a, b []int) int { // by degree; pure powers first; x before y
		return cmp.Or(cmp.Compare(total(a), total(b)), cmp.Compare(slices.Max(b), slices.Max(a)), slices.Compare(b, a))
	})
	return f
}

func total(p []int) (n int) {
	for _, v := range p {
		n += v
	}
	return n
}

// Len is the number of products.
func (f *Polynomial) Len() int { return len(f.powers) }

// Of computes all products.
func (f *Polynomial) Of(x []float64, phi *Sparse) {
	phi.Reset()
	for k, powers := range f.powers {
		v := 1.
		for i, n := range powers {
			for range n {
				v *= 2*f.box.unit(x, i) - 1
			}
		}
		phi.Put(k, v)
	}
}
