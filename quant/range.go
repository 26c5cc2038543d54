package quant

import "math"

// farthest is the number that is farthest from zero, the first of several.
func farthest(x []float32) float32 {
	best := float32(0)
	for _, v := range x {
		if abs(v) > abs(best) {
			best = v
		}
	}
	return best
}

// extent is the least and the greatest number.
func extent(x []float32) (low, high float32) {
	low, high = x[0], x[0]
	for _, v := range x {
		low, high = min(low, v), max(high, v)
	}
	return low, high
}

// inverse is 1/d, and 0 where there is none: then every number is level 0.
func inverse(d float32) float32 {
	if d == 0 || abs(1/d) > math.MaxFloat32 {
		return 0
	}
	return 1 / d
}

// level is ⌊x·inv + offset⌋ for what is not negative, and 0 for the rest.
func level(x, inv, offset float32) int {
	return int(max(float32(x*inv)+offset, 0))
}

func abs(x float32) float32 { return math.Float32frombits(math.Float32bits(x) &^ (1 << 31)) }
