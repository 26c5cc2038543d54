package quant

import "math"

// fitScale finds the scale d, of either sign, with which d·q is nearest to x in
// squares, for integers q from −n to n−1: the levels that a first scale gives,
// then the best scale for these levels, for a number of first scales,
//
//	d = Σ x·q / Σ q²,   Σ(x − d·q)² = Σx² − (Σx·q)² / Σq²
func fitScale(x []float32, n int) float32 {
	far := farthest(x)
	best, d := float32(0), float32(0)
	for step := -9; step <= 9; step++ {
		inv := -(float32(n) + 0.1*float32(step)) * inverse(far)
		var xq, qq float32
		for _, v := range x {
			q := round(min(max(float32(v*inv), -float32(n)), float32(n-1)))
			xq += v * q
			qq += q * q
		}
		if qq > 0 && xq*xq > best*qq {
			best, d = xq*xq/qq, xq/qq
		}
	}
	return d
}

// fitAffine finds d ≥ 0 and m ≥ 0 with which d·q − m is nearest to x in squares,
// for integers q from 0 to most. As in fitScale it tries a number of first
// scales; the best line through the points (q, x) is
//
//	d = (n·Σxq − Σx·Σq) / (n·Σq² − (Σq)²),   m = (d·Σq − Σx) / n
//	Σ(x − d·q + m)² = Σx² − 2d·Σxq + 2m·Σx + d²·Σq² − 2dm·Σq + n·m²
func fitAffine(x []float32, most int) (d, m float32) {
	low, high := extent(x)
	low = min(low, 0)
	if high <= low {
		return 0, -low
	}
	var sx, sxx float64
	for _, v := range x {
		sx += float64(v)
		sxx += float64(v) * float64(v)
	}
	best, n, top := math.Inf(1), float64(len(x)), float32(most)
	for step := -10; step <= 10; step++ {
		inv := (top + 0.1*float32(step)) / (high - low)
		var sq, xq, qq float64
		for _, v := range x {
			l := float64(round(min(float32((v-low)*inv), top)))
			sq, xq, qq = sq+l, xq+float64(v)*l, qq+l*l
		}
		d1, m1 := line(n, sx, sq, xq, qq)
		if d1 <= 0 {
			continue
		}
		if e := sxx - 2*d1*xq + 2*m1*sx + d1*d1*qq - 2*d1*m1*sq + n*m1*m1; e < best {
			best, d, m = e, float32(d1), float32(m1)
		}
	}
	return d, m
}

// line is the line d·q − m nearest to n points, with m not negative.
func line(n, sx, sq, xq, qq float64) (d, m float64) {
	if det := n*qq - sq*sq; det > 0 {
		d = (n*xq - sx*sq) / det
		m = (d*sq - sx) / n
	}
	if m < 0 && qq > 0 { // the line through zero
		d, m = xq/qq, 0
	}
	return d, m
}

// assign gives every number its nearest level.
func assign(q []byte, x []float32, d, m float32, most int) {
	inv := inverse(d)
	for i, v := range x {
		q[i] = byte(nearest((v+m)*inv, 0, most))
	}
}

// nearest is the integer nearest to x from low to high.
func nearest(x float32, low, high int) int {
	return int(round(min(max(x, float32(low)), float32(high))))
}

// round is the integer nearest to x, ties to even, for |x| < 2²²: beside 3·2²²
// there is no room for a fraction.
func round(x float32) float32 {
	const beside = 3 << 22
	return float32(x+beside) - beside
}
