package jinja

import (
	"math/big"
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

type token struct {
	kind  kind
	text  string
	value any
	at    int
}

// lexer cuts a source into tokens. Comments and raw marks are gone from them,
// and white space is trimmed by the signs in tags and by the two rules of blocks:
// a block alone on its line takes the blanks before it (lstrip_blocks) and the
// line end behind it (trim_blocks).
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
	return append(l.tokens, token{kind: theEnd, text: "end of template", at: len(src)})
}

var (
	rawBegin = regexp.MustCompile(`^\{%([-+]?)\s*raw\s*(-%\}\s*|%\})`)
	rawEnd   = regexp.MustCompile(`\{%([-+]?)\s*endraw\s*(\+%\}|-%\}\s*|%\}\n?)`)
)

// text reads up to the next tag, and through it.
func (l *lexer) text() {
	from := l.at
	tag := l.tag(from)
	if tag < 0 {
		l.put(data, from, l.src[from:])
		l.at = len(l.src)
		return
	}
	if m := rawBegin.FindStringSubmatch(l.src[tag:]); m != nil {
		l.put(data, from, l.trim(from, tag, m[1], true))
		l.raw(tag, tag+len(m[0]))
		return
	}
	sign := ""
	if rest := l.src[tag+2:]; rest != "" && (rest[0] == '-' || rest[0] == '+') {
		sign = rest[:1]
	}
	l.put(data, from, l.trim(from, tag, sign, l.src[tag+1] != '{'))
	l.at = tag + 2 + len(sign)
	switch l.src[tag+1] {
	case '#':
		l.comment(tag)
	case '%':
		l.tokens = append(l.tokens, token{kind: begin, text: "begin of statement block", at: tag})
		l.inside(tag, "%}", end)
	default:
		l.tokens = append(l.tokens, token{kind: show, text: "begin of print statement", at: tag})
		l.inside(tag, "}}", shown)
	}
}

// tag is the place of the next {%, {{ or {#.
func (l *lexer) tag(from int) int {
	for i := from; ; i++ {
		n := strings.IndexByte(l.src[i:], '{')
		if n < 0 || i+n+1 >= len(l.src) {
			return -1
		}
		i += n
		if strings.IndexByte("%{#", l.src[i+1]) >= 0 {
			return i
		}
	}
}

func (l *lexer) put(k kind, at int, text string) {
	if text != "" {
		l.tokens = append(l.tokens, token{kind: k, text: text, at: at})
	}
}

// trim is the text before a tag, as far as the tag leaves it.
func (l *lexer) trim(from, to int, sign string, block bool) string {
	text := l.src[from:to]
	switch {
	case sign == "-":
		return strings.TrimRightFunc(text, blank)
	case sign == "+" || !block:
		return text
	}
	line := strings.LastIndexByte(text, '\n') + 1
	starts := line > 0 || from == 0 || l.src[from-1] == '\n'
	if starts && strings.TrimLeftFunc(text[line:], blank) == "" {
		return text[:line]
	}
	return text
}

func (l *lexer) raw(tag, from int) {
	m := rawEnd.FindStringSubmatchIndex(l.src[from:])
	if m == nil {
		fail(tag, "Missing end of raw directive")
	}
	l.put(data, from, l.trim(from, from+m[0], l.src[from+m[2]:from+m[3]], true))
	l.at = from + m[1]
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

// behind passes what the end of a tag takes of the text behind it.
func (l *lexer) behind(sign byte, block bool) {
	switch {
	case sign == '-':
		l.at = len(l.src) - len(strings.TrimLeftFunc(l.src[l.at:], blank))
	case block && sign != '+' && strings.HasPrefix(l.src[l.at:], "\n"):
		l.at++
	}
}

// inside reads the tokens of a tag, up to its end where no bracket is open.
func (l *lexer) inside(tag int, close string, k kind) {
	var open []byte
	for {
		l.at = len(l.src) - len(strings.TrimLeftFunc(l.src[l.at:], blank))
		rest := l.src[l.at:]
		if rest == "" {
			return // the parser misses the end
		}
		if len(open) == 0 {
			sign := rest[0]
			if sign != '-' && (sign != '+' || k != end) {
				sign = 0
			} else if rest = rest[1:]; !strings.HasPrefix(rest, close) {
				sign, rest = 0, l.src[l.at:]
			}
			if strings.HasPrefix(rest, close) {
				l.tokens = append(l.tokens, token{kind: k, text: map[kind]string{end: "end of statement block", shown: "end of print statement"}[k], at: l.at})
				l.at = len(l.src) - len(rest) + len(close)
				l.behind(sign, k == end)
				return
			}
		}
		at := l.at
		t := l.one(rest)
		if t.kind == operator {
			open = balance(open, t.text, at)
		}
		t.at = at
		l.tokens = append(l.tokens, t)
	}
}

// balance keeps the brackets that are open.
func balance(open []byte, op string, at int) []byte {
	switch op {
	case "(", "[", "{":
		return append(open, map[string]byte{"(": ')', "[": ']', "{": '}'}[op])
	case ")", "]", "}":
		if len(open) == 0 {
			fail(at, "unexpected '%s'", op)
		}
		if want := open[len(open)-1]; want != op[0] {
			fail(at, "unexpected '%s', expected '%c'", op, want)
		}
		return open[:len(open)-1]
	}
	return open
}

var (
	floats    = regexp.MustCompile(`^(?i)(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?e[+-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+)`)
	integers  = regexp.MustCompile(`^(?i)(?:0b(?:_?[01])+|0o(?:_?[0-7])+|0x(?:_?[\da-f])+|[1-9](?:_?\d)*|0(?:_?0)*)`)
	texts     = regexp.MustCompile(`^(?s)(?:'[^'\\]*(?:\\.[^'\\]*)*'|"[^"\\]*(?:\\.[^"\\]*)*")`)
	operators = []string{"//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";"}
)

// one reads the token with which rest begins.
func (l *lexer) one(rest string) token {
	at := l.at
	if m := floats.FindString(rest); m != "" && (at == 0 || l.src[at-1] != '.') {
		l.at += len(m)
		f, _ := strconv.ParseFloat(strings.ReplaceAll(m, "_", ""), 64) // out of range is infinite, as in Python
		return token{kind: literal, text: m, value: f}
	}
	if m := integers.FindString(rest); m != "" {
		l.at += len(m)
		return token{kind: literal, text: m, value: integer(at, m)}
	}
	if n := wordLen(rest); n > 0 {
		l.at += n
		if r, _ := utf8.DecodeRuneInString(rest); r != '_' && !unicode.IsLetter(r) {
			fail(at, "Invalid character in identifier")
		}
		return token{kind: word, text: rest[:n]}
	}
	if m := texts.FindString(rest); m != "" {
		l.at += len(m)
		return token{kind: literal, text: m, value: unescape(at, m[1:len(m)-1])}
	}
	for _, op := range operators {
		if strings.HasPrefix(rest, op) {
			l.at += len(op)
			return token{kind: operator, text: op}
		}
	}
	r, _ := utf8.DecodeRuneInString(rest)
	fail(at, "unexpected char %s", repr(string(r)))
	return token{}
}

func wordLen(s string) int {
	for i, r := range s {
		if r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.M, r) {
			return i
		}
	}
	return len(s)
}

func integer(at int, text string) any {
	n, ok := new(big.Int).SetString(strings.ReplaceAll(text, "_", ""), 0)
	if !ok || !n.IsInt64() {
		fail(at, "the number %s has more than 64 bits", clip(text))
	}
	return int(n.Int64())
}

// unescape reads a text literal as Python reads one.
func unescape(at int, s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		if n := strings.IndexByte(`\'"abfnrtv`, s[i]); n >= 0 {
			b.WriteByte("\\'\"\a\b\f\n\r\t\v"[n])
			continue
		}
		digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[s[i]]
		switch {
		case s[i] == '\n': // the line goes on
		case s[i] >= '0' && s[i] <= '7':
			n := i + 1
			for n < len(s) && n < i+3 && s[n] >= '0' && s[n] <= '7' {
				n++
			}
			v, _ := strconv.ParseUint(s[i:n], 8, 32)
			b.WriteRune(rune(v))
			i = n - 1
		case digits > 0:
			v, err := strconv.ParseUint(s[min(i+1, len(s)):min(i+1+digits, len(s))], 16, 32)
			if err != nil || i+digits >= len(s) || v > unicode.MaxRune || v >= 0xd800 && v < 0xe000 {
				fail(at, `\%c without %d digits of a character`, s[i], digits)
			}
			b.WriteRune(rune(v))
			i += digits
		case s[i] == 'N':
			fail(at, `characters by name, \N{…}, are not read: write the character`)
		default:
			b.WriteByte('\\')
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// blank is Python's idea of white space.
func blank(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }

// clip shortens a text of a template for an error.
func clip(s string) string {
	if utf8.RuneCountInString(s) > 60 {
		return string([]rune(s)[:60]) + "…"
	}
	return s
}
