package jinja

// forLoop is {% for target in over if only %}.
type forLoop struct {
	at        int
	target    target
	over      expr
	only      expr
	recursive bool
	body      []statement
	other     []statement
}

func (s *forLoop) exec(r *run) flow {
	s.run(r, r.scope, r.eval(s.over), 0)
	return goes
}

func (s *forLoop) run(r *run, up *scope, over any, depth int) {
	l := &loop{over: over, next: r.iterate(s.at, over), depth0: depth, index0: -1, recurse: nil}
	if s.only != nil {
		l.over, l.next = nil, s.filter(r, up, l.next)
	}
	if s.recursive {
		l.recurse = func(at int, over any) string {
			r.deeper(at)
			text := r.keep(func() { s.run(r, up, over, depth+1) })
			r.depth--
			return text
		}
	}
	whole := false // one run of the body came to its end
	for l.advance() {
		r.step(s.at)
		end := goes
		r.within(up, func() {
			r.scope.set("loop", l)
			s.target.assign(r, l.current)
			end = r.all(s.body)
		})
		if end == breaks {
			break
		}
		whole = whole || end == goes
	}
	if !whole { // Jinja's else comes also where each run was left by break or continue
		r.within(up, func() { r.all(s.other) })
	}
}

// filter passes the items that the condition holds for, each when it is asked for.
func (s *forLoop) filter(r *run, up *scope, next iterator) iterator {
	return func() (any, bool) {
		for {
			item, ok := next()
			if !ok {
				return nil, false
			}
			r.step(s.at)
			keep := false
			r.within(up, func() {
				s.target.assign(r, item)
				keep = truth(r.eval(s.only))
			})
			if keep {
				return item, true
			}
		}
	}
}

// loop is the variable of that name. It looks ahead only when it is asked to.
type loop struct {
	over    any // what is run through, where its length is known from it
	next    iterator
	index0  int
	depth0  int
	before  any
	current any
	ahead   []any // read and not yet come
	ended   bool
	changed []any
	called  bool // changed was asked before
	recurse func(at int, over any) string
}

func (l *loop) advance() bool {
	if !l.peek() {
		return false
	}
	l.before, l.current, l.ahead = l.current, l.ahead[0], l.ahead[1:]
	l.index0++
	return true
}

// peek reports whether an item is ahead.
func (l *loop) peek() bool {
	if len(l.ahead) == 0 && !l.ended {
		if v, ok := l.next(); ok {
			l.ahead = append(l.ahead, v)
		} else {
			l.ended = true
		}
	}
	return len(l.ahead) > 0
}

func (l *loop) length() int {
	if n, ok := length(l.over); ok && l.over != nil {
		return n
	}
	for !l.ended {
		if v, ok := l.next(); ok {
			l.ahead = append(l.ahead, v)
		} else {
			l.ended = true
		}
	}
	return l.index0 + 1 + len(l.ahead)
}

// attribute is loop.index and the others.
func (l *loop) attribute(name string) (any, bool) {
	switch name {
	case "index":
		return l.index0 + 1, true
	case "index0":
		return l.index0, true
	case "revindex":
		return l.length() - l.index0, true
	case "revindex0":
		return l.length() - l.index0 - 1, true
	case "first":
		return l.index0 == 0, true
	case "last":
		return !l.peek(), true
	case "length":
		return l.length(), true
	case "depth":
		return l.depth0 + 1, true
	case "depth0":
		return l.depth0, true
	case "previtem":
		if l.index0 == 0 {
			return undefined{hint: "there is no previous item"}, true
		}
		return l.before, true
	case "nextitem":
		if !l.peek() {
			return undefined{hint: "there is no next item"}, true
		}
		return l.ahead[0], true
	case "cycle":
		return function(func(r *run, at int, a *args) any {
			if len(a.list) == 0 {
				fail(at, "no items for cycling given")
			}
			return a.list[l.index0%len(a.list)]
		}), true
	case "changed":
		return function(func(r *run, at int, a *args) any {
			if l.called && equal(Tuple(l.changed), Tuple(a.list)) {
				return false
			}
			l.changed, l.called = a.list, true
			return true
		}), true
	}
	return nil, false
}
