package safetensors

import (
	"fmt"
	"os"
)

// view gives access to the bytes of a file.
type view interface {
	bytes(at, n int64) ([]byte, error)
	release(at, n int64)
	close() error
}

// readView reads what is asked for, each time anew: the way of systems that
// cannot map a file, and of files that cannot be mapped.
type readView struct{ file *os.File }

func (v readView) bytes(at, n int64) ([]byte, error) {
	b := make([]byte, n)
	if _, err := v.file.ReadAt(b, at); err != nil {
		return nil, fmt.Errorf("reading %d bytes at %d: %w", n, at, err)
	}
	return b, nil
}

func (readView) release(int64, int64) {}

func (v readView) close() error { return v.file.Close() }
