package jinja

import (
	"math"
	"slices"
	"strings"
)

// equal is a == b, of values that are not deep.
func equal(a, b any) bool { return (&run{limits: Limits{Steps: math.MaxInt}}).equal(0, a, b) }

// equal is a == b. Numbers are compared by value, lists by their items, and what
// has no value by what it is.
func (r *run) equal(at int, a, b any) bool {
	r.step(at)
	if r.expression++; r.expression > 100*deepest {
		fail(at, "values within each other without an end cannot be compared")
	}
	defer func() { r.expression-- }()
	same := func(x, y any) bool { return r.equal(at, x, y) }
	switch a := a.(type) {
	case nil:
		return b == nil
	case bool, int, float64:
		return numbersEqual(a, b)
	case string:
		b, ok := b.(string)
		return ok && a == b
	case List:
		b, ok := b.(List)
		return ok && slices.EqualFunc(a, b, same)
	case Tuple:
		b, ok := b.(Tuple)
		return ok && slices.EqualFunc(a, b, same)
	case *Map:
		b, ok := b.(*Map)
		if !ok || a.Len() != b.Len() {
			return false
		}
		for k, v := range a.All() {
			if w, ok := b.Get(k); !ok || !same(v, w) {
				return false
			}
		}
		return true
	case undefined:
		_, ok := b.(undefined)
		return ok
	case span:
		b, ok := b.(span)
		return ok && slices.Equal(a.all(), b.all())
	case view:
		b, ok := b.(view)
		return ok && same(a.list, b.list)
	case *namespace, *macroValue, *loop, *generator:
		return a == b
	}
	return false
}

func numbersEqual(a, b any) bool {
	if i, ok := whole(a); ok {
		if j, ok := whole(b); ok {
			return i == j
		}
	}
	x, _ := float(a)
	y, ok := float(b)
	return ok && x == y
}

// order is below 0 where a < b. It is false of what is not a number.
func (r *run) order(at int, a, b any) (int, bool) {
	r.step(at)
	if i, ok := whole(a); ok {
		if j, ok := whole(b); ok {
			return sign3(i < j, i > j), true
		}
	}
	if x, ok := float(a); ok {
		if y, ok := float(b); ok {
			return sign3(x < y, x > y), !math.IsNaN(x) && !math.IsNaN(y)
		}
	}
	switch a := a.(type) {
	case string:
		if b, ok := b.(string); ok {
			return strings.Compare(a, b), true
		}
	case List:
		if b, ok := b.(List); ok {
			return r.orderLists(at, a, b)
		}
	case Tuple:
		if b, ok := b.(Tuple); ok {
			return r.orderLists(at, a, b)
		}
	case undefined:
		fail(at, "%s", a.hint)
	}
	if u, ok := b.(undefined); ok {
		fail(at, "%s", u.hint)
	}
	fail(at, "'%s' and '%s' have no order", kindOf(a), kindOf(b))
	return 0, false
}

func (r *run) orderLists(at int, a, b []any) (int, bool) {
	for i := range min(len(a), len(b)) {
		if !r.equal(at, a[i], b[i]) {
			return r.order(at, a[i], b[i])
		}
	}
	return len(a) - len(b), true
}

func sign3(less, more bool) int {
	switch {
	case less:
		return -1
	case more:
		return 1
	}
	return 0
}

// in is whether a is in b.
func (r *run) in(at int, a, b any) bool {
	switch b := b.(type) {
	case string:
		s, ok := a.(string)
		if !ok {
			fail(at, "'in <string>' requires string as left operand, not %s", kindOf(a))
		}
		return strings.Contains(b, s)
	case *Map:
		if !hashable(a) {
			fail(at, "unhashable type: '%s'", kindOf(a))
		}
		_, ok := b.Get(a)
		return ok
	}
	if b, ok := b.(*namespace); ok {
		fail(at, "argument of type '%s' is not iterable", kindOf(b))
	}
	for next := r.iterate(at, b); ; {
		x, ok := next()
		if !ok {
			return false
		}
		if r.equal(at, a, x) {
			return true
		}
	}
}
