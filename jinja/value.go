package jinja

import "strings"

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
