// Package atomicfile writes files and folders that are either whole or not there.
//
// What is written first stands beside its goal under a hidden name, is flushed
// to the disk, and takes its place in one rename. A full disk, a kill or a loss
// of power at any moment leaves what was there before: nothing, or the old file.
// What a killed writer left under hidden names is removed by the next writer of
// the same goal.
package atomicfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrExists is what errors.Is finds when something already stands at the goal.
var ErrExists = fs.ErrExist

// Create writes a new file. It refuses to touch one that exists.
func Create(path string, write func(io.Writer) error) error {
	if err := vacant(path); err != nil {
		return err
	}
	return file(path, write, nil, vacant)
}

// Replace writes a file and takes the place of one that exists.
func Replace(path string, write func(io.Writer) error) error {
	return file(path, write, nil, notFolder)
}

// Checked is Create, or Replace where replace is true, with a look at the file
// before it takes its place: an error from look, which is given the path where
// the file stands until then, takes it away.
func Checked(path string, replace bool, write func(io.Writer) error, look func(path string) error) error {
	if replace {
		return file(path, write, look, notFolder)
	}
	if err := vacant(path); err != nil {
		return err
	}
	return file(path, write, look, vacant)
}

func file(path string, write func(io.Writer) error, look, check func(string) error) error {
	sweep(path)
	tmp := hidden(path)
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return explain(path, err)
	}
	defer func() { _ = os.Remove(tmp) }() // after the rename there is nothing left to remove
	b := bufio.NewWriterSize(f, 1<<20)
	if err = write(b); err == nil {
		err = b.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil && look != nil {
		err = look(tmp)
	}
	if err == nil {
		err = check(path)
	}
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		return explain(path, err)
	}
	return syncDir(filepath.Dir(path))
}

// vacant says why a new file or folder may not be put at path.
func vacant(path string) error {
	_, err := os.Lstat(path)
	if err == nil {
		return fmt.Errorf("%s is already there: choose another name, or say that it may be replaced (--force): %w", path, ErrExists)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return explain(path, err)
}

func notFolder(path string) error {
	if st, err := os.Stat(path); err == nil && st.IsDir() {
		return fmt.Errorf("%s is a folder, not a file: %w", path, ErrExists)
	}
	return nil
}
