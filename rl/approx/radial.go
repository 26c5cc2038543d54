package approx

import "math"

// Radial has bells around the points of a regular lattice, of coordinates that
// the box brings to [0, 1]:
//
//	φ_i(x) = exp(−‖x − c_i‖² / (2·σ²))
//
// Normalised, they are divided by their sum, so that a far state is like its
// nearest bell.
//
// Sutton and Barto 2018, §9.5.5.
type Radial struct {
	box        Box
	centres    [][]float64
	sigma      float64
	Normalised bool
}

// NewRadial places n bells of width sigma along every coordinate.
func NewRadial(box Box, n int, sigma float64) *Radial {
	f := &Radial{box: box, sigma: sigma}
	count := 1
	for range box.Low {
		count *= n
	}
	for k := range count {
		c := make([]float64, len(box.Low))
		for i := len(c) - 1; i >= 0; i-- {
			c[i] = .5
			if n > 1 {
				c[i] = float64(k%n) / float64(n-1)
			}
			k /= n
		}
		f.centres = append(f.centres, c)
	}
	return f
}

// Len is the number of bells.
func (f *Radial) Len() int { return len(f.centres) }

// Of computes the height of every bell at x.
func (f *Radial) Of(x []float64, phi *Sparse) {
	phi.Reset()
	var sum float64
	for k, c := range f.centres {
		var square float64
		for i := range c {
			d := f.box.unit(x, i) - c[i]
			square += d * d
		}
		v := math.Exp(-square / (2 * f.sigma * f.sigma))
		phi.Put(k, v)
		sum += v
	}
	if f.Normalised && sum > 0 {
		for k := range phi.Value {
			phi.Value[k] /= sum
		}
	}
}
