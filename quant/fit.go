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
			q := float32(nearest(v*inv, -n, n-1))
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
func fitAffine(x []float32, most int, q []byte) (d, m float32) {
	low, high := extent(x)
	low = min(low, 0)
	if high <= low {
		return 0, -low
	}
	best := float32(math.Inf(1))
	for step := -10; step <= 10; step++ {
		first := (high - low) / (float32(most) + 0.1*float32(step))
		assign(q, x, first, -low, most)
		d1, m1 := line(x, q)
		if d1 <= 0 {
			continue
		}
		if assign(q, x, d1, m1, most); distance(x, q, d1, m1) < best {
			best, d, m = distance(x, q, d1, m1), d1, m1
		}
	}
	return d, m
}

// line is the line d·q − m nearest to the points, with m not negative.
func line(x []float32, q []byte) (d, m float32) {
	var sx, sq, xq, qq float32
	for i, v := range x {
		l := float32(q[i])
		sx, sq, xq, qq = sx+v, sq+l, xq+v*l, qq+l*l
	}
	n := float32(len(x))
	if det := n*qq - sq*sq; det > 0 {
		d = (n*xq - sx*sq) / det
		m = (d*sq - sx) / n
	}
	if m < 0 && qq > 0 { // the line through zero
		d, m = xq/qq, 0
	}
	return d, m
}

// distance is Σ(x − (d·q − m))².
func distance(x []float32, q []byte, d, m float32) float32 {
	sum := float32(0)
	for i, v := range x {
		e := v - (d*float32(q[i]) - m)
		sum += e * e
	}
	return sum
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
	return int(min(max(math.RoundToEven(float64(x)), float64(low)), float64(high)))
}
