package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// count tells apart the writers of one process.
var count atomic.Int64

// hidden is where the file or folder of path stands until it is whole. Its name
// says which process writes it, so that the next one knows what is left over.
func hidden(path string) string {
	return fmt.Sprintf("%s%d-%d", prefix(path), os.Getpid(), count.Add(1))
}

func prefix(path string) string {
	dir, name := filepath.Split(filepath.Clean(path))
	return filepath.Join(dir, "."+name+".partial-")
}

// aside is where an old folder stands for the moment between two renames.
func aside(path string) string {
	dir, name := filepath.Split(filepath.Clean(path))
	return filepath.Join(dir, "."+name+".old")
}

// sweep removes what writers of path left that are no longer alive. Failing
// to is no reason not to write.
func sweep(path string) {
	dir, start := filepath.Split(prefix(path))
	if dir == "" {
		dir = "."
	}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		rest, ours := strings.CutPrefix(e.Name(), start)
		id, _, ok := strings.Cut(rest, "-")
		if pid, err := strconv.Atoi(id); ours && ok && err == nil && !alive(pid) {
			_ = os.RemoveAll(filepath.Join(dir, e.Name()))
		}
	}
}

// explain adds what was being written, and what to do where that is known.
func explain(path string, err error) error {
	if errors.Is(err, ErrExists) {
		return err
	}
	const kept = "nothing that was there has changed"
	var at *fs.PathError
	if !errors.Is(err, syscall.ENOSPC) && !(errors.As(err, &at) && filepath.Dir(at.Path) == filepath.Dir(path)) {
		return fmt.Errorf("writing %s (%s): %w", path, kept, err) // of what was read for it, perhaps
	}
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("writing %s: the disk is full (%s): free some space, or choose another folder: %w", path, kept, err)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("writing %s: the folder may not be written to (%s): choose another one: %w", path, kept, err)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("writing %s: its folder is not there: make it first: %w", path, err)
	}
	return fmt.Errorf("writing %s (%s): %w", path, kept, err)
}
