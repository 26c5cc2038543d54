package jinja

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// text is str(v): what is written for it.
func (r *run) text(at int, v any) string {
	switch v := v.(type) {
	case string:
		return v
	case undefined:
		return ""
	}
	p := printer{run: r, at: at, item: ", ", key: ": "}
	p.value(v)
	return p.String()
}

// repr is v as Python shows it within a list, and encode as JSON has it. Both are
// for small values: nothing is counted.
func repr(v any) string {
	p := printer{item: ", ", key: ": "}
	p.value(v)
	return p.String()
}

func encode(v any) string {
	p := printer{json: true, item: ", ", key: ": "}
	p.value(v)
	return p.String()
}

// printer writes values as Python shows them, or as Python's json.dumps does, and
// counts what it writes.
type printer struct {
	strings.Builder
	run       *run // nil where nothing needs to be counted
	at        int
	depth     int
	json      bool
	ascii     bool    // JSON without other characters
	indent    *string // JSON in lines
	item, key string  // what stands between items, and behind a key
}

func (p *printer) put(s string) {
	if p.run != nil {
		p.run.make(p.at, len(s), 1)
	}
	p.WriteString(s)
}

var constants = map[bool]map[any]string{
	false: {nil: "None", true: "True", false: "False"},
	true:  {nil: "null", true: "true", false: "false"}, // of JSON
}

func (p *printer) value(v any) {
	if p.depth++; p.depth > deepestValue {
		fail(p.at, "a value that holds itself, or too many within each other, cannot be written")
	}
	switch v := v.(type) {
	case nil, bool:
		p.put(constants[p.json][v])
	case int:
		p.put(strconv.Itoa(v))
	case float64:
		p.put(p.float(v))
	case string:
		p.quote(v)
	case List:
		p.list("[", v, "]")
	case Tuple:
		switch {
		case p.json:
			p.list("[", v, "]")
		case len(v) == 1:
			p.list("(", v, ",)")
		default:
			p.list("(", v, ")")
		}
	case *Map:
		p.dict(v)
	default:
		if p.json {
			fail(p.at, "Object of type %s is not JSON serializable", kindOf(v))
		}
		p.other(v)
	}
	p.depth--
}

// other writes what JSON has no form for.
func (p *printer) other(v any) {
	switch v := v.(type) {
	case *namespace:
		p.put("<Namespace ")
		p.dict(v.Map)
		p.put(">")
	case *series:
		if v.shown != "" {
			p.put(v.shown)
			return
		}
		p.list(v.kind+"([", v.items, "])")
	case *macro:
		p.put("<Macro " + repr(v.name) + ">")
	case undefined:
		p.put("Undefined")
	default:
		p.put("<" + kindOf(v) + ">")
	}
}

func (p *printer) list(open string, list []any, bracket string) {
	p.put(open)
	for i, x := range list {
		p.between(i)
		p.value(x)
	}
	p.end(len(list), bracket)
}

func (p *printer) dict(m *Map) {
	p.put("{")
	for i, k := range m.keys {
		p.between(i)
		if _, text := k.(string); p.json && !text {
			p.put(`"`)
			p.value(k)
			p.put(`"`)
		} else {
			p.value(k)
		}
		p.put(p.key)
		p.value(m.values[i])
	}
	p.end(m.Len(), "}")
}

// between stands before item n, and end behind all n of them.
func (p *printer) between(n int) {
	if n > 0 {
		p.put(p.item)
	}
	p.line(p.depth)
}

func (p *printer) end(n int, bracket string) {
	if n > 0 {
		p.line(p.depth - 1)
	}
	p.put(bracket)
}

func (p *printer) line(depth int) {
	if p.indent == nil {
		return
	}
	p.put("\n")
	for range depth {
		p.put(*p.indent)
	}
}

// float writes a float with as few digits as tell it apart from all others.
func (p *printer) float(f float64) string {
	nan, inf := "nan", "inf"
	if p.json {
		nan, inf = "NaN", "Infinity"
	}
	switch {
	case math.IsNaN(f):
		return nan
	case math.IsInf(f, 1):
		return inf
	case math.IsInf(f, -1):
		return "-" + inf
	case f != 0 && (math.Abs(f) < 1e-4 || math.Abs(f) >= 1e16):
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// quote writes a text between quotation marks.
func (p *printer) quote(s string) {
	q := '\''
	if p.json || strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		q = '"'
	}
	p.put(string(q))
	from := 0
	for i, c := range s {
		if esc := p.escape(c, q); esc != "" {
			p.put(s[from:i])
			p.put(esc)
			_, width := utf8.DecodeRuneInString(s[i:])
			from = i + width
		}
	}
	p.put(s[from:])
	p.put(string(q))
}

// escape is how a character must be written; "" where it may stand as it is.
func (p *printer) escape(c, quote rune) string {
	switch c {
	case quote, '\\':
		return `\` + string(c)
	case '\n':
		return `\n`
	case '\r':
		return `\r`
	case '\t':
		return `\t`
	}
	switch {
	case p.json && c == '\b':
		return `\b`
	case p.json && c == '\f':
		return `\f`
	case p.json && c >= 0x10000 && p.ascii:
		c -= 0x10000
		return fmt.Sprintf(`\u%04x\u%04x`, 0xd800+c>>10, 0xdc00+c&0x3ff)
	case p.json && (c < ' ' || c >= 0x7f && p.ascii):
		return fmt.Sprintf(`\u%04x`, c)
	case p.json || unicode.IsPrint(c):
		return ""
	case c < 0x100:
		return fmt.Sprintf(`\x%02x`, c)
	case c < 0x10000:
		return fmt.Sprintf(`\u%04x`, c)
	}
	return fmt.Sprintf(`\U%08x`, c)
}
