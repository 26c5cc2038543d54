package main

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/position"
)

// Among contents that are alike, a weight falls by exp(−m) for every step away.
func TestALiBi(t *testing.T) {
	const heads, rows = 4, 8
	for h, shares := range weights(ALiBi{Heads: heads}, heads, rows) {
		slope, sum := math.Exp2(-2*float64(h+1)), 0.0
		for j, s := range shares {
			sum += float64(s)
			if j > 0 && math.Abs(math.Log(float64(s/shares[j-1]))-slope) > 1e-5 {
				t.Errorf("head %d: row %d weighs %g and the row before it %g: want a ratio of exp(%g)", h, j, s, shares[j-1], slope)
			}
		}
		if math.Abs(sum-1) > 1e-6 {
			t.Errorf("the weights of head %d sum to %g", h, sum)
		}
	}
	for _, shares := range weights(position.None{}, heads, rows) {
		if shares[0] != shares[rows-1] {
			t.Errorf("without an encoding rows that are alike weigh %v", shares)
		}
	}
}

func TestRun(t *testing.T) {
	var out bytes.Buffer
	run(&out, 2, 3)
	if have := out.String(); strings.Count(have, "\n") != 2 || !strings.HasPrefix(have, "head 0: 0.") {
		t.Errorf("it prints %q", have)
	}
}
