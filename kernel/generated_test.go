package kernel

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The assembly in the tree is what the generator writes, no more and no less.
func TestGenerated(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command here")
	}
	dir := t.TempDir()
	if out, err := exec.Command("go", "run", "./_asm", "-out", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(want) == 0 {
		t.Fatal("the generator wrote nothing")
	}
	names := map[string]bool{}
	for _, path := range want {
		name := filepath.Base(path)
		names[name] = true
		a, _ := os.ReadFile(path)
		if b, err := os.ReadFile(name); err != nil || !bytes.Equal(a, b) {
			t.Errorf("%s is not what the generator writes: run go generate ./kernel", name)
		}
	}
	have, _ := filepath.Glob("*.s")
	for _, name := range have {
		if !names[name] {
			t.Errorf("%s was not written by the generator", name)
		}
	}
}
