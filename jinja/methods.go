package jinja

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// textMethods are those of Python's str that chat templates use.
var textMethods = map[string]builtin{
	"upper":      {"", func(c *invocation) any { return c.made(strings.ToUpper(c.self())) }},
	"lower":      {"", func(c *invocation) any { return c.made(strings.ToLower(c.self())) }},
	"title":      {"", func(c *invocation) any { return c.made(title(c.self())) }},
	"capitalize": {"", func(c *invocation) any { return c.made(capitalize(c.self())) }},

	"strip":        {"chars?", func(c *invocation) any { return strip(c, c.self(), true, true) }},
	"lstrip":       {"chars?", func(c *invocation) any { return strip(c, c.self(), true, false) }},
	"rstrip":       {"chars?", func(c *invocation) any { return strip(c, c.self(), false, true) }},
	"removeprefix": {"prefix", func(c *invocation) any { return strings.TrimPrefix(c.self(), c.str(0, "")) }},
	"removesuffix": {"suffix", func(c *invocation) any { return strings.TrimSuffix(c.self(), c.str(0, "")) }},

	"split":      {"sep? maxsplit?", split},
	"splitlines": {"", func(c *invocation) any { return c.texts(splitLines(c.self())) }},
	"join":       {"iterable", func(c *invocation) any { return joined(c, c.self(), c.collect(c.at, c.given[0])) }},
	"replace": {"old new count?", func(c *invocation) any {
		return replace(c, c.self(), c.str(0, ""), c.str(1, ""), c.int(2, -1))
	}},

	"startswith": {"prefix", func(c *invocation) any { return affix(c, strings.HasPrefix) }},
	"endswith":   {"suffix", func(c *invocation) any { return affix(c, strings.HasSuffix) }},
	"find":       {"sub", func(c *invocation) any { return find(c, strings.Index) }},
	"rfind":      {"sub", func(c *invocation) any { return find(c, strings.LastIndex) }},
	"count":      {"sub", func(c *invocation) any { return strings.Count(c.self(), c.str(0, "")) }},
}

// texts is a list of texts, counted.
func (c *invocation) texts(s []string) List {
	c.list(c.at, len(s))
	list := make(List, len(s))
	for i, x := range s {
		list[i] = x
	}
	return list
}

// title begins every run of letters with a capital.
func title(s string) string {
	inside := false
	return strings.Map(func(r rune) rune {
		was := inside
		inside = unicode.IsUpper(r) || unicode.IsLower(r) || unicode.IsTitle(r)
		if was {
			return unicode.ToLower(r)
		}
		return unicode.ToTitle(r)
	}, s)
}

func capitalize(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return ""
	}
	return string(unicode.ToTitle(r)) + strings.ToLower(s[n:])
}

// strip takes blanks, or the characters of the argument, from the ends of a text.
func strip(c *invocation, s string, left, right bool) string {
	out := blank
	if c.value(0, nil) != nil {
		chars := c.str(0, "")
		out = func(r rune) bool { return strings.ContainsRune(chars, r) }
	}
	if left {
		s = strings.TrimLeftFunc(s, out)
	}
	if right {
		s = strings.TrimRightFunc(s, out)
	}
	return s
}

func split(c *invocation) any {
	s, most := c.self(), c.int(1, -1)
	if c.value(0, nil) != nil {
		sep := c.str(0, "")
		if sep == "" {
			c.fail("wants a separator that is not empty")
		}
		if most >= 0 {
			most = min(most, len(s)) + 1
		}
		return c.texts(strings.SplitN(s, sep, most))
	}
	var out []string
	for s = strings.TrimLeftFunc(s, blank); s != ""; s = strings.TrimLeftFunc(s, blank) {
		n := strings.IndexFunc(s, blank)
		if n < 0 || len(out) == most {
			n = len(s)
		}
		out = append(out, s[:n])
		s = s[n:]
	}
	return c.texts(out)
}

// splitLines parts a text at what Python takes for the end of a line.
func splitLines(s string) []string {
	var out []string
	for s != "" {
		n := strings.IndexFunc(s, func(r rune) bool {
			return r >= '\n' && r <= '\r' || r >= 0x1c && r <= 0x1e || r == 0x85 || r == 0x2028 || r == 0x2029
		})
		if n < 0 {
			return append(out, s)
		}
		out = append(out, s[:n])
		_, width := utf8.DecodeRuneInString(s[n:])
		if strings.HasPrefix(s[n:], "\r\n") {
			width = 2
		}
		s = s[n+width:]
	}
	return out
}

func joined(c *invocation, sep string, list []any) string {
	c.make(c.at, len(list), len(sep))
	texts := make([]string, len(list))
	for i, x := range list {
		texts[i] = c.made(want[string](c, x))
	}
	return strings.Join(texts, sep)
}

func replace(c *invocation, s, old, by string, n int) string {
	times := strings.Count(s, old)
	if n >= 0 {
		times = min(times, n)
	}
	c.make(c.at, len(s), 1)
	c.make(c.at, times, len(by))
	return strings.Replace(s, old, by, n)
}

func affix(c *invocation, has func(s, x string) bool) bool {
	s := c.self()
	if several, ok := c.given[0].(Tuple); ok {
		return slices.ContainsFunc(several, func(x any) bool { return has(s, want[string](c, x)) })
	}
	return has(s, c.str(0, ""))
}

// find is where a text stands, in characters.
func find(c *invocation, where func(s, x string) int) int {
	s := c.self()
	if i := where(s, c.str(0, "")); i >= 0 {
		return utf8.RuneCountInString(s[:i])
	}
	return -1
}
