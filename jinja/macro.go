package jinja

import "slices"

// macro is a part of a template that can be called, with the names that stand
// around it.
type macro struct {
	name     string
	params   []string
	defaults []expr // of the last ones
	body     block
	scope    *scope
}

func (p *parser) macro(at int) statement {
	m := macro{name: p.expect(word).text}
	p.expect(operator, "(")
	for !p.skip(operator, ")") {
		if len(m.params) > 0 {
			p.expect(operator, ",")
		}
		m.params = append(m.params, p.expect(word).text)
		switch {
		case p.skip(operator, "="):
			m.defaults = append(m.defaults, p.expression())
		case len(m.defaults) > 0:
			fail(p.now().at, "non-default argument follows default argument")
		}
	}
	from := p.i
	m.body = p.apart("endmacro")
	for _, t := range p.tokens[from:p.i] {
		if t.kind == word && slices.Contains([]string{"varargs", "kwargs", "caller"}, t.text) {
			fail(t.at, "a macro has no %s here: it takes the arguments that it names", t.text)
		}
	}
	return func(r *run) flow {
		r.step(at)
		r.list(at, 4)
		defined := m
		defined.scope = r.scope
		r.scope.set(m.name, &defined)
		return goes
	}
}

// call binds the arguments and returns what the body writes.
func (m *macro) call(r *run, at int, a args) any {
	if len(a.list) > len(m.params) {
		fail(at, "macro '%s' takes not more than %d argument(s)", m.name, len(m.params))
	}
	for name := range a.named.All() {
		if !slices.Contains(m.params, name.(string)) {
			fail(at, "macro '%s' takes no keyword argument %s", m.name, repr(name))
		}
	}
	if r.depth++; r.depth > r.limits.Depth {
		fail(at, "more than %d calls within each other: the template calls itself without an end", r.limits.Depth)
	}
	var text string
	r.within(m.scope, func() {
		m.bind(r, at, a)
		text = r.keep(m.body)
	})
	r.depth--
	return text
}

// bind sets the parameters: those that are given first, for a default may ask for
// any of them.
func (m *macro) bind(r *run, at int, a args) {
	for i, name := range m.params {
		v, named := a.named.Get(name)
		switch {
		case i < len(a.list) && named:
			fail(at, "macro '%s' got multiple values for argument '%s'", m.name, name)
		case i < len(a.list):
			v = a.list[i]
		case !named:
			v = undefined{"parameter '" + name + "' was not provided"}
		}
		r.scope.set(name, v)
	}
	plain := len(m.params) - len(m.defaults)
	for i, otherwise := range m.defaults {
		name := m.params[plain+i]
		if _, named := a.named.Get(name); !named && plain+i >= len(a.list) {
			r.scope.set(name, otherwise(r))
		}
	}
}
