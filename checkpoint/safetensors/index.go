package safetensors

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// index is the file that joins the shards of a model.
type index struct {
	Metadata map[string]any    `json:"metadata"`
	Weights  map[string]string `json:"weight_map"` // tensor to file
}

// openIndex opens every file that an index names, and holds the one against the
// other: each tensor must lie in the file that the index says.
func (f *File) openIndex(path string) error {
	ix, err := readIndex(path)
	if err != nil {
		return err
	}
	var files []string
	for _, file := range ix.Weights {
		files = append(files, file)
	}
	slices.Sort(files)
	for _, file := range slices.Compact(files) {
		if !filepath.IsLocal(file) || filepath.Base(file) != file {
			return fmt.Errorf("the index names the file %q: want one beside it", file)
		}
		if err := f.add(filepath.Join(filepath.Dir(path), file)); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	for name, file := range ix.Weights {
		p, ok := f.where[name]
		if !ok || filepath.Base(p.shard.path) != file {
			return fmt.Errorf("tensor %q is not in %s, as the index says", name, file)
		}
	}
	for _, name := range f.names {
		if _, ok := ix.Weights[name]; !ok {
			return fmt.Errorf("tensor %q of %s is not in the index", name, f.where[name].shard.path)
		}
	}
	return nil
}

func readIndex(path string) (*index, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, maxHeader+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxHeader {
		return nil, fmt.Errorf("an index of more than %d bytes", maxHeader)
	}
	var ix index
	if err := json.Unmarshal(text, &ix); err != nil {
		return nil, fmt.Errorf("the index is no valid JSON: %w", err)
	}
	if len(ix.Weights) == 0 {
		return nil, errors.New("the index has no weight_map")
	}
	return &ix, nil
}
