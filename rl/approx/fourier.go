package approx

import "math"

// Fourier has cosines of every mixture of frequencies, of coordinates that the
// box brings to [0, 1]:
//
//	φ_c(x) = cos(π·c·x)     c in {0 … q}^d
//
// The last coordinate's frequency changes fastest.
//
// Konidaris, Osentoski and Thomas, Value Function Approximation in Reinforcement
// Learning Using the Fourier Basis, 2011; Zhao 2025, eq. 8.18.
type Fourier struct {
	box   Box
	order int
	waves [][]float64 // [(q+1)^d][d]
}

// NewFourier makes the (q+1)^d features of a box of d coordinates.
func NewFourier(box Box, order int) *Fourier {
	f := &Fourier{box: box, order: order}
	n := 1
	for range box.Low {
		n *= order + 1
	}
	for k := range n {
		c := make([]float64, len(box.Low))
		for i := len(c) - 1; i >= 0; i-- {
			c[i] = float64(k % (order + 1))
			k /= order + 1
		}
		f.waves = append(f.waves, c)
	}
	return f
}

// Len is the number of waves.
func (f *Fourier) Len() int { return len(f.waves) }

// Of computes all cosines.
func (f *Fourier) Of(x []float64, phi *Sparse) {
	phi.Reset()
	for k, c := range f.waves {
		var angle float64
		for i := range c {
			angle += c[i] * f.box.unit(x, i)
		}
		phi.Put(k, math.Cos(math.Pi*angle))
	}
}

// Rates divides a step size by the length of each wave, α_c = α/‖c‖, and leaves
// the constant as it is: steep waves learn slower.
//
// Konidaris, Osentoski and Thomas 2011, §4.
func (f *Fourier) Rates(alpha float64) []float64 {
	rates := make([]float64, len(f.waves))
	for k, c := range f.waves {
		var square float64
		for _, v := range c {
			square += v * v
		}
		if rates[k] = alpha; square > 0 {
			rates[k] /= math.Sqrt(square)
		}
	}
	return rates
}
