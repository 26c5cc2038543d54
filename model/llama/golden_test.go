package llama_test

import (
	"path/filepath"
	"testing"

	"github.com/rotor-lm/rotor/internal/golden"
)

func TestGolden(t *testing.T) {
	for _, name := range []string{"gqa-tied", "linear-bias", "wide-heads-bf16", "sharded", "window", "llama3-rope", "qwen2", "qwen3", "dynamic", "qwen2-windows"} {
		t.Run(name, func(t *testing.T) { golden.Model(t, filepath.Join("testdata", name)) })
	}
}
