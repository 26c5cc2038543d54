package data

import (
	"fmt"
	"io"
	"strings"
	"unicode"
)

// Decoder turns tokens back into text, special ones included.
type Decoder interface {
	Decode(ids []int32) string
}

// Show prints a sequence as the loss sees it: what is learned in green and what
// is given dim, or what is learned in brackets where there is no colour.
func Show(w io.Writer, s Sequence, d Decoder, colour bool) error {
	var b strings.Builder
	for from := 0; from < len(s.IDs); {
		learned := from > 0 && s.Learn[from] // the first has no row before it
		to := from + 1
		for to < len(s.IDs) && s.Learn[to] == learned {
			to++
		}
		b.WriteString(Mark(d.Decode(s.IDs[from:to]), learned, colour))
		from = to
	}
	fmt.Fprintf(&b, "\n%d tokens, %d learned (%s)\n", len(s.IDs), s.Labels(), share(s.Labels(), len(s.IDs)))
	_, err := io.WriteString(w, b.String())
	return err
}

// Mark is a text as Show writes what is learned, or what is given.
func Mark(text string, learned, colour bool) string {
	const dim, green, reset = "\x1b[2m", "\x1b[1;32m", "\x1b[0m"
	text = visible(text)
	switch {
	case colour && learned:
		return green + text + reset
	case colour:
		return dim + text + reset
	case learned:
		return "⟦" + text + "⟧"
	}
	return text
}

// visible replaces what would make a terminal do something other than write.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r < ' ':
			return '␀' + r
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return '�'
		}
		return r
	}, text)
}

func share(part, whole int) string {
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(max(1, whole)))
}
