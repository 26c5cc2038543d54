package jinja

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// filters are those of Jinja that chat templates have a use for. It is filled
// below because some of them call others.
var filters map[string]builtin

func init() {
	filters = map[string]builtin{
		"tojson": {"ensure_ascii? indent? separators?", tojson},

		"upper":      {"", func(c *invocation) any { return c.made(strings.ToUpper(c.soft())) }},
		"lower":      {"", func(c *invocation) any { return c.made(strings.ToLower(c.soft())) }},
		"capitalize": {"", func(c *invocation) any { return c.made(capitalize(c.soft())) }},
		"title":      {"", func(c *invocation) any { return c.made(titleWords(c.soft())) }},
		"trim":       {"chars?", func(c *invocation) any { return strip(c, c.soft(), true, true) }},
		"string":     {"", func(c *invocation) any { return c.soft() }},
		"safe":       {"", func(c *invocation) any { return c.soft() }},
		"replace": {"old new count?", func(c *invocation) any {
			return replace(c, c.soft(), c.text(c.at, c.given[0]), c.text(c.at, c.given[1]), c.int(2, -1))
		}},
		"indent": {"width? first? blank?", indent},

		"default": {"default_value? boolean?", otherwise},
		"d":       {"default_value? boolean?", otherwise},
		"int":     {"default?", toInt},
		"float": {"default?", func(c *invocation) any {
			if f, ok := readFloat(c.at, c.v); ok {
				return f
			}
			return c.value(0, 0.0)
		}},

		"length": {"", count},
		"count":  {"", count},
		"list":   {"", func(c *invocation) any { return List(c.copied()) }},
		"first": {"", func(c *invocation) any {
			for _, v := range c.collect(c.at, c.v) {
				return v
			}
			return undefined{"No first item, sequence was empty."}
		}},
		"last":    {"", last},
		"reverse": {"", reverse},
		"join": {"d? attribute?", func(c *invocation) any {
			list := c.copied()
			for i, x := range list {
				list[i] = c.text(c.at, path(c.at, c.value(1, nil), x, nil))
			}
			return joined(c, c.text(c.at, c.value(0, "")), list)
		}},
		"items": {"", func(c *invocation) any {
			if _, ok := c.v.(undefined); ok {
				return once(nil)
			}
			return once(c.pairs(want[*Map](c, c.v)))
		}},
		"dictsort": {"case_sensitive? by? reverse?", dictsort},
		"sort":     {"reverse? case_sensitive? attribute?", sorted},
		"unique":   {"case_sensitive? attribute?", distinct},

		"map":        {"*", mapped},
		"select":     {"*", func(c *invocation) any { return chosen(c, false, true) }},
		"reject":     {"*", func(c *invocation) any { return chosen(c, false, false) }},
		"selectattr": {"*", func(c *invocation) any { return chosen(c, true, true) }},
		"rejectattr": {"*", func(c *invocation) any { return chosen(c, true, false) }},
	}
}

// copied is collect as a list of its own.
func (c *invocation) copied() []any {
	list := c.collect(c.at, c.v)
	c.list(c.at, len(list))
	return append([]any{}, list...)
}

// tojson is Python's json.dumps with ensure_ascii=False, which transformers puts
// in the place of Jinja's own filter.
func tojson(c *invocation) any {
	p := printer{run: c.run, at: c.at, json: true, ascii: c.bool(0, false), item: ", ", key: ": "}
	if v := c.value(1, nil); v != nil {
		p.item = ","
		s, ok := v.(string)
		if !ok {
			n := max(0, want[int](c, v))
			c.make(c.at, n, 1)
			s = strings.Repeat(" ", n)
		}
		p.indent = &s
	}
	if v := c.value(2, nil); v != nil {
		both := c.collect(c.at, v)
		if len(both) != 2 {
			c.fail("wants two texts for separators")
		}
		p.item, p.key = want[string](c, both[0]), want[string](c, both[1])
	}
	p.value(c.v)
	return p.String()
}

// titleWords begins every word with a capital, where a word begins behind blanks,
// hyphens and opening brackets.
func titleWords(s string) string {
	first := true
	return strings.Map(func(r rune) rune {
		was := first
		first = strings.ContainsRune("-({[<", r) || blank(r)
		if was {
			return unicode.ToUpper(r)
		}
		return unicode.ToLower(r)
	}, s)
}

func indent(c *invocation) any {
	with, ok := c.value(0, 4).(string)
	if !ok {
		n := max(0, c.int(0, 4))
		c.make(c.at, n, 1)
		with = strings.Repeat(" ", n)
	}
	lines := splitLines(c.self() + "\n")
	c.make(c.at, len(lines), len(with))
	for i, line := range lines {
		if i > 0 && (line != "" || c.bool(2, false)) || i == 0 && c.bool(1, false) {
			lines[i] = with + line
		}
	}
	return c.made(strings.Join(lines, "\n"))
}

func otherwise(c *invocation) any {
	_, missing := c.v.(undefined)
	if missing || c.bool(1, false) && !truth(c.v) {
		return c.value(0, "")
	}
	return c.v
}

var grouped = regexp.MustCompile(`^[-+]?\d+(_\d+)+$`)

func toInt(c *invocation) any {
	if i, ok := whole(c.v); ok {
		return i
	}
	if s, ok := c.v.(string); ok {
		if s = strings.TrimFunc(s, blank); grouped.MatchString(s) {
			s = strings.ReplaceAll(s, "_", "")
		}
		if i, err := strconv.Atoi(s); err == nil {
			return i
		}
	}
	f, ok := readFloat(c.at, c.v)
	if !ok || math.IsNaN(f) || math.Abs(f) >= 1<<63 {
		return c.value(0, 0)
	}
	return int(f)
}

// readFloat is float(v).
func readFloat(at int, v any) (float64, bool) {
	refuse(at, v)
	s, ok := v.(string)
	if !ok {
		return float(v)
	}
	s = strings.ToLower(strings.TrimFunc(s, blank))
	f, err := strconv.ParseFloat(s, 64)
	return f, !strings.ContainsAny(s, "xp_") && (err == nil || strings.Contains(err.Error(), "range"))
}

func count(c *invocation) any {
	n, ok := length(c.v)
	if !ok {
		c.fail("has nothing to count in '%s'", kindOf(c.v))
	}
	return n
}

func last(c *invocation) any {
	if s, ok := c.v.(*series); ok && s.kind == generator {
		c.fail("cannot go backwards through a generator: make it a list first")
	}
	list := c.collect(c.at, c.v)
	if len(list) == 0 {
		return undefined{"No last item, sequence was empty."}
	}
	return list[len(list)-1]
}

func reverse(c *invocation) any {
	list := c.copied()
	slices.Reverse(list)
	if _, ok := c.v.(string); ok {
		return joined(c, "", list)
	}
	if s, ok := c.v.(*series); ok && s.kind == generator {
		return List(list)
	}
	return once(list)
}

// path is an attribute of an item, of "a.b.0" what b of a has first, or a fallback
// for every step that is not there.
func path(at int, attribute, v, fallback any) any {
	s, ok := attribute.(string)
	switch {
	case attribute == nil:
		return v
	case !ok:
		s = repr(attribute)
	}
	for part := range strings.SplitSeq(s, ".") {
		var key any = part
		if i, err := strconv.Atoi(part); err == nil {
			key = i
		}
		v = item(at, v, key)
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
	c.list(c.at, 4*len(list))
	type keyed struct{ key, v any }
	all := make([]keyed, len(list))
	for i, v := range list {
		all[i] = keyed{key(v), v}
	}
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
	at := slices.Index([]string{"key", "value"}, c.str(1, "key"))
	if at < 0 {
		c.fail(`sorts by either "key" or "value"`)
	}
	return c.sortBy(c.pairs(want[*Map](c, c.v)), func(v any) any { return folded(v.(Tuple)[at], c.bool(0, false)) }, c.bool(2, false))
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
			key[i] = folded(path(c.at, a, v, nil), c.bool(1, false))
		}
		return key
	}, c.bool(0, false))
}

func distinct(c *invocation) any {
	seen := NewMap()
	var kept []any
	for _, v := range c.collect(c.at, c.v) {
		key := folded(path(c.at, c.value(1, nil), v, nil), c.bool(0, false))
		if !hashable(key) {
			c.fail("unhashable type: '%s'", kindOf(key))
		}
		if _, again := seen.Get(key); !again {
			c.list(c.at, 4)
			seen.Set(key, true)
			kept = append(kept, v)
		}
	}
	return once(kept)
}

// mapped is every item's attribute, or every item through a filter.
func mapped(c *invocation) any {
	attribute, of := c.args.named.Get("attribute")
	fallback, _ := c.args.named.Get("default")
	if !of && len(c.args.list) == 0 && truth(c.v) {
		c.fail("requires a filter argument")
	}
	var out []any
	for _, v := range c.collect(c.at, c.v) {
		if of {
			v = path(c.at, attribute, v, fallback)
		} else {
			v = c.apply(filters, "filter", c.args.list, v)
		}
		c.list(c.at, 1)
		out = append(out, v)
	}
	return once(out)
}

// apply calls a filter or a test by its name, the first of the arguments.
func (c *invocation) apply(table map[string]builtin, kind string, list []any, v any) any {
	name := want[string](c, list[0])
	f, ok := table[name]
	if !ok {
		fail(c.at, "No %s named '%s'.", kind, clip(name))
	}
	c.enter(c.at)
	defer func() { c.nested-- }()
	return f.on(c.run, c.at, name, v, args{list[1:], c.args.named})
}

// chosen are the items, or those with an attribute, for which a test holds, or
// for which it does not.
func chosen(c *invocation, attribute, holds bool) any {
	list := c.args.list
	of := any(nil)
	if attribute && truth(c.v) {
		if len(list) == 0 {
			c.fail("misses the name of the attribute")
		}
		of, list = list[0], list[1:]
	}
	var kept []any
	for _, v := range c.collect(c.at, c.v) {
		is := path(c.at, of, v, nil)
		if len(list) > 0 {
			is = c.apply(tests, "test", list, is)
		}
		if truth(is) == holds {
			kept = append(kept, v)
		}
	}
	c.list(c.at, len(kept))
	return once(kept)
}
