package hub

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/rotor-lm/rotor/checkpoint"
)

// reader returns what stands beside the weights of a model, by its name in a
// folder: config.json, tokenizer.json. What there is not is fs.ErrNotExist.
type reader func(name string) ([]byte, error)

// largest is the size of the largest file that is read whole.
const largest = 1 << 28

// beside finds the files of a model: they lie in its folder, or in the file of
// its weights, which is then open.
func beside(path string) (reader, checkpoint.Source, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, nil, fmt.Errorf("hub: there is no model %s: %w", path, err)
	}
	if st.IsDir() {
		inDir := func(name string) ([]byte, error) { return readFile(filepath.Join(path, name)) }
		if _, err := os.Stat(filepath.Join(path, "config.json")); err == nil {
			return inDir, nil, nil
		}
		if src, err := checkpoint.Open(path); err == nil { // the files of one GGUF model, perhaps
			if f, ok := src.(checkpoint.Folder); ok {
				return f.ReadFile, src, nil
			}
			_ = src.Close()
		}
		return inDir, nil, nil
	}
	src, err := checkpoint.Open(path)
	if err != nil {
		return nil, nil, err
	}
	f, ok := src.(checkpoint.Folder)
	if !ok {
		_ = src.Close()
		return nil, nil, fmt.Errorf("hub: %s holds weights and no config.json: name the folder of the model", path)
	}
	return f.ReadFile, src, nil
}

func readFile(path string) ([]byte, error) {
	if st, err := os.Stat(path); err == nil && st.Size() > largest {
		return nil, fmt.Errorf("hub: %s has %d bytes; at most %d are read", path, st.Size(), largest)
	}
	return os.ReadFile(path)
}

// copyBeside copies to dir what belongs to the text of the model at ref.
func copyBeside(dir, ref string) error {
	path, err := Find(ref)
	if err != nil {
		return err
	}
	read, src, err := beside(path)
	if err != nil {
		return err
	}
	if src != nil {
		defer src.Close()
	}
	return WriteBeside(dir, read)
}

// WriteBeside writes to dir what read has of the files that belong to the text
// of a model: its tokenizer, and how it likes to be asked.
func WriteBeside(dir string, read func(name string) ([]byte, error)) error {
	for _, name := range companions {
		data, err := read(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), data, 0o644)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
