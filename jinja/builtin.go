package jinja

import (
	"strings"
	"time"
)

// builtin is a filter, a test or a method: the names of its arguments behind the
// value that it works on, and what it does. A name that ends in ? may be left
// out; * takes all arguments as they come.
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
	args  args  // as they came
}

type absent struct{}

// on binds the arguments to the parameters, and calls.
func (b builtin) on(r *run, at int, name string, v any, a args) any {
	r.step(at)
	c := &invocation{run: r, at: at, name: name, v: v, args: a}
	if b.params == "*" {
		return b.f(c)
	}
	named := 0
	for i, p := range strings.Fields(b.params) {
		p, optional := strings.CutSuffix(p, "?")
		v, ok := a.named.Get(p)
		switch {
		case i < len(a.list) && ok:
			c.fail("got multiple values for argument '%s'", p)
		case i < len(a.list):
			v = a.list[i]
		case ok:
			named++
		case !optional:
			c.fail("misses its argument '%s'", p)
		default:
			v = absent{}
		}
		c.given = append(c.given, v)
	}
	if len(a.list) > len(c.given) || named < a.named.Len() {
		c.fail("takes the arguments (%s), and others are given", strings.ReplaceAll(b.params, " ", ", "))
	}
	return b.f(c)
}

func (c *invocation) fail(format string, a ...any) { fail(c.at, c.name+" "+format, a...) }

// value is argument i, or what stands for it.
func (c *invocation) value(i int, otherwise any) any {
	if _, no := c.given[i].(absent); no {
		return otherwise
	}
	return c.given[i]
}

// want is a value that must be of a type.
func want[T any](c *invocation, v any) T {
	t, ok := v.(T)
	if !ok {
		refuse(c.at, v)
		c.fail("wants a %s, and not a %s", kindOf(t), kindOf(v))
	}
	return t
}

func (c *invocation) str(i int, otherwise string) string {
	return want[string](c, c.value(i, otherwise))
}
func (c *invocation) int(i, otherwise int) int        { return want[int](c, c.value(i, otherwise)) }
func (c *invocation) bool(i int, otherwise bool) bool { return truth(c.value(i, otherwise)) }

// self is the value as a text that must be one, and soft whatever it is.
func (c *invocation) self() string { return want[string](c, c.v) }
func (c *invocation) soft() string { return c.text(c.at, c.v) }

// made counts a text that is handed back.
func (c *invocation) made(s string) string {
	c.make(c.at, len(s), 1)
	return s
}

// methodOf is what can be called on a value by the name.
func methodOf(v any, name string) (any, bool) {
	var methods map[string]builtin
	switch v.(type) {
	case string:
		methods = textMethods
	case *Map:
		methods = mapMethods
	}
	m, ok := methods[name]
	return function(func(r *run, at int, a args) any { return m.on(r, at, name, v, a) }), ok
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
	"keys":   {"", func(c *invocation) any { return &series{kind: "dict_keys", items: c.v.(*Map).keys} }},
	"values": {"", func(c *invocation) any { return &series{kind: "dict_values", items: c.v.(*Map).values} }},
	"items":  {"", func(c *invocation) any { return &series{kind: "dict_items", items: c.pairs(c.v.(*Map))} }},
}

func (c *invocation) pairs(m *Map) List {
	c.list(c.at, 3*m.Len())
	list := make(List, m.Len())
	for i, k := range m.keys {
		list[i] = Tuple{k, m.values[i]}
	}
	return list
}

// globals are the names that every template knows.
var globals = map[string]any{
	"range": global("range", "a b? step?", makeRange),
	"namespace": function(func(_ *run, at int, a args) any {
		n := &namespace{NewMap()}
		if len(a.list) > 0 {
			fail(at, "namespace takes its attributes by name")
		}
		for k, v := range a.named.All() {
			n.set(at, k.(string), v)
		}
		return n
	}),
	"raise_exception": global("raise_exception", "message", func(c *invocation) any {
		panic(failure{at: c.at, message: c.text(c.at, c.given[0]), raised: true})
	}),
	"strftime_now": global("strftime_now", "format", func(c *invocation) any {
		now := c.now
		if now.IsZero() {
			now = time.Now()
		}
		return c.made(strftime(c, now, c.str(0, "")))
	}),
}

func global(name, params string, f func(c *invocation) any) function {
	return func(r *run, at int, a args) any { return builtin{params, f}.on(r, at, name, nil, a) }
}

// furthest is how long a range may be, as in Jinja's sandbox.
const furthest = 100_000

// makeRange is range(to), range(from, to) and range(from, to, step).
func makeRange(c *invocation) any {
	from, to, step := 0, c.int(0, 0), c.int(2, 1)
	if c.given[1] != (absent{}) {
		from, to = to, c.int(1, 0)
	}
	if step == 0 {
		c.fail("arg 3 must not be zero")
	}
	const far = 1 << 53
	span := to - from
	if step < 0 {
		span = -span
	}
	if from < -far || from > far || to < -far || to > far || step < -far || step > far || span > 0 && (span-1)/max(step, -step) >= furthest {
		c.fail("too big. The sandbox blocks ranges larger than %d.", furthest)
	}
	s := &series{kind: "range", shown: "range(" + repr(from) + ", " + repr(to) + ")"}
	if step != 1 {
		s.shown = strings.TrimSuffix(s.shown, ")") + ", " + repr(step) + ")"
	}
	for i := from; step > 0 && i < to || step < 0 && i > to; i += step {
		s.items = append(s.items, i)
	}
	c.list(c.at, len(s.items))
	return s
}

// layouts are the directives of strftime, in Go's terms.
var layouts = map[byte]string{
	'Y': "2006", 'y': "06", 'm': "01", 'd': "02", 'e': "_2", 'H': "15", 'I': "03", 'M': "04", 'S': "05", 'p': "PM",
	'B': "January", 'b': "Jan", 'A': "Monday", 'a': "Mon", 'j': "002", 'F': "2006-01-02", 'T': "15:04:05",
}

func strftime(c *invocation, t time.Time, format string) string {
	var b strings.Builder
	for {
		before, directive, ok := strings.Cut(format, "%")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		short := strings.HasPrefix(directive, "-") // without the leading zero
		directive = strings.TrimPrefix(directive, "-")
		if directive == "" {
			c.fail("finds a %% with nothing behind it")
		}
		layout, known := layouts[directive[0]]
		text := t.Format(layout)
		if directive[0] == '%' {
			text, known = "%", true
		}
		if !known {
			c.fail("does not know %%%c", []rune(directive)[0])
		}
		if short {
			text = strings.TrimLeft(text, "0 ")
		}
		b.WriteString(text)
		format = directive[1:]
	}
}
