package demo

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// The form of a five-character quatrain (五言绝句).
const (
	verses  = 4 // lines
	measure = 5 // Han characters in a line
)

// stops holds the mark that ends each line: a couplet breathes after its first
// line and ends with its second.
var stops = [verses]rune{'，', '。', '，', '。'}

// Form is what the checker found of a text beside the form of a quatrain.
type Form struct {
	Lines       bool // there are four lines
	Characters  bool // every line has five Han characters before its mark
	Punctuation bool // the lines end with ，。，。 and hold no other mark
}

// WellFormed reports whether all three checks passed.
func (f Form) WellFormed() bool { return f.Lines && f.Characters && f.Punctuation }

// String names the checks with their marks, as in "lines ✓ characters ✗ punctuation ✓".
func (f Form) String() string {
	return fmt.Sprintf("lines %s characters %s punctuation %s", mark(f.Lines), mark(f.Characters), mark(f.Punctuation))
}

func mark(passed bool) string {
	if passed {
		return "✓"
	}
	return "✗"
}

// Check compares text with the form of a quatrain. Line feeds divide the
// lines; one may follow the last. Anything else, a blank line or a space
// included, counts against the form.
func Check(text string) Form {
	lines := split(text)
	f := Form{Lines: len(lines) == verses, Characters: true, Punctuation: true}
	for i, line := range lines {
		han, others := 0, 0
		for _, r := range line {
			if unicode.Is(unicode.Han, r) {
				han++
			} else {
				others++
			}
		}
		last, _ := utf8.DecodeLastRuneInString(line)
		f.Characters = f.Characters && han == measure
		f.Punctuation = f.Punctuation && others == 1 && last == stops[i%verses]
	}
	return f
}

// WellFormed reports whether text is four lines of five Han characters that
// end with ，。，。 and nothing else.
func WellFormed(text string) bool { return Check(text).WellFormed() }

// Rhymes reports whether the last characters of lines two and four rhyme: they
// differ, and have a reading in a common rhyme. The rhymes are the Thirteen
// Tracks (十三辙) of modern Mandarin: finals that differ by their medial alone
// (an, ian, uan, üan) rhyme, as do i, ü, er and the vowel of zhi and zi, and
// tones are not compared. Sounds have moved since the Tang, so real quatrains
// of the time pass at 86 % by these readings (sources.json), and two characters
// drawn from them at random at 13 %. A text of fewer than four lines does not
// rhyme; lines after the fourth are not looked at.
func Rhymes(text string) bool {
	lines := split(text)
	if len(lines) < verses {
		return false
	}
	second, fourth := lastHan(lines[1]), lastHan(lines[3])
	table := rhymes()
	return second != fourth && table[second]&table[fourth] != 0
}

func split(text string) []string {
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// lastHan returns the last Han character of line, or 0.
func lastHan(line string) (last rune) {
	for _, r := range line {
		if unicode.Is(unicode.Han, r) {
			last = r
		}
	}
	return last
}

// finals is written by recipe/finals.py: a line for each rhyme, its name and
// every character that has a reading in it.
//
//go:embed finals.txt
var finals string

// rhymes maps a character to the set of its rhymes, bit i for line i of finals.
var rhymes = sync.OnceValue(func() map[rune]uint16 {
	table := make(map[rune]uint16, 1<<15)
	for i, line := range strings.Split(strings.TrimSuffix(finals, "\n"), "\n") {
		_, characters, _ := strings.Cut(line, " ")
		for _, r := range characters {
			table[r] |= 1 << i
		}
	}
	return table
})
