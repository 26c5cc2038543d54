package hub

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// Generation is how the makers of a model have it asked, as far as its
// generation_config.json says.
type Generation struct {
	Sample      *bool    `json:"do_sample"` // false is greedy
	Temperature *float64 `json:"temperature"`
	TopK        *int     `json:"top_k"`
	TopP        *float64 `json:"top_p"`
	MinP        *float64 `json:"min_p"`
	Penalty     *float64 `json:"repetition_penalty"`
}

// Generation reads the model's generation_config.json. Without one it says nothing.
func (m *Model) Generation() (g Generation, err error) {
	text, err := m.read("generation_config.json")
	if errors.Is(err, fs.ErrNotExist) {
		return g, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &g)
	}
	if err != nil {
		return g, fmt.Errorf("hub: %s: %w", filepath.Join(m.Dir, "generation_config.json"), err)
	}
	return g, nil
}
