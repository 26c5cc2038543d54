package checkpoint

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Format is a kind of file that holds weights.
type Format struct {
	Name  string   // as in errors: "safetensors"
	Magic string   // how a file begins; '?' stands for any byte
	Files []string // names in a model folder, patterns of path.Match, the preferred first
	Open  func(path string) (Source, error)
}

var (
	mu      sync.RWMutex
	formats []Format
)

// Register makes a format known. Its package calls it from init.
func Register(f Format) {
	mu.Lock()
	defer mu.Unlock()
	formats = append(formats, f)
	slices.SortFunc(formats, func(a, b Format) int { return strings.Compare(a.Name, b.Name) })
}

// Formats lists what Open can read.
func Formats() []string {
	mu.RLock()
	defer mu.RUnlock()
	var names []string
	for _, f := range formats {
		names = append(names, f.Name)
	}
	return names
}

// ErrFormat is what errors.Is finds when no format claims a file or folder.
var ErrFormat = errors.New("not a checkpoint of a known format")

// Open opens a file of weights, or those of a model's folder.
func Open(path string) (Source, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	mu.RLock()
	known := slices.Clone(formats)
	mu.RUnlock()
	if st.IsDir() {
		return openFolder(path, known)
	}
	f, err := recognise(path, known)
	if err != nil {
		return nil, err
	}
	return f.Open(path)
}

// openFolder opens the first file that a format looks for: one with the very
// name, or else one that fits a pattern. A pattern must fit one file: of two
// nobody can say which is meant.
func openFolder(dir string, known []Format) (Source, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, exact := range []bool{true, false} {
		for _, f := range known {
			for _, pattern := range f.Files {
				if exact == strings.Contains(pattern, "*") {
					continue
				}
				var fits []string
				for _, e := range entries {
					if ok, _ := filepath.Match(pattern, e.Name()); ok && !e.IsDir() {
						fits = append(fits, e.Name())
					}
				}
				switch {
				case len(fits) == 1:
					return f.Open(filepath.Join(dir, fits[0]))
				case len(fits) > 1:
					return nil, fmt.Errorf("checkpoint: %s holds %s: name one of them, or add the index that joins them", dir, list(fits))
				}
			}
		}
	}
	return nil, nothing(dir, entries, known)
}

// nothing explains why a folder has no weights.
func nothing(dir string, entries []fs.DirEntry, known []Format) error {
	var looked []string
	for _, f := range known {
		looked = append(looked, f.Files...)
	}
	for _, e := range entries {
		switch filepath.Ext(e.Name()) {
		case ".bin", ".pt", ".pth", ".ckpt":
			return fmt.Errorf("checkpoint: %s holds %s, a pickle, which can run code and is not read: save it as safetensors (in Python: model.save_pretrained(folder, safe_serialization=True)): %w",
				dir, e.Name(), ErrFormat)
		}
	}
	return fmt.Errorf("checkpoint: %s holds none of %s: %w", dir, list(looked), ErrFormat)
}

// recognise finds the format of a file by its name or its first bytes.
func recognise(path string, known []Format) (Format, error) {
	file, err := os.Open(path)
	if err != nil {
		return Format{}, err
	}
	defer func() { _ = file.Close() }()
	head := make([]byte, 64)
	n, err := io.ReadFull(file, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return Format{}, err
	}
	for _, f := range known {
		if f.Magic != "" && begins(head[:n], f.Magic) {
			return f, nil
		}
	}
	for _, f := range known { // a damaged file is still its format's to complain about
		for _, pattern := range f.Files {
			if ok, _ := filepath.Match(pattern, filepath.Base(path)); ok {
				return f, nil
			}
		}
	}
	return Format{}, fmt.Errorf("checkpoint: %s: %w: known are %s", path, ErrFormat, list(Formats()))
}

func begins(head []byte, magic string) bool {
	if len(head) < len(magic) {
		return false
	}
	for i := range len(magic) {
		if magic[i] != '?' && magic[i] != head[i] {
			return false
		}
	}
	return true
}
