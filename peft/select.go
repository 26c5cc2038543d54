package peft

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// Selector chooses sites by their paths, as PEFT does: a list of names, each of
// which is a path or the end of one; or a regular expression, which must match
// a whole path; or "all-linear", every projection but the output head.
//
// As text, names stand between commas, and what has any other character is a
// regular expression.
type Selector struct {
	Names  []string
	Regexp string
	All    bool
}

const allLinear = "all-linear"

var plainNames = regexp.MustCompile(`^[\w.\-]+( *, *[\w.\-]+)*$`)

// Select reads a selector from text.
func Select(text string) Selector {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return Selector{}
	case strings.EqualFold(text, allLinear):
		return Selector{All: true}
	case plainNames.MatchString(text):
		s := Selector{}
		for _, name := range strings.Split(text, ",") {
			s.Names = append(s.Names, strings.TrimSpace(name))
		}
		return s
	}
	return Selector{Regexp: text}
}

// IsZero reports whether the selector says nothing.
func (s Selector) IsZero() bool { return len(s.Names) == 0 && s.Regexp == "" && !s.All }

func (s Selector) String() string {
	switch {
	case s.All:
		return allLinear
	case s.Regexp != "":
		return s.Regexp
	}
	return strings.Join(s.Names, ",")
}

// MarshalText is String.
func (s Selector) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText is Select.
func (s *Selector) UnmarshalText(text []byte) error {
	*s = Select(string(text))
	return nil
}

// MarshalJSON writes a list of names as a list, and all else as a string.
func (s Selector) MarshalJSON() ([]byte, error) {
	switch {
	case s.IsZero():
		return []byte("null"), nil
	case len(s.Names) > 0:
		return json.Marshal(s.Names)
	}
	return json.Marshal(s.String())
}

// UnmarshalJSON reads a list of names, or a text.
func (s *Selector) UnmarshalJSON(data []byte) error {
	*s = Selector{}
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("[")) {
		return json.Unmarshal(data, &s.Names)
	}
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return fmt.Errorf("want a list of names, a regular expression or %q", allLinear)
	}
	*s = Select(text)
	return nil
}

// MarshalYAML hands over a list or a text.
func (s Selector) MarshalYAML() (any, error) {
	if len(s.Names) > 0 {
		return s.Names, nil
	}
	return s.String(), nil
}

// UnmarshalYAML reads a list of names, or a text.
func (s *Selector) UnmarshalYAML(decode func(any) error) error {
	*s = Selector{}
	var text string
	if err := decode(&text); err == nil {
		*s = Select(text)
		return nil
	}
	if err := decode(&s.Names); err != nil {
		return fmt.Errorf("want a list of names, a regular expression or %q", allLinear)
	}
	return nil
}

// matcher returns the test of a path. It does not know what is a projection:
// All matches nothing.
func (s Selector) matcher() (func(path string) bool, error) {
	if s.Regexp != "" {
		re, err := compile(s.Regexp, `\A(?:`, `)\z`)
		if err != nil {
			return nil, err
		}
		return re.MatchString, nil
	}
	return func(path string) bool {
		return slices.ContainsFunc(s.Names, func(name string) bool { return ends(path, name) })
	}, nil
}

// ends reports whether name is the path, or its last elements.
func ends(path, name string) bool { return path == name || strings.HasSuffix(path, "."+name) }

// compile compiles one of PEFT's patterns, which are in the language of Python.
func compile(pattern, before, after string) (*regexp.Regexp, error) {
	if _, err := regexp.Compile(pattern); err != nil {
		return nil, fmt.Errorf("peft: pattern %q: %w (regular expressions are those of RE2: no look-around and no back-references)", pattern, err)
	}
	return regexp.Compile(before + pattern + after)
}

// Pattern gives some sites a number of their own: the first rule whose
// expression matches the whole path, or its last elements, decides.
type Pattern []Rule

// Rule is one line of a Pattern.
type Rule struct {
	Match string
	Value float64
}

type compiled struct {
	match *regexp.Regexp
	value float64
}

func (p Pattern) compile() ([]compiled, error) {
	var list []compiled
	for _, r := range p {
		re, err := compile(r.Match, `\A(?:.*\.)?(?:`, `)\z`)
		if err != nil {
			return nil, err
		}
		list = append(list, compiled{re, r.Value})
	}
	return list, nil
}

// value is the number of the first rule that matches, or otherwise.
func value(rules []compiled, path string, otherwise float64) float64 {
	for _, r := range rules {
		if r.match.MatchString(path) {
			return r.value
		}
	}
	return otherwise
}

// MarshalJSON writes an object, in the order of the rules.
func (p Pattern) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, r := range p {
		if i > 0 {
			out = append(out, ',')
		}
		k, err := json.Marshal(r.Match)
		if err != nil {
			return nil, err
		}
		v, err := json.Marshal(r.Value)
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, k...), ':'), v...)
	}
	return append(out, '}'), nil
}

// UnmarshalJSON reads an object and keeps the order of its keys.
func (p *Pattern) UnmarshalJSON(data []byte) error {
	*p = nil
	dec := json.NewDecoder(bytes.NewReader(data))
	t, err := dec.Token()
	if err != nil || t == nil {
		return err
	}
	if t != json.Delim('{') {
		return fmt.Errorf("want an object from patterns to numbers")
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		r := Rule{Match: key.(string)}
		if err := dec.Decode(&r.Value); err != nil {
			return fmt.Errorf("pattern %q: want a number", r.Match)
		}
		*p = append(*p, r)
	}
	_, err = dec.Token()
	return err
}

// MarshalYAML hands over a map, in the order of the rules.
func (p Pattern) MarshalYAML() (any, error) {
	m := yaml.MapSlice{}
	for _, r := range p {
		m = append(m, yaml.MapItem{Key: r.Match, Value: r.Value})
	}
	return m, nil
}

// UnmarshalYAML reads a map and keeps the order of its keys.
func (p *Pattern) UnmarshalYAML(decode func(any) error) error {
	*p = nil
	var m yaml.MapSlice
	if err := decode(&m); err != nil {
		return fmt.Errorf("want a map from patterns to numbers")
	}
	for _, item := range m {
		r := Rule{Match: fmt.Sprint(item.Key)}
		switch v := item.Value.(type) {
		case float64:
			r.Value = v
		case uint64:
			r.Value = float64(v)
		case int64:
			r.Value = float64(v)
		default:
			return fmt.Errorf("pattern %q: want a number", r.Match)
		}
		*p = append(*p, r)
	}
	return nil
}
