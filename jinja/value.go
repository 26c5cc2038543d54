package jinja

import (
	"strings"
	"unicode/utf8"
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

// series is what a template can run through and is no list: range(…), what
// keys(), values() and items() return, and what filters such as select do, whose
// items come once.
type series struct {
	kind  string // "range", "dict_keys", "generator"
	shown string // how it is written; "" where it is kind([…])
	items List
}

const generator = "generator"

func once(items []any) *series { return &series{kind: generator, shown: "<generator>", items: items} }

// function is what can be called and is not written in the template.
type function func(r *run, at int, a args) any

// truth is bool(v).
func truth(v any) bool {
	switch v := v.(type) {
	case nil:
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
		return utf8.RuneCountInString(v), true
	case *Map:
		return v.Len(), true
	case *loop:
		return v.length(), true
	}
	items, ok := listed(v)
	s, _ := v.(*series)
	return len(items), ok && (s == nil || s.kind != generator)
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
	case *series:
		return v.kind
	case *namespace:
		return "Namespace"
	case *macro:
		return "Macro"
	case *loop:
		return "LoopContext"
	case undefined:
		return "Undefined"
	}
	return "function"
}

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

// listed are the items of what holds some.
func listed(v any) ([]any, bool) {
	switch v := v.(type) {
	case List:
		return v, true
	case Tuple:
		return v, true
	case *Map:
		return v.keys, true
	case *series:
		return v.items, true
	case undefined:
		return nil, true
	}
	return nil, false
}

// collect is list(v): items of lists, keys of maps, characters of texts. They may
// be those of v itself and are not to be changed.
func (r *run) collect(at int, v any) []any {
	items, ok := listed(v)
	switch v := v.(type) {
	case string:
		r.list(at, utf8.RuneCountInString(v))
		for _, c := range v {
			items = append(items, string(c))
		}
		ok = true
	case *series:
		if v.kind == generator {
			v.items = nil
		}
	}
	if !ok {
		fail(at, "'%s' object is not iterable", kindOf(v))
	}
	r.steps += len(items)
	r.step(at)
	return items
}

// attribute is v.name. It prefers a method to an element: d.items is the method,
// whatever d holds.
func attribute(at int, v any, name string) any {
	if a, ok := methodOf(v, name); ok {
		return a
	}
	if e, ok := element(v, name); ok {
		return e
	}
	return lacks(at, v, name)
}

// item is v[key]. It prefers an element to a method.
func item(at int, v, key any) any {
	if e, ok := element(v, key); ok {
		return e
	}
	if s, ok := key.(string); ok {
		if a, ok := methodOf(v, s); ok {
			return a
		}
	}
	return lacks(at, v, key)
}

func element(v, key any) (any, bool) {
	switch v := v.(type) {
	case *Map:
		return v.Get(key)
	case *namespace:
		return v.Get(key)
	case *loop:
		name, _ := key.(string)
		return v.attribute(name)
	}
	i, ok := whole(key)
	if !ok {
		return nil, false
	}
	if s, ok := v.(*series); ok && s.kind != "range" {
		return nil, false
	}
	if s, ok := v.(string); ok {
		return character(s, i)
	}
	items, _ := listed(v)
	if i < 0 {
		i += len(items)
	}
	if i < 0 || i >= len(items) {
		return nil, false
	}
	return items[i], true
}

// character is s[i].
func character(s string, i int) (any, bool) {
	if i < 0 {
		i += utf8.RuneCountInString(s)
	}
	for _, c := range s {
		if i == 0 {
			return string(c), true
		}
		i--
	}
	return nil, false
}

// lacks is what a value does not have. Of what is undefined nothing can be asked,
// and of loops and macros nothing that Jinja's have and ours do not.
func lacks(at int, v, key any) any {
	refuse(at, v)
	hint := ""
	if name, ok := key.(string); ok {
		hint = "'" + kindOf(v) + "' object has no " + repr(clip(name)) + " that is known here"
	} else {
		hint = "'" + kindOf(v) + "' object has no element " + clip(repr(key))
	}
	switch v.(type) {
	case *loop, *macro:
		fail(at, "%s", hint)
	}
	return undefined{hint}
}

// refuse is what happens when something is done with what is undefined.
func refuse(at int, values ...any) {
	for _, v := range values {
		if u, ok := v.(undefined); ok {
			fail(at, "%s", u.hint)
		}
	}
}

// slice is v[from:to:step], of texts in characters.
func (r *run) slice(at int, v any, parts [3]expr) any {
	var bounds [3]*int
	for i, x := range parts {
		if x == nil {
			continue
		}
		b := x(r)
		if n, ok := whole(b); ok {
			bounds[i] = &n
		} else if b != nil {
			fail(at, "slice indices must be integers or None, and not %s", kindOf(b))
		}
	}
	refuse(at, v)
	if s, ok := v.(*series); ok && s.kind != "range" {
		return undefined{kindOf(v) + " object has no slices"}
	}
	switch v := v.(type) {
	case string:
		r.make(at, len(v), 4)
		return string(sliced(at, []rune(v), bounds))
	case Tuple:
		r.list(at, len(v))
		return Tuple(sliced(at, v, bounds))
	case List, *series:
		items, _ := listed(v)
		r.list(at, len(items))
		return List(sliced(at, items, bounds))
	}
	return undefined{kindOf(v) + " object has no slices"}
}

func sliced[T any](at int, s []T, bounds [3]*int) []T {
	step, first, last := 1, 0, len(s)
	if bounds[2] != nil {
		step = *bounds[2]
	}
	if step == 0 {
		fail(at, "slice step cannot be zero")
	}
	low, high := 0, len(s)
	if step < 0 {
		low, high = -1, len(s)-1
		first, last = high, low
	}
	bound := func(p *int, otherwise int) int {
		if p == nil {
			return otherwise
		}
		i := *p
		if i < 0 {
			i = max(i, -len(s)-1) + len(s)
		}
		return min(max(i, low), high)
	}
	i, end := bound(bounds[0], first), bound(bounds[1], last)
	step = min(max(step, -len(s)-1), len(s)+1)
	var out []T
	for ; step > 0 && i < end || step < 0 && i > end; i += step {
		out = append(out, s[i])
	}
	return out
}
