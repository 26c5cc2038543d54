package checkpoint_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/checkpoint"
	"github.com/rotor-lm/rotor/checkpoint/safetensors"
)

// A tensor read piece by piece is the tensor read whole.
func TestRows(t *testing.T) {
	x := make([]float32, 7*6)
	for i := range x {
		x[i] = float32(i) / 8
	}
	path := filepath.Join(t.TempDir(), "x.safetensors")
	for _, d := range []checkpoint.DType{"F32", "F16", "BF16", "F64"} {
		list := []safetensors.Tensor{safetensors.Rows("x", []int{7, 6}, d, func(dst []float32, at int) error {
			copy(dst, x[at:])
			return nil
		})}
		if err := safetensors.Replace(path, list, nil); err != nil {
			t.Fatal(err)
		}
		src, err := checkpoint.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer src.Close()
		rows, got := checkpoint.Rows(src, "x"), []float32{}
		for at := 0; at < len(x); at += 12 {
			part := make([]float32, min(12, len(x)-at))
			if err := rows(part, at); err != nil {
				t.Fatal(err)
			}
			got = append(got, part...)
		}
		if !slices.Equal(got, x) {
			t.Errorf("%s: read %v", d, got)
		}
		if err := rows(make([]float32, 12), 36); err == nil || !strings.Contains(err.Error(), "42 elements, and 48 are wanted") {
			t.Errorf("beyond the end: %v", err)
		}
		if err := checkpoint.Rows(src, "y")(x, 0); err == nil {
			t.Error("a tensor that is not there was read")
		}
	}
}
