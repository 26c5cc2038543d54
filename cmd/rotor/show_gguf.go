package main

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/rotor-lm/rotor/checkpoint"
	"github.com/rotor-lm/rotor/checkpoint/gguf"
)

// notesOf are the notes of a GGUF file, or of the files of a split one; nil for
// any other. Of a list there are its length and how it begins.
func notesOf(path string) (notes map[string]any, known bool, err error) {
	src, err := checkpoint.Open(path)
	if err != nil {
		return nil, false, err
	}
	defer src.Close()
	f, ok := src.(*gguf.File)
	if !ok {
		return nil, false, nil
	}
	notes = map[string]any{}
	for key, value := range f.Notes {
		notes[key] = value
		if v := reflect.ValueOf(value); v.Kind() == reflect.Slice {
			notes[key] = list{v.Len(), fmt.Sprintf("%T", value)[2:], v.Slice(0, min(v.Len(), 8)).Interface()}
		}
	}
	return notes, f.Known(), nil
}

// list is a note that is a list.
type list struct {
	Length int    `json:"length"`
	Type   string `json:"type"`
	First  any    `json:"first"`
}

func (l list) String() string {
	text := fmt.Sprint(l.First)
	if s, ok := l.First.([]string); ok {
		text = fmt.Sprintf("%q", s)
	}
	if v := reflect.ValueOf(l.First); v.Len() < l.Length {
		text = strings.TrimSuffix(text, "]") + " …]"
	}
	return fmt.Sprintf("%s %ss: %s", count(l.Length), l.Type, oneRow(text))
}

// oneRow keeps a text on a line, and the line short.
func oneRow(s string) string {
	const most = 100
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return s
}

const templateKey = "tokenizer.chat_template"

// printNotes prints the notes of a file, its chat template last and in full.
func printNotes(e *env, notes map[string]any) {
	if len(notes) == 0 {
		return
	}
	e.printf("\n%s\n", e.paint(strong, "metadata"))
	var t table
	for _, key := range slices.Sorted(maps.Keys(notes)) {
		if key == templateKey {
			continue
		}
		text := fmt.Sprint(notes[key])
		if s, ok := notes[key].(string); ok {
			text = fmt.Sprintf("%q", s)
		}
		t.add(key, "%s", oneRow(text))
	}
	t.print(e)
	if text, ok := notes[templateKey].(string); ok {
		e.printf("\n%s\n%s\n", e.paint(strong, "chat template"), text)
	}
}

// unknown shows a GGUF file whose architecture is not known: what it holds.
func (c showCmd) unknown(e *env, notes map[string]any) error {
	h, err := c.holding(c.Path)
	if err != nil {
		return err
	}
	if e.JSON {
		return e.object(struct {
			Kind string `json:"kind"`
			holding
			Notes map[string]any `json:"metadata"`
		}{"weights", h, notes})
	}
	var t table
	t.add("file", "%s, of an architecture that cannot be run here", c.Path)
	h.rows(&t)
	t.print(e)
	printNotes(e, notes)
	h.list(e)
	return nil
}
