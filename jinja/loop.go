package jinja

import "math"

// forLoop reads {% for target in over if only %}.
func (p *parser) forLoop(at int) statement {
	give := p.target(false)
	p.expect(word, "in")
	over := p.plain()
	var only expr
	if p.skip(word, "if") {
		only = p.expression()
	}
	p.loops++
	body, ended := p.body("endfor", "else")
	p.loops--
	var other block
	if ended == "else" {
		other, _ = p.body("endfor")
	}
	return func(r *run) flow {
		l := &loop{items: r.collect(at, over(r))}
		if only != nil {
			l.rest, l.items = l.items, nil
			l.keep = func(item any) (keep bool) {
				r.within(r.scope, func() { give(r, item); keep = truth(only(r)) })
				return keep
			}
		}
		whole := false // one run of the body came to its end
		for f := goes; f != breaks && l.has(l.i); l.i++ {
			r.step(at)
			r.within(r.scope, func() {
				r.scope.set("loop", l)
				give(r, l.items[l.i])
				f = r.all(body)
			})
			whole = whole || f == goes
		}
		if !whole { // Jinja's else comes also where each run was left by break or continue
			r.within(r.scope, func() { r.all(other) })
		}
		return goes
	}
}

// loop is the variable of that name. What a condition is asked of is asked when
// the item comes, or is looked ahead at.
type loop struct {
	items []any // that have come, or will
	i     int
	rest  []any // that keep has yet to be asked of
	keep  func(item any) bool
}

// has reports whether there is an item i.
func (l *loop) has(i int) bool {
	for len(l.items) <= i && len(l.rest) > 0 {
		if l.keep(l.rest[0]) {
			l.items = append(l.items, l.rest[0])
		}
		l.rest = l.rest[1:]
	}
	return i < len(l.items)
}

func (l *loop) length() int {
	l.has(math.MaxInt)
	return len(l.items)
}

// attribute is loop.index and the others.
func (l *loop) attribute(name string) (any, bool) {
	switch name {
	case "index":
		return l.i + 1, true
	case "index0":
		return l.i, true
	case "revindex":
		return l.length() - l.i, true
	case "revindex0":
		return l.length() - l.i - 1, true
	case "first":
		return l.i == 0, true
	case "last":
		return !l.has(l.i + 1), true
	case "length":
		return l.length(), true
	case "previtem":
		if l.i > 0 {
			return l.items[l.i-1], true
		}
		return undefined{"there is no previous item"}, true
	case "nextitem":
		if l.has(l.i + 1) {
			return l.items[l.i+1], true
		}
		return undefined{"there is no next item"}, true
	}
	return nil, false
}
