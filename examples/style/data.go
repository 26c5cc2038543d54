package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// divide copies the chapters of a folder: every tenth to held, the others to
// learned. The folder also has the whole book in one file, which is left alone:
// it holds what is to be held out.
func divide(chapters, learned, held string) error {
	paths, err := filepath.Glob(filepath.Join(chapters, "chapter_*.txt"))
	if err != nil {
		return err
	}
	if len(paths) < 10 {
		return fmt.Errorf("%s has %d files chapter_*.txt, and ten are wanted at least", chapters, len(paths))
	}
	slices.Sort(paths)
	for i, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		dir := learned
		if i%10 == 9 {
			dir = held
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(path)), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
