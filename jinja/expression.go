package jinja

// The grammar of expressions, from what binds least to what binds most:
//
//	a if b else c · or · and · not · == < in · + - · ~ · * / // % · - + · x.y x[y] x(y) · x|f, x is t
//
// A filter or test belongs to the operand that it follows.

// counted is an expression that counts as a step, and as more where its value is a
// long text: what is done with one takes time as it is long.
func counted(at int, x expr) expr {
	return func(r *run) any {
		r.enter(at)
		v := x(r)
		r.nested--
		if s, ok := v.(string); ok {
			r.steps += len(s) >> 8
		}
		return v
	}
}

func constant(v any) expr { return func(*run) any { return v } }

// tuple is an expression, or several with commas between them.
func (p *parser) tuple() expr { return p.tupleOf(p.expression) }

// plain is a tuple without conditions: what a loop runs over, and what "if" asks.
func (p *parser) plain() expr { return p.tupleOf(p.or) }

func (p *parser) tupleOf(operand func() expr) expr {
	at := p.now().at
	x := operand()
	if !p.at(operator, ",") {
		return x
	}
	list := []expr{x}
	for p.skip(operator, ",") {
		if k := p.now().kind; k == shown || k == end || p.at(operator, ")") {
			break
		}
		list = append(list, operand())
	}
	return counted(at, func(r *run) any { return Tuple(r.several(at, list)) })
}

func (r *run) several(at int, list []expr) []any {
	r.list(at, len(list))
	values := make([]any, len(list))
	for i, x := range list {
		values[i] = x(r)
	}
	return values
}

// expression is one that may have conditions.
func (p *parser) expression() expr {
	defer p.deeper()()
	x := p.or()
	for n := 0; p.at(word, "if"); p.further(&n) {
		at, then := p.next().at, x
		test, other := p.or(), constant(undefined{"the inline if-expression evaluated to false and no else section was defined"})
		if p.skip(word, "else") {
			other = p.expression()
		}
		x = counted(at, func(r *run) any {
			if truth(test(r)) {
				return then(r)
			}
			return other(r)
		})
	}
	return x
}

func (p *parser) or() expr { return p.either("or", true, p.and) }

func (p *parser) and() expr { return p.either("and", false, p.not) }

// either is the first of its operands that settles the matter, or the last.
func (p *parser) either(name string, settles bool, operand func() expr) expr {
	x := operand()
	for n := 0; p.at(word, name); p.further(&n) {
		at, a := p.next().at, x
		b := operand()
		x = counted(at, func(r *run) any {
			if v := a(r); truth(v) == settles {
				return v
			}
			return b(r)
		})
	}
	return x
}

func (p *parser) not() expr {
	if at := p.now().at; p.skip(word, "not") {
		defer p.deeper()()
		x := p.not()
		return counted(at, func(r *run) any { return !truth(x(r)) })
	}
	return p.comparison()
}

// comparison holds if every pair of neighbours does: 1 < 2 < 3.
func (p *parser) comparison() expr {
	type operand struct {
		at int
		op string
		x  expr
	}
	first := p.sum()
	var rest []operand
	for p.at(operator, "==", "!=", "<", "<=", ">", ">=") || p.at(word, "in") || p.at(word, "not") && p.tokens[p.i+1].text == "in" {
		t := p.next()
		if t.text == "not" {
			t.text = "not " + p.next().text
		}
		rest = append(rest, operand{t.at, t.text, p.sum()})
	}
	if rest == nil {
		return first
	}
	return counted(rest[0].at, func(r *run) any {
		a := first(r)
		for _, o := range rest {
			b := o.x(r)
			if !r.holds(o.at, o.op, a, b) {
				return false
			}
			a = b
		}
		return true
	})
}

// operations reads operands with operators between them, from the left.
func (p *parser) operations(operand func() expr, ops ...string) expr {
	x := operand()
	for n := 0; p.at(operator, ops...); p.further(&n) {
		t, a := p.next(), x
		b := operand()
		x = counted(t.at, func(r *run) any { return r.operate(t.at, t.text, a(r), b(r)) })
	}
	return x
}

func (p *parser) sum() expr    { return p.operations(p.concat, "+", "-") }
func (p *parser) concat() expr { return p.operations(p.product, "~") }
func (p *parser) product() expr {
	return p.operations(func() expr { return p.filters(p.unary()) }, "*", "/", "//", "%")
}

func (p *parser) unary() expr {
	if !p.at(operator, "-", "+") {
		return p.postfix(p.primary())
	}
	defer p.deeper()()
	t := p.next()
	x := p.unary()
	return counted(t.at, func(r *run) any {
		v := x(r)
		if _, ok := float(v); !ok {
			refuse(t.at, v)
			fail(t.at, "bad operand type for unary %s: '%s'", t.text, kindOf(v))
		}
		if f, ok := v.(float64); ok && t.text == "-" {
			return -f
		}
		return r.operate(t.at, t.text, 0, v)
	})
}

func (p *parser) primary() expr {
	t := p.next()
	switch {
	case t.kind == word:
		switch t.text {
		case "true", "True":
			return constant(true)
		case "false", "False":
			return constant(false)
		case "none", "None":
			return constant(nil)
		}
		return counted(t.at, func(r *run) any {
			if v, ok := r.scope.get(t.text); ok {
				return v
			}
			return undefined{"'" + t.text + "' is undefined"}
		})
	case t.kind == literal:
		s, ok := t.value.(string)
		for ok && p.now().kind == literal { // texts side by side are one
			var more string
			if more, ok = p.now().value.(string); ok {
				s += more
				p.next()
			}
		}
		if s != "" {
			return counted(t.at, constant(s))
		}
		return constant(t.value)
	case t.kind == operator && t.text == "(":
		if p.skip(operator, ")") {
			return constant(Tuple{})
		}
		x := p.tuple()
		p.expect(operator, ")")
		return x
	case t.kind == operator && t.text == "[":
		var list []expr
		p.items("]", func() { list = append(list, p.expression()) })
		return counted(t.at, func(r *run) any { return List(r.several(t.at, list)) })
	case t.kind == operator && t.text == "{":
		return p.dict(t.at)
	}
	fail(t.at, "unexpected '%s'", clip(t.text))
	return nil
}

// items reads what stands between commas, up to a bracket.
func (p *parser) items(bracket string, item func()) {
	for n := 0; !p.skip(operator, bracket); n++ {
		if n > 0 {
			p.expect(operator, ",")
			if p.skip(operator, bracket) {
				return
			}
		}
		item()
	}
}

func (p *parser) dict(at int) expr {
	var keys, values []expr
	p.items("}", func() {
		keys = append(keys, p.expression())
		p.expect(operator, ":")
		values = append(values, p.expression())
	})
	return counted(at, func(r *run) any {
		r.list(at, 4*len(keys))
		m := NewMap()
		for i, k := range keys {
			key := k(r)
			if !hashable(key) {
				fail(at, "a key must be a text, a number, true, false or none, and not '%s'", kindOf(key))
			}
			m.Set(key, values[i](r))
		}
		return m
	})
}

func (p *parser) postfix(x expr) expr {
	for n := 0; ; p.further(&n) {
		of := x
		switch at := p.now().at; {
		case p.skip(operator, "."):
			t := p.next()
			i, ok := t.value.(int)
			switch {
			case t.kind == word:
				x = counted(at, func(r *run) any { return attribute(at, of(r), t.text) })
			case ok:
				x = counted(at, func(r *run) any { return item(at, of(r), i) })
			default:
				fail(t.at, "expected name or number")
			}
		case p.skip(operator, "["):
			x = p.subscript(at, of)
		case p.at(operator, "("):
			a := p.arguments()
			x = counted(at, func(r *run) any { return r.call(at, of(r), a(r)) })
		default:
			return x
		}
	}
}

// subscript reads x[key] or x[from:to:step].
func (p *parser) subscript(at int, x expr) expr {
	var parts [3]expr
	cut := false
	for i := range parts {
		if !p.at(operator, ":", "]") {
			parts[i] = p.expression()
		}
		if i == 2 || !p.skip(operator, ":") {
			break
		}
		cut = true
	}
	p.expect(operator, "]")
	if cut {
		return counted(at, func(r *run) any { return r.slice(at, x(r), parts) })
	}
	key := parts[0]
	if key == nil {
		fail(at, "a key is missing in []")
	}
	return counted(at, func(r *run) any { return item(at, x(r), key(r)) })
}

// args are the arguments of a call.
type args struct {
	list  []any
	named *Map
}

func (p *parser) arguments() func(r *run) args {
	at := p.expect(operator, "(").at
	var list, named []expr
	var names []string
	p.items(")", func() {
		switch {
		case p.at(operator, "*", "**"):
			fail(p.now().at, "arguments by * and ** are not read: write each of them")
		case p.now().kind == word && p.tokens[p.i+1].kind == operator && p.tokens[p.i+1].text == "=":
			names = append(names, p.next().text)
			p.next()
			named = append(named, p.expression())
		case len(names) > 0:
			fail(p.now().at, "positional argument follows keyword argument")
		default:
			list = append(list, p.expression())
		}
	})
	return func(r *run) args {
		a := args{r.several(at, list), NewMap()}
		for i, v := range r.several(at, named) {
			a.named.Set(names[i], v)
		}
		return a
	}
}

// call calls what a template can call.
func (r *run) call(at int, f any, a args) any {
	switch f := f.(type) {
	case function:
		return f(r, at, a)
	case *macro:
		return f.call(r, at, a)
	}
	refuse(at, f)
	fail(at, "'%s' object is not callable", kindOf(f))
	return nil
}

// filters reads |a|b(c), "is odd", "is not in [1, 2]" behind an operand.
func (p *parser) filters(x expr) expr {
	for n := 0; p.at(operator, "|") || p.at(word, "is"); p.further(&n) {
		if p.next().text == "|" {
			x = p.filter(x)
		} else {
			x = p.test(x)
		}
	}
	return x
}

func (p *parser) filter(x expr) expr {
	t := p.expect(word)
	f, ok := filters[t.text]
	if !ok {
		fail(t.at, "No filter named '%s'.", clip(t.text))
	}
	given := func(*run) args { return args{nil, NewMap()} }
	if p.at(operator, "(") {
		given = p.arguments()
	}
	return counted(t.at, func(r *run) any { return f.on(r, t.at, t.text, x(r), given(r)) })
}

func (p *parser) test(x expr) expr {
	negated := p.skip(word, "not")
	t := p.expect(word)
	f, ok := tests[t.text]
	if !ok {
		fail(t.at, "No test named '%s'.", clip(t.text))
	}
	given := func(*run) args { return args{nil, NewMap()} }
	switch k := p.now().kind; {
	case p.at(operator, "("):
		given = p.arguments()
	case p.at(word, "is"):
		fail(p.now().at, "You cannot chain multiple tests with is")
	case f.params != "" && (k == word || k == literal || p.at(operator, "[", "{")):
		other := p.postfix(p.primary())
		given = func(r *run) args { return args{[]any{other(r)}, NewMap()} }
	}
	return counted(t.at, func(r *run) any { return truth(f.on(r, t.at, t.text, x(r), given(r))) != negated })
}
