package generate

import (
	"strings"

	"github.com/rotor-lm/rotor/tokenizer"
)

// text turns tokens into text as they come. It keeps back what may yet turn
// out to be the beginning of a stop string, or of a character.
type text struct {
	stream *tokenizer.Stream // nil where no text is wanted
	stops  []string
	held   string
}

// push returns the text that a token makes certain. Stopped says that a stop
// string has come: the text ends before it.
func (t *text) push(id int32) (out string, stopped bool) {
	if t.stream == nil {
		return "", false
	}
	t.held += t.stream.Push(id)
	if out, stopped := t.cut(); stopped {
		return out, true
	}
	n := len(t.held) - t.begun()
	out, t.held = t.held[:n], t.held[n:]
	return out, false
}

// flush ends the text.
func (t *text) flush() (out string, stopped bool) {
	if t.stream == nil {
		return "", false
	}
	t.held += t.stream.Flush()
	if out, stopped := t.cut(); stopped {
		return out, true
	}
	out, t.held = t.held, ""
	return out, false
}

// cut returns what stands before the first stop string.
func (t *text) cut() (out string, stopped bool) {
	at := -1
	for _, s := range t.stops {
		if i := strings.Index(t.held, s); i >= 0 && (at < 0 || i < at) {
			at = i
		}
	}
	if at < 0 {
		return "", false
	}
	out, t.held = t.held[:at], ""
	return out, true
}

// begun is the length of the longest end of what is held that a stop string
// begins with.
func (t *text) begun() int {
	longest := 0
	for _, s := range t.stops {
		for n := min(len(s)-1, len(t.held)); n > longest; n-- {
			if strings.HasSuffix(t.held, s[:n]) {
				longest = n
			}
		}
	}
	return longest
}
