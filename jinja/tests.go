package jinja

import (
	"strings"
	"unicode"
)

// tests are what can stand behind "is".
var tests map[string]builtin

func init() {
	of := func(holds func(v any) bool) builtin {
		return builtin{"", func(c *invocation) any { return holds(c.v) }}
	}
	compare := func(op string) builtin {
		return builtin{"other", func(c *invocation) any { return c.holds(c.at, op, c.v, c.given[0]) }}
	}
	rest := func(want int) builtin {
		return builtin{"", func(c *invocation) any { return c.equal(c.at, c.operate(c.at, "%", c.v, 2), want) }}
	}
	tests = map[string]builtin{
		"defined":   of(func(v any) bool { _, no := v.(undefined); return !no }),
		"undefined": of(func(v any) bool { _, no := v.(undefined); return no }),
		"none":      of(func(v any) bool { return v == nil }),
		"boolean":   of(func(v any) bool { _, ok := v.(bool); return ok }),
		"true":      of(func(v any) bool { return v == true }),
		"false":     of(func(v any) bool { return v == false }),
		"integer":   of(func(v any) bool { _, ok := v.(int); return ok }),
		"float":     of(func(v any) bool { _, ok := v.(float64); return ok }),
		"number":    of(func(v any) bool { _, ok := float(v); return ok }),
		"string":    of(func(v any) bool { _, ok := v.(string); return ok }),
		"mapping":   of(func(v any) bool { _, ok := v.(*Map); return ok }),
		"sequence":  of(isSequence),
		"iterable":  of(isIterable),
		"callable":  of(isCallable),
		"escaped":   of(func(any) bool { return false }),
		"lower":     {"", func(c *invocation) any { return cased(c.soft(), unicode.IsLower, unicode.IsUpper) }},
		"upper":     {"", func(c *invocation) any { return cased(c.soft(), unicode.IsUpper, unicode.IsLower) }},
		"odd":       rest(1),
		"even":      rest(0),
		"divisibleby": {"num", func(c *invocation) any {
			return c.equal(c.at, c.operate(c.at, "%", c.v, c.given[0]), 0)
		}},
		"filter": of(func(v any) bool { s, _ := v.(string); _, ok := filters[s]; return ok }),
		"test":   of(func(v any) bool { s, _ := v.(string); _, ok := tests[s]; return ok }),
		"sameas": {"other", func(c *invocation) any { return same(c.v, c.given[0]) }},
		"in":     {"seq", func(c *invocation) any { return c.in(c.at, c.v, c.given[0]) }},
	}
	for op, names := range map[string]string{
		"==": "== eq equalto", "!=": "!= ne", ">": "> gt greaterthan", ">=": ">= ge", "<": "< lt lessthan", "<=": "<= le",
	} {
		for _, name := range strings.Fields(names) {
			tests[name] = compare(op)
		}
	}
}

func isSequence(v any) bool {
	switch v.(type) {
	case string, List, Tuple, *Map, span, undefined:
		return true
	}
	return false
}

func isIterable(v any) bool {
	switch v.(type) {
	case string, List, Tuple, *Map, span, undefined, view, *generator, *loop:
		return true
	}
	return false
}

func isCallable(v any) bool {
	switch v.(type) {
	case function, *macroValue, *loop, undefined:
		return true
	}
	return false
}

// same is identity, where a value has one.
func same(a, b any) bool {
	switch x := a.(type) {
	case List:
		y, ok := b.(List)
		return ok && len(x) == len(y) && len(x) > 0 && &x[0] == &y[0]
	case Tuple:
		y, ok := b.(Tuple)
		return ok && len(x) == len(y) && (len(x) == 0 || &x[0] == &y[0])
	case nil, bool, int, float64, string, *Map, *namespace, *macroValue, *loop, *generator:
		return a == b
	}
	return false
}
