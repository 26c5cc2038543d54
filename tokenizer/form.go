package tokenizer

import (
	"slices"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// form brings a text to one of Unicode's normal forms: é is then one character
// however it was typed.
//
//	decompose every character, fully
//	sort runs of marks by their combining class, stably
//	for forms C and KC, compose a starter with each mark that nothing blocks
//
// The Unicode Consortium, Unicode Standard Annex 15, Unicode Normalization
// Forms, section 1.3.
type form norm.Form

func (f form) rewrite(p passage) passage {
	end := f.normal(p.text, 0)
	if end == len(p.text) {
		return p
	}
	w, at := rewriteOf(p), 0
	for ; at < len(p.text); end = f.normal(p.text, at) {
		w.keep(at, end)
		at = f.segment(p.text, end)
		list := f.decompose(p.text[end:at])
		if norm.Form(f) == norm.NFC || norm.Form(f) == norm.NFKC {
			list = compose(list)
		}
		w.follow(end, list)
	}
	return w.passage()
}

// normal returns how far text is normal from a boundary on, and ends at one: a
// character that nothing before it can reach.
func (f form) normal(text string, from int) int {
	end := from + norm.Form(f).QuickSpanString(text[from:])
	for end > from && end < len(text) && !f.boundary(text[end:]) {
		_, n := utf8.DecodeLastRuneInString(text[from:end])
		end -= n
	}
	return end
}

// segment returns where the first boundary after another is.
func (f form) segment(text string, from int) int {
	for at := from; ; {
		_, n := utf8.DecodeRuneInString(text[at:])
		at += n
		if at == len(text) || f.boundary(text[at:]) {
			return at
		}
	}
}

func (f form) boundary(text string) bool {
	return norm.Form(f).PropertiesString(text).BoundaryBefore()
}

// A changed is a character of the result. Its change says how it came about, as
// the reference counts: 0 takes the place of a character of the text, 1 is one
// more than the text had, and −n takes the place of 1 + n.
type changed struct {
	r      rune
	change int
	raw    string // what is not UTF-8
}

func (f form) decompose(text string) []changed {
	full := norm.NFD
	if norm.Form(f) == norm.NFKC || norm.Form(f) == norm.NFKD {
		full = norm.NFKD
	}
	var list []changed
	marks := 0 // where the run of marks at the end begins
	add := func(c changed) {
		if combining(c.r) == 0 {
			sortMarks(list[marks:])
			marks = len(list) + 1
		}
		list = append(list, c)
	}
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		d := string(full.PropertiesString(text[i : i+n]).Decomposition())
		switch {
		case r == utf8.RuneError && n == 1:
			add(changed{r: r, raw: text[i : i+1]})
		case d != "":
			for j, r := range d {
				add(changed{r: r, change: min(j, 1)})
			}
		case r >= hangul && r < hangul+syllables:
			for j, r := range jamo(r) {
				add(changed{r: r, change: min(j, 1)})
			}
		default:
			add(changed{r: r})
		}
		i += n
	}
	sortMarks(list[marks:])
	return list
}

func combining(r rune) uint8 { return norm.NFC.PropertiesString(string(r)).CCC() }

func sortMarks(list []changed) {
	slices.SortStableFunc(list, func(a, b changed) int { return int(combining(a.r)) - int(combining(b.r)) })
}

func compose(list []changed) []changed {
	var out, marks []changed // marks follow the starter, which is the last of out
	last, begun := uint8(0), false
	for _, c := range list {
		class := combining(c.r)
		free := last == 0 || last < class // nothing between the starter and c blocks it
		if begun && free && c.raw == "" {
			k := &out[len(out)-1]
			if r, ok := composed(k.r, c.r); ok && k.raw == "" {
				k.r, k.change = r, k.change+c.change-1
				continue
			}
		}
		switch {
		case class != 0 && begun:
			marks, last = append(marks, c), class
		case class != 0:
			out = append(out, c)
		default:
			out = append(append(out, marks...), c)
			marks, last, begun = marks[:0], 0, true
		}
	}
	return append(out, marks...)
}

// composed returns the one character that two make, if they do.
func composed(a, b rune) (rune, bool) {
	s := norm.NFC.String(string(a) + string(b))
	r, n := utf8.DecodeRuneInString(s)
	return r, n == len(s)
}

// Korean syllables are composed by rule: UAX 15, section 16.
const (
	hangul    = 0xAC00
	syllables = 19 * 21 * 28
)

func jamo(r rune) []rune {
	i := r - hangul
	parts := []rune{0x1100 + i/(21*28), 0x1161 + i%(21*28)/28}
	if t := i % 28; t > 0 {
		parts = append(parts, 0x11A7+t)
	}
	return parts
}

// follow writes a list of changed characters in place of the text at an offset,
// each where the reference says that it comes from: a character that took the
// place of several comes from the first of them.
func (w *rewriting) follow(at int, list []changed) {
	text := w.in.text
	for _, c := range list {
		s := c.raw
		if s == "" {
			s = string(c.r)
		}
		if c.change > 0 {
			w.put(s, max(0, at-1), max(1, at))
			continue
		}
		_, n := utf8.DecodeRuneInString(text[at:])
		if text[at:at+n] == s {
			w.keep(at, at+n)
		} else {
			w.put(s, at, at+n)
		}
		at += n
		for range -c.change {
			_, n := utf8.DecodeRuneInString(text[at:])
			at += n
		}
	}
}
