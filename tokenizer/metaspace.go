package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// metaspace writes spaces as another character, ▁ (U+2581), and puts one before
// a text. Tokens then hold the spaces that words begin with, and texts that are
// not cut into words before merging lose none.
//
// Kudo and Richardson, SentencePiece: A simple and language independent subword
// tokenizer and detokenizer for Neural Text Processing, 2018, arXiv:1808.06226,
// section 3.2.
type metaspace struct {
	mark   string
	scheme string // "always": before every passage, "first": before the text, "never"
}

func (m metaspace) rewrite(p passage) passage {
	q := replace{" ", m.mark}.rewrite(p)
	if m.scheme == "never" || m.scheme == "first" && !p.first || strings.HasPrefix(q.text, m.mark) {
		return q
	}
	return prepend(m.mark).rewrite(q)
}

type metaspaceStep struct {
	Type        string  `json:"type"`
	Replacement string  `json:"replacement"`
	StrRep      *string `json:"str_rep"`          // older files: the replacement once more
	Prefix      *bool   `json:"add_prefix_space"` // older files: scheme "always" or "never"
	Scheme      string  `json:"prepend_scheme"`
	Split       *bool   `json:"split"`
}

func parseMetaspace(raw json.RawMessage) (m metaspace, split bool, err error) {
	s := metaspaceStep{}
	if err := strict(raw, &s); err != nil {
		return m, false, err
	}
	if utf8.RuneCountInString(s.Replacement) != 1 {
		return m, false, fmt.Errorf("a Metaspace writes spaces as %q, which is not one character", clip(s.Replacement))
	}
	if s.Prefix != nil && !*s.Prefix {
		if s.Scheme != "" && s.Scheme != "never" {
			return m, false, fmt.Errorf("a Metaspace says both add_prefix_space: false and prepend_scheme: %q", clip(s.Scheme))
		}
		s.Scheme = "never"
	}
	switch s.Scheme {
	case "":
		s.Scheme = "always"
	case "always", "first", "never":
	default:
		return m, false, fmt.Errorf("a Metaspace with prepend_scheme %q is not supported; supported: always, first, never", clip(s.Scheme))
	}
	return metaspace{s.Replacement, s.Scheme}, s.Split == nil || *s.Split, nil
}

func readMetaspace(t *Tokenizer, raw json.RawMessage, _ int) error {
	m, split, err := parseMetaspace(raw)
	if err != nil {
		return err
	}
	if len(t.stages) > 0 || len(t.late) > 0 {
		return errors.New("a Metaspace after another step is not supported; supported: as the first step")
	}
	t.late = append(t.late, m)
	if split {
		return t.addStage(stage{next: splitBefore(m.mark)})
	}
	return nil
}
