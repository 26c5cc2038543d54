package atomicfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

func one(name, s string) func(string) error {
	return func(dir string) error { return os.WriteFile(filepath.Join(dir, name), []byte(s), 0o644) }
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// alone fails if anything but the named entries is in dir.
func alone(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, e := range entries {
		have = append(have, e.Name())
	}
	if fmt.Sprint(have) != fmt.Sprint(names) {
		t.Errorf("%s holds %v, want %v", dir, have, names)
	}
}

func TestFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	if err := Create(path, text("one")); err != nil {
		t.Fatal(err)
	}
	if err := Create(path, text("two")); !errors.Is(err, ErrExists) || !strings.Contains(err.Error(), path) {
		t.Errorf("Create over a file: %v", err)
	}
	if got := read(t, path); got != "one" {
		t.Errorf("holds %q", got)
	}
	if err := Replace(path, text("three")); err != nil || read(t, path) != "three" {
		t.Errorf("Replace: %v", err)
	}
	if err := Replace(dir, text("x")); !errors.Is(err, ErrExists) {
		t.Errorf("Replace of a folder: %v", err)
	}
	alone(t, dir, "a")
}

func TestFailureKeepsWhatWasThere(t *testing.T) {
	dir := t.TempDir()
	path, folder := filepath.Join(dir, "a"), filepath.Join(dir, "d")
	if err := errors.Join(Create(path, text("old")), CreateDir(folder, one("f", "old"))); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		cause error
		says  string
	}{{syscall.ENOSPC, "disk is full"}, {errors.New("boom"), "boom"}} {
		err := Replace(path, func(w io.Writer) error {
			return errors.Join(text("new")(w), c.cause)
		})
		if !errors.Is(err, c.cause) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("file: %v", err)
		}
		err = ReplaceDir(folder, func(dir string) error {
			return errors.Join(one("f", "new")(dir), c.cause)
		})
		if !errors.Is(err, c.cause) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("folder: %v", err)
		}
	}
	if read(t, path) != "old" || read(t, filepath.Join(folder, "f")) != "old" {
		t.Error("the old content is gone")
	}
	alone(t, dir, "a", "d")
}

func TestFolder(t *testing.T) {
	root := t.TempDir()
	path := filepath.Join(root, "up", "d") // the folder above is made
	if err := CreateDir(path, one("f", "1")); err != nil {
		t.Fatal(err)
	}
	if err := CreateDir(path, one("f", "2")); !errors.Is(err, ErrExists) {
		t.Errorf("CreateDir over a folder: %v", err)
	}
	if err := ReplaceDir(path, one("f", "2")); err != nil || read(t, filepath.Join(path, "f")) != "2" {
		t.Errorf("ReplaceDir: %v", err)
	}
	err := ReplaceDir(path, one("g", "3"))
	if !errors.Is(err, ErrExists) || !strings.Contains(err.Error(), "holds f") {
		t.Errorf("ReplaceDir that would lose a file: %v", err)
	}
	if err := ReplaceDir(path, one("g", "3"), "f*"); err != nil {
		t.Error(err)
	}
	alone(t, path, "g")
	empty := filepath.Join(root, "empty")
	if err := errors.Join(os.Mkdir(empty, 0o755), CreateDir(empty, one("f", "1"))); err != nil {
		t.Errorf("an empty folder may be filled: %v", err)
	}
	alone(t, root, "empty", "up")
}

func TestErrorsSayWhat(t *testing.T) {
	dir := t.TempDir()
	err := Create(filepath.Join(dir, "none", "a"), text(""))
	if err == nil || !strings.Contains(err.Error(), "folder is not there") {
		t.Errorf("no folder: %v", err)
	}
	locked := filepath.Join(dir, "locked")
	if err := os.Mkdir(locked, 0o555); err != nil {
		t.Fatal(err)
	}
	if os.WriteFile(filepath.Join(locked, "probe"), nil, 0o644) == nil {
		t.Skip("this user may write anywhere")
	}
	for _, err := range []error{Create(filepath.Join(locked, "a"), text("")), CreateDir(filepath.Join(locked, "a"), one("f", ""))} {
		if err == nil || !strings.Contains(err.Error(), "may not be written to") {
			t.Errorf("a folder that may not be written: %v", err)
		}
	}
}

// Where two folders cannot be exchanged in one step, a kill may leave the old
// one aside; it comes back.
func TestRecover(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "d")
	if err := errors.Join(os.Mkdir(aside(path), 0o755), one("f", "old")(aside(path))); err != nil {
		t.Fatal(err)
	}
	if err := Recover(path); err != nil || read(t, filepath.Join(path, "f")) != "old" {
		t.Errorf("Recover: %v", err)
	}
	alone(t, dir, "d")
}

// A writer that is killed at any moment leaves the old file or the new one,
// whole, and the next writer clears up behind it.
func TestKill(t *testing.T) {
	if dir := os.Getenv("ATOMICFILE_VICTIM"); dir != "" {
		for i := byte(0); ; i++ {
			b := bytes.Repeat([]byte{i}, 1<<18)
			err := errors.Join(
				Replace(filepath.Join(dir, "a"), func(w io.Writer) error { _, err := w.Write(b); return err }),
				ReplaceDir(filepath.Join(dir, "d"), func(d string) error {
					return errors.Join(one("f", string(b))(d), one("g", string(b))(d))
				}))
			if err != nil {
				panic(err)
			}
		}
	}
	dir := t.TempDir()
	for range 12 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKill$")
		cmd.Env = append(os.Environ(), "ATOMICFILE_VICTIM="+dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(20+rand.IntN(60)) * time.Millisecond)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if err := Recover(filepath.Join(dir, "d")); err != nil {
			t.Fatal(err)
		}
		f, g := whole(t, dir, "d", "f"), whole(t, dir, "d", "g")
		if f != g {
			t.Fatalf("the folder is half old, half new: %d and %d", f, g)
		}
		whole(t, dir, "a")
	}
	if err := errors.Join(Replace(filepath.Join(dir, "a"), text("x")), ReplaceDir(filepath.Join(dir, "d"), one("f", "x"), "g")); err != nil {
		t.Fatal(err)
	}
	alone(t, dir, "a", "d")
}

// whole fails unless the file is one byte 2¹⁸ times, and returns that byte; a
// file that is not there yet is whole.
func whole(t *testing.T, path ...string) int {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(path...))
	if errors.Is(err, os.ErrNotExist) {
		return -1
	}
	if err != nil || len(b) != 1<<18 || bytes.Count(b, b[:1]) != len(b) {
		t.Fatalf("%v is torn: %d bytes, %v", path, len(b), err)
	}
	return int(b[0])
}

// A file that does not please is gone, and what it should have replaced is there.
func TestChecked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	put := func(text string) func(io.Writer) error {
		return func(w io.Writer) error { _, err := io.WriteString(w, text); return err }
	}
	see := func(want string) func(string) error {
		return func(at string) error {
			if got, err := os.ReadFile(at); err != nil || string(got) != want {
				return fmt.Errorf("saw %q, %v", got, err)
			}
			return nil
		}
	}
	if err := Checked(path, false, put("one"), see("one")); err != nil {
		t.Fatal(err)
	}
	if err := Checked(path, false, put("two"), see("two")); !errors.Is(err, ErrExists) {
		t.Errorf("over another: %v", err)
	}
	if err := Checked(path, true, put("two"), see("three")); err == nil {
		t.Error("what does not please took its place")
	}
	if err := see("one")(path); err != nil {
		t.Error(err)
	}
	if err := Checked(path, true, put("two"), see("two")); err != nil {
		t.Error(err)
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
		t.Errorf("left over: %v, %v", entries, err)
	}
}
