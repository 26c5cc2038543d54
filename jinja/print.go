package jinja

import (
	"math"
	"strconv"
	"strings"
	"unicode"
)

// text is str(v): what is written for it.
func (r *run) text(at int, v any) string {
	switch v := v.(type) {
	case string:
		return v
	case undefined:
		return ""
	case bool, int, float64, nil:
		return repr(v)
	}
	p := printer{run: r, at: at}
	p.value(v)
	return p.String()
}

// repr is v as Python shows it within a list. It is for small values; see printer.
func repr(v any) string {
	p := printer{}
	p.value(v)
	return p.String()
}

// printer writes values as Python shows them, and counts what it writes.
type printer struct {
	strings.Builder
	run   *run // nil where nothing needs to be counted
	at    int
	depth int
}

func (p *printer) put(s string) {
	if p.run != nil {
		p.run.make(p.at, len(s))
	}
	p.WriteString(s)
}

func (p *printer) value(v any) {
	if p.depth++; p.depth > deepestJSON {
		fail(p.at, "a value that holds itself, or too many within each other, cannot be written")
	}
	switch v := v.(type) {
	case nil:
		p.put("None")
	case bool:
		p.put(map[bool]string{true: "True", false: "False"}[v])
	case int:
		p.put(strconv.Itoa(v))
	case float64:
		p.put(floatText(v))
	case string:
		p.put(quote(v))
	case undefined:
		p.put("Undefined")
	case List:
		p.items("[", v, "]")
	case Tuple:
		if len(v) == 1 {
			p.items("(", v, ",)")
		} else {
			p.items("(", v, ")")
		}
	case view:
		p.put(v.name + "(")
		p.value(v.list)
		p.put(")")
	case *Map:
		p.pairs(v)
	case *namespace:
		p.put("<Namespace ")
		p.pairs(v.Map)
		p.put(">")
	case span:
		p.put("range(" + strconv.Itoa(v.from) + ", " + strconv.Itoa(v.to))
		if v.step != 1 {
			p.put(", " + strconv.Itoa(v.step))
		}
		p.put(")")
	case *macroValue:
		p.put("<Macro " + quote(v.name) + ">")
	default:
		p.put("<" + kindOf(v) + ">")
	}
	p.depth--
}

func (p *printer) items(open string, list []any, close string) {
	p.put(open)
	for i, x := range list {
		if i > 0 {
			p.put(", ")
		}
		p.value(x)
	}
	p.put(close)
}

func (p *printer) pairs(m *Map) {
	p.put("{")
	for i, k := range m.keys {
		if i > 0 {
			p.put(", ")
		}
		p.value(k)
		p.put(": ")
		p.value(m.values[i])
	}
	p.put("}")
}

// quote is a text as Python's repr writes it.
func quote(s string) string {
	q := '\''
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		q = '"'
	}
	var b strings.Builder
	b.WriteRune(q)
	for _, c := range s {
		switch {
		case c == q || c == '\\':
			b.WriteRune('\\')
			b.WriteRune(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\t':
			b.WriteString(`\t`)
		case unicode.IsPrint(c):
			b.WriteRune(c)
		case c < 0x100:
			b.WriteString(hex(`\x`, c, 2))
		case c < 0x10000:
			b.WriteString(hex(`\u`, c, 4))
		default:
			b.WriteString(hex(`\U`, c, 8))
		}
	}
	b.WriteRune(q)
	return b.String()
}

func hex(prefix string, c rune, digits int) string {
	s := strconv.FormatInt(int64(c), 16)
	return prefix + strings.Repeat("0", max(0, digits-len(s))) + s
}

// floatText writes a float with as few digits as tell it apart from all others.
func floatText(f float64) string {
	switch {
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	case math.IsNaN(f):
		return "nan"
	case f == 0 || math.Abs(f) >= 1e-4 && math.Abs(f) < 1e16:
		s := strconv.FormatFloat(f, 'f', -1, 64)
		if !strings.Contains(s, ".") {
			s += ".0"
		}
		return s
	}
	return strconv.FormatFloat(f, 'e', -1, 64)
}
