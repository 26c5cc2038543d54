package hub

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// Stops returns the tokens that end a text, as the folder's
// generation_config.json names them or else its config.json: what there is to
// go by where the folder has no tokenizer. It may be none.
func (m *Model) Stops() ([]int32, error) {
	text, err := m.read("generation_config.json")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err == nil {
		if ids, ok, err := eos(text); ok || err != nil {
			return ids, wrap(filepath.Join(m.Dir, "generation_config.json"), err)
		}
	}
	ids, _, err := eos(m.Config)
	return ids, wrap(filepath.Join(m.Dir, "config.json"), err)
}

// eos reads "eos_token_id": a number, a list of them, or nothing.
func eos(text []byte) (ids []int32, ok bool, err error) {
	var c struct {
		EOS json.RawMessage `json:"eos_token_id"`
	}
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, false, err
	}
	if len(c.EOS) == 0 || string(c.EOS) == "null" {
		return nil, false, nil
	}
	var one int32
	if json.Unmarshal(c.EOS, &one) == nil {
		return []int32{one}, true, nil
	}
	if err := json.Unmarshal(c.EOS, &ids); err != nil {
		return nil, false, fmt.Errorf("eos_token_id %s: want a number or a list of numbers", c.EOS)
	}
	return ids, true, nil
}

func wrap(path string, err error) error {
	if err != nil {
		return fmt.Errorf("hub: %s: %w", path, err)
	}
	return nil
}
