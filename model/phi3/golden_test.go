package phi3_test

import (
	"path/filepath"
	"testing"

	"github.com/rotor-lm/rotor/internal/golden"
)

func TestGolden(t *testing.T) {
	for _, name := range []string{"window-tied", "longrope", "longrope-bf16"} {
		t.Run(name, func(t *testing.T) { golden.Model(t, filepath.Join("testdata", name)) })
	}
}
