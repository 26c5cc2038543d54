package world

import (
	"fmt"
	"math"
)

// place copies the numbers of a state into to.
func place(to, x []float64) error {
	if len(x) != len(to) {
		return fmt.Errorf("a state of this world is %d numbers, not %d", len(to), len(x))
	}
	for _, v := range x {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("a state needs finite numbers, not %g", v)
		}
	}
	copy(to, x)
	return nil
}

// clip is x, or the bound that it is beyond.
func clip(x, low, high float64) float64 { return min(max(x, low), high) }
