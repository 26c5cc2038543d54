package jinja

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

type kind uint8

const (
	theEnd   kind = iota
	data          // text between tags
	begin         // {%
	end           // %}
	show          // {{
	shown         // }}
	word          // a name
	literal       // a text or a number; value is it
	operator      // text is it
)

// kinds are their names in errors.
var kinds = map[kind]string{
	theEnd: "end of template", begin: "begin of statement block", end: "end of statement block",
	show: "begin of print statement", shown: "end of print statement", word: "name",
}

type token struct {
	kind  kind
	text  string
	value any
	at    int
}

// lexer cuts a source into tokens. Comments are gone from them, and white space
// is trimmed by the signs in tags and by the two rules of blocks: a block alone
// on its line takes the blanks before it (lstrip_blocks) and the line end behind
// it (trim_blocks).
type lexer struct {
	src    string
	at     int
	tokens []token
}

func lex(src string) []token {
	l := &lexer{src: src}
	for l.at < len(src) {
		l.text()
	}
	l.put(theEnd, l.at)
	return l.tokens
}

func (l *lexer) put(k kind, at int) {
	l.tokens = append(l.tokens, token{kind: k, text: kinds[k], at: at})
}

var tags = regexp.MustCompile(`\{[%{#][-+]?`)

// text reads up to the next tag, and through it.
func (l *lexer) text() {
	from, tag, inner := l.at, len(l.src), len(l.src)
	if m := tags.FindStringIndex(l.src[from:]); m != nil {
		tag, inner = from+m[0], from+m[1]
	}
	if text := l.before(from, tag, l.src[tag:inner]); text != "" {
		l.tokens = append(l.tokens, token{kind: data, text: text, at: from})
	}
	l.at = inner
	switch {
	case tag == len(l.src):
	case l.src[tag+1] == '#':
		l.comment(tag)
	case l.src[tag+1] == '%':
		l.put(begin, tag)
		l.inside("%}", end)
	default:
		l.put(show, tag)
		l.inside("}}", shown)
	}
}

// before is the text in front of a tag, as far as the tag leaves it.
func (l *lexer) before(from, to int, tag string) string {
	text := l.src[from:to]
	switch {
	case strings.HasSuffix(tag, "-"):
		return strings.TrimRightFunc(text, blank)
	case len(tag) != 2 || tag == "{{":
		return text
	}
	line := strings.LastIndexByte(text, '\n') + 1
	starts := line > 0 || from == 0 || l.src[from-1] == '\n'
	if starts && strings.TrimLeftFunc(text[line:], blank) == "" {
		return text[:line]
	}
	return text
}

// behind passes what the end of a tag takes of the text behind it.
func (l *lexer) behind(sign byte, block bool) {
	switch {
	case sign == '-':
		l.blanks()
	case block && sign != '+' && strings.HasPrefix(l.src[l.at:], "\n"):
		l.at++
	}
}

func (l *lexer) blanks() {
	l.at = len(l.src) - len(strings.TrimLeftFunc(l.src[l.at:], blank))
}

func (l *lexer) comment(tag int) {
	n := strings.Index(l.src[l.at:], "#}")
	if n < 0 {
		fail(tag, "Missing end of comment tag")
	}
	sign := byte(0)
	if n > 0 {
		sign = l.src[l.at+n-1]
	}
	l.at += n + 2
	l.behind(sign, true)
}

// inside reads the tokens of a tag, up to its end where no bracket is open.
func (l *lexer) inside(end string, k kind) {
	for open := 0; ; {
		l.blanks()
		rest := l.src[l.at:]
		if rest == "" {
			return // the parser misses the end
		}
		sign := byte(0)
		if rest[0] == '-' || rest[0] == '+' && end == "%}" {
			sign, rest = rest[0], rest[1:]
		}
		if open == 0 && strings.HasPrefix(rest, end) {
			l.put(k, l.at)
			l.at = len(l.src) - len(rest) + len(end)
			l.behind(sign, end == "%}")
			return
		}
		t := l.one(l.src[l.at:])
		switch t.text {
		case "(", "[", "{":
			open++
		case ")", "]", "}":
			open = max(0, open-1)
		}
		t.at = l.at
		l.at += len(t.text)
		if t.kind == literal && t.value == nil {
			t.value = unescape(t.at, t.text[1:len(t.text)-1])
		}
		l.tokens = append(l.tokens, t)
	}
}

var (
	numbers   = regexp.MustCompile(`^\d+(\.\d+)?([eE][-+]?\d+)?`)
	digits    = regexp.MustCompile(`^\d+`)
	words     = regexp.MustCompile(`^[\pL_][\pL\p{Nd}_]*`)
	texts     = regexp.MustCompile(`^(?s)(?:'[^'\\]*(?:\\.[^'\\]*)*'|"[^"\\]*(?:\\.[^"\\]*)*")`)
	operators = regexp.MustCompile(`^(?://|\*\*|==|!=|>=|<=|[-+/*%~\[\](){}<>=.:|,;])`)
)

// one reads the token with which rest begins; its text is as it stands there.
func (l *lexer) one(rest string) token {
	form := numbers
	if l.src[l.at-1] == '.' { // the 0 of x.0.1
		form = digits
	}
	if m := form.FindString(rest); m != "" {
		if wordAt := words.FindString(rest[len(m):]); wordAt != "" || len(m) > 1 && digits.FindString(m) == m && m[0] == '0' {
			fail(l.at, "%s is not a number that is read: want decimal digits", clip(m+wordAt))
		}
		v, err := number(m)
		if err != nil {
			fail(l.at, "%s", err)
		}
		return token{kind: literal, text: m, value: v}
	}
	if m := words.FindString(rest); m != "" {
		return token{kind: word, text: m}
	}
	if m := texts.FindString(rest); m != "" {
		return token{kind: literal, text: m}
	}
	if m := operators.FindString(rest); m != "" {
		return token{kind: operator, text: m}
	}
	r, _ := utf8.DecodeRuneInString(rest)
	fail(l.at, "unexpected char %s", repr(string(r)))
	return token{}
}

var escapes = map[byte]string{'\\': `\`, '\'': "'", '"': `"`, 'a': "\a", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t", 'v': "\v", '\n': ""}

// unescape reads a text literal as Python reads one.
func unescape(at int, s string) string {
	var b strings.Builder
	for {
		n := strings.IndexByte(s, '\\')
		if n < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:n])
		c := s[n+1]
		s = s[n+2:]
		size := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]
		switch known, ok := escapes[c]; {
		case ok:
			b.WriteString(known)
		case size > 0:
			v, err := strconv.ParseUint(s[:min(size, len(s))], 16, 32)
			if err != nil || size > len(s) || !utf8.ValidRune(rune(v)) || v > unicode.MaxRune {
				fail(at, `\%c without %d digits of a character`, c, size)
			}
			b.WriteRune(rune(v))
			s = s[size:]
		case c == 'N' || c >= '0' && c <= '7':
			fail(at, `characters by name or octal number, \%c, are not read: write the character`, c)
		default:
			b.WriteByte('\\')
			b.WriteByte(c)
		}
	}
}

// blank is Python's idea of white space.
func blank(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }

// clip shortens a text of a template for an error.
func clip(s string) string {
	n := 0
	for i := range s {
		if n == 60 {
			return s[:i] + "…"
		}
		n++
	}
	return s
}
