package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func TestLearnsToClimb(t *testing.T) {
	var out bytes.Buffer
	learn(&out)
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	var climb, wait float64
	if _, err := fmt.Sscanf(lines[len(lines)-1], "climb at the ground: worth %f, wait: %f", &climb, &wait); err != nil || climb <= wait {
		t.Errorf("%s (%v)", out.String(), err)
	}
}
