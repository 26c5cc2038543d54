package kernel

import "math"

func sigmoid(x float32) float32 { return float32(1 / (1 + math.Exp(-float64(x)))) }

// SiLU computes dst = x·σ(x), with σ the logistic function.
//
// Elfwing, Uchibe and Doya, Sigmoid-Weighted Linear Units, 2017. arXiv:1702.03118.
func SiLU(dst, x []float32) { active.silu(dst, x[:len(dst)]) }

func silu(dst, x []float32) {
	for i := range dst {
		dst[i] = x[i] * sigmoid(x[i])
	}
}

// SiLUGrad computes dx += dy·σ(x)·(1 + x·(1 − σ(x))).
func SiLUGrad(dx, dy, x []float32) { active.siluGrad(dx, dy[:len(dx)], x[:len(dx)]) }

func siluGrad(dx, dy, x []float32) {
	for i := range dx {
		s := sigmoid(x[i])
		dx[i] += dy[i] * s * (1 + x[i]*(1-s))
	}
}

// SwiGLU computes dst = SiLU(gate) ⊙ up.
//
// Shazeer, GLU Variants Improve Transformer, 2020. arXiv:2002.05202, eq. 6.
func SwiGLU(dst, gate, up []float32) { active.swiglu(dst, gate[:len(dst)], up[:len(dst)]) }

func swiglu(dst, gate, up []float32) {
	for i := range dst {
		dst[i] = gate[i] * sigmoid(gate[i]) * up[i]
	}
}

// SwiGLUGrad adds the gradient of SwiGLU to dgate and dup. With σ = σ(gate),
//
//	dgate += dy·up·σ·(1 + gate·(1 − σ))
//	dup   += dy·gate·σ
func SwiGLUGrad(dgate, dup, dy, gate, up []float32) {
	n := len(dgate)
	active.swigluGrad(dgate, dup[:n], dy[:n], gate[:n], up[:n])
}

func swigluGrad(dgate, dup, dy, gate, up []float32) {
	for i := range dgate {
		s := sigmoid(gate[i])
		dgate[i] += dy[i] * up[i] * s * (1 + gate[i]*(1-s))
		dup[i] += dy[i] * gate[i] * s
	}
}
