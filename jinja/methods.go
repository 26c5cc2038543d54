package jinja

import (
	"slices"
	"strings"
	"unicode"
)

// textMethods are those of Python's str that do not count bytes.
var textMethods map[string]builtin

func init() {
	textMethods = map[string]builtin{
		"upper":      {"", func(c *invocation) any { return c.made(strings.ToUpper(c.self())) }},
		"lower":      {"", func(c *invocation) any { return c.made(strings.ToLower(c.self())) }},
		"title":      {"", func(c *invocation) any { return c.made(title(c.self())) }},
		"capitalize": {"", func(c *invocation) any { return c.made(capitalize(c.self())) }},

		"strip":        {"chars?", func(c *invocation) any { return strip(c, true, true) }},
		"lstrip":       {"chars?", func(c *invocation) any { return strip(c, true, false) }},
		"rstrip":       {"chars?", func(c *invocation) any { return strip(c, false, true) }},
		"removeprefix": {"prefix", func(c *invocation) any { return strings.TrimPrefix(c.self(), c.str(0, "")) }},
		"removesuffix": {"suffix", func(c *invocation) any { return strings.TrimSuffix(c.self(), c.str(0, "")) }},

		"split":      {"sep? maxsplit?", split},
		"rsplit":     {"sep? maxsplit?", rsplit},
		"splitlines": {"keepends?", func(c *invocation) any { return c.texts(splitLines(c.self(), c.bool(0, false))) }},
		"join":       {"iterable", func(c *invocation) any { return joinTexts(c, c.self(), c.collect(c.at, c.given[0])) }},
		"replace": {"old new count?", func(c *invocation) any {
			return replace(c, c.self(), c.str(0, ""), c.str(1, ""), c.int(2, -1))
		}},

		"startswith": {"prefix start? end?", func(c *invocation) any { return affix(c, strings.HasPrefix) }},
		"endswith":   {"suffix start? end?", func(c *invocation) any { return affix(c, strings.HasSuffix) }},
		"find":       {"sub start? end?", func(c *invocation) any { return find(c, strings.Index) }},
		"rfind":      {"sub start? end?", func(c *invocation) any { return find(c, strings.LastIndex) }},
		"count": {"sub start? end?", func(c *invocation) any {
			s, _ := window(c)
			return strings.Count(s, c.str(0, ""))
		}},

		"isalpha": {"", func(c *invocation) any { return all(c.self(), unicode.IsLetter) }},
		"isdigit": {"", func(c *invocation) any { return all(c.self(), unicode.IsDigit) }},
		"isalnum": {"", func(c *invocation) any {
			return all(c.self(), func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) })
		}},
		"isspace": {"", func(c *invocation) any { return all(c.self(), blank) }},
		"isupper": {"", func(c *invocation) any { return cased(c.self(), unicode.IsUpper, unicode.IsLower) }},
		"islower": {"", func(c *invocation) any { return cased(c.self(), unicode.IsLower, unicode.IsUpper) }},
	}
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
	for i, r := range s {
		if i == 0 {
			rest := s[len(string(r)):]
			return string(unicode.ToTitle(r)) + strings.ToLower(rest)
		}
	}
	return s
}

func strip(c *invocation, left, right bool) string {
	return stripped(c.self(), c.value(0, nil), c, left, right)
}

func stripped(s string, of any, c *invocation, left, right bool) string {
	out := blank
	if of != nil {
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

// separator is an argument that may not be empty.
func separator(c *invocation) string {
	s := c.str(0, "")
	if s == "" {
		c.fail("wants a separator that is not empty")
	}
	return s
}

func split(c *invocation) any {
	s, most := c.self(), c.int(1, -1)
	if c.value(0, nil) != nil {
		if most < 0 {
			return c.texts(strings.Split(s, separator(c)))
		}
		return c.texts(strings.SplitN(s, separator(c), min(most, len(s))+1))
	}
	var out []string
	for s = strings.TrimLeftFunc(s, blank); s != ""; s = strings.TrimLeftFunc(s, blank) {
		n := strings.IndexFunc(s, blank)
		if most >= 0 && len(out) == most || n < 0 {
			n = len(s)
			if most >= 0 && len(out) == most {
				return c.texts(append(out, s))
			}
		}
		out = append(out, s[:n])
		s = s[n:]
	}
	return c.texts(out)
}

func rsplit(c *invocation) any {
	s, most := c.self(), c.int(1, -1)
	if most < 0 {
		return split(c)
	}
	var out []string
	if c.value(0, nil) != nil {
		for sep := separator(c); len(out) < most; {
			n := strings.LastIndex(s, sep)
			if n < 0 {
				break
			}
			out, s = append(out, s[n+len(sep):]), s[:n]
		}
		out = append(out, s)
	} else {
		for s = strings.TrimRightFunc(s, blank); s != ""; s = strings.TrimRightFunc(s, blank) {
			n := strings.LastIndexFunc(s, blank)
			if n < 0 || len(out) == most {
				out = append(out, s)
				break
			}
			_, width := lastRune(s[:n+1], s[n:])
			out, s = append(out, s[n+width:]), s[:n]
		}
	}
	slices.Reverse(out)
	return c.texts(out)
}

// lastRune is the first character of tail and its width.
func lastRune(_, tail string) (rune, int) {
	for _, r := range tail {
		return r, len(string(r))
	}
	return 0, 0
}

// splitLines parts a text at what Python takes for the end of a line.
func splitLines(s string, keep bool) []string {
	var out []string
	for s != "" {
		n := strings.IndexFunc(s, func(r rune) bool {
			return r >= '\n' && r <= '\r' || r >= 0x1c && r <= 0x1e || r == 0x85 || r == 0x2028 || r == 0x2029
		})
		if n < 0 {
			return append(out, s)
		}
		_, width := lastRune("", s[n:])
		if strings.HasPrefix(s[n:], "\r\n") {
			width = 2
		}
		line := s[:n]
		if keep {
			line = s[:n+width]
		}
		out, s = append(out, line), s[n+width:]
	}
	return out
}

func joinTexts(c *invocation, sep string, list []any) string {
	size := len(sep) * len(list)
	texts := make([]string, len(list))
	for i, x := range list {
		s, ok := x.(string)
		if !ok {
			c.fail("finds at %d a value that is no text but %s", i, kindOf(x))
		}
		texts[i], size = s, size+len(s)
	}
	c.make(c.at, size)
	return strings.Join(texts, sep)
}

func replace(c *invocation, s, old, by string, n int) string {
	size := len(s)
	if grows := len(by) - len(old); grows > 0 {
		times := strings.Count(s, old)
		if n >= 0 {
			times = min(times, n)
		}
		if times > c.limits.Bytes/grows {
			c.make(c.at, c.limits.Bytes+1)
		}
		size += times * grows
	}
	c.make(c.at, size)
	return strings.Replace(s, old, by, n)
}

// window is the part of a text that arguments 1 and 2 bound, in characters, and
// where it begins.
func window(c *invocation) (string, int) {
	s := c.self()
	if c.value(1, nil) == nil && c.value(2, nil) == nil {
		return s, 0
	}
	r := chars(s)
	bound := func(i, otherwise int) int {
		n := otherwise
		if c.value(i, nil) != nil {
			n = c.int(i, 0)
		}
		if n < 0 {
			n = max(0, n+len(r))
		}
		return n
	}
	from, to := bound(1, 0), min(bound(2, len(r)), len(r))
	if from > to {
		return "", -1
	}
	return string(r[from:to]), from
}

func affix(c *invocation, has func(s, x string) bool) bool {
	s, from := window(c)
	if from < 0 {
		return false
	}
	if several, ok := c.given[0].(Tuple); ok {
		return slices.ContainsFunc(several, func(x any) bool {
			a, ok := x.(string)
			return ok && has(s, a)
		})
	}
	return has(s, c.str(0, ""))
}

func find(c *invocation, where func(s, x string) int) int {
	s, from := window(c)
	i := where(s, c.str(0, ""))
	if i < 0 || from < 0 {
		return -1
	}
	n, _ := length(s[:i])
	return from + n
}

func all(s string, is func(rune) bool) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool { return !is(r) }) < 0
}

// cased reports whether s has letters of one case and none of the other.
func cased(s string, is, not func(rune) bool) bool {
	return strings.ContainsFunc(s, is) && !strings.ContainsFunc(s, not)
}
