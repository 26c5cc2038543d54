package main

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"

	"github.com/rotor-lm/rotor/peft"
)

// adapter shows an adapter's folder: what kind it is, and how much it holds.
func (c showCmd) adapter(e *env) error {
	a, err := peft.Open(c.Path)
	if err != nil {
		return err
	}
	h, err := c.holding(filepath.Join(c.Path, peft.WeightsFile))
	if err != nil {
		return err
	}
	if e.JSON {
		return e.object(struct {
			Kind string `json:"kind"`
			Type string `json:"type"`
			Base string `json:"base"`
			holding
			Method peft.Method `json:"method"`
		}{"adapter", a.Type, a.Base, h, a.Method})
	}
	var t table
	t.add("adapter", "%s, %s", c.Path, a.Type)
	if a.Base != "" {
		t.add("made for", "%s", a.Base)
	}
	h.rows(&t)
	if err := settings(&t, a.Method); err != nil {
		return err
	}
	t.print(e)
	h.list(e)
	return nil
}

// settings adds the options of a method that are set, by name.
func settings(t *table, m peft.Method) error {
	data, err := json.Marshal(m)
	if err != nil {
		return err
	}
	var set map[string]json.RawMessage
	if err := json.Unmarshal(data, &set); err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(set)) {
		switch v := string(set[key]); v {
		case "null", "0", "false", `""`, "{}", "[]":
		default:
			t.add(key, "%s", v)
		}
	}
	return nil
}
