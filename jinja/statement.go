package jinja

type text struct{ text string }

func (s *text) exec(r *run) flow {
	r.step(0)
	r.write(0, s.text)
	return goes
}

type print struct{ x expr }

func (s *print) exec(r *run) flow {
	r.write(s.x.place(), r.text(s.x.place(), r.eval(s.x)))
	return goes
}

type branches struct {
	list  []branch
	other []statement
}

type branch struct {
	test expr
	body []statement
}

func (s *branches) exec(r *run) flow {
	for _, b := range s.list {
		if truth(r.eval(b.test)) {
			return r.all(b.body)
		}
	}
	return r.all(s.other)
}

// target is what a value can be given to.
type target interface{ assign(r *run, v any) }

func (x *name) assign(r *run, v any) { r.scope.set(x.name, v) }

type targets struct {
	at   int
	list []target
}

func (t *targets) assign(r *run, v any) {
	next := r.iterate(t.at, v)
	for i, x := range t.list {
		item, ok := next()
		if !ok {
			fail(t.at, "not enough values to unpack (expected %d, got %d)", len(t.list), i)
		}
		x.assign(r, item)
	}
	if _, more := next(); more {
		fail(t.at, "too many values to unpack (expected %d)", len(t.list))
	}
}

// place is an attribute of a namespace.
type place struct {
	at              int
	space, property string
}

func (t *place) assign(r *run, v any) {
	s, _ := r.scope.get(t.space)
	n, ok := s.(*namespace)
	if !ok {
		fail(t.at, "cannot assign attribute on non-namespace object")
	}
	n.set(t.at, t.property, v)
}

type set struct {
	target target
	x      expr
}

func (s *set) exec(r *run) flow {
	s.target.assign(r, r.eval(s.x))
	return goes
}

// captured stands where the filters of a block have its text.
type captured struct{}

func (*captured) place() int    { return 0 }
func (*captured) eval(*run) any { panic("jinja: a block's text is asked for outside of it") }

type setBlock struct {
	at     int
	target target
	filter expr
	body   []statement
}

func (s *setBlock) exec(r *run) flow {
	s.target.assign(r, r.capture(s.filter, s.body))
	return goes
}

// capture is what a body writes, through a chain of filters.
func (r *run) capture(chain expr, body []statement) any {
	var text string
	r.within(r.scope, func() { text = r.keep(func() { r.all(body) }) })
	return r.through(chain, text)
}

// through applies a chain of filters to a text.
func (r *run) through(chain expr, text string) any {
	f, ok := chain.(*filtered)
	if !ok {
		return text
	}
	return f.apply(r, r.through(f.x, text))
}

type filterBlock struct {
	at     int
	filter expr
	body   []statement
}

func (s *filterBlock) exec(r *run) flow {
	r.write(s.at, r.text(s.at, r.capture(s.filter, s.body)))
	return goes
}

type with struct {
	targets []target
	values  []expr
	body    []statement
}

func (s *with) exec(r *run) (f flow) {
	var values []any
	for _, x := range s.values {
		values = append(values, r.eval(x))
	}
	r.within(r.scope, func() {
		for i, t := range s.targets {
			t.assign(r, values[i])
		}
		f = r.all(s.body)
	})
	return f
}

// generation marks what a model is to say.
type generation struct{ body []statement }

func (s *generation) exec(r *run) flow {
	from := r.out.Len()
	r.within(r.scope, func() { r.all(s.body) })
	if r.kept > 0 {
		r.lost = true
	} else {
		r.generated = append(r.generated, [2]int{from, r.out.Len()})
	}
	return goes
}

type jump struct{ flow flow }

func (s *jump) exec(r *run) flow {
	r.step(0)
	return s.flow
}

type macro struct {
	at                  int
	name                string
	params              []string
	defaults            []expr // of the last ones
	body                []statement
	rest, named, caller bool // the body asks for varargs, kwargs, caller
}

func (s *macro) exec(r *run) flow {
	r.step(s.at)
	r.scope.set(s.name, &macroValue{s, r.scope})
	return goes
}

type callBlock struct {
	at   int
	call *call
	body *macro
}

func (s *callBlock) exec(r *run) flow {
	f, args := s.call.prepare(r)
	args.named.Set("caller", &macroValue{s.body, r.scope})
	r.write(s.at, r.text(s.at, r.call(s.call.at, f, args)))
	return goes
}

// macroValue is a macro with the names that stood around it.
type macroValue struct {
	*macro
	scope *scope
}

// call binds the arguments and returns what the body writes.
func (m *macroValue) call(r *run, at int, a *args) any {
	if len(a.list) > len(m.params) && !m.rest {
		fail(at, "macro '%s' takes not more than %d argument(s)", m.name, len(m.params))
	}
	r.deeper(at)
	var text string
	r.within(m.scope, func() {
		m.bind(r, at, a)
		text = r.keep(func() { r.all(m.body) })
	})
	r.depth--
	return text
}

func (m *macroValue) bind(r *run, at int, a *args) {
	kwargs := NewMap()
	for k, v := range a.named.All() {
		kwargs.Set(k, v)
	}
	missing := map[int]bool{}
	for i, name := range m.params {
		v, ok := kwargs.Get(name)
		switch {
		case i < len(a.list):
			v = a.list[i]
		case ok:
			kwargs.Delete(name)
		default:
			v = undefined{hint: "parameter '" + name + "' was not provided"}
			missing[i] = true
		}
		r.scope.set(name, v)
	}
	for i, name := range m.params {
		if d := i - len(m.params) + len(m.defaults); missing[i] && d >= 0 {
			r.scope.set(name, r.eval(m.defaults[d]))
		}
	}
	if m.caller && !contains(m.params, "caller") {
		v, ok := kwargs.Get("caller")
		if !ok {
			v = undefined{hint: "No caller defined"}
		}
		kwargs.Delete("caller")
		r.scope.set("caller", v)
	}
	if m.named {
		r.scope.set("kwargs", kwargs)
	} else if kwargs.Len() > 0 {
		fail(at, "macro '%s' takes no keyword argument %s", m.name, repr(kwargs.keys[0]))
	}
	if m.rest {
		r.scope.set("varargs", Tuple(a.list[min(len(m.params), len(a.list)):]))
	}
}
