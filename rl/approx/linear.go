package approx

import "math/rand/v2"

// Linear is a value that weighs features, v̂(s, w) = w·φ(s). It is an rl.Value;
// with features of pairs it is an action value. It belongs to one goroutine.
type Linear[S any] struct {
	Features Features[S]
	W        []float64
	Alpha    float64   // step size of Learn
	Rates    []float64 // a step size for each feature instead of Alpha; nil for none
	phi      Sparse
}

// NewLinear starts with weights of zero.
func NewLinear[S any](f Features[S], alpha float64) *Linear[S] {
	return &Linear[S]{Features: f, W: make([]float64, f.Len()), Alpha: alpha}
}

// Randomise draws every weight from N(0, σ²).
func (v *Linear[S]) Randomise(rng *rand.Rand, sigma float64) {
	for i := range v.W {
		v.W[i] = sigma * rng.NormFloat64()
	}
}

// At is w·φ(s).
func (v *Linear[S]) At(s S) float64 {
	v.Features.Of(s, &v.phi)
	return v.phi.Dot(v.W)
}

// Learn computes w ← w + α·δ·φ(s).
func (v *Linear[S]) Learn(s S, delta float64) {
	v.Features.Of(s, &v.phi)
	v.add(&v.phi, delta)
}

// add computes w ← w + α·δ·φ.
func (v *Linear[S]) add(phi *Sparse, delta float64) {
	if v.Rates == nil {
		phi.AddTo(v.W, v.Alpha*delta)
		return
	}
	for k, i := range phi.Index {
		v.W[i] += v.Rates[i] * delta * phi.Value[k]
	}
}

// follow computes w ← w + α·δ·z along a dense trace.
func (v *Linear[S]) follow(z []float64, delta float64) {
	for i := range v.W {
		rate := v.Alpha
		if v.Rates != nil {
			rate = v.Rates[i]
		}
		v.W[i] += rate * delta * z[i]
	}
}
