package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func TestCautionPays(t *testing.T) {
	var out bytes.Buffer
	compare(&out)
	var kappa [2]float64
	var earned [2]float64
	for i, line := range strings.Split(strings.TrimSpace(out.String()), "\n") {
		if _, err := fmt.Sscanf(line, "caution %g: mean return %f", &kappa[i], &earned[i]); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
	}
	if earned[1] < earned[0]+5 {
		t.Errorf("caution earns %.1f, none %.1f", earned[1], earned[0])
	}
}
