package jinja

type call struct {
	at   int
	f    expr
	args arguments
}

// arguments are those of a call as they are written.
type arguments struct {
	list  []expr
	names []string
	named []expr
	star  expr
	stars expr
}

// args are arguments as they are.
type args struct {
	list  []any
	named *Map
}

func (a arguments) eval(r *run, at int) *args {
	v := &args{r.several(at, a.list), NewMap()}
	for i, name := range a.names {
		v.named.Set(name, r.eval(a.named[i]))
	}
	if a.star != nil {
		v.list = append(v.list, r.collect(at, r.eval(a.star))...)
	}
	if a.stars != nil {
		m, ok := r.eval(a.stars).(*Map)
		if !ok {
			fail(at, "the argument after ** must be a mapping")
		}
		for k, x := range m.All() {
			v.named.Set(k, x)
		}
	}
	return v
}

func (x *call) place() int { return x.at }
func (x *call) eval(r *run) any {
	f, a := x.prepare(r)
	return r.call(x.at, f, a)
}

func (x *call) prepare(r *run) (f any, a *args) {
	f = r.eval(x.f)
	return f, x.args.eval(r, x.at)
}

// function is what can be called and is not written in the template.
type function func(r *run, at int, a *args) any

func (r *run) call(at int, f any, a *args) any {
	switch f := f.(type) {
	case function:
		return f(r, at, a)
	case *macroValue:
		return f.call(r, at, a)
	case *loop:
		if f.recurse == nil {
			fail(at, "The loop must have the 'recursive' marker to be called recursively.")
		}
		if len(a.list) != 1 {
			fail(at, "loop() takes one argument")
		}
		return f.recurse(at, a.list[0])
	case undefined:
		fail(at, "%s", f.hint)
	}
	fail(at, "'%s' object is not callable", kindOf(f))
	return nil
}

type filtered struct {
	at   int
	x    expr
	name string
	args arguments
}

func (x *filtered) place() int      { return x.at }
func (x *filtered) eval(r *run) any { return x.apply(r, r.eval(x.x)) }

func (x *filtered) apply(r *run, v any) any {
	return r.filter(x.at, x.name, v, x.args.eval(r, x.at))
}

func (r *run) filter(at int, name string, v any, a *args) any {
	f, ok := filters[name]
	if !ok {
		fail(at, "No filter named '%s'.", clip(name))
	}
	return f.on(r, at, name, v, a)
}

type test struct {
	at   int
	x    expr
	name string
	args arguments
}

func (x *test) place() int { return x.at }
func (x *test) eval(r *run) any {
	v := r.eval(x.x)
	return r.test(x.at, x.name, v, x.args.eval(r, x.at))
}

func (r *run) test(at int, name string, v any, a *args) bool {
	f, ok := tests[name]
	if !ok {
		fail(at, "No test named '%s'.", clip(name))
	}
	return truth(f.on(r, at, name, v, a))
}
