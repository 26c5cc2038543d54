package main

import "math"

func inf(sign int) float64 { return math.Inf(sign) }

// exp computes x = e^x with n and t as working registers. With n the integer nearest to x/ln 2 and r = x − n·ln 2,
//
//	e^x = 2ⁿ·e^r,  |r| ≤ ln 2 / 2,  e^r ≈ 1 + r + r²·P(r)
//
// ln 2 is subtracted in two parts, the first short enough for an exact product. P is the polynomial of Moshier's
// Cephes library (expf.c, 1989). A NaN stays one.
func (v vec) exp(x, n, t int) {
	v.atMost(x, t, 89)
	v.atLeast(x, t, -104)
	v.mul(n, x, math.Log2E)
	v.round(n, n)
	v.fnma(x, n, 0.693359375)
	v.fnma(x, n, -2.12194440e-4)
	v.set(t, 1.9875691500e-4)
	for _, c := range []float64{1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1, 1, 1} {
		v.horner(t, x, c)
	}
	if v.wide {
		v.do("VSCALEFPS", n, t, x)
		return
	}
	v.do("VCVTPS2DQ", n, n) // in two steps: 2ⁿ itself may be too large or too small for a float
	v.op("VPSRAD $1, %s, %s", v.r(n), v.r(x))
	v.do("VPSUBD", x, n, n)
	v.do("VPADDD", uint32(127), x, x)
	v.do("VPADDD", uint32(127), n, n)
	v.op("VPSLLD $23, %s, %s\nVPSLLD $23, %s, %s", v.r(x), v.r(x), v.r(n), v.r(n))
	v.mul(t, t, x)
	v.mul(x, t, n)
}

// sigmoid computes x = 1/(1 + e^−x).
func (v vec) sigmoid(x, n, t int) {
	v.bits("XOR", x, x, uint32(1<<31))
	v.exp(x, n, t)
	v.add(x, x, 1.0)
	v.set(t, 1.0)
	v.div(x, t, x)
}

// tanh computes y = tanh x = 1 − 2/(e^2x + 1), and by the polynomial of Cephes (tanhf.c) where |x| < 0.625, for the
// difference would lose digits there. It keeps x.
func (v vec) tanh(y, x, n, t int) {
	v.add(y, x, x)
	v.exp(y, n, t)
	v.add(y, y, 1.0)
	v.set(t, 2.0)
	v.div(t, t, y)
	v.set(y, 1.0)
	v.sub(y, y, t)
	v.mul(n, x, x)
	v.set(t, -5.70498872745e-3)
	for _, c := range []float64{2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1} {
		v.horner(t, n, c)
	}
	v.mul(t, t, n)
	v.horner(t, x, x)
	v.choose(y, t, x, n, 0.625)
}

// phi computes y = Φ(x) = erfc(−x/√2)/2. With z = |x|/√2 and t = 1/(1 + z/2),
//
//	erfc z ≈ t·exp(−z² + Q(t))
//
// to 1.2e-7 of its value everywhere: Press et al., Numerical Recipes, second edition, 1992, section 6.2. It keeps x.
func (v vec) phi(y, x, n, t, u int) {
	v.bits("AND", u, x, uint32(0x7fffffff))
	v.mul(u, u, math.Sqrt2/2)
	v.set(t, 0.5)
	v.set(n, 1.0)
	v.fma(n, u, t)
	v.set(t, 1.0)
	v.div(t, t, n)
	v.set(y, 0.17087277)
	for _, c := range []float64{-0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196, 1.00002368, -1.26551223} {
		v.horner(y, t, c)
	}
	v.fnma(y, u, u)
	v.mul(t, t, 0.5)
	v.exp(y, n, u)
	v.mul(y, y, t) // Φ(−|x|)
	v.set(n, 1.0)
	v.sub(n, n, y)
	v.bits("XOR", u, x, uint32(1<<31)) // positive x have 1 − Φ(−x)
	v.chooseNegative(y, n, u)
}

// logistic computes y = σ(x) and w = σ(x)·σ(−x), both without loss of digits: with e = e^−|x|, the larger of σ(x) and
// σ(−x) is 1/(1 + e), the smaller e/(1 + e).
func (v vec) logistic(y, w, x, n, t int) {
	v.bits("OR", w, x, uint32(1<<31))
	v.exp(w, n, t)
	v.add(n, w, 1.0)
	v.set(t, 1.0)
	v.div(y, t, n)
	v.mul(t, w, y)
	v.mul(w, t, y)
	v.chooseNegative(y, t, x)
}

// inner computes y = 2u = 2·√(2/π)·(x + 0.044715·x³) and n = x². (1 + tanh u)/2 is σ(2u).
func (v vec) inner(y, x, n int) {
	v.mul(n, x, x)
	v.set(y, 0.044715)
	v.horner(y, n, 1.0)
	v.mul(y, y, x)
	v.mul(y, y, 2*math.Sqrt(2/math.Pi))
}

// exponentials is e^x and everything made of it.
func exponentials(a *asm) {
	loop{"exp", "computes dst = e^x.", "dst= x", "", func(v vec) {
		v.set(0, 1)
		v.exp(0, 2, 3)
	}}.elementwise(a)
	loop{"expSum", "computes dst = e^(x − a) and returns the sum.", "dst= x", "a", nil}.reduction(a, 0, func(v vec, acc int) {
		v.sub(0, 1, 14)
		v.exp(0, 2, 3)
		v.keep(0)
		v.add(acc, acc, 0)
	}, plus)
	loop{"sumExp", "returns Σ e^(x − a).", "x", "a", nil}.reduction(a, 0, func(v vec, acc int) {
		v.sub(0, 0, 14)
		v.exp(0, 2, 3)
		v.keep(0)
		v.add(acc, acc, 0)
	}, plus)
	loop{"tanh", "computes dst = tanh x.", "dst= x", "", func(v vec) { v.tanh(0, 1, 2, 3) }}.elementwise(a)

	loop{"silu", "computes dst = x·σ(x).", "dst= x", "", func(v vec) {
		v.set(0, 1)
		v.sigmoid(0, 2, 3)
		v.mul(0, 0, 1)
	}}.elementwise(a)
	loop{"siluGrad", "computes dx += dy·σ(x)·(1 + x·(1 − σ(x))).", "dx+ dy x", "", func(v vec) {
		v.set(3, 2)
		v.sigmoid(3, 4, 5)
		v.mul(1, 1, 3) // dy·σ
		v.set(4, 1.0)
		v.sub(4, 4, 3)
		v.horner(4, 2, 1.0)
		v.fma(0, 1, 4)
	}}.elementwise(a)
	loop{"swiglu", "computes dst = gate·σ(gate)·up.", "dst= gate up", "", func(v vec) {
		v.set(0, 1)
		v.sigmoid(0, 3, 4)
		v.mul(0, 0, 1)
		v.mul(0, 0, 2)
	}}.elementwise(a)
	loop{"swigluGrad", "adds to the gradients of gate and up.", "dgate+ dup+ dy gate up", "", func(v vec) {
		v.set(5, 3)
		v.sigmoid(5, 6, 7)
		v.mul(2, 2, 5) // dy·σ
		v.fma(1, 2, 3)
		v.set(6, 1.0)
		v.sub(6, 6, 5)
		v.horner(6, 3, 1.0) // 1 + gate·(1 − σ)
		v.mul(2, 2, 4)
		v.fma(0, 2, 6)
	}}.elementwise(a)

	loop{"gelu", "computes dst = x·Φ(x).", "dst= x", "", func(v vec) {
		v.phi(0, 1, 2, 3, 4)
		v.mul(0, 0, 1)
	}}.elementwise(a)
	loop{"geluGrad", "computes dx += dy·(Φ(x) + x·φ(x)).", "dx+ dy x", "", func(v vec) {
		v.phi(3, 2, 4, 5, 6)
		v.mul(6, 2, 2)
		v.mul(6, 6, -0.5)
		v.exp(6, 4, 5)
		v.mul(6, 6, 1/math.Sqrt(2*math.Pi))
		v.fma(3, 6, 2)
		v.fma(0, 1, 3)
	}}.elementwise(a)
	loop{"geluTanh", "computes dst = x·σ(2u).", "dst= x", "", func(v vec) {
		v.inner(2, 1, 3)
		v.logistic(0, 3, 2, 4, 5)
		v.mul(0, 0, 1)
	}}.elementwise(a)
	loop{"geluTanhGrad", "computes dx += dy·(σ(2u) + x·σ(2u)·σ(−2u)·2u′).", "dx+ dy x", "", func(v vec) {
		v.inner(3, 2, 7)
		v.logistic(4, 5, 3, 6, 8)
		v.set(6, 6*0.044715*math.Sqrt(2/math.Pi))
		v.horner(6, 7, 2*math.Sqrt(2/math.Pi)) // 2u′
		v.mul(6, 6, 2)
		v.fma(4, 5, 6)
		v.fma(0, 1, 4)
	}}.elementwise(a)
	a.data()
}
