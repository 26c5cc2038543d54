package jinja

import (
	"slices"
	"strings"
)

// parser reads statements. A mistake is thrown as a failure.
type parser struct {
	tokens []token
	i      int
	depth  int  // of expressions and statements within each other
	loops  int  // that a break could end here
	tracks bool // a generation block was seen
}

// deepest bounds what stands within what, so that reading it needs no more stack.
const deepest = 200

func (p *parser) parse() []statement {
	return p.statements(nil)
}

func (p *parser) now() token { return p.tokens[p.i] }

func (p *parser) next() token {
	t := p.tokens[p.i]
	if t.kind != theEnd {
		p.i++
	}
	return t
}

// is reports whether the token at hand is the operator, or the name.
func (p *parser) is(k kind, text string) bool { return p.now().kind == k && p.now().text == text }

func (p *parser) skip(k kind, text string) bool {
	if p.is(k, text) {
		p.next()
		return true
	}
	return false
}

func (p *parser) isWord(names ...string) bool {
	return p.now().kind == word && slices.Contains(names, p.now().text)
}

func (p *parser) expect(k kind, text string) token {
	t := p.now()
	if t.kind != k || text != "" && t.text != text {
		if text == "" {
			text = map[kind]string{end: "end of statement block", shown: "end of print statement", word: "name"}[k]
		}
		fail(t.at, "expected token '%s', got '%s'", text, clip(t.text))
	}
	return p.next()
}

func (p *parser) deeper(at int) func() {
	if p.depth++; p.depth > deepest {
		fail(at, "more than %d things within each other", deepest)
	}
	return func() { p.depth-- }
}

// longest bounds what stands behind each other in one expression.
const longest = 1000

// further counts what is added to an expression.
func (p *parser) further(n *int) {
	if *n++; *n > longest {
		fail(p.now().at, "more than %d parts of one expression, within each other", longest)
	}
}

// statements reads up to a tag that begins with one of the names, which is then
// at hand; with no names, up to the end of the template.
func (p *parser) statements(until []string) []statement {
	defer p.deeper(p.now().at)()
	var list []statement
	for {
		t := p.next()
		switch t.kind {
		case data:
			list = append(list, &text{t.text})
		case show:
			list = append(list, &print{p.tuple(true, nil)})
			p.expect(shown, "")
		case begin:
			if p.isWord(until...) {
				return list
			}
			list = append(list, p.statement(t.at, until)...)
			p.expect(end, "")
		default:
			if len(until) > 0 {
				fail(t.at, "Unexpected end of template: want %s", strings.Join(until, " or "))
			}
			return list
		}
	}
}

// body reads what stands between a tag and the one that begins with a name of
// until, and that name.
func (p *parser) body(until ...string) []statement {
	p.skip(operator, ":")
	p.expect(end, "")
	return p.statements(until)
}

// whole is a body that only one name ends.
func (p *parser) whole(until string) []statement {
	list := p.body(until)
	p.next()
	return list
}

// apart is a whole body that no break leaves.
func (p *parser) apart(until string) []statement {
	defer func(n int) { p.loops = n }(p.loops)
	p.loops = 0
	return p.whole(until)
}

func (p *parser) statement(at int, until []string) []statement {
	t := p.expect(word, "")
	switch t.text {
	case "if":
		return one(p.branches())
	case "for":
		return one(p.forLoop(at))
	case "set":
		return one(p.set(at))
	case "macro":
		return one(p.macro(at))
	case "call":
		return one(p.callBlock(at))
	case "filter":
		s := &filterBlock{at: at}
		s.filter = p.filterChain(&captured{}, true)
		s.body = p.apart("endfilter")
		return one(s)
	case "with":
		return one(p.with())
	case "generation":
		p.tracks = true
		return one(&generation{p.apart("endgeneration")})
	case "break", "continue":
		if p.loops == 0 {
			fail(t.at, "%s stands in no loop", t.text)
		}
		return one(&jump{map[string]flow{"break": breaks, "continue": continues}[t.text]})
	case "extends", "block", "include", "import", "from", "autoescape", "print":
		fail(t.at, "'%s' is not one of the statements that chat templates have", t.text)
	}
	if len(until) > 0 {
		fail(t.at, "Encountered unknown tag '%s': want %s", clip(t.text), strings.Join(until, " or "))
	}
	fail(t.at, "Encountered unknown tag '%s'", clip(t.text))
	return nil
}

func one(s statement) []statement { return []statement{s} }

func (p *parser) branches() statement {
	s := &branches{}
	for {
		test := p.tuple(false, nil)
		s.list = append(s.list, branch{test, p.body("elif", "else", "endif")})
		switch p.next().text {
		case "elif":
			continue
		case "else":
			s.other = p.whole("endif")
		}
		return s
	}
}

func (p *parser) forLoop(at int) statement {
	s := &forLoop{at: at, target: p.target([]string{"in"}, false)}
	p.expect(word, "in")
	s.over = p.tuple(false, []string{"recursive"})
	if p.skip(word, "if") {
		s.only = p.expression(true)
	}
	s.recursive = p.skip(word, "recursive")
	p.loops++
	s.body = p.body("endfor", "else")
	p.loops--
	if p.next().text == "else" {
		s.other = p.whole("endfor")
	}
	return s
}

func (p *parser) set(at int) statement {
	t := p.target(nil, true)
	if p.skip(operator, "=") {
		return &set{t, p.tuple(true, nil)}
	}
	f := p.filterChain(&captured{}, false)
	return &setBlock{at, t, f, p.apart("endset")}
}

func (p *parser) with() statement {
	s := &with{}
	for p.now().kind != end {
		if len(s.targets) > 0 {
			p.expect(operator, ",")
		}
		s.targets = append(s.targets, p.target(nil, false))
		p.expect(operator, "=")
		s.values = append(s.values, p.expression(true))
	}
	s.body = p.whole("endwith")
	return s
}

func (p *parser) macro(at int) statement {
	s := &macro{at: at, name: p.expect(word, "").text}
	p.signature(s)
	p.macroBody(s, "endmacro")
	return s
}

// macroBody notes which of the arguments that need no name the body asks for.
func (p *parser) macroBody(s *macro, until string) {
	from := p.i
	s.body = p.apart(until)
	for _, t := range p.tokens[from:p.i] {
		if t.kind == word {
			s.rest = s.rest || t.text == "varargs"
			s.named = s.named || t.text == "kwargs"
			s.caller = s.caller || t.text == "caller"
		}
	}
}

func (p *parser) signature(s *macro) {
	p.expect(operator, "(")
	for !p.is(operator, ")") {
		if len(s.params) > 0 {
			p.expect(operator, ",")
		}
		s.params = append(s.params, p.expect(word, "").text)
		switch {
		case p.skip(operator, "="):
			s.defaults = append(s.defaults, p.expression(true))
		case len(s.defaults) > 0:
			fail(p.now().at, "non-default argument follows default argument")
		}
	}
	p.next()
}

func (p *parser) callBlock(at int) statement {
	s := &callBlock{at: at, body: &macro{at: at, name: "caller"}}
	if p.is(operator, "(") {
		p.signature(s.body)
	}
	c, ok := p.expression(true).(*call)
	if !ok {
		fail(at, "expected call")
	}
	s.call = c
	p.macroBody(s.body, "endcall")
	return s
}

// target reads what is assigned to: a name, several, or a place in a namespace.
func (p *parser) target(until []string, places bool) target {
	at := p.now().at
	defer p.deeper(at)()
	var list []target
	several := false
	for {
		if len(list) > 0 && p.targetEnds(until) {
			break
		}
		list = append(list, p.oneTarget(until, places))
		if !p.skip(operator, ",") {
			break
		}
		several = true
	}
	if several {
		return &targets{at, list}
	}
	return list[0]
}

func (p *parser) targetEnds(until []string) bool {
	return p.now().kind == end || p.is(operator, ")") || p.is(operator, "=") || p.isWord(until...)
}

func (p *parser) oneTarget(until []string, places bool) target {
	if p.skip(operator, "(") {
		t := p.target(until, places)
		p.expect(operator, ")")
		return t
	}
	t := p.now()
	if t.kind != word {
		fail(t.at, "can't assign to '%s'", clip(t.text))
	}
	p.next()
	switch t.text {
	case "true", "false", "none", "True", "False", "None":
		fail(t.at, "can't assign to '%s'", t.text)
	}
	if places && p.skip(operator, ".") {
		return &place{t.at, t.text, p.expect(word, "").text}
	}
	return &name{t.at, t.text}
}
