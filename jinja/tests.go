package jinja

import "strings"

// tests are what can stand behind "is".
var tests map[string]builtin

func init() {
	of := func(holds func(v any) bool) builtin {
		return builtin{"", func(c *invocation) any { return holds(c.v) }}
	}
	kind := func(names ...string) builtin {
		return of(func(v any) bool { return strings.Contains(" "+strings.Join(names, " ")+" ", " "+kindOf(v)+" ") })
	}
	rest := func(want int) builtin {
		return builtin{"", func(c *invocation) any { return c.equal(c.at, c.operate(c.at, "%", c.v, 2), want) }}
	}
	tests = map[string]builtin{
		"defined":   of(func(v any) bool { return kindOf(v) != "Undefined" }),
		"undefined": kind("Undefined"),
		"none":      kind("None"),
		"boolean":   kind("bool"),
		"true":      of(func(v any) bool { return v == true }),
		"false":     of(func(v any) bool { return v == false }),
		"integer":   kind("int"),
		"float":     kind("float"),
		"number":    kind("bool", "int", "float"),
		"string":    kind("str"),
		"mapping":   kind("dict"),
		"sequence":  kind("str", "list", "tuple", "dict", "range", "Undefined"),
		"iterable":  kind("str", "list", "tuple", "dict", "range", "Undefined", "dict_keys", "dict_values", "dict_items", generator),
		"odd":       rest(1),
		"even":      rest(0),
		"divisibleby": {"num", func(c *invocation) any {
			return c.equal(c.at, c.operate(c.at, "%", c.v, c.given[0]), 0)
		}},
	}
	for op, names := range map[string]string{
		"==": "== eq equalto", "!=": "!= ne", ">": "> gt greaterthan", ">=": ">= ge", "<": "< lt lessthan", "<=": "<= le", "in": "in",
	} {
		for _, name := range strings.Fields(names) {
			tests[name] = builtin{"other", func(c *invocation) any { return c.holds(c.at, op, c.v, c.given[0]) }}
		}
	}
}
