package jinja

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// filters are those of Jinja that a chat template has a use for. It is filled
// below because some of them call others.
var filters map[string]builtin

func init() {
	filters = map[string]builtin{
		"tojson": tojson,

		"upper":      {"", func(c *invocation) any { return c.made(strings.ToUpper(c.soft())) }},
		"lower":      {"", func(c *invocation) any { return c.made(strings.ToLower(c.soft())) }},
		"capitalize": {"", func(c *invocation) any { return c.made(capitalize(c.soft())) }},
		"title":      {"", func(c *invocation) any { return c.made(titleWords(c.soft())) }},
		"trim":       {"chars?", func(c *invocation) any { return stripped(c.soft(), c.value(0, nil), c, true, true) }},
		"string":     {"", func(c *invocation) any { return c.soft() }},
		"safe":       {"", func(c *invocation) any { return c.soft() }},
		"replace": {"old new count?", func(c *invocation) any {
			n := -1
			if c.value(2, nil) != nil {
				n = c.int(2, -1)
			}
			return replace(c, c.soft(), c.text(c.at, c.given[0]), c.text(c.at, c.given[1]), n)
		}},
		"indent": {"width? first? blank?", indent},

		"default": {"default_value? boolean?", otherwise},
		"d":       {"default_value? boolean?", otherwise},
		"int":     {"default? base?", toInt},
		"float":   {"default?", toFloat},
		"abs":     {"", absolute},
		"round":   {"precision? method?", round},
		"attr": {"name", func(c *invocation) any {
			if v, ok := attributeOf(c.at, c.v, c.str(0, "")); ok {
				return v
			}
			return lacks(c.at, c.v, c.given[0])
		}},

		"length": {"", count},
		"count":  {"", count},
		"list":   {"", func(c *invocation) any { return List(c.collect(c.at, c.v)) }},
		"first": {"", func(c *invocation) any {
			if v, ok := c.iterate(c.at, c.v)(); ok {
				return v
			}
			return undefined{hint: "No first item, sequence was empty."}
		}},
		"last":    {"", last},
		"reverse": {"", reverse},
		"join": {"d? attribute?", func(c *invocation) any {
			list := c.collect(c.at, c.v)
			for i, x := range list {
				list[i] = c.text(c.at, c.path(c.value(1, nil), x))
			}
			return joinTexts(c, c.text(c.at, c.value(0, "")), list)
		}},
		"items": {"", func(c *invocation) any {
			switch v := c.v.(type) {
			case *Map:
				return c.lazy(c.pairs(v))
			case undefined:
				return c.lazy(nil)
			}
			c.fail("can only get item pairs from a mapping")
			return nil
		}},
		"dictsort": {"case_sensitive? by? reverse?", dictsort},
		"sort":     {"reverse? case_sensitive? attribute?", sorted},
		"unique":   {"case_sensitive? attribute?", distinct},
		"min":      {"case_sensitive? attribute?", func(c *invocation) any { return extreme(c, -1) }},
		"max":      {"case_sensitive? attribute?", func(c *invocation) any { return extreme(c, 1) }},
		"sum":      {"attribute? start?", sum},

		"map":        {"*", mapped},
		"select":     {"*", func(c *invocation) any { return chosen(c, false, true) }},
		"reject":     {"*", func(c *invocation) any { return chosen(c, false, false) }},
		"selectattr": {"*", func(c *invocation) any { return chosen(c, true, true) }},
		"rejectattr": {"*", func(c *invocation) any { return chosen(c, true, false) }},
	}
}

// titleWords begins every word with a capital, where a word begins behind blanks,
// hyphens and opening brackets.
func titleWords(s string) string {
	first := true
	return strings.Map(func(r rune) rune {
		was := first
		first = r == '-' || r == '(' || r == '{' || r == '[' || r == '<' || blank(r)
		if was {
			return unicode.ToUpper(r)
		}
		return unicode.ToLower(r)
	}, s)
}

func indent(c *invocation) any {
	with := ""
	if s, ok := c.value(0, 4).(string); ok {
		with = s
	} else {
		n := max(0, c.int(0, 4))
		c.make(c.at, n)
		with = strings.Repeat(" ", n)
	}
	lines := splitLines(c.self()+"\n", false)
	c.make(c.at, len(c.self()))
	if n := len(lines); len(with) > 0 && n > c.limits.Bytes/len(with) {
		c.make(c.at, c.limits.Bytes+1)
	}
	c.make(c.at, len(lines)*len(with))
	for i, line := range lines {
		if i > 0 && (line != "" || c.bool(2, false)) {
			lines[i] = with + line
		}
	}
	s := strings.Join(lines, "\n")
	if c.bool(1, false) {
		s = with + s
	}
	return s
}

func otherwise(c *invocation) any {
	_, missing := c.v.(undefined)
	if missing || c.bool(1, false) && !truth(c.v) {
		return c.value(0, "")
	}
	return c.v
}

func toInt(c *invocation) any {
	c.refuse(c.v)
	if i, ok := whole(c.v); ok {
		return i
	}
	f, ok := c.v.(float64)
	if s, is := c.v.(string); is {
		if i, err := parseInt(s, c.int(1, 10)); err == nil {
			return i
		}
		f, ok = readFloat(s)
	}
	if !ok || math.IsNaN(f) || math.Abs(f) >= 1<<63 {
		return c.value(0, 0)
	}
	return int(f)
}

func toFloat(c *invocation) any {
	c.refuse(c.v)
	f, ok := float(c.v)
	if s, is := c.v.(string); is {
		f, ok = readFloat(s)
	}
	if !ok {
		return c.value(0, 0.0)
	}
	return f
}

// readFloat is float(s).
func readFloat(s string) (float64, bool) {
	s = strings.ToLower(strings.TrimFunc(s, blank))
	if strings.ContainsAny(s, "xp_") {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil || strings.Contains(err.Error(), "range")
}

func absolute(c *invocation) any {
	if i, ok := whole(c.v); ok {
		if i < 0 {
			return arithmetic(c.at, "-", 0, i)
		}
		return i
	}
	f, ok := c.v.(float64)
	if !ok {
		c.refuse(c.v)
		c.fail("works on a number, and not on %s", kindOf(c.v))
	}
	return math.Abs(f)
}

func round(c *invocation) any {
	f, ok := float(c.v)
	if !ok {
		c.refuse(c.v)
		c.fail("works on a number, and not on %s", kindOf(c.v))
	}
	digits, method := c.int(0, 0), c.str(1, "common")
	if digits < -300 || digits > 300 {
		c.fail("cannot round to %d digits", digits)
	}
	scale := math.Pow(10, float64(digits))
	i, isInt := whole(c.v)
	switch {
	case method == "ceil":
		return math.Ceil(f*scale) / scale
	case method == "floor":
		return math.Floor(f*scale) / scale
	case method != "common":
		c.fail("method must be common, ceil or floor")
	case isInt && digits >= 0:
		return i
	case isInt:
		return int(math.RoundToEven(f*scale) / scale)
	case math.IsInf(f, 0) || math.IsNaN(f):
		return f
	case digits < 0:
		return math.RoundToEven(f*scale) / scale
	}
	return parseFloat(strconv.FormatFloat(f, 'f', digits, 64))
}

func count(c *invocation) any {
	n, ok := length(c.v)
	if !ok {
		c.fail("has nothing to count in '%s'", kindOf(c.v))
	}
	return n
}

func last(c *invocation) any {
	if _, ok := c.v.(*generator); ok {
		c.fail("cannot go backwards through a generator: make it a list first")
	}
	list := c.collect(c.at, c.v)
	if len(list) == 0 {
		return undefined{hint: "No last item, sequence was empty."}
	}
	return list[len(list)-1]
}

// lazy gives the items of a list once.
func (c *invocation) lazy(list []any) *generator {
	return &generator{c.iterate(c.at, List(list))}
}

func reverse(c *invocation) any {
	if s, ok := c.v.(string); ok {
		r := chars(s)
		slices.Reverse(r)
		return c.made(string(r))
	}
	list := c.collect(c.at, c.v)
	slices.Reverse(list)
	if _, ok := c.v.(*generator); ok {
		return List(list)
	}
	return c.lazy(list)
}
