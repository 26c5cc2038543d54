package jinja

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Values are nil, bool, int, float64, string, List, Tuple and *Map, and what a
// template makes beside them.

// List is Python's list.
type List []any

// Tuple is Python's tuple.
type Tuple []any

// undefined is a name or an attribute that is not there. It is false, empty and
// no text; whatever else is done with it ends in its hint.
type undefined struct{ hint string }

// namespace has attributes that a template may set from within any block.
type namespace struct{ *Map }

func (n *namespace) set(at int, name string, v any) {
	if strings.HasPrefix(name, "_") {
		fail(at, "a namespace has no attributes that begin with an underscore, such as %s", repr(name))
	}
	n.Set(name, v)
}

// view is what keys(), values() and items() return.
type view struct {
	name string // "dict_keys"
	list List
}

// span is what range() returns.
type span struct{ from, to, step int }

func (s span) len() int {
	if s.step > 0 && s.from < s.to {
		return (s.to-s.from-1)/s.step + 1
	}
	if s.step < 0 && s.from > s.to {
		return (s.from-s.to-1)/-s.step + 1
	}
	return 0
}

func (s span) all() []any {
	list := make([]any, s.len())
	for i := range list {
		list[i] = s.from + i*s.step
	}
	return list
}

// iterator returns the next item, until there is none.
type iterator func() (any, bool)

// generator gives its items once, each when it is asked for.
type generator struct{ next iterator }

// truth is bool(v).
func truth(v any) bool {
	switch v := v.(type) {
	case nil, undefined:
		return false
	case bool:
		return v
	case int:
		return v != 0
	case float64:
		return v != 0
	}
	n, ok := length(v)
	return !ok || n > 0
}

// length is len(v), of what has one. Of texts it counts characters.
func length(v any) (int, bool) {
	switch v := v.(type) {
	case string:
		n := 0
		for range v {
			n++
		}
		return n, true
	case List:
		return len(v), true
	case Tuple:
		return len(v), true
	case *Map:
		return v.Len(), true
	case view:
		return len(v.list), true
	case span:
		return v.len(), true
	case *loop:
		return v.length(), true
	case undefined:
		return 0, true
	}
	return 0, false
}

// kindOf is the name of a value's type.
func kindOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		return "bool"
	case int:
		return "int"
	case float64:
		return "float"
	case string:
		return "str"
	case List:
		return "list"
	case Tuple:
		return "tuple"
	case *Map:
		return "dict"
	case view:
		return v.name
	case span:
		return "range"
	case *generator:
		return "generator"
	case *namespace:
		return "Namespace"
	case *macroValue:
		return "Macro"
	case *loop:
		return "LoopContext"
	case undefined:
		return "Undefined"
	}
	return "function"
}

// chars are the characters of a text.
func chars(s string) []rune { return []rune(s) }

// whole is v as an index: bools are numbers, as in Python.
func whole(v any) (int, bool) {
	switch v := v.(type) {
	case int:
		return v, true
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}

// float is v as a number, if it is one.
func float(v any) (float64, bool) {
	if f, ok := v.(float64); ok {
		return f, true
	}
	i, ok := whole(v)
	return float64(i), ok
}

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

// equal is a == b, of values that are not deep.
func equal(a, b any) bool { return (&run{limits: Limits{Steps: math.MaxInt}}).equal(0, a, b) }

// equal is a == b. Numbers are compared by value, lists by their items, and what
// has no value by what it is.
func (r *run) equal(at int, a, b any) bool {
	r.step(at)
	if r.expression++; r.expression > 100*deepest {
		fail(at, "values within each other without an end cannot be compared")
	}
	defer func() { r.expression-- }()
	same := func(x, y any) bool { return r.equal(at, x, y) }
	switch a := a.(type) {
	case nil:
		return b == nil
	case bool, int, float64:
		return numbersEqual(a, b)
	case string:
		b, ok := b.(string)
		return ok && a == b
	case List:
		b, ok := b.(List)
		return ok && slices.EqualFunc(a, b, same)
	case Tuple:
		b, ok := b.(Tuple)
		return ok && slices.EqualFunc(a, b, same)
	case *Map:
		b, ok := b.(*Map)
		if !ok || a.Len() != b.Len() {
			return false
		}
		for k, v := range a.All() {
			if w, ok := b.Get(k); !ok || !same(v, w) {
				return false
			}
		}
		return true
	case undefined:
		_, ok := b.(undefined)
		return ok
	case span:
		b, ok := b.(span)
		return ok && slices.Equal(a.all(), b.all())
	case view:
		b, ok := b.(view)
		return ok && same(a.list, b.list)
	case *namespace, *macroValue, *loop, *generator:
		return a == b
	}
	return false
}

func numbersEqual(a, b any) bool {
	if i, ok := whole(a); ok {
		if j, ok := whole(b); ok {
			return i == j
		}
	}
	x, _ := float(a)
	y, ok := float(b)
	return ok && x == y
}

// order is below 0 where a < b. It is false of what is not a number.
func (r *run) order(at int, a, b any) (int, bool) {
	r.step(at)
	if i, ok := whole(a); ok {
		if j, ok := whole(b); ok {
			return sign3(i < j, i > j), true
		}
	}
	if x, ok := float(a); ok {
		if y, ok := float(b); ok {
			return sign3(x < y, x > y), !math.IsNaN(x) && !math.IsNaN(y)
		}
	}
	switch a := a.(type) {
	case string:
		if b, ok := b.(string); ok {
			return strings.Compare(a, b), true
		}
	case List:
		if b, ok := b.(List); ok {
			return r.orderLists(at, a, b)
		}
	case Tuple:
		if b, ok := b.(Tuple); ok {
			return r.orderLists(at, a, b)
		}
	case undefined:
		fail(at, "%s", a.hint)
	}
	if u, ok := b.(undefined); ok {
		fail(at, "%s", u.hint)
	}
	fail(at, "'%s' and '%s' have no order", kindOf(a), kindOf(b))
	return 0, false
}

func (r *run) orderLists(at int, a, b []any) (int, bool) {
	for i := range min(len(a), len(b)) {
		if !r.equal(at, a[i], b[i]) {
			return r.order(at, a[i], b[i])
		}
	}
	return len(a) - len(b), true
}

func sign3(less, more bool) int {
	switch {
	case less:
		return -1
	case more:
		return 1
	}
	return 0
}

// in is whether a is in b.
func (r *run) in(at int, a, b any) bool {
	switch b := b.(type) {
	case string:
		s, ok := a.(string)
		if !ok {
			fail(at, "'in <string>' requires string as left operand, not %s", kindOf(a))
		}
		return strings.Contains(b, s)
	case *Map:
		if !hashable(a) {
			fail(at, "unhashable type: '%s'", kindOf(a))
		}
		_, ok := b.Get(a)
		return ok
	}
	if b, ok := b.(*namespace); ok {
		fail(at, "argument of type '%s' is not iterable", kindOf(b))
	}
	for next := r.iterate(at, b); ; {
		x, ok := next()
		if !ok {
			return false
		}
		if r.equal(at, a, x) {
			return true
		}
	}
}

// iterate is iter(v): items of lists, keys of maps, characters of texts.
func (r *run) iterate(at int, v any) iterator {
	var items []any
	switch v := v.(type) {
	case List:
		items = v
	case Tuple:
		items = v
	case *Map:
		items = v.keys
	case view:
		items = v.list
	case span:
		i, n := -1, v.len()
		return func() (any, bool) { i++; return v.from + i*v.step, i < n }
	case *generator:
		return v.next
	case string:
		rest := v
		return func() (any, bool) {
			if rest == "" {
				return nil, false
			}
			for _, c := range rest {
				s := string(c)
				rest = rest[len(s):]
				return s, true
			}
			return nil, false
		}
	case undefined:
	default:
		fail(at, "'%s' object is not iterable", kindOf(v))
	}
	i := -1
	return func() (any, bool) {
		if i++; i >= len(items) {
			return nil, false
		}
		return items[i], true
	}
}

// collect is list(v).
func (r *run) collect(at int, v any) []any {
	list := []any{}
	for next := r.iterate(at, v); ; {
		x, ok := next()
		if !ok {
			return list
		}
		r.step(at)
		r.list(at, 1)
		list = append(list, x)
	}
}
