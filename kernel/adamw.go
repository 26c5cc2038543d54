package kernel

import "math"

// AdamWStep holds the numbers of one step of AdamW. Correct1 and Correct2 are 1 − β₁ᵗ and 1 − β₂ᵗ.
type AdamWStep struct {
	LR, Beta1, Beta2, Eps, Decay, Correct1, Correct2 float32
}

// AdamW takes one step of Adam with decoupled weight decay λ, in the form that PyTorch gives it:
//
//	w ← w − η·λ·w
//	m ← β₁·m + (1 − β₁)·g
//	v ← β₂·v + (1 − β₂)·g²
//	w ← w − η·(m/c₁) / (√(v/c₂) + ε)
//
// Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2019. arXiv:1711.05101, algorithm 2.
func AdamW(w, g, m, v []float32, s AdamWStep) {
	keep := 1 - s.LR*s.Decay
	rate := s.LR / s.Correct1
	scale := 1 / s.Correct2
	for i := range w {
		m[i] = s.Beta1*m[i] + (1-s.Beta1)*g[i]
		v[i] = s.Beta2*v[i] + (1-s.Beta2)*g[i]*g[i]
		w[i] = keep*w[i] - rate*m[i]/(float32(math.Sqrt(float64(v[i]*scale)))+s.Eps)
	}
}
