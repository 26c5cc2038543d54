package world

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/rotor-lm/rotor/internal/nearest"
)

// Settings are the options of a world as a user wrote them, KEY=VALUE. A world
// asks for each by name, with its default and a word of help; what nobody asked
// for is an error. Errors are kept until Err.
type Settings struct {
	given map[string]string
	asked []Setting
	errs  []string
}

// Setting is an option that a world has.
type Setting struct{ Name, Default, About string }

// NewSettings reads KEY=VALUE. A dash and an underscore in a key are the same.
func NewSettings(pairs ...string) (*Settings, error) {
	s := &Settings{given: map[string]string{}}
	for _, pair := range pairs {
		key, value, found := strings.Cut(pair, "=")
		if key = spelled(key); !found || key == "" {
			return nil, fmt.Errorf("option %q: want KEY=VALUE, such as gamma=0.9", pair)
		}
		s.given[key] = strings.TrimSpace(value)
	}
	return s, nil
}

// spelled is the one spelling of a key.
func spelled(key string) string { return strings.ReplaceAll(strings.TrimSpace(key), "_", "-") }

// Asked lists the options that the world asked for, in that order.
func (s *Settings) Asked() []Setting { return s.asked }

// Has says whether the user set an option.
func (s *Settings) Has(name string) bool { _, ok := s.given[spelled(name)]; return ok }

// Text asks for a word.
func (s *Settings) Text(name, otherwise, about string) string {
	if !slices.ContainsFunc(s.asked, func(a Setting) bool { return a.Name == name }) {
		s.asked = append(s.asked, Setting{name, otherwise, about})
	}
	if text, ok := s.given[spelled(name)]; ok {
		return text
	}
	return otherwise
}

// Fail records that an option is not as it should be.
func (s *Settings) Fail(name, value, want string) {
	s.errs = append(s.errs, fmt.Sprintf("%s=%s: want %s", name, value, want))
}

// Float asks for a finite number.
func (s *Settings) Float(name string, otherwise float64, about string) float64 {
	text := s.Text(name, strconv.FormatFloat(otherwise, 'g', -1, 64), about)
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
		s.Fail(name, text, "a number")
		return otherwise
	}
	return x
}

// Within asks for a number from low to high.
func (s *Settings) Within(name string, otherwise, low, high float64, about string) float64 {
	x := s.Float(name, otherwise, about)
	if x < low || x > high {
		s.Fail(name, fmt.Sprint(x), fmt.Sprintf("a number from %g to %g", low, high))
		return otherwise
	}
	return x
}

// Int asks for a whole number from low to high.
func (s *Settings) Int(name string, otherwise, low, high int, about string) int {
	text := s.Text(name, strconv.Itoa(otherwise), about)
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		s.Fail(name, text, fmt.Sprintf("a whole number from %d to %d", low, high))
		return otherwise
	}
	return n
}

// Bool asks for true or false.
func (s *Settings) Bool(name string, otherwise bool, about string) bool {
	text := s.Text(name, strconv.FormatBool(otherwise), about)
	x, err := strconv.ParseBool(strings.ToLower(text))
	if err != nil {
		s.Fail(name, text, "true or false")
		return otherwise
	}
	return x
}

// Gamma asks for the discount, which every world has.
func (s *Settings) Gamma(otherwise float64) float64 {
	return s.Within("gamma", otherwise, 0, 1, "discount of a step that does not end the episode")
}

// Horizon asks after how many steps a run is cut, which every world has.
func (s *Settings) Horizon(otherwise int) int {
	return s.Int("horizon", otherwise, 0, math.MaxInt32, "steps after which a run is cut; 0 for never")
}

// Err says what was wrong, and names options that the world does not have.
func (s *Settings) Err() error {
	errs := slices.Clone(s.errs)
	for key := range s.given {
		if slices.ContainsFunc(s.asked, func(a Setting) bool { return spelled(a.Name) == key }) {
			continue
		}
		var names []string
		for _, a := range s.asked {
			names = append(names, a.Name)
		}
		errs = append(errs, fmt.Sprintf("no option %q; did you mean %s? (has: %s)", key, nearest.Word(key, names), strings.Join(names, ", ")))
	}
	if len(errs) == 0 {
		return nil
	}
	sort.Strings(errs)
	return fmt.Errorf("%s", strings.Join(errs, "; "))
}
