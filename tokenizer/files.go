package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rotor-lm/rotor/internal/atomicfile"
)

// Open reads a tokenizer from a folder, or from its tokenizer.json. A folder
// without tokenizer.json may have vocab.json and merges.txt, as GPT-2's has.
// What the tokens at the ends of a text are comes from tokenizer_config.json,
// special_tokens_map.json, generation_config.json and config.json.
func Open(path string) (*Tokenizer, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	dir, file := path, "tokenizer.json"
	if !info.IsDir() {
		dir, file = filepath.Dir(path), filepath.Base(path)
	}
	return openFiles(dir, file, func(name string) ([]byte, error) { return read(filepath.Join(dir, name)) })
}

// OpenFiles reads a tokenizer as Open does, from files that need not lie in a
// folder. read returns one by its name, or an error that is [fs.ErrNotExist];
// from is where they are, for errors.
func OpenFiles(from string, read func(name string) ([]byte, error)) (*Tokenizer, error) {
	return openFiles(from, "tokenizer.json", read)
}

func openFiles(from, file string, read func(name string) ([]byte, error)) (*Tokenizer, error) {
	c, err := readConfig(from, read)
	if err != nil {
		return nil, err
	}
	data, err := read(file)
	var t *Tokenizer
	switch {
	case err == nil:
		t, err = Parse(data)
	case errors.Is(err, fs.ErrNotExist):
		file = "vocab.json"
		t, err = openPair(read, c)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("tokenizer: %s has no tokenizer.json, and no vocab.json with merges.txt", from)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %s: %w", filepath.Join(from, file), err)
	}
	t.config = c
	return t, nil
}

func read(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.Size() > largestFile {
		return nil, fmt.Errorf("%d bytes; at most %d are read", info.Size(), largestFile)
	}
	return os.ReadFile(file)
}

// openPair reads vocab.json and merges.txt as the tokenizer of GPT-2.
func openPair(read func(name string) ([]byte, error), c config) (*Tokenizer, error) {
	vocab, err := read("vocab.json")
	if err != nil {
		return nil, err
	}
	merges, err := read("merges.txt")
	if err != nil {
		return nil, err
	}
	var f modelFile
	if err := json.Unmarshal(vocab, &f.Vocab); err != nil {
		return nil, err
	}
	if f.Merges, err = parseMerges(merges); err != nil {
		return nil, err
	}
	m, err := newBPE(&f, true)
	if err != nil {
		return nil, err
	}
	t := &Tokenizer{parts: gpt2Parts(c.PrefixSpace)}
	if err := t.readSteps(); err != nil {
		return nil, err
	}
	return t, t.build(m, c.addedTokens(f.Vocab))
}

func gpt2Parts(prefix bool) parts {
	step := func(trim bool) json.RawMessage {
		return fmt.Appendf(nil, `{"type":"ByteLevel","add_prefix_space":%v,"trim_offsets":%v,"use_regex":true}`, prefix, trim)
	}
	return parts{nil, step(true), step(false), step(true)}
}

// parseMerges reads merges.txt: a version line, then two tokens a line.
func parseMerges(data []byte) ([]pair, error) {
	var merges []pair
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimSuffix(line, "\r")
		if line == "" || strings.HasPrefix(line, "#version") {
			continue
		}
		p, ok := splitMerge(line)
		if !ok {
			return nil, fmt.Errorf("merges.txt: line %d, %q, is not two tokens with a space between", i+1, clip(line))
		}
		merges = append(merges, p)
	}
	return merges, nil
}

// Save writes tokenizer.json, which Hugging Face's tokenizers and transformers
// load, and tokenizer_config.json.
func (t *Tokenizer) Save(dir string) error {
	data, err := t.JSON()
	if err != nil {
		return fmt.Errorf("tokenizer: %w", err)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("tokenizer: %w", err)
	}
	for name, data := range map[string][]byte{"tokenizer.json": data, "tokenizer_config.json": t.config.json()} {
		err := atomicfile.Replace(filepath.Join(dir, name), func(w io.Writer) error {
			_, err := w.Write(data)
			return err
		})
		if err != nil {
			return fmt.Errorf("tokenizer: %w", err)
		}
	}
	return nil
}
