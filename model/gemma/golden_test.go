package gemma_test

import (
	"path/filepath"
	"testing"

	"github.com/rotor-lm/rotor/internal/golden"
)

func TestGolden(t *testing.T) {
	for _, name := range []string{"caps", "no-caps-bf16", "local", "local-dynamic"} {
		t.Run(name, func(t *testing.T) { golden.Model(t, filepath.Join("testdata", name)) })
	}
}
