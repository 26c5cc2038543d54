package kernel

import "math"

// RMSNorm scales x to unit root mean square, then by w, and returns the scale:
//
//	ρ   = 1/√(mean(x²) + ε)
//	dst = ρ·x·w
//
// Zhang and Sennrich, Root Mean Square Layer Normalization, 2019. arXiv:1910.07467, eq. 4.
func RMSNorm(dst, x, w []float32, eps float32) (rho float32) {
	x = x[:len(dst)]
	rho = float32(1 / math.Sqrt(float64(Dot(x, x))/float64(len(x))+float64(eps)))
	active.scaleMul(dst, x, w[:len(dst)], rho)
	return rho
}

// RMSNormGrad adds the gradient of RMSNorm to dx, and to dw unless that is nil. With g = w·dy,
//
//	dx += ρ·(g − x·ρ²·mean(g·x))
//	dw += ρ·x·dy
func RMSNormGrad(dx, dw, dy, x, w []float32, rho float32) {
	n := len(dx)
	dy, x, w = dy[:n], x[:n], w[:n]
	s := rho * rho * active.dot3(w, dy, x) / float32(n)
	active.rmsGrad(dx, dy, x, w, rho, s)
	if dw != nil {
		active.addScaleMul(dw[:n], x, dy, rho)
	}
}

// LayerNorm standardises x, scales and shifts the outcome, and returns the mean μ and the inverse deviation r:
//
//	r   = 1/√(mean((x − μ)²) + ε)
//	dst = r·(x − μ)·w + b
//
// Ba, Kiros and Hinton, Layer Normalization, 2016. arXiv:1607.06450, eq. 4.
func LayerNorm(dst, x, w, b []float32, eps float32) (mean, rstd float32) {
	n := len(dst)
	x = x[:n]
	mean = Sum(x) / float32(n)
	rstd = float32(1 / math.Sqrt(float64(active.spread(x, mean))/float64(n)+float64(eps)))
	active.standardise(dst, x, w[:n], b[:n], mean, rstd)
	return mean, rstd
}

// LayerNormGrad adds the gradient of LayerNorm to dx, and to dw and db unless they are nil. With g = w·dy and
// x̂ = r·(x − μ),
//
//	dx += r·(g − mean(g) − x̂·mean(g·x̂))
//	dw += dy·x̂
//	db += dy
func LayerNormGrad(dx, dw, db, dy, x, w []float32, mean, rstd float32) {
	n := len(dx)
	dy, x, w = dy[:n], x[:n], w[:n]
	g := Dot(w, dy) / float32(n)
	s := rstd * active.dotMinus(w, dy, x, mean) / float32(n)
	active.layerGrad(dx, dy, x, w, mean, rstd, g, s)
	if dw != nil {
		active.addStandard(dw[:n], x, dy, mean, rstd)
	}
	if db != nil {
		Add(db[:n], db, dy)
	}
}

func scaleMul(dst, x, w []float32, a float32) {
	for i := range dst {
		dst[i] = a * x[i] * w[i]
	}
}

func addScaleMul(dst, x, y []float32, a float32) {
	for i := range dst {
		dst[i] += a * x[i] * y[i]
	}
}

func dot3(x, y, z []float32) float32 {
	var s float32
	for i := range x {
		s += x[i] * y[i] * z[i]
	}
	return s
}

func dotMinus(x, y, z []float32, a float32) float32 {
	var s float32
	for i := range x {
		s += x[i] * y[i] * (z[i] - a)
	}
	return s
}

func spread(x []float32, a float32) float32 {
	var s float32
	for _, v := range x {
		s += (v - a) * (v - a)
	}
	return s
}

func rmsGrad(dx, dy, x, w []float32, a, s float32) {
	for i := range dx {
		dx[i] += a * (w[i]*dy[i] - s*x[i])
	}
}

func standardise(dst, x, w, b []float32, a, r float32) {
	for i := range dst {
		dst[i] = r*(x[i]-a)*w[i] + b[i]
	}
}

func layerGrad(dx, dy, x, w []float32, a, r, u, s float32) {
	for i := range dx {
		dx[i] += r * (w[i]*dy[i] - u - r*(x[i]-a)*s)
	}
}

func addStandard(dw, x, dy []float32, a, r float32) {
	for i := range dw {
		dw[i] += r * (x[i] - a) * dy[i]
	}
}
