package jinja

import (
	"math"
	"math/bits"
	"strconv"
	"strings"
)

type sign struct {
	at int
	op string
	x  expr
}

func (x *sign) place() int { return x.at }
func (x *sign) eval(r *run) any {
	v := r.eval(x.x)
	if i, ok := whole(v); ok {
		if x.op == "-" {
			return int(arithmetic(x.at, "-", 0, i).(int))
		}
		return i
	}
	f, ok := v.(float64)
	if !ok {
		refuse(x.at, v, nil)
		fail(x.at, "bad operand type for unary %s: '%s'", x.op, kindOf(v))
	}
	if x.op == "-" {
		return -f
	}
	return f
}

type operation struct {
	at   int
	op   string
	a, b expr
}

func (x *operation) place() int { return x.at }
func (x *operation) eval(r *run) any {
	return r.operate(x.at, x.op, r.eval(x.a), r.eval(x.b))
}

func (r *run) operate(at int, op string, a, b any) any {
	i, intA := whole(a)
	j, intB := whole(b)
	if intA && intB {
		return arithmetic(at, op, i, j)
	}
	x, floatA := float(a)
	y, floatB := float(b)
	if floatA && floatB {
		return floating(at, op, x, y)
	}
	refuse(at, a, b)
	switch {
	case op == "+":
		if v, ok := r.join(at, a, b); ok {
			return v
		}
	case op == "*" && intB:
		if v, ok := r.repeat(at, a, j); ok {
			return v
		}
	case op == "*" && intA:
		if v, ok := r.repeat(at, b, i); ok {
			return v
		}
	}
	fail(at, "unsupported operand type(s) for %s: '%s' and '%s'", op, kindOf(a), kindOf(b))
	return nil
}

// refuse is what happens when one counts with what is undefined.
func refuse(at int, a, b any) {
	for _, v := range []any{a, b} {
		if u, ok := v.(undefined); ok {
			fail(at, "%s", u.hint)
		}
	}
}

func (r *run) join(at int, a, b any) (any, bool) {
	switch a := a.(type) {
	case string:
		if b, ok := b.(string); ok {
			r.make(at, len(a)+len(b))
			return a + b, true
		}
	case List:
		if b, ok := b.(List); ok {
			r.list(at, len(a)+len(b))
			return append(a[:len(a):len(a)], b...), true
		}
	case Tuple:
		if b, ok := b.(Tuple); ok {
			r.list(at, len(a)+len(b))
			return append(a[:len(a):len(a)], b...), true
		}
	}
	return nil, false
}

func (r *run) repeat(at int, v any, n int) (any, bool) {
	n = max(n, 0)
	bound := func(size int) {
		if size > 0 && n > r.limits.Bytes/size {
			r.make(at, r.limits.Bytes+1)
		}
		r.make(at, n*size)
	}
	switch v := v.(type) {
	case string:
		bound(len(v))
		return strings.Repeat(v, n), true
	case List:
		bound(wide * len(v))
		return List(repeated(v, n)), true
	case Tuple:
		bound(wide * len(v))
		return Tuple(repeated(v, n)), true
	}
	return nil, false
}

func repeated(list []any, n int) []any {
	if len(list) == 0 {
		return nil
	}
	out := make([]any, 0, n*len(list))
	for range n {
		out = append(out, list...)
	}
	return out
}

// arithmetic is that of whole numbers: division rounds down, and a remainder has
// the sign of the divisor.
func arithmetic(at int, op string, a, b int) any {
	overflow := func(no bool, v int) int {
		if !no {
			fail(at, "%d %s %d has more than 64 bits", a, op, b)
		}
		return v
	}
	switch op {
	case "+":
		s := a + b
		return overflow((s > a) == (b > 0), s)
	case "-":
		s := a - b
		return overflow((s < a) == (b > 0), s)
	case "*":
		v, ok := product(a, b)
		return overflow(ok, v)
	case "/":
		return floating(at, op, float64(a), float64(b))
	case "//", "%":
		if b == 0 {
			fail(at, "integer division or modulo by zero")
		}
		q, rest := a/b, a%b
		if rest != 0 && (rest < 0) != (b < 0) {
			q, rest = q-1, rest+b
		}
		if op == "%" {
			return rest
		}
		return overflow(a != math.MinInt || b != -1, q)
	}
	if b < 0 {
		return floating(at, op, float64(a), float64(b))
	}
	v := 1
	for range b {
		if v == 0 || v == 1 && a == 1 {
			break
		}
		if a == -1 {
			return 1 - 2*(b%2)
		}
		next, ok := product(v, a)
		v = overflow(ok, next)
	}
	return v
}

func product(a, b int) (int, bool) {
	hi, lo := bits.Mul64(magnitude(a), magnitude(b))
	if hi != 0 || lo > 1<<63 {
		return 0, false
	}
	if (a < 0) != (b < 0) {
		return -int(lo), true
	}
	return int(lo), lo < 1<<63
}

func magnitude(a int) uint64 {
	if a < 0 {
		return -uint64(a)
	}
	return uint64(a)
}

func floating(at int, op string, a, b float64) any {
	if b == 0 && (op == "/" || op == "//" || op == "%") || op == "**" && a == 0 && b < 0 {
		fail(at, "division by zero")
	}
	switch op {
	case "+":
		return a + b
	case "-":
		return a - b
	case "*":
		return a * b
	case "/":
		return a / b
	case "//":
		return math.Floor((a - remainder(a, b)) / b)
	case "%":
		return remainder(a, b)
	}
	v := math.Pow(a, b)
	if math.IsNaN(v) && !math.IsNaN(a) && !math.IsNaN(b) || math.IsInf(v, 0) && !math.IsInf(a, 0) && !math.IsInf(b, 0) {
		fail(at, "%s ** %s is no number that can be told", floatText(a), floatText(b))
	}
	return v
}

func remainder(a, b float64) float64 {
	m := math.Mod(a, b)
	if m != 0 && (m < 0) != (b < 0) {
		m += b
	}
	return m
}

// parseInt is int(s, base), with signs, blanks and underscores as Python has them.
func parseInt(s string, base int) (int, error) {
	s = strings.TrimFunc(s, blank)
	if base == 10 {
		if strings.HasPrefix(s, "_") || strings.HasSuffix(s, "_") || strings.Contains(s, "__") {
			return 0, strconv.ErrSyntax
		}
		return strconv.Atoi(strings.ReplaceAll(s, "_", ""))
	}
	negative := strings.HasPrefix(s, "-")
	digits := strings.ToLower(strings.TrimLeft(s, "+-"))
	digits = strings.TrimPrefix(digits, map[int]string{2: "0b", 8: "0o", 16: "0x"}[base])
	if base == 0 && negative {
		return 0, strconv.ErrSyntax
	}
	v, err := strconv.ParseInt(digits, base, 64)
	if negative {
		v = -v
	}
	return int(v), err
}

// parseFloat is float(s) of what is written as a number; too large is infinite.
func parseFloat(s string) float64 {
	f, _ := strconv.ParseFloat(strings.TrimFunc(s, blank), 64)
	return f
}
