package jinja

import (
	"math"
	"math/big"
	"slices"
	"strings"
)

// operate is a op b: of numbers as Python counts, of texts and lists where they
// are joined or repeated.
func (r *run) operate(at int, op string, a, b any) any {
	if op == "~" {
		return r.joined(at, r.text(at, a), r.text(at, b))
	}
	i, intA := whole(a)
	j, intB := whole(b)
	if intA && intB && op != "/" {
		return integers(at, op, i, j)
	}
	x, floatA := float(a)
	y, floatB := float(b)
	if floatA && floatB {
		return floats(at, op, x, y)
	}
	refuse(at, a, b)
	switch {
	case op == "+" && kindOf(a) == kindOf(b):
		switch a := a.(type) {
		case string:
			return r.joined(at, a, b.(string))
		case List:
			r.list(at, len(a)+len(b.(List)))
			return slices.Concat(a, b.(List))
		case Tuple:
			r.list(at, len(a)+len(b.(Tuple)))
			return slices.Concat(a, b.(Tuple))
		}
	case op == "*" && intA:
		a, b, j, intB = b, a, i, true
		fallthrough
	case op == "*" && intB:
		j = max(j, 0)
		switch a := a.(type) {
		case string:
			r.make(at, j, len(a))
			return strings.Repeat(a, j)
		case List:
			r.make(at, j, 16*len(a))
			return slices.Repeat(a, j)
		case Tuple:
			r.make(at, j, 16*len(a))
			return slices.Repeat(a, j)
		}
	}
	fail(at, "unsupported operand type(s) for %s: '%s' and '%s'", op, kindOf(a), kindOf(b))
	return nil
}

func (r *run) joined(at int, a, b string) string {
	r.make(at, len(a)+len(b), 1)
	return a + b
}

// integers is the arithmetic of whole numbers: division rounds down, and a
// remainder has the sign of the divisor. Python's have no end, ours 64 bits.
func integers(at int, op string, a, b int) int {
	if b == 0 && (op == "//" || op == "%") {
		fail(at, "integer division or modulo by zero")
	}
	x, y, z := big.NewInt(int64(a)), big.NewInt(int64(b)), new(big.Int)
	switch op {
	case "+":
		z.Add(x, y)
	case "-":
		z.Sub(x, y)
	case "*":
		z.Mul(x, y)
	default:
		quotient, rest := z.QuoRem(x, y, new(big.Int))
		if rest.Sign() != 0 && rest.Sign() != y.Sign() {
			quotient.Sub(quotient, big.NewInt(1))
			rest.Add(rest, y)
		}
		if op == "%" {
			z = rest
		}
	}
	if !z.IsInt64() {
		fail(at, "%d %s %d has more than 64 bits", a, op, b)
	}
	return int(z.Int64())
}

func floats(at int, op string, a, b float64) float64 {
	rest := math.Mod(a, b)
	if rest != 0 && (rest < 0) != (b < 0) {
		rest += b
	}
	switch {
	case op == "+":
		return a + b
	case op == "-":
		return a - b
	case op == "*":
		return a * b
	case b == 0:
		fail(at, "division by zero")
	case op == "/":
		return a / b
	case op == "//":
		return math.Floor((a - rest) / b)
	}
	return rest
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
	return ok && (op == "<" && c < 0 || op == "<=" && c <= 0 || op == ">" && c > 0 || op == ">=" && c >= 0)
}

// equal is a == b. Numbers are compared by value, lists by their items, and what
// has no value by what it is.
func (r *run) equal(at int, a, b any) bool {
	r.enter(at)
	defer func() { r.nested-- }()
	same := func(x, y any) bool { return r.equal(at, x, y) }
	if c, ok := numbersInOrder(a, b); ok {
		return c == 0
	}
	if kindOf(a) != kindOf(b) {
		return false
	}
	switch a := a.(type) {
	case nil, undefined:
		return true
	case string:
		return a == b
	case *Map:
		b := b.(*Map)
		for k, v := range a.All() {
			if w, ok := b.Get(k); !ok || !same(v, w) {
				return false
			}
		}
		return a.Len() == b.Len()
	case *namespace, *macro, *loop:
		return a == b
	}
	x, ok := listed(a)
	y, _ := listed(b)
	return ok && slices.EqualFunc(x, y, same)
}

// numbersInOrder is below 0 where a < b, 0 where they are equal. It is false of
// what is not a number; a NaN is equal to none, nor more nor less.
func numbersInOrder(a, b any) (int, bool) {
	i, ok := whole(a)
	j, too := whole(b)
	if ok && too {
		return cmpOf(i < j, i > j), true
	}
	x, ok := float(a)
	y, too := float(b)
	if math.IsNaN(x) || math.IsNaN(y) {
		return unordered, ok && too
	}
	return cmpOf(x < y, x > y), ok && too
}

// unordered is the order of a NaN.
const unordered = math.MaxInt

func cmpOf(less, more bool) int {
	switch {
	case less:
		return -1
	case more:
		return 1
	}
	return 0
}

// order is below 0 where a < b. It is false where a NaN is among them.
func (r *run) order(at int, a, b any) (int, bool) {
	r.enter(at)
	defer func() { r.nested-- }()
	if c, ok := numbersInOrder(a, b); ok {
		return c, c != unordered
	}
	refuse(at, a, b)
	x, list := listed(a)
	y, _ := listed(b)
	switch s, text := a.(string); {
	case kindOf(a) != kindOf(b):
	case text:
		return strings.Compare(s, b.(string)), true
	case list && (kindOf(a) == "list" || kindOf(a) == "tuple"):
		for i := range min(len(x), len(y)) {
			if !r.equal(at, x[i], y[i]) {
				return r.order(at, x[i], y[i])
			}
		}
		return len(x) - len(y), true
	}
	fail(at, "'%s' and '%s' have no order", kindOf(a), kindOf(b))
	return 0, false
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
	return slices.ContainsFunc(r.collect(at, b), func(x any) bool { return r.equal(at, a, x) })
}
