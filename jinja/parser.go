package jinja

import (
	"slices"
	"strings"
)

// parser turns tokens into functions that do what they say: there is no tree
// between. A mistake is thrown as a failure.
type parser struct {
	tokens []token
	i      int
	depth  int  // of expressions and statements within each other
	loops  int  // that a break could end here
	tracks bool // a generation block was seen
}

func (p *parser) now() token { return p.tokens[p.i] }

func (p *parser) next() token {
	t := p.tokens[p.i]
	if t.kind != theEnd {
		p.i++
	}
	return t
}

// at reports whether the token at hand is one of the operators or words.
func (p *parser) at(k kind, texts ...string) bool {
	return p.now().kind == k && slices.Contains(texts, p.now().text)
}

func (p *parser) skip(k kind, text string) bool {
	if p.at(k, text) {
		p.next()
		return true
	}
	return false
}

// expect takes a token of a kind, and of a text where one is given.
func (p *parser) expect(k kind, text ...string) token {
	if t := p.now(); t.kind != k || len(text) > 0 && !p.at(k, text...) {
		fail(t.at, "expected token '%s', got '%s'", strings.Join(append(text, kinds[k])[:1], ""), clip(t.text))
	}
	return p.next()
}

// deepest bounds what stands within what, so that reading it needs no more stack.
const deepest = 200

func (p *parser) deeper() func() {
	if p.depth++; p.depth > deepest {
		fail(p.now().at, "more than %d things within each other", deepest)
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
func (p *parser) statements(until ...string) block {
	defer p.deeper()()
	var list block
	for {
		t := p.next()
		switch t.kind {
		case data:
			list = append(list, func(r *run) flow { r.step(t.at); r.write(t.at, t.text); return goes })
		case show:
			x := p.tuple()
			list = append(list, func(r *run) flow { r.write(t.at, r.text(t.at, x(r))); return goes })
			p.expect(shown)
		case begin:
			if p.at(word, until...) {
				return list
			}
			list = append(list, p.statement(t.at, until))
			p.expect(end)
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
func (p *parser) body(until ...string) (list block, ended string) {
	p.expect(end)
	list = p.statements(until...)
	return list, p.next().text
}

// apart is a body that no break leaves.
func (p *parser) apart(until string) block {
	defer func(n int) { p.loops = n }(p.loops)
	p.loops = 0
	list, _ := p.body(until)
	return list
}

func (p *parser) statement(at int, until []string) statement {
	t := p.expect(word)
	switch t.text {
	case "if":
		return p.branches()
	case "for":
		return p.forLoop(at)
	case "set":
		return p.set()
	case "macro":
		return p.macro(at)
	case "generation":
		return p.generation()
	case "break", "continue":
		if p.loops == 0 {
			fail(t.at, "%s stands in no loop", t.text)
		}
		f := map[string]flow{"break": breaks, "continue": continues}[t.text]
		return func(r *run) flow { r.step(at); return f }
	case "extends", "block", "include", "import", "from", "autoescape", "print", "call", "filter", "with", "raw":
		fail(t.at, "'%s' is not one of the statements that are read: if, for, set, macro, break, continue, generation", t.text)
	}
	fail(t.at, "Encountered unknown tag '%s'%s", clip(t.text), strings.Join(append([]string{""}, until...), ", want "))
	return nil
}

func (p *parser) branches() statement {
	var tests []expr
	var bodies []block
	var other block
	for ended := "elif"; ended == "elif"; {
		tests = append(tests, p.plain())
		var body block
		body, ended = p.body("elif", "else", "endif")
		bodies = append(bodies, body)
		if ended == "else" {
			other, _ = p.body("endif")
		}
	}
	return func(r *run) flow {
		for i, test := range tests {
			if truth(test(r)) {
				return r.all(bodies[i])
			}
		}
		return r.all(other)
	}
}

// generation marks what a model is to say.
func (p *parser) generation() statement {
	p.tracks = true
	body := p.apart("endgeneration")
	return func(r *run) flow {
		from := r.out.Len()
		r.within(r.scope, func() { r.all(body) })
		if r.kept > 0 {
			r.lost = true
		} else {
			r.generated = append(r.generated, [2]int{from, r.out.Len()})
		}
		return goes
	}
}

func (p *parser) set() statement {
	give := p.target(true)
	if p.skip(operator, "=") {
		x := p.tuple()
		return func(r *run) flow { give(r, x(r)); return goes }
	}
	body := p.apart("endset")
	return func(r *run) flow {
		var text string
		r.within(r.scope, func() { text = r.keep(body) })
		give(r, text)
		return goes
	}
}

// A target is what a value can be given to: a name, several, or, in a set, a
// place in a namespace.
type target func(r *run, v any)

func (p *parser) target(places bool) target {
	at := p.now().at
	defer p.deeper()()
	list := []target{p.oneTarget(places)}
	several := false
	for p.skip(operator, ",") {
		several = true
		if p.at(operator, "=", ")") {
			break
		}
		list = append(list, p.oneTarget(places))
	}
	if !several {
		return list[0]
	}
	return func(r *run, v any) {
		items := r.collect(at, v)
		if len(items) != len(list) {
			fail(at, "%d values to unpack, expected %d", len(items), len(list))
		}
		for i, give := range list {
			give(r, items[i])
		}
	}
}

func (p *parser) oneTarget(places bool) target {
	if p.skip(operator, "(") {
		t := p.target(places)
		p.expect(operator, ")")
		return t
	}
	t := p.expect(word)
	if slices.Contains([]string{"true", "false", "none", "True", "False", "None"}, t.text) {
		fail(t.at, "can't assign to '%s'", t.text)
	}
	if !places || !p.skip(operator, ".") {
		return func(r *run, v any) { r.scope.set(t.text, v) }
	}
	property := p.expect(word)
	return func(r *run, v any) {
		s, _ := r.scope.get(t.text)
		n, ok := s.(*namespace)
		if !ok {
			fail(t.at, "cannot assign attribute on non-namespace object")
		}
		n.set(property.at, property.text, v)
	}
}
