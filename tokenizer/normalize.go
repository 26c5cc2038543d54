package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

var normalizers []step

func init() {
	normalizers = []step{
		{"none", readNothing},
		{"Prepend", readPrepend},
		{"Replace", readReplace},
		{"NFC", readForm(norm.NFC)},
		{"NFD", readForm(norm.NFD)},
		{"NFKC", readForm(norm.NFKC)},
		{"NFKD", readForm(norm.NFKD)},
		{"Sequence", readNormalizers},
	}
}

func readNormalizers(t *Tokenizer, raw json.RawMessage, depth int) error {
	var s struct {
		Type  string            `json:"type"`
		Steps []json.RawMessage `json:"normalizers"`
	}
	if err := strict(raw, &s); err != nil {
		return err
	}
	return t.readEach(normalizers, s.Steps, depth)
}

// prepend puts something before every passage that is not empty. It comes from
// where the first character comes from.
type prepend string

func (s prepend) rewrite(p passage) passage {
	if p.text == "" || s == "" {
		return p
	}
	_, n := utf8.DecodeRuneInString(p.text)
	w := rewriteOf(p)
	w.put(string(s), 0, n)
	w.keep(0, len(p.text))
	return w.passage()
}

func readPrepend(t *Tokenizer, raw json.RawMessage, _ int) error {
	var s struct {
		Type    string  `json:"type"`
		Prepend *string `json:"prepend"`
	}
	if err := strict(raw, &s); err != nil {
		return err
	}
	if s.Prepend == nil {
		return errors.New("a Prepend does not say what")
	}
	t.normal = append(t.normal, prepend(*s.Prepend))
	return nil
}

// replace puts one string for another, wherever it stands. What it puts there
// comes from the last character of what it takes away.
type replace struct{ old, new string }

func (r replace) rewrite(p passage) passage {
	n := strings.Index(p.text, r.old)
	if n < 0 {
		return p
	}
	w := rewriteOf(p)
	if len(r.old) == 1 && !p.track { // spaces, all over a text
		w.text = swapped(w.text, p.text, r.old[0], r.new)
		return w.passage()
	}
	at := 0
	for n >= 0 {
		end := at + n + len(r.old)
		w.keep(at, at+n)
		w.put(r.new, end-1, end)
		at = end
		n = strings.Index(p.text[at:], r.old)
	}
	w.keep(at, len(p.text))
	return w.passage()
}

// swapped appends a text with another string for each of its bytes b.
func swapped(dst []byte, text string, b byte, by string) []byte {
	for i := range len(text) {
		if text[i] == b {
			dst = append(dst, by...)
		} else {
			dst = append(dst, text[i])
		}
	}
	return dst
}

func parseReplace(raw json.RawMessage) (replace, error) {
	var s struct {
		Type    string       `json:"type"`
		Pattern splitPattern `json:"pattern"`
		Content string       `json:"content"`
	}
	if err := strict(raw, &s); err != nil {
		return replace{}, err
	}
	switch {
	case s.Pattern.Regex != nil:
		return replace{}, fmt.Errorf("a Replace of the regular expression %q is not supported; supported: a string", clip(*s.Pattern.Regex))
	case s.Pattern.String == nil || *s.Pattern.String == "":
		return replace{}, errors.New("a Replace of nothing is not supported; supported: a string")
	}
	return replace{*s.Pattern.String, s.Content}, nil
}

func readReplace(t *Tokenizer, raw json.RawMessage, _ int) error {
	r, err := parseReplace(raw)
	t.normal = append(t.normal, r)
	return err
}

func readForm(f norm.Form) func(*Tokenizer, json.RawMessage, int) error {
	return func(t *Tokenizer, raw json.RawMessage, _ int) error {
		var s struct {
			Type string `json:"type"`
		}
		t.normal = append(t.normal, form(f))
		return strict(raw, &s)
	}
}
