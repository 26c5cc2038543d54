package download

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/rotor-lm/rotor/hub"
	"github.com/rotor-lm/rotor/internal/atomicfile"
)

// snapshot is the place of one commit in the cache.
type snapshot struct {
	hub.Name
	commit string
}

func (s *snapshot) dir() string { return filepath.Join(s.Folder(), "snapshots", s.commit) }

func (s *snapshot) path(f *File) string { return filepath.Join(s.dir(), filepath.FromSlash(f.Name)) }

func (s *snapshot) blob(f *File) string { return filepath.Join(s.Folder(), "blobs", f.Hash) }

// has reports whether the file stands in the snapshot.
func (s *snapshot) has(f *File) bool {
	st, err := os.Stat(s.path(f))
	return err == nil && st.Mode().IsRegular() && st.Size() == f.Size
}

func (s *snapshot) hasBlob(f *File) bool {
	st, err := os.Stat(s.blob(f))
	return err == nil && st.Mode().IsRegular() && st.Size() == f.Size
}

// incomplete is where a file grows. Its name is that of the hub's own programs,
// some of which go on with it too.
func (s *snapshot) incomplete(f *File) string { return s.blob(f) + ".incomplete" }

// begun is how much of the files an earlier run has left.
func (s *snapshot) begun(files []*File) (bytes int64) {
	for _, f := range files {
		if f.Here {
			continue
		}
		if s.hasBlob(f) {
			bytes += f.Size
		} else if st, err := os.Stat(s.incomplete(f)); err == nil {
			bytes += min(st.Size(), f.Size)
		}
	}
	return bytes
}

// lock waits until no other process fetches the file.
func (s *snapshot) lock(ctx context.Context, f *File) (unlock func(), err error) {
	path := filepath.Join(hub.Cache(), ".locks", filepath.Base(s.Folder()), f.Hash+".lock")
	for _, dir := range []string{filepath.Dir(path), filepath.Dir(s.blob(f)), filepath.Dir(s.path(f))} {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return nil, fmt.Errorf("download: %w", err)
		}
	}
	tag(hub.Cache())
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o664)
	if err != nil {
		return nil, fmt.Errorf("download: %w", err)
	}
	for {
		err := tryLock(file)
		if err == nil {
			return func() { _ = file.Close() }, nil // the lock goes with it
		}
		if !errors.Is(err, errLocked) {
			return func() { _ = file.Close() }, nil // a file system without locks: hashes still hold
		}
		select {
		case <-ctx.Done():
			_ = file.Close()
			return nil, context.Cause(ctx)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

var errLocked = errors.New("locked by another process")

// tag marks the cache as one, so that backups leave it out.
//
// Bryan Ford, Cache Directory Tagging Specification, 2004.
func tag(dir string) {
	f, err := os.OpenFile(filepath.Join(dir, "CACHEDIR.TAG"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return // it is there, or the cache does without
	}
	_, _ = f.WriteString("Signature: 8a477f597d28d172789f06886806bc55\n# This folder is a cache of models.\n")
	_ = f.Close()
}

// open opens what there is of a file, or begins it.
func (s *snapshot) open(f *File) (*partial, error) {
	file, err := os.OpenFile(s.incomplete(f), os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, fmt.Errorf("download: %w", err)
	}
	p := &partial{File: file, git: len(f.Hash) == 40, want: f.Size}
	if err := p.read(); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("download: %s: %w", file.Name(), err)
	}
	return p, nil
}

// store puts a file that is whole into its place.
func (s *snapshot) store(f *File, p *partial) error {
	err := p.Sync()
	if e := p.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(p.Name(), s.blob(f))
	}
	if err != nil {
		return fmt.Errorf("download: %w", err)
	}
	return s.link(f, os.Rename)
}

// link makes the snapshot's name of a blob: a link, or where there are no links
// what instead does: the file itself, if it is new, or a copy.
func (s *snapshot) link(f *File, instead func(from, to string) error) error {
	path, blob := s.path(f), s.blob(f)
	target, err := filepath.Rel(filepath.Dir(path), blob)
	if err != nil {
		return fmt.Errorf("download: %w", err)
	}
	tmp := fmt.Sprintf("%s.%d.tmp", path, os.Getpid())
	defer func() { _ = os.Remove(tmp) }()
	if on(os.Getenv("HF_HUB_DISABLE_SYMLINKS")) || os.Symlink(target, tmp) != nil {
		if err := instead(blob, tmp); err != nil {
			return fmt.Errorf("download: %w", err)
		}
	}
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("download: %w", err)
	}
	return nil
}

func copyFile(src, dst string) error {
	in, err := os.Open(src)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(dst, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// setRef makes the branch or tag mean the commit.
func (s *snapshot) setRef() error {
	if s.Revision == s.commit {
		return nil
	}
	path := filepath.Join(s.Folder(), "refs", filepath.FromSlash(s.Revision))
	if old, err := os.ReadFile(path); err == nil && string(old) == s.commit {
		return nil
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("download: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return fmt.Errorf("download: %w", err)
	}
	return atomicfile.Replace(path, func(w io.Writer) error {
		_, err := io.WriteString(w, s.commit)
		return err
	})
}
