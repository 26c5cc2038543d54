package jinja

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// tojson is Python's json.dumps with ensure_ascii=False, which transformers puts
// in the place of Jinja's own filter.
var tojson = builtin{"ensure_ascii? indent? separators? sort_keys?", func(c *invocation) any {
	j := encoder{printer: printer{run: c.run, at: c.at}, ascii: c.bool(0, false), sorted: c.bool(3, false), item: ", ", key: ": "}
	switch indent := c.value(1, nil).(type) {
	case nil:
	case string:
		j.indent, j.lines, j.item = indent, true, ","
	default:
		n := max(0, c.int(1, 0))
		c.make(c.at, n)
		j.indent, j.lines, j.item = strings.Repeat(" ", n), true, ","
	}
	if sep := c.value(2, nil); sep != nil {
		both := c.collect(c.at, sep)
		item, ok := "", len(both) == 2
		if ok {
			item, ok = both[0].(string)
			j.key, _ = both[1].(string)
		}
		if !ok {
			c.fail("wants two texts for separators")
		}
		j.item = item
	}
	j.value(c.v)
	return j.String()
}}

// encode is v as JSON. Without a run nothing is counted.
func encode(r *run, v any) string {
	j := encoder{printer: printer{run: r}, item: ", ", key: ": "}
	j.value(v)
	return j.String()
}

type encoder struct {
	printer
	ascii, sorted, lines bool
	indent, item, key    string
}

func (j *encoder) value(v any) {
	if j.depth++; j.depth > deepestJSON {
		fail(j.at, "a value that holds itself, or too many within each other, cannot be written as JSON")
	}
	defer func() { j.depth-- }()
	switch v := v.(type) {
	case nil:
		j.put("null")
	case bool:
		j.put(strconv.FormatBool(v))
	case int:
		j.put(strconv.Itoa(v))
	case float64:
		j.put(jsonFloat(v))
	case string:
		j.text(v)
	case List:
		j.list(v)
	case Tuple:
		j.list(v)
	case *Map:
		j.dict(v)
	default:
		fail(j.at, "Object of type %s is not JSON serializable", kindOf(v))
	}
}

func jsonFloat(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return floatText(f)
}

func (j *encoder) list(list []any) {
	j.put("[")
	for i, x := range list {
		j.between(i)
		j.value(x)
	}
	j.close(len(list), "]")
}

func (j *encoder) dict(m *Map) {
	order := make([]int, m.Len())
	for i := range order {
		order[i] = i
	}
	if j.sorted {
		r := j.run
		if r == nil {
			r = &run{limits: Limits{Steps: math.MaxInt}}
		}
		slices.SortStableFunc(order, func(a, b int) int {
			n, _ := r.order(j.at, m.keys[a], m.keys[b])
			return n
		})
	}
	j.put("{")
	for n, i := range order {
		j.between(n)
		switch k := m.keys[i].(type) {
		case string:
			j.text(k)
		case nil, bool, int, float64:
			j.put(`"`)
			j.value(k)
			j.put(`"`)
		default:
			fail(j.at, "keys must be str, int, float, bool or None, not %s", kindOf(k))
		}
		j.put(j.key)
		j.value(m.values[i])
	}
	j.close(m.Len(), "}")
}

// between stands before item n.
func (j *encoder) between(n int) {
	if n > 0 {
		j.put(j.item)
	}
	j.line(j.depth)
}

func (j *encoder) close(n int, bracket string) {
	if n > 0 {
		j.line(j.depth - 1)
	}
	j.put(bracket)
}

func (j *encoder) line(depth int) {
	if !j.lines {
		return
	}
	j.put("\n")
	for range depth {
		j.put(j.indent)
	}
}

func (j *encoder) text(s string) {
	j.put(`"`)
	from := 0
	for i, c := range s {
		esc := j.escape(c)
		if esc == "" {
			continue
		}
		j.put(s[from:i])
		j.put(esc)
		_, n := utf8.DecodeRuneInString(s[i:])
		from = i + n
	}
	j.put(s[from:])
	j.put(`"`)
}

// escape is how a character must be written; "" where it may stand as it is.
func (j *encoder) escape(c rune) string {
	switch c {
	case '"', '\\':
		return `\` + string(c)
	case '\n':
		return `\n`
	case '\r':
		return `\r`
	case '\t':
		return `\t`
	case '\b':
		return `\b`
	case '\f':
		return `\f`
	}
	switch {
	case c < ' ' || j.ascii && c >= 0x7f && c < 0x10000:
		return hex(`\u`, c, 4)
	case j.ascii && c >= 0x10000:
		c -= 0x10000
		return hex(`\u`, 0xd800+c>>10, 4) + hex(`\u`, 0xdc00+c&0x3ff, 4)
	}
	return ""
}
