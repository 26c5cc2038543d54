package data

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxRecord bounds one record, so that a file without line ends, or with a quote
// that never closes, is an error and not all of memory.
const maxRecord = 16 << 20

// Format is a kind of file that holds records.
type Format struct {
	Name string
	Ext  []string // how its files end, with the dot
	Read func(path string) iter.Seq2[Record, error]
}

var formats []Format

// Register makes a format known. Its file calls it from init.
func Register(f Format) {
	formats = append(formats, f)
	slices.SortFunc(formats, func(a, b Format) int { return strings.Compare(a.Name, b.Name) })
}

// Extensions lists how the files end that Read knows.
func Extensions() []string {
	var all []string
	for _, f := range formats {
		all = append(all, f.Ext...)
	}
	return all
}

// Read yields the records of a file, or of all files below a folder that end in
// a known way, in the order of their names. It stops at the first error.
func Read(path string) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		files, err := list(path)
		if err != nil {
			yield(Record{}, fmt.Errorf("data: %w", err))
			return
		}
		found := false
		for _, file := range files {
			f, _ := formatOf(file)
			for r, err := range f.Read(file) {
				if err != nil {
					yield(Record{}, fmt.Errorf("data: %w", err))
					return
				}
				found = true
				if !yield(r, nil) {
					return
				}
			}
		}
		if !found {
			yield(Record{}, fmt.Errorf("data: %s holds no record", path))
		}
	}
}

func formatOf(file string) (Format, bool) {
	for _, f := range formats {
		if slices.Contains(f.Ext, strings.ToLower(filepath.Ext(file))) {
			return f, true
		}
	}
	return Format{}, false
}

// list returns the data files at or below path.
func list(path string) ([]string, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	known := strings.Join(Extensions(), ", ")
	if !st.IsDir() {
		if _, ok := formatOf(path); !ok {
			return nil, fmt.Errorf("%s: the name does not say what the file is: want one that ends in %s", path, known)
		}
		return []string{path}, nil
	}
	var files []string
	err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case p != path && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if _, ok := formatOf(p); ok && d.Type().IsRegular() {
			files = append(files, p)
		}
		return nil
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s: no file in it ends in %s", path, known)
	}
	return files, err
}

// reading yields what a reader makes of a file, as far as its first error, and
// closes the file.
func reading(path string, read func(r *bufio.Reader) iter.Seq2[Record, error]) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		f, r, err := open(path)
		if err != nil {
			yield(Record{}, err)
			return
		}
		defer func() { _ = f.Close() }()
		for rec, err := range read(r) {
			if !yield(rec, err) || err != nil {
				return
			}
		}
	}
}

// open opens a text file, past a mark of its encoding.
func open(path string) (*os.File, *bufio.Reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	b := bufio.NewReaderSize(f, 1<<18)
	head, err := b.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		_ = f.Close()
		return nil, nil, err
	}
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		_, _ = b.Discard(3)
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		_ = f.Close()
		return nil, nil, fmt.Errorf("%s is UTF-16: save it as UTF-8 (iconv -f UTF-16 -t UTF-8)", path)
	}
	return f, b, nil
}

var errEncoding = errors.New("not UTF-8: save the file in that encoding (for example iconv -f GB18030 -t UTF-8)")

func tooLong(at Place) error {
	return fmt.Errorf("%s: a record of more than %d MB: divide it, or give long text as a .txt file", at, maxRecord>>20)
}
