package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func TestRewrite(t *testing.T) {
	var out bytes.Buffer
	if err := run(&out); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "learns: "); n != 7 {
		t.Errorf("%d tensors learn, want 3 of each of 2 blocks and the head's:\n%s", n, out.String())
	}
	_, line, _ := strings.Cut(out.String(), "loss: ")
	var before, tuned, after float64
	if _, err := fmt.Sscanf(line, "%g of the base, %g of the adapted model, %g of the base afterwards", &before, &tuned, &after); err != nil {
		t.Fatal(err)
	}
	if before != after || !(tuned < before/2) {
		t.Errorf("loss: %s", line)
	}
}
