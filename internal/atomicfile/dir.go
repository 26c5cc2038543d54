package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// CreateDir makes a new folder from what fill puts into the folder that it is
// given. It makes the folders above when they lack, and refuses to touch a
// folder that exists, unless that one is empty.
func CreateDir(path string, fill func(dir string) error) error {
	if names, err := os.ReadDir(path); err == nil && len(names) == 0 {
		return dir(path, fill, nil)
	}
	if err := vacant(path); err != nil {
		return err
	}
	return dir(path, fill, nil)
}

// ReplaceDir makes a folder and takes the place of one that exists. It removes
// no file that it does not know: everything in the old folder must be of a name
// that the new one holds too, or of one that matches a pattern of mine (those of
// path.Match). So a wrong path never empties somebody's folder.
func ReplaceDir(path string, fill func(dir string) error, mine ...string) error {
	if err := Recover(path); err != nil {
		return err
	}
	return dir(path, fill, mine)
}

// Recover puts back the old folder if a ReplaceDir was killed between its two
// renames. That can happen only where the system cannot exchange two folders in
// one step. Who opens a folder that ReplaceDir writes calls it first.
func Recover(path string) error {
	old := aside(path)
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if _, err := os.Lstat(old); err != nil {
		return nil
	}
	return os.Rename(old, path)
}

func dir(path string, fill func(dir string) error, mine []string) error {
	path = filepath.Clean(path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return explain(path, err)
	}
	sweep(path)
	tmp := hidden(path)
	if err := os.Mkdir(tmp, 0o755); err != nil {
		return explain(path, err)
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	err := fill(tmp)
	if err == nil {
		err = syncTree(tmp)
	}
	if err == nil {
		err = place(tmp, path, mine)
	}
	if err != nil {
		return explain(path, err)
	}
	return syncDir(filepath.Dir(path))
}

// place moves the folder tmp to path; the folder that stood there ends under
// the name tmp, which the caller removes, or aside.
func place(tmp, path string, mine []string) error {
	st, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return os.Rename(tmp, path)
	}
	if err != nil {
		return err
	}
	if !st.IsDir() {
		return fmt.Errorf("%s is there and is no folder: %w", path, ErrExists)
	}
	if err := onlyKnown(path, tmp, mine); err != nil {
		return err
	}
	if exchange(tmp, path) == nil {
		return nil
	}
	old := aside(path)
	if err := os.RemoveAll(old); err != nil {
		return err
	}
	if err := os.Rename(path, old); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return errors.Join(err, os.Rename(old, path))
	}
	return os.RemoveAll(old)
}

// onlyKnown reports a file of the old folder that would be lost.
func onlyKnown(old, fresh string, mine []string) error {
	entries, err := os.ReadDir(old)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if _, err := os.Lstat(filepath.Join(fresh, e.Name())); err == nil {
			continue
		}
		if !matches(e.Name(), mine) {
			return fmt.Errorf("%s holds %s, which would be lost: move it away, or choose another folder: %w", old, e.Name(), ErrExists)
		}
	}
	return nil
}

func matches(name string, patterns []string) bool {
	for _, p := range patterns {
		if ok, _ := filepath.Match(p, name); ok {
			return true
		}
	}
	return false
}

// syncTree flushes every file and folder below root to the disk.
func syncTree(root string) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return syncDir(path)
		case !d.Type().IsRegular():
			return nil
		}
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		return errors.Join(f.Sync(), f.Close())
	})
}
