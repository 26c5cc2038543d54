package safetensors

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// resident is the memory of mapped files that counts as this process's, in KB.
func resident(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "RssFile:")
	fields := strings.Fields(rest)
	if !ok || len(fields) == 0 {
		t.Skip("this kernel does not count mapped files apart")
	}
	n, err := strconv.Atoi(fields[0])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A tensor that was packed and released no longer counts, and can be read again.
func TestReleaseGivesMemoryBack(t *testing.T) {
	const n = 16 << 20
	path := filepath.Join(t.TempDir(), "x.safetensors")
	x := make([]float32, n/4)
	x[len(x)/2] = 7
	if err := Create(path, []Tensor{Floats("x", []int{len(x)}, x, "F32")}, nil); err != nil {
		t.Fatal(err)
	}
	src, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	before := resident(t)
	for range 2 {
		y := make([]float32, len(x))
		if err := src.ReadF32("x", y); err != nil || y[len(x)/2] != 7 {
			t.Fatalf("read %v, %v", y[len(x)/2], err)
		}
		if held := resident(t) - before; held < n>>10*9/10 {
			t.Skipf("only %d KB became resident", held)
		}
		src.Release("x")
		if left := resident(t) - before; left > 2<<10 {
			t.Errorf("%d KB of 16 MB are still resident", left)
		}
	}
}
