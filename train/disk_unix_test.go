//go:build unix

package train_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/rotor-lm/rotor/train"
)

// The child of the tests takes a write past the limit as an error, as it is on
// a full disk, and not as a signal.
func init() { signal.Ignore(syscall.SIGXFSZ) }

// Where there is no room for the next state, the run ends with an error, and
// the last state, and all else that was there, is as it was.
func TestFullDisk(t *testing.T) {
	c, dir := job(t, nil)
	if _, err := run(t, context.Background(), c, train.Fresh); err != nil {
		t.Fatal(err)
	}
	want := result(t, c)
	c.Out += "2"
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for e, err := range train.Run(ctx, c, train.Fresh) {
		if s, ok := e.(train.Step); ok && s.N == 5 {
			cancel()
		}
		var stopped *train.Interrupted
		if err != nil && !errors.As(err, &stopped) {
			t.Fatal(err)
		}
	}
	state := filepath.Join(c.Out, "state.safetensors")
	before, err := os.ReadFile(state)
	if err != nil {
		t.Fatal(err)
	}
	yaml, err := c.YAML()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "job.yaml")
	write(t, file, string(yaml))
	cmd := exec.Command("sh", "-c", `ulimit -f 16 && exec "$0"`, os.Args[0]) // 8 or 16 kB, and a state takes more
	cmd.Env = append(os.Environ(), "ROTOR_TEST_TRAIN="+file)
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "state.safetensors") {
		t.Fatalf("with no room: %v: %s", err, out)
	}
	if after, err := os.ReadFile(state); err != nil || string(after) != string(before) {
		t.Fatalf("the last state was lost: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(c.Out, "*tmp*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if _, err := run(t, context.Background(), c, train.Resume); err != nil {
		t.Fatal(err)
	}
	equal(t, result(t, c), want)
}
