package tokenizer

import (
	"testing"
	"unicode/utf8"

	"github.com/rotor-lm/rotor/internal/gunzip"
)

// Every code point is of the class that the reference says; see
// testdata/classes.py.
func TestClasses(t *testing.T) {
	var want struct{ Letter, Number, Space, Digit, Word, Han, Upper, Lower []rune }
	gunzip.JSON(t, "testdata/classes.json.gz", &want)
	is := func(k class) func(r rune) bool {
		return func(r rune) bool { c, _ := first(string(r)); return c == k }
	}
	for _, test := range []struct {
		name   string
		ranges []rune
		is     func(r rune) bool
	}{
		{"letter", want.Letter, is(letter)},
		{"number", want.Number, is(number)},
		{"space", want.Space, is(space)},
		{"digit", want.Digit, func(r rune) bool { return digit(string(r)) > 0 }},
		{"han", want.Han, func(r rune) bool { return han(string(r)) > 0 }},
		{"word", want.Word, wordRune},
		{"upper", want.Upper, func(r rune) bool { s, _ := sideOf(string(r)); return s&upper > 0 }},
		{"lower", want.Lower, func(r rune) bool { s, _ := sideOf(string(r)); return s&lower > 0 }},
	} {
		if len(test.ranges) < 2 {
			t.Fatalf("no %s in the golden file", test.name)
		}
		at := 0
		for r := range rune(utf8.MaxRune + 1) {
			for at < len(test.ranges) && test.ranges[at+1] < r {
				at += 2
			}
			in := at < len(test.ranges) && test.ranges[at] <= r
			if utf8.ValidRune(r) && test.is(r) != in {
				t.Errorf("%s: U+%04X is %v, want %v", test.name, r, !in, in)
			}
		}
	}
}
