// Package jinja renders the templates with which language models come: the part
// of Jinja that they use, as transformers sets it up.
//
//	source → tokens → functions, one for each statement and expression → text
//
// A template is a program of a stranger. It can read the values it is given and
// write text, and nothing else: lists and maps cannot be changed, and a run ends
// at a number of steps, of bytes made, and of calls within calls.
//
// What is there does as Python's jinja2 does, in text and in errors' occasions:
// for with its loop variable, filter and else; if; set, also of blocks and
// namespaces; macro; generation; break and continue; and the filters, tests and
// methods of the tables below. Blocks are trimmed as with trim_blocks and
// lstrip_blocks. What is missing is refused by name: inheritance, imports, call,
// with, raw, recursive loops, escaping of HTML, formats by %. Case is mapped a
// character at a time, and whole numbers have 64 bits.
//
// Ronacher and others, Jinja, 3.1. transformers, utils/chat_template_utils.py.
package jinja

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// A Template is a program. Any number of goroutines may render it.
type Template struct {
	source string
	body   block
	tracks bool // there is a generation block
}

// Limits bound a run. Zero values stand for the usual ones.
type Limits struct {
	Steps int // statements, expressions and items; 3 million
	Bytes int // of text and lists that are made on the way; 64 MiB
	Depth int // macros and loops within each other; 200
}

// Options of a run. The zero value is good.
type Options struct {
	Limits
	Now time.Time // what strftime_now tells; zero is the time of the call
}

// Output is what a run wrote.
type Output struct {
	Text string

	// Generated are the parts of Text that generation blocks wrote: what a model
	// is to say, from which byte to which. Lost says that some stand in a macro or
	// a block that is kept, and so are not known.
	Generated [][2]int
	Lost      bool
}

// largest bounds the source of a template.
const largest = 1 << 20

// Parse reads a template.
func Parse(source string) (t *Template, err error) {
	if len(source) > largest {
		return nil, fmt.Errorf("jinja: a template of %d bytes; at most %d are read", len(source), largest)
	}
	if !utf8.ValidString(source) {
		return nil, fmt.Errorf("jinja: the template is not UTF-8")
	}
	source = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(source)
	source = strings.TrimSuffix(source, "\n")
	t = &Template{source: source}
	defer func() { err = t.recovered(recover(), err) }()
	p := &parser{tokens: lex(source)}
	t.body = p.statements()
	t.tracks = p.tracks
	return t, nil
}

// Tracks reports whether the template says by generation blocks what a model is
// to say.
func (t *Template) Tracks() bool { return t.tracks }

// Mentions reports whether the name occurs in the template: one that does not
// know "tools" has no use for them.
func (t *Template) Mentions(name string) bool { return strings.Contains(t.source, name) }

// Render runs the template on variables.
func (t *Template) Render(vars *Map, o Options) (out Output, err error) {
	r := newRun(vars, o)
	defer func() { err = t.recovered(recover(), err) }()
	r.all(t.body)
	return Output{r.out.String(), r.generated, r.lost}, nil
}

// An Error is a mistake in a template, or what a template says of its input.
type Error struct {
	Line, Column int    // from 1
	Message      string // as it is
	Raised       bool   // by raise_exception: the template refuses the input
}

func (e *Error) Error() string {
	if e.Raised {
		return "the template refuses this: " + e.Message
	}
	return fmt.Sprintf("template, line %d, column %d: %s", e.Line, e.Column, e.Message)
}

// failure is how an error travels up: it is thrown where it is found and caught
// where the template was entered.
type failure struct {
	at      int // byte of the source
	message string
	raised  bool
}

func fail(at int, format string, args ...any) {
	panic(failure{at: at, message: fmt.Sprintf(format, args...)})
}

// recovered turns what was thrown into an error that says where.
func (t *Template) recovered(thrown any, err error) error {
	if thrown == nil {
		return err
	}
	f, ok := thrown.(failure)
	if !ok {
		panic(thrown)
	}
	before := t.source[:min(f.at, len(t.source))]
	return &Error{
		Line:    1 + strings.Count(before, "\n"),
		Column:  1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]),
		Message: f.message,
		Raised:  f.raised,
	}
}
