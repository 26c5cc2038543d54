package jinja

import (
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// Whatever there is stands in a case of the battery.
func TestBatteryIsWhole(t *testing.T) {
	b := readBattery(t)
	all := ""
	for _, c := range b.Cases {
		if c.Text != nil {
			all += c.Template + "\n"
		}
	}
	want := map[string][]string{
		"| %s":   slices.Sorted(maps.Keys(filters)),
		"is %s":  slices.DeleteFunc(slices.Sorted(maps.Keys(tests)), func(s string) bool { return s[0] < 'a' }),
		"'%s', ": {"==", "!=", "<", "<=", ">", ">="}, // tests that have no name
		".%s(":   slices.Concat(slices.Sorted(maps.Keys(textMethods)), slices.Sorted(maps.Keys(mapMethods))),
		"loop.%s": {
			"index", "index0", "revindex", "revindex0", "first", "last", "length", "previtem", "nextitem",
		},
		"{%% %s": {
			"if", "elif", "else", "endif", "for", "endfor", "set", "endset", "macro", "endmacro", "generation",
			"endgeneration", "break", "continue",
		},
		"%s(": {"range", "namespace", "strftime_now"},
	}
	for form, names := range want {
		for _, name := range names {
			if s := fmt.Sprintf(form, name); !strings.Contains(all, s) {
				t.Errorf("no case has %q", s)
			}
		}
	}
}

// A template that does not end, or that makes too much, is an error, soon and
// without the memory that it asks for.
func TestBounds(t *testing.T) {
	deep := func(open, x, close string, n int) string {
		return strings.Repeat(open, n) + x + strings.Repeat(close, n)
	}
	for name, c := range map[string][2]string{
		"a macro calls itself":       {`{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}`, "calls itself"},
		"two call each other":        {`{% macro f() %}{{ g() }}{% endmacro %}{% macro g() %}{{ f() }}{% endmacro %}{{ f() }}`, "calls itself"},
		"a default calls itself":     {`{% macro f(a=f()) %}{% endmacro %}{{ f() }}`, "calls itself"},
		"loops within loops":         {`{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}`, "steps"},
		"characters of a long text":  {`{% set a = 'é' * 4000000 %}{% for i in range(99999) %}{% set x = a[-1] %}{% endfor %}`, "steps"},
		"a long key that is not":     {`{% set a = 'a' * 4000000 %}{% for i in range(99999) %}{% set x = a[a] %}{% endfor %}`, "steps"},
		"the length of a long text":  {`{% set a = 'é' * 4000000 %}{% for i in range(99999) %}{% set x = a | length %}{% endfor %}`, "steps"},
		"a filter over loops":        {`{% for a in range(99999) %}{{ range(99999) | map('string') | list | length }}{% endfor %}`, "template"},
		"a text that doubles":        {`{% set ns = namespace(s='abcdefgh') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}`, "bytes"},
		"a text that doubles by +":   {`{% set ns = namespace(s='abcdefgh') %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}`, "bytes"},
		"a list that doubles":        {`{% set ns = namespace(s=[1]) %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}`, "bytes"},
		"a text times a number":      {`{{ 'abc' * 9000000000000000000 }}`, "bytes"},
		"a list times a number":      {`{{ [1, 2] * 9000000000000000000 }}`, "bytes"},
		"replaced by more":           {`{% set a = 'a' * 100000 %}{{ a.replace('a', a) }}`, "bytes"},
		"a filter replaces by more":  {`{% set a = 'a' * 100000 %}{{ a | replace('a', a) }}`, "bytes"},
		"joined with much":           {`{% set a = 'a' * 100000 %}{{ a | join(a) }}`, "bytes"},
		"indented by much":           {`{{ '\n' * 100000 | indent(100000) }}{{ ('\n' * 100000) | indent(100000) }}`, ""},
		"JSON indented by much":      {`{{ (range(99999) | list) | tojson(indent=99999) }}`, "bytes"},
		"an indent beyond memory":    {`{{ [1] | tojson(indent=9000000000000000000) }}`, "bytes"},
		"a range too far":            {`{{ range(9000000000000000000) }}`, "100000"},
		"a sum too large":            {`{{ 9223372036854775807 + 1 }}`, "64 bits"},
		"a product too large":        {`{{ 4294967296 * 4294967296 }}`, "64 bits"},
		"a number too large":         {`{{ 99999999999999999999 }}`, "64 bits"},
		"the least number, divided":  {`{{ (-9223372036854775807 - 1) // -1 }}`, "64 bits"},
		"a namespace in itself":      {`{% set ns = namespace() %}{% set ns.x = ns %}{{ ns }}`, "holds itself"},
		"a namespace in JSON":        {`{% set ns = namespace() %}{% set ns.x = ns %}{{ [ns] | tojson }}`, "not JSON serializable"},
		"lists within lists":         {`{% set ns = namespace(x=[]) %}{% for i in range(99999) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}`, "within each other"},
		"lists within lists, equal":  {`{% set ns = namespace(x=[], y=[]) %}{% for i in range(90000) %}{% set ns.x = [ns.x] %}{% set ns.y = [ns.y] %}{% endfor %}{{ ns.x == ns.y }}`, "within each other"},
		"parentheses":                {"{{ " + deep("(", "1", ")", 100_000) + " }}", "within each other"},
		"brackets":                   {"{{ " + deep("[", "1", "]", 100_000) + " }}", "within each other"},
		"ifs":                        {deep("{% if 1 %}", "", "{% endif %}", 30_000), "within each other"},
		"nots":                       {"{{ " + strings.Repeat("not ", 100_000) + "1 }}", "within each other"},
		"signs":                      {"{{ " + strings.Repeat("- ", 100_000) + "1 }}", "within each other"},
		"a long sum":                 {"{{ 1" + strings.Repeat(" + 1", 200_000) + " }}", "within each other"},
		"a long chain of filters":    {"{{ 1" + strings.Repeat("|int", 200_000) + " }}", "within each other"},
		"a long chain of attributes": {"{{ x" + strings.Repeat(".a", 400_000) + " }}", "within each other"},
		"a long target":              {"{% set " + deep("(", "a", ")", 100_000) + " = 1 %}", "within each other"},
		"too long":                   {strings.Repeat("x", 2<<20), "bytes"},
		"not UTF-8":                  {"a\xff", "UTF-8"},
		"a step of zero":             {`{{ 'abc'[::0] }}`, "zero"},
		"a step beyond all":          {`{{ 'abc'[::9223372036854775807] }}{{ 'abc'[::-9223372036854775807] }}{{ [1] * -9223372036854775807 }}{{ 'abc'[-9223372036854775807:9223372036854775807] }}{{ 1 / 0 }}`, "zero"},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			from := time.Now()
			_, err := render(c[0], nil, time.Time{})
			runtime.ReadMemStats(&after)
			if err == nil && c[1] != "" || err != nil && !strings.Contains(err.Error(), c[1]) {
				t.Errorf("error %v, want %q", err, c[1])
			}
			if d := time.Since(from); d > 10*time.Second {
				t.Errorf("took %s", d)
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > 1<<30 {
				t.Errorf("allocated %d MB", n>>20)
			}
		})
	}
}

// What Jinja has and is not read here is refused by its name, and nothing else is
// done in its place.
func TestRefuses(t *testing.T) {
	for source, want := range map[string]string{
		"{% include 'x' %}":                              "'include' is not one of the statements",
		"{% call f() %}{% endcall %}":                    "'call' is not one of the statements",
		"{% raw %}{% endraw %}":                          "'raw' is not one of the statements",
		"{% for x in [] recursive %}{% endfor %}":        "'recursive'",
		"{% macro f() %}{{ varargs }}{% endmacro %}":     "varargs",
		"{% for x in [1] %}{{ loop.depth }}{% endfor %}": "'depth'",
		"{% macro f() %}{% endmacro %}{{ f.name }}":      "'name'",
		"{{ [1] | sum }}":                                "No filter named 'sum'",
		"{{ 1 is callable }}":                            "No test named 'callable'",
		"{{ 'a'.isalpha() }}":                            "'isalpha'",
		"{{ [1].append(2) }}":                            "'append'",
		"{{ dict(a=1) }}":                                "'dict'",
		"{{ f(*[1]) }}":                                  "* and **",
		"{{ 2 ** 3 }}":                                   "'**'",
		"{{ 0x1F }}":                                     "0x1F",
		"{{ 007 }}":                                      "007",
		`{{ "\101" }}`:                                   "octal",
		"{{ '%s' % 'a' }}":                               "unsupported operand",
		"{{ 'a'.find('a', 1) }}":                         "find takes the arguments (sub)",
		"{{ {(1, 2): 3} }}":                              "a key must be",
		"{{ [1] | tojson(sort_keys=true) }}":             "tojson takes the arguments",
		"{{ strftime_now('%U') }}":                       "%U",
	} {
		if out, err := render(source, nil, time.Time{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is %q, error %v, want %q", source, out.Text, err, want)
		}
	}
}

// An error says where in the template it arose, in lines and characters.
func TestErrorsSayWhere(t *testing.T) {
	for source, want := range map[string]struct{ line, column int }{
		"a\nb{{ 1 / 0 }}":                   {2, 7},
		"你好{{ x.y }}":                       {1, 7},
		"{% if 1 %}\n\n{% foo %}":           {3, 4},
		"\r\n\r\n{{ nofilter | zz }}":       {3, 15},
		"{{ 'abc }}":                        {1, 4},
		"{% for x in 5 %}{% endfor %}":      {1, 1},
		"x\n{# open":                        {2, 1},
		"{{ [1, 2}} }}":                     {1, 9},
		"{% if 1 %}":                        {1, 11},
		"a{% macro f(a) %}{% endmacro %}\n": {0, 0},
	} {
		_, err := render(source, nil, time.Time{})
		var e *Error
		if errors.As(err, &e) != (want.line > 0) || e != nil && (e.Line != want.line || e.Column != want.column) {
			t.Errorf("%q: %v, want line %d, column %d", source, err, want.line, want.column)
		}
	}
	_, err := render("{{ raise_exception('Roles must alternate') }}", nil, time.Time{})
	var e *Error
	if !errors.As(err, &e) || !e.Raised || e.Message != "Roles must alternate" {
		t.Errorf("raised %v", err)
	}
}

// Generation blocks are found where they stand in the text.
func TestGenerated(t *testing.T) {
	source := "{% for m in [1, 2] %}\n你{% generation %}[{{ m }}{% set x = 1 %}]{% endgeneration %}\n{% endfor %}"
	out, err := render(source, nil, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	var parts []string
	for _, g := range out.Generated {
		parts = append(parts, out.Text[g[0]:g[1]])
	}
	if out.Text != "你[1]你[2]" || !slices.Equal(parts, []string{"[1]", "[2]"}) || out.Lost {
		t.Errorf("%q, generated %q", out.Text, parts)
	}
	out, err = render("{% macro f() %}{% generation %}x{% endgeneration %}{% endmacro %}{{ f() }}", nil, time.Time{})
	if err != nil || !out.Lost || out.Generated != nil {
		t.Errorf("of a macro: %+v, %v", out, err)
	}
}

// Objects keep the order of their keys, and numbers their kind.
func TestDecode(t *testing.T) {
	const text = `{"b": [1, 2.0, 1e3, -0.0, null, true, "\u4f60\n"], "a": {"z": 1, "y": {}}, "big": 9007199254740993}`
	v, err := Decode([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"b": [1, 2.0, 1000.0, -0.0, null, true, "你\n"], "a": {"z": 1, "y": {}}, "big": 9007199254740993}`
	if got := encode(v); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for _, bad := range []string{"", "{", `{"a":1}{}`, "[1,]", "{1:2}", "99999999999999999999", strings.Repeat("[", 1000) + strings.Repeat("]", 1000)} {
		if v, err := Decode([]byte(bad)); err == nil {
			t.Errorf("%.20q is %v", bad, v)
		}
	}
}

// Keys that are equal in Python are one key.
func TestMap(t *testing.T) {
	m := NewMap("a", 1, 1, "one", 2.0, "two", nil, "none")
	for key, want := range map[any]string{1: "one", 1.0: "one", true: "one", 2: "two"} {
		if v, _ := m.Get(key); v != want {
			t.Errorf("key %v is %v, want %v", key, v, want)
		}
	}
	m.Set("a", 5)
	if got := repr(m); got != "{'a': 5, 1: 'one', 2.0: 'two', None: 'none'}" {
		t.Errorf("it is %s", got)
	}
}

// Whatever the template, a run ends and does not panic.
func FuzzRender(f *testing.F) {
	b := readBattery(f)
	for _, c := range b.Cases {
		f.Add(c.Template)
	}
	f.Fuzz(func(t *testing.T, source string) {
		p, err := Parse(source)
		if err != nil {
			return
		}
		limits := Limits{Steps: 20_000, Bytes: 1 << 20, Depth: 50}
		first, err := p.Render(b.Variables, Options{Limits: limits, Now: b.Now})
		again, err2 := p.Render(b.Variables, Options{Limits: limits, Now: b.Now})
		if first.Text != again.Text || (err == nil) != (err2 == nil) {
			t.Errorf("two runs differ: %q and %q, %v and %v", first.Text, again.Text, err, err2)
		}
		if len(first.Text) > limits.Bytes {
			t.Errorf("wrote %d bytes", len(first.Text))
		}
	})
}
