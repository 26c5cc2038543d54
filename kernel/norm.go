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
	for i := range dst {
		dst[i] = rho * x[i] * w[i]
	}
	return rho
}

// RMSNormGrad adds the gradient of RMSNorm to dx, and to dw unless that is nil. With g = w·dy,
//
//	dx += ρ·(g − x·ρ²·mean(g·x))
//	dw += ρ·x·dy
func RMSNormGrad(dx, dw, dy, x, w []float32, rho float32) {
	var s float32
	for i := range dx {
		s += w[i] * dy[i] * x[i]
	}
	s *= rho * rho / float32(len(dx))
	for i := range dx {
		dx[i] += rho * (w[i]*dy[i] - x[i]*s)
	}
	if dw != nil {
		for i := range dx {
			dw[i] += rho * x[i] * dy[i]
		}
	}
}

// LayerNorm standardises x and scales and shifts the outcome, and returns the mean μ and the inverse deviation r:
//
//	r   = 1/√(mean((x − μ)²) + ε)
//	dst = r·(x − μ)·w + b
//
// Ba, Kiros and Hinton, Layer Normalization, 2016. arXiv:1607.06450, eq. 4.
func LayerNorm(dst, x, w, b []float32, eps float32) (mean, rstd float32) {
	x = x[:len(dst)]
	mean = Sum(x) / float32(len(x))
	var s float32
	for _, v := range x {
		s += (v - mean) * (v - mean)
	}
	rstd = float32(1 / math.Sqrt(float64(s)/float64(len(x))+float64(eps)))
	for i := range dst {
		dst[i] = rstd*(x[i]-mean)*w[i] + b[i]
	}
	return mean, rstd
}

// LayerNormGrad adds the gradient of LayerNorm to dx, and to dw and db unless they are nil. With g = w·dy and
// x̂ = r·(x − μ),
//
//	dx += r·(g − mean(g) − x̂·mean(g·x̂))
//	dw += dy·x̂
//	db += dy
func LayerNormGrad(dx, dw, db, dy, x, w []float32, mean, rstd float32) {
	var sg, sx float32
	for i := range dx {
		g := w[i] * dy[i]
		sg += g
		sx += g * rstd * (x[i] - mean)
	}
	n := float32(len(dx))
	sg, sx = sg/n, sx/n
	for i := range dx {
		dx[i] += rstd * (w[i]*dy[i] - sg - rstd*(x[i]-mean)*sx)
	}
	if dw != nil {
		for i := range dx {
			dw[i] += dy[i] * rstd * (x[i] - mean)
		}
	}
	if db != nil {
		Add(db[:len(dx)], db, dy)
	}
}
