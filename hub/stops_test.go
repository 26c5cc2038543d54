package hub_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/hub"
)

func TestStops(t *testing.T) {
	for _, c := range []struct {
		config, generation string
		want               []int32
		fails              bool
	}{
		{"", "", nil, false},
		{`"eos_token_id": 2`, "", []int32{2}, false},
		{`"eos_token_id": [2, 7]`, "{}", []int32{2, 7}, false},
		{`"eos_token_id": 2`, `{"eos_token_id": [5, 6]}`, []int32{5, 6}, false},
		{`"eos_token_id": null`, `{"eos_token_id": null}`, nil, false},
		{`"eos_token_id": "two"`, "", nil, true},
		{`"eos_token_id": 2`, `{"eos_token_id": 1e99}`, nil, true},
		{`"eos_token_id": 2`, `{`, nil, true},
	} {
		dir := t.TempDir()
		config := tiny
		if c.config != "" {
			config = strings.Replace(tiny, "{", "{"+c.config+", ", 1)
		}
		files := map[string]string{"config.json": config}
		if c.generation != "" {
			files["generation_config.json"] = c.generation
		}
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		m, err := hub.Hollow(dir)
		if err != nil {
			t.Fatal(err)
		}
		if ids, err := m.Stops(); !slices.Equal(ids, c.want) || (err != nil) != c.fails {
			t.Errorf("%s, %s: %v %v, want %v", c.config, c.generation, ids, err, c.want)
		}
	}
}
