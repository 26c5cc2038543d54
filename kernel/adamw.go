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
	stretches(len(w), func(i, j int) {
		active.adamw(w[i:j], g[i:j], m[i:j], v[i:j], s.Beta1, 1-s.Beta1, s.Beta2, 1-s.Beta2,
			1-s.LR*s.Decay, s.LR/s.Correct1, 1/s.Correct2, s.Eps)
	})
}

func adamw(w, g, m, v []float32, b1, c1, b2, c2, keep, rate, scale, eps float32) {
	for i := range w {
		m[i] = b1*m[i] + c1*g[i]
		v[i] = b2*v[i] + c2*g[i]*g[i]
		w[i] = keep*w[i] - rate*m[i]/(float32(math.Sqrt(float64(scale*v[i])))+eps)
	}
}
