package jinja

import "math"

type constant struct{ v any }

func (*constant) place() int      { return 0 }
func (x *constant) eval(*run) any { return x.v }

type name struct {
	at   int
	name string
}

func (x *name) place() int { return x.at }
func (x *name) eval(r *run) any {
	if v, ok := r.scope.get(x.name); ok {
		return v
	}
	return undefined{hint: "'" + x.name + "' is undefined"}
}

type attribute struct {
	at   int
	x    expr
	name string
}

func (x *attribute) place() int { return x.at }

// eval prefers an attribute to an element: d.items is the method, whatever d holds.
func (x *attribute) eval(r *run) any {
	v := r.eval(x.x)
	if a, ok := attributeOf(x.at, v, x.name); ok {
		return a
	}
	if e, ok := element(v, x.name); ok {
		return e
	}
	return lacks(x.at, v, x.name)
}

type subscript struct {
	at     int
	x, key expr
}

func (x *subscript) place() int { return x.at }

// eval prefers an element to an attribute.
func (x *subscript) eval(r *run) any {
	v := r.eval(x.x)
	if s, ok := x.key.(*slice); ok {
		return r.cut(s, v)
	}
	return item(x.at, v, r.eval(x.key))
}

func item(at int, v, key any) any {
	if e, ok := element(v, key); ok {
		return e
	}
	if s, ok := key.(string); ok {
		if a, ok := attributeOf(at, v, s); ok {
			return a
		}
	}
	return lacks(at, v, key)
}

// element is v[key].
func element(v, key any) (any, bool) {
	if m, ok := v.(*Map); ok {
		return m.Get(key)
	}
	i, ok := whole(key)
	if !ok {
		return nil, false
	}
	switch v := v.(type) {
	case string:
		c := chars(v)
		if i, ok := within(i, len(c)); ok {
			return string(c[i]), true
		}
	case List:
		if i, ok := within(i, len(v)); ok {
			return v[i], true
		}
	case Tuple:
		if i, ok := within(i, len(v)); ok {
			return v[i], true
		}
	case span:
		if i, ok := within(i, v.len()); ok {
			return v.from + i*v.step, true
		}
	}
	return nil, false
}

func within(i, n int) (int, bool) {
	if i < 0 {
		i += n
	}
	return i, i >= 0 && i < n
}

// lacks is what a value does not have. Of what is undefined nothing can be asked.
func lacks(at int, v, key any) any {
	if u, ok := v.(undefined); ok {
		fail(at, "%s", u.hint)
	}
	if s, ok := key.(string); ok {
		return undefined{hint: "'" + kindOf(v) + " object' has no attribute " + repr(s)}
	}
	return undefined{hint: kindOf(v) + " object has no element " + repr(key)}
}

type slice struct {
	at             int
	from, to, step expr
}

func (x *slice) place() int { return x.at }
func (x *slice) eval(*run) any {
	fail(x.at, "a slice stands among other keys")
	return nil
}

// cut is v[from:to:step], of texts in characters.
func (r *run) cut(s *slice, v any) any {
	part := func(x expr) *int {
		if x == nil {
			return nil
		}
		v := r.eval(x)
		if v == nil {
			return nil
		}
		i, ok := whole(v)
		if !ok {
			fail(x.place(), "slice indices must be integers or None, and not %s", kindOf(v))
		}
		return &i
	}
	from, to, step := part(s.from), part(s.to), part(s.step)
	switch v := v.(type) {
	case string:
		r.make(s.at, len(v))
		return string(sliced(s.at, chars(v), from, to, step))
	case List:
		r.list(s.at, len(v))
		return List(sliced(s.at, v, from, to, step))
	case Tuple:
		r.list(s.at, len(v))
		return Tuple(sliced(s.at, v, from, to, step))
	case span:
		all := v.all()
		r.list(s.at, len(all))
		return List(sliced(s.at, all, from, to, step))
	case undefined:
		fail(s.at, "%s", v.hint)
	}
	return undefined{hint: kindOf(v) + " object has no slices"}
}

func sliced[T any](at int, s []T, from, to, step *int) []T {
	by := 1
	if step != nil {
		by = *step
	}
	if by == 0 {
		fail(at, "slice step cannot be zero")
	}
	low, high := 0, len(s)
	if by < 0 {
		low, high = -1, len(s)-1
	}
	bound := func(p *int, otherwise int) int {
		if p == nil {
			return otherwise
		}
		i := *p
		if i < 0 {
			i = max(i, -len(s)-1) + len(s)
		}
		return min(max(i, low), high)
	}
	i, end := bound(from, low), bound(to, high)
	if by < 0 {
		i, end = bound(from, high), bound(to, low)
	}
	var out []T
	for ; by > 0 && i < end || by < 0 && i > end; i += by {
		out = append(out, s[i])
		if by > math.MaxInt-i {
			break
		}
	}
	return out
}

type list struct {
	at   int
	list []expr
}

func (x *list) place() int      { return x.at }
func (x *list) eval(r *run) any { return List(r.several(x.at, x.list)) }

type tuple struct {
	at   int
	list []expr
}

func (x *tuple) place() int      { return x.at }
func (x *tuple) eval(r *run) any { return Tuple(r.several(x.at, x.list)) }

func (r *run) several(at int, list []expr) []any {
	r.list(at, len(list))
	values := make([]any, len(list))
	for i, x := range list {
		values[i] = r.eval(x)
	}
	return values
}

type dict struct {
	at           int
	keys, values []expr
}

func (x *dict) place() int { return x.at }
func (x *dict) eval(r *run) any {
	r.list(x.at, 4*len(x.keys))
	m := NewMap()
	for i, k := range x.keys {
		key := r.eval(k)
		if !hashable(key) {
			fail(k.place(), "unhashable type: '%s'", kindOf(key))
		}
		m.Set(key, r.eval(x.values[i]))
	}
	return m
}

type not struct{ x expr }

func (x *not) place() int      { return x.x.place() }
func (x *not) eval(r *run) any { return !truth(r.eval(x.x)) }

type and struct{ a, b expr }

func (x *and) place() int { return x.a.place() }
func (x *and) eval(r *run) any {
	if v := r.eval(x.a); !truth(v) {
		return v
	}
	return r.eval(x.b)
}

type or struct{ a, b expr }

func (x *or) place() int { return x.a.place() }
func (x *or) eval(r *run) any {
	if v := r.eval(x.a); truth(v) {
		return v
	}
	return r.eval(x.b)
}

type condition struct{ then, test, other expr }

func (x *condition) place() int { return x.then.place() }
func (x *condition) eval(r *run) any {
	switch {
	case truth(r.eval(x.test)):
		return r.eval(x.then)
	case x.other == nil:
		return undefined{hint: "the inline if-expression evaluated to false and no else section was defined"}
	}
	return r.eval(x.other)
}

type concat struct {
	at   int
	list []expr
}

func (x *concat) place() int { return x.at }
func (x *concat) eval(r *run) any {
	all := ""
	for _, part := range x.list {
		s := r.text(x.at, r.eval(part))
		r.make(x.at, len(all)+len(s))
		all += s
	}
	return all
}

type comparison struct {
	first expr
	rest  []operand
}

type operand struct {
	at int
	op string
	x  expr
}

func (x *comparison) place() int { return x.first.place() }

// eval holds if every pair of neighbours does: 1 < 2 < 3.
func (x *comparison) eval(r *run) any {
	a := r.eval(x.first)
	for _, o := range x.rest {
		b := r.eval(o.x)
		if !r.holds(o.at, o.op, a, b) {
			return false
		}
		a = b
	}
	return true
}

func (r *run) holds(at int, op string, a, b any) bool {
	switch op {
	case "==":
		return r.equal(at, a, b)
	case "!=":
		return !r.equal(at, a, b)
	case "in":
		return r.in(at, a, b)
	case "not in":
		return !r.in(at, a, b)
	}
	c, ok := r.order(at, a, b)
	if !ok {
		return false // a NaN
	}
	return op == "<" && c < 0 || op == "<=" && c <= 0 || op == ">" && c > 0 || op == ">=" && c >= 0
}
