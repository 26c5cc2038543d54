// Package mapped gives access to the bytes of a file without reading it whole.
package mapped

import (
	"fmt"
	"os"
)

// View is an open file. Several goroutines may look at once.
type View interface {
	// Bytes returns n bytes from at. They may be mapped: they are not to be
	// written to, nor used after Close. The range must lie in the file.
	Bytes(at, n int64) ([]byte, error)
	// Release lets the system have back the memory of a range, which can still
	// be looked at.
	Release(at, n int64)
	Close() error
}

// Read reads what is asked for, each time anew: the way of systems that cannot
// map a file, and of files that cannot be mapped. It owns file.
func Read(file *os.File) View { return readView{file} }

type readView struct{ file *os.File }

func (v readView) Bytes(at, n int64) ([]byte, error) {
	b := make([]byte, n)
	if _, err := v.file.ReadAt(b, at); err != nil {
		return nil, fmt.Errorf("reading %d bytes at %d: %w", n, at, err)
	}
	return b, nil
}

func (readView) Release(int64, int64) {}

func (v readView) Close() error { return v.file.Close() }
