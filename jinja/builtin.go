package jinja

import (
	"strings"
	"time"
)

// builtin is a filter, a test, a method or a function: the names of its
// arguments behind the value that it works on, and what it does. A name that ends
// in ? may be left out; * takes all arguments as they come.
type builtin struct {
	params string
	f      func(c *invocation) any
}

// invocation is one call of a builtin.
type invocation struct {
	*run
	at    int
	name  string
	v     any   // what it works on
	given []any // by parameter; absent where it was left out
	args  *args // with *
}

type absent struct{}

// on binds the arguments to the parameters, and calls.
func (b builtin) on(r *run, at int, name string, v any, a *args) any {
	r.step(at)
	c := &invocation{run: r, at: at, name: name, v: v, args: a}
	if b.params == "*" {
		return b.f(c)
	}
	params := strings.Fields(b.params)
	if len(a.list) > len(params) {
		c.fail("takes %d argument(s), and %d are given", len(params), len(a.list))
	}
	used := 0
	for i, p := range params {
		p, optional := strings.CutSuffix(p, "?")
		v, named := a.named.Get(p)
		switch {
		case i < len(a.list) && named:
			c.fail("got multiple values for argument '%s'", p)
		case i < len(a.list):
			v = a.list[i]
		case named:
			used++
		case !optional:
			c.fail("misses its argument '%s'", p)
		default:
			v = absent{}
		}
		c.given = append(c.given, v)
	}
	if used < a.named.Len() {
		for k := range a.named.All() {
			if s, _ := k.(string); !contains(strings.Fields(strings.ReplaceAll(b.params, "?", "")), s) {
				c.fail("got an unexpected keyword argument %s", repr(k))
			}
		}
	}
	return b.f(c)
}

func (c *invocation) fail(format string, a ...any) {
	fail(c.at, c.name+" "+format, a...)
}

func (c *invocation) has(i int) bool { _, no := c.given[i].(absent); return !no }

// value is argument i, or what stands for it.
func (c *invocation) value(i int, otherwise any) any {
	if !c.has(i) {
		return otherwise
	}
	return c.given[i]
}

// str is an argument that must be a text.
func (c *invocation) str(i int, otherwise string) string {
	s, ok := c.value(i, otherwise).(string)
	if !ok {
		c.refuse(c.given[i])
		c.fail("wants a text, and not %s", kindOf(c.given[i]))
	}
	return s
}

func (c *invocation) int(i, otherwise int) int {
	n, ok := whole(c.value(i, otherwise))
	if !ok {
		c.refuse(c.given[i])
		c.fail("wants a whole number, and not %s", kindOf(c.given[i]))
	}
	return n
}

func (c *invocation) bool(i int, otherwise bool) bool { return truth(c.value(i, otherwise)) }

// refuse ends where something is undefined.
func (c *invocation) refuse(v any) { refuse(c.at, v, nil) }

// self is the value as a text that must be one.
func (c *invocation) self() string {
	s, ok := c.v.(string)
	if !ok {
		c.refuse(c.v)
		c.fail("works on a text, and not on %s", kindOf(c.v))
	}
	return s
}

// soft is the value as a text, whatever it is.
func (c *invocation) soft() string { return c.text(c.at, c.v) }

// made counts a text that is handed back.
func (c *invocation) made(s string) string {
	c.make(c.at, len(s))
	return s
}

// bound is a method with its value.
func bound(b builtin, name string, v any) function {
	return func(r *run, at int, a *args) any { return b.on(r, at, name, v, a) }
}

// changes are the methods of lists and maps that would change them: no template
// may.
var changes = strings.Fields("append clear pop reverse insert sort extend remove popitem setdefault update")

// attributeOf is v.name, of what has attributes.
func attributeOf(at int, v any, name string) (any, bool) {
	var methods map[string]builtin
	switch v := v.(type) {
	case string:
		methods = textMethods
	case *Map:
		methods = mapMethods
	case List:
		methods = listMethods
	case Tuple:
		methods = tupleMethods
	case *namespace:
		return v.Get(name)
	case *loop:
		return v.attribute(name)
	case *macroValue:
		if name == "name" {
			return v.name, true
		}
	}
	if m, ok := methods[name]; ok {
		return bound(m, name, v), true
	}
	switch v.(type) {
	case List, *Map:
		if contains(changes, name) {
			return undefined{hint: "access to attribute '" + name + "' of '" + kindOf(v) + "' object is unsafe."}, true
		}
	}
	return nil, false
}

var mapMethods = map[string]builtin{
	"get": {"key default?", func(c *invocation) any {
		if !hashable(c.given[0]) {
			c.fail("cannot look up '%s'", kindOf(c.given[0]))
		}
		if v, ok := c.v.(*Map).Get(c.given[0]); ok {
			return v
		}
		return c.value(1, nil)
	}},
	"keys":   {"", func(c *invocation) any { return view{"dict_keys", c.v.(*Map).keys} }},
	"values": {"", func(c *invocation) any { return view{"dict_values", c.v.(*Map).values} }},
	"items":  {"", func(c *invocation) any { return view{"dict_items", c.pairs(c.v.(*Map))} }},
	"copy":   {"", func(c *invocation) any { c.list(c.at, 4*c.v.(*Map).Len()); return c.v.(*Map).Clone() }},
}

func (c *invocation) pairs(m *Map) List {
	c.list(c.at, 3*m.Len())
	list := make(List, m.Len())
	for i, k := range m.keys {
		list[i] = Tuple{k, m.values[i]}
	}
	return list
}

var tupleMethods = map[string]builtin{
	"index": {"value", func(c *invocation) any {
		for i, x := range c.collect(c.at, c.v) {
			if c.equal(c.at, x, c.given[0]) {
				return i
			}
		}
		c.fail("finds no %s", repr(c.given[0]))
		return nil
	}},
	"count": {"value", func(c *invocation) any {
		n := 0
		for _, x := range c.collect(c.at, c.v) {
			if c.equal(c.at, x, c.given[0]) {
				n++
			}
		}
		return n
	}},
}

var listMethods = map[string]builtin{
	"index": tupleMethods["index"],
	"count": tupleMethods["count"],
	"copy":  {"", func(c *invocation) any { return List(c.collect(c.at, c.v)) }},
}

// globals are the names that every template knows.
var globals = map[string]any{
	"range":           function(makeSpan),
	"dict":            function(makeMap),
	"namespace":       function(makeNamespace),
	"raise_exception": function(raise),
	"strftime_now":    function(now),
}

// furthest is how long a range may be, as in Jinja's sandbox.
const furthest = 100_000

func makeSpan(_ *run, at int, a *args) any {
	n := []int{}
	for _, v := range a.list {
		i, ok := whole(v)
		if !ok {
			refuse(at, v, nil)
			fail(at, "'%s' object cannot be interpreted as an integer", kindOf(v))
		}
		n = append(n, i)
	}
	s := span{step: 1}
	switch len(n) {
	case 1:
		s.to = n[0]
	case 2:
		s.from, s.to = n[0], n[1]
	case 3:
		s = span{n[0], n[1], n[2]}
	default:
		fail(at, "range takes 1 to 3 numbers")
	}
	if s.step == 0 {
		fail(at, "range() arg 3 must not be zero")
	}
	const far = 1 << 53
	if s.from < -far || s.from > far || s.to < -far || s.to > far || s.len() > furthest {
		fail(at, "Range too big. The sandbox blocks ranges larger than %d.", furthest)
	}
	return s
}

// merge is dict(*args, **kwargs).
func merge(r *run, at int, a *args) *Map {
	m := NewMap()
	switch len(a.list) {
	case 0:
	case 1:
		if from, ok := a.list[0].(*Map); ok {
			m = from.Clone()
			break
		}
		for _, pair := range r.collect(at, a.list[0]) {
			kv := r.collect(at, pair)
			if len(kv) != 2 || !hashable(kv[0]) {
				fail(at, "a map is made of pairs of a key and a value")
			}
			m.Set(kv[0], kv[1])
		}
	default:
		fail(at, "dict expected at most 1 argument, got %d", len(a.list))
	}
	r.list(at, 4*(m.Len()+a.named.Len()))
	for k, v := range a.named.All() {
		m.Set(k, v)
	}
	return m
}

func makeMap(r *run, at int, a *args) any { return merge(r, at, a) }

func makeNamespace(r *run, at int, a *args) any {
	n := &namespace{NewMap()}
	for k, v := range merge(r, at, a).All() {
		name, ok := k.(string)
		if !ok {
			fail(at, "an attribute of a namespace has a name, and not %s", repr(k))
		}
		n.set(at, name, v)
	}
	return n
}

// raise is how a template refuses its input.
func raise(r *run, at int, a *args) any {
	if len(a.list) != 1 {
		fail(at, "raise_exception takes one argument")
	}
	panic(failure{at: at, message: r.text(at, a.list[0]), raised: true})
}

// now is strftime_now(format).
func now(r *run, at int, a *args) any {
	format := ""
	if len(a.list) == 1 {
		format, _ = a.list[0].(string)
	}
	if len(a.list) != 1 || format == "" && a.list[0] != "" {
		fail(at, "strftime_now takes one text")
	}
	t := r.now
	if t.IsZero() {
		t = time.Now()
	}
	return strftime(at, t, format)
}

// layouts are the directives of strftime, in Go's terms.
var layouts = map[byte]string{
	'Y': "2006", 'y': "06", 'm': "01", 'd': "02", 'e': "_2", 'H': "15", 'I': "03", 'M': "04", 'S': "05", 'p': "PM",
	'B': "January", 'b': "Jan", 'h': "Jan", 'A': "Monday", 'a': "Mon", 'j': "002", 'f': "000000", 'z': "-0700", 'Z': "MST",
	'F': "2006-01-02", 'T': "15:04:05", 'R': "15:04", 'D': "01/02/06", 'x': "01/02/06", 'X': "15:04:05", 'c': "Mon Jan _2 15:04:05 2006",
}

func strftime(at int, t time.Time, format string) string {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		short := format[i] == '-' && i+1 < len(format) // without the leading zero
		if short {
			i++
		}
		text, known := "", true
		switch c := format[i]; c {
		case '%':
			text = "%"
		case 'n':
			text = "\n"
		case 't':
			text = "\t"
		case 'f':
			text = t.Format(".000000")[1:]
		case 'z', 'Z':
			// A clock without a zone tells none, as Python's datetime.now() has it.
		default:
			var layout string
			layout, known = layouts[c]
			text = t.Format(layout)
		}
		if !known {
			fail(at, "strftime_now does not know %%%c", format[i])
		}
		if short {
			if text = strings.TrimLeft(text, "0 "); text == "" {
				text = "0"
			}
		}
		b.WriteString(text)
	}
	return b.String()
}
