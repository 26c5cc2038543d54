package main

import (
	"strings"

	"github.com/rotor-lm/rotor/hub"
)

// here lists the models that can be named without a path: those in the cache of
// the hub, and those in the store of Ollama.
func (c showCmd) here(e *env) error {
	type model struct {
		hub.Here
		Error string `json:"error,omitempty"`
	}
	models := []model{}
	for _, h := range hub.Cached() {
		models = append(models, model{Here: h})
	}
	for _, ref := range hub.OllamaNames() {
		m := model{Here: hub.Here{Ref: ref}}
		if o, err := hub.Ollama(strings.TrimPrefix(ref, ollama)); err != nil {
			m.Error = err.Error()
		} else {
			m.Path, m.Files, m.Bytes = o.Model, 1, o.Bytes
		}
		models = append(models, m)
	}
	if e.JSON {
		return e.object(struct {
			Kind   string  `json:"kind"`
			Cache  string  `json:"cache"`
			Models []model `json:"models"`
		}{"cache", hub.Cache(), models})
	}
	var t table
	for _, m := range models {
		if m.Error != "" {
			t.add(m.Ref, "%s", m.Error)
			continue
		}
		t.add(m.Ref, "%s  %s", size(m.Bytes), e.paint(faint, m.Path))
	}
	t.print(e)
	if len(models) == 0 {
		e.printf("no model is in %s: rotor pull owner/name fetches one\n", hub.Cache())
	}
	return nil
}

const ollama = "ollama:"

// ollamaRows says what Ollama keeps beside the model.
func ollamaRows(t *table, o *hub.OllamaModel) {
	if o == nil {
		return
	}
	for _, r := range [][2]string{{"template", o.Template}, {"system", o.System}, {"parameters", string(o.Parameters)}} {
		if r[1] != "" {
			t.add(ollama+" "+r[0], "%q", r[1])
		}
	}
}
