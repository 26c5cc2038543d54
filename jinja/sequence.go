package jinja

import (
	"slices"
	"strings"
	"unicode"
)

// path is an attribute of an item: of "a.b.0" what b of a has first.
func (c *invocation) path(attribute, v any) any { return c.pathOr(attribute, v, nil) }

// pathOr has something else for every step that is not there.
func (c *invocation) pathOr(attribute, v, fallback any) any {
	if attribute == nil {
		return v
	}
	keys := []any{attribute}
	if a, ok := attribute.(string); ok {
		keys = keys[:0]
		for part := range strings.SplitSeq(a, ".") {
			if i, err := parseInt(part, 10); err == nil && all(part, unicode.IsDigit) {
				keys = append(keys, i)
			} else {
				keys = append(keys, part)
			}
		}
	}
	for _, key := range keys {
		v = item(c.at, v, key)
		if _, missing := v.(undefined); missing && fallback != nil {
			v = fallback
		}
	}
	return v
}

// folded is a text as sorting without regard to case takes it.
func folded(v any, sensitive bool) any {
	if s, ok := v.(string); ok && !sensitive {
		return strings.ToLower(s)
	}
	return v
}

func (c *invocation) sortBy(list []any, key func(any) any, down bool) List {
	type keyed struct{ key, v any }
	all := make([]keyed, len(list))
	for i, v := range list {
		all[i] = keyed{key(v), v}
	}
	c.list(c.at, 2*len(list))
	slices.SortStableFunc(all, func(a, b keyed) int {
		n, _ := c.order(c.at, a.key, b.key)
		if down {
			n = -n
		}
		return n
	})
	out := make(List, len(all))
	for i, k := range all {
		out[i] = k.v
	}
	return out
}

func dictsort(c *invocation) any {
	m, ok := c.v.(*Map)
	if !ok {
		c.refuse(c.v)
		c.fail("works on a mapping, and not on %s", kindOf(c.v))
	}
	by := c.str(1, "key")
	if by != "key" && by != "value" {
		c.fail(`sorts by either "key" or "value"`)
	}
	at := map[string]int{"key": 0, "value": 1}[by]
	return c.sortBy(c.pairs(m), func(v any) any { return folded(v.(Tuple)[at], c.bool(0, false)) }, c.bool(2, false))
}

func sorted(c *invocation) any {
	attributes := []any{c.value(2, nil)}
	if s, ok := attributes[0].(string); ok {
		attributes = attributes[:0]
		for a := range strings.SplitSeq(s, ",") {
			attributes = append(attributes, a)
		}
	}
	return c.sortBy(c.collect(c.at, c.v), func(v any) any {
		key := make(List, len(attributes))
		for i, a := range attributes {
			key[i] = folded(c.path(a, v), c.bool(1, false))
		}
		return key
	}, c.bool(0, false))
}

func distinct(c *invocation) any {
	seen := NewMap()
	next := c.iterate(c.at, c.v)
	return &generator{func() (any, bool) {
		for {
			v, ok := next()
			if !ok {
				return nil, false
			}
			c.step(c.at)
			key := folded(c.path(c.value(1, nil), v), c.bool(0, false))
			if !hashable(key) {
				c.fail("unhashable type: '%s'", kindOf(key))
			}
			if _, again := seen.Get(key); !again {
				c.list(c.at, 4)
				seen.Set(key, true)
				return v, true
			}
		}
	}}
}

func extreme(c *invocation, side int) any {
	list := c.collect(c.at, c.v)
	if len(list) == 0 {
		return undefined{hint: "No aggregated item, sequence was empty."}
	}
	key := func(v any) any { return folded(c.path(c.value(1, nil), v), c.bool(0, false)) }
	best := list[0]
	for _, v := range list[1:] {
		if n, ok := c.order(c.at, key(v), key(best)); ok && n*side > 0 {
			best = v
		}
	}
	return best
}

func sum(c *invocation) any {
	total := c.value(1, 0)
	for _, v := range c.collect(c.at, c.v) {
		total = c.operate(c.at, "+", total, c.path(c.value(0, nil), v))
	}
	return total
}

// mapped is every item's attribute, or every item through a filter.
func mapped(c *invocation) any {
	if !truth(c.v) {
		return c.lazy(nil)
	}
	next := c.iterate(c.at, c.v)
	each := c.through()
	return &generator{func() (any, bool) {
		v, ok := next()
		if !ok {
			return nil, false
		}
		c.step(c.at)
		return each(v), true
	}}
}

func (c *invocation) through() func(v any) any {
	if attribute, ok := c.args.named.Get("attribute"); ok && len(c.args.list) == 0 {
		fallback, _ := c.args.named.Get("default")
		return func(v any) any { return c.pathOr(attribute, v, fallback) }
	}
	if len(c.args.list) == 0 {
		c.fail("requires a filter argument")
	}
	name, _ := c.args.list[0].(string)
	rest := &args{c.args.list[1:], c.args.named}
	return func(v any) any { return c.filter(c.at, name, v, rest) }
}

// chosen are the items, or those with an attribute, for which a test holds, or
// for which it does not.
func chosen(c *invocation, attribute, holds bool) any {
	if !truth(c.v) {
		return c.lazy(nil)
	}
	list := c.args.list
	of := any(nil)
	if attribute {
		if len(list) == 0 {
			c.fail("misses the name of the attribute")
		}
		of, list = list[0], list[1:]
	}
	is := truth
	if len(list) > 0 {
		name, _ := list[0].(string)
		rest := &args{list[1:], c.args.named}
		is = func(v any) bool { return c.test(c.at, name, v, rest) }
	}
	next := c.iterate(c.at, c.v)
	return &generator{func() (any, bool) {
		for {
			v, ok := next()
			if !ok {
				return nil, false
			}
			c.step(c.at)
			if is(c.path(of, v)) == holds {
				return v, true
			}
		}
	}}
}
