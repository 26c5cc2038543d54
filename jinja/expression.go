package jinja

// The grammar of expressions, from what binds least to what binds most:
//
//	a if b else c · or · and · not · == < in · + - · ~ · * / // % · ** · - + · x.y x[y] x(y) · x|f, x is t
//
// A filter or test belongs to the operand that it follows.

// tuple is an expression, or several with commas between them.
func (p *parser) tuple(conditions bool, until []string) expr {
	at := p.now().at
	var list []expr
	several := false
	for {
		if p.tupleEnds(until) {
			break
		}
		list = append(list, p.expression(conditions))
		if !p.skip(operator, ",") {
			break
		}
		several = true
	}
	switch {
	case several:
		return &tuple{at, list}
	case len(list) == 0:
		fail(at, "Expected an expression, got '%s'", clip(p.now().text))
	}
	return list[0]
}

func (p *parser) tupleEnds(until []string) bool {
	k := p.now().kind
	return k == shown || k == end || k == theEnd || p.is(operator, ")") || p.isWord(until...)
}

func (p *parser) expression(conditions bool) expr {
	defer p.deeper(p.now().at)()
	x := p.or()
	for n := 0; conditions && p.skip(word, "if"); p.further(&n) {
		c := &condition{then: x, test: p.or()}
		if p.skip(word, "else") {
			c.other = p.expression(true)
		}
		x = c
	}
	return x
}

func (p *parser) or() expr {
	x := p.and()
	for n := 0; p.skip(word, "or"); p.further(&n) {
		x = &or{x, p.and()}
	}
	return x
}

func (p *parser) and() expr {
	x := p.not()
	for n := 0; p.skip(word, "and"); p.further(&n) {
		x = &and{x, p.not()}
	}
	return x
}

func (p *parser) not() expr {
	if at := p.now().at; p.skip(word, "not") {
		defer p.deeper(at)()
		return &not{p.not()}
	}
	return p.compare()
}

func (p *parser) compare() expr {
	x := p.sum()
	c := &comparison{first: x}
	for {
		t := p.now()
		op := t.text
		switch {
		case t.kind == operator && (op == "==" || op == "!=" || op == "<" || op == "<=" || op == ">" || op == ">="):
		case t.kind == word && op == "in":
		case t.kind == word && op == "not" && p.tokens[p.i+1].kind == word && p.tokens[p.i+1].text == "in":
			p.next()
			op = "not in"
		case len(c.rest) == 0:
			return x
		default:
			return c
		}
		p.next()
		c.rest = append(c.rest, operand{t.at, op, p.sum()})
	}
}

// operations reads operands with operators between them, from the left.
func (p *parser) operations(operand func() expr, ops ...string) expr {
	x := operand()
	for n := 0; ; p.further(&n) {
		t := p.now()
		if t.kind != operator || !contains(ops, t.text) {
			return x
		}
		p.next()
		x = &operation{t.at, t.text, x, operand()}
	}
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func (p *parser) sum() expr { return p.operations(p.concat, "+", "-") }

func (p *parser) concat() expr {
	x := p.product()
	if !p.is(operator, "~") {
		return x
	}
	c := &concat{p.now().at, []expr{x}}
	for p.skip(operator, "~") {
		c.list = append(c.list, p.product())
	}
	return c
}

func (p *parser) product() expr { return p.operations(p.power, "*", "/", "//", "%") }

func (p *parser) power() expr {
	return p.operations(func() expr { return p.unary(true) }, "**")
}

func (p *parser) unary(filters bool) expr {
	t := p.now()
	var x expr
	if t.kind == operator && (t.text == "-" || t.text == "+") {
		defer p.deeper(t.at)()
		p.next()
		x = &sign{t.at, t.text, p.unary(false)}
	} else {
		x = p.primary()
	}
	x = p.postfix(x)
	if filters {
		x = p.filters(x)
	}
	return x
}

func (p *parser) primary() expr {
	t := p.next()
	switch {
	case t.kind == word:
		switch t.text {
		case "true", "True":
			return &constant{true}
		case "false", "False":
			return &constant{false}
		case "none", "None":
			return &constant{nil}
		}
		return &name{t.at, t.text}
	case t.kind == literal:
		s, ok := t.value.(string)
		if !ok {
			return &constant{t.value}
		}
		for p.now().kind == literal { // texts side by side are one
			more, ok := p.now().value.(string)
			if !ok {
				break
			}
			s += more
			p.next()
		}
		return &constant{s}
	case t.kind == operator && t.text == "(":
		return p.parenthesis(t.at)
	case t.kind == operator && t.text == "[":
		return &list{t.at, p.items("]")}
	case t.kind == operator && t.text == "{":
		return p.dict(t.at)
	}
	fail(t.at, "unexpected '%s'", clip(t.text))
	return nil
}

func (p *parser) parenthesis(at int) expr {
	if p.skip(operator, ")") {
		return &tuple{at, nil}
	}
	x := p.tuple(true, nil)
	p.expect(operator, ")")
	return x
}

func (p *parser) items(close string) (list []expr) {
	for !p.skip(operator, close) {
		if len(list) > 0 {
			p.expect(operator, ",")
			if p.skip(operator, close) {
				break
			}
		}
		list = append(list, p.expression(true))
	}
	return list
}

func (p *parser) dict(at int) expr {
	d := &dict{at: at}
	for !p.skip(operator, "}") {
		if len(d.keys) > 0 {
			p.expect(operator, ",")
			if p.skip(operator, "}") {
				break
			}
		}
		d.keys = append(d.keys, p.expression(true))
		p.expect(operator, ":")
		d.values = append(d.values, p.expression(true))
	}
	return d
}

func (p *parser) postfix(x expr) expr {
	for n := 0; p.now().kind == operator; p.further(&n) {
		switch p.now().text {
		case ".":
			x = p.attribute(x)
		case "[":
			x = p.subscript(x)
		case "(":
			x = p.call(x)
		default:
			return x
		}
	}
	return x
}

func (p *parser) attribute(x expr) expr {
	at := p.next().at
	t := p.next()
	if t.kind == word {
		return &attribute{at, x, t.text}
	}
	if n, ok := t.value.(int); ok && t.kind == literal {
		return &subscript{at, x, &constant{n}}
	}
	fail(t.at, "expected name or number")
	return nil
}

func (p *parser) subscript(x expr) expr {
	at := p.next().at
	var keys []expr
	for !p.skip(operator, "]") {
		if len(keys) > 0 {
			p.expect(operator, ",")
		}
		keys = append(keys, p.key())
	}
	if len(keys) == 1 {
		return &subscript{at, x, keys[0]}
	}
	return &subscript{at, x, &tuple{at, keys}}
}

// key is what stands in brackets: an expression, or a slice.
func (p *parser) key() expr {
	s := &slice{at: p.now().at}
	if !p.is(operator, ":") {
		x := p.expression(true)
		if !p.is(operator, ":") {
			return x
		}
		s.from = x
	}
	for _, part := range []*expr{&s.to, &s.step} {
		if !p.skip(operator, ":") {
			break
		}
		if !p.is(operator, ":") && !p.is(operator, "]") && !p.is(operator, ",") {
			*part = p.expression(true)
		}
	}
	return s
}

func (p *parser) call(x expr) expr {
	at := p.now().at
	return &call{at, x, p.arguments()}
}

func (p *parser) arguments() (a arguments) {
	at := p.expect(operator, "(").at
	for n := 0; !p.skip(operator, ")"); n++ {
		if n > 0 {
			p.expect(operator, ",")
			if p.skip(operator, ")") {
				break
			}
		}
		wrong := false
		switch {
		case p.skip(operator, "*"):
			wrong = a.star != nil || a.stars != nil
			a.star = p.expression(true)
		case p.skip(operator, "**"):
			wrong = a.stars != nil
			a.stars = p.expression(true)
		case p.now().kind == word && p.tokens[p.i+1].kind == operator && p.tokens[p.i+1].text == "=":
			wrong = a.stars != nil
			a.names = append(a.names, p.next().text)
			p.next()
			a.named = append(a.named, p.expression(true))
		default:
			wrong = a.star != nil || a.stars != nil || len(a.names) > 0
			a.list = append(a.list, p.expression(true))
		}
		if wrong {
			fail(at, "invalid syntax for function call expression")
		}
	}
	return a
}

// filters reads what follows an operand.
func (p *parser) filters(x expr) expr {
	for n := 0; ; p.further(&n) {
		switch {
		case p.is(operator, "|"):
			x = p.filterChain(x, false)
		case p.isWord("is"):
			x = p.test(x)
		case p.is(operator, "("):
			x = p.call(x)
		default:
			return x
		}
	}
}

// filterChain reads |a|b(c); inline stands without the first bar.
func (p *parser) filterChain(x expr, inline bool) expr {
	for n := 0; inline || p.skip(operator, "|"); p.further(&n) {
		inline = false
		at := p.now().at
		f := &filtered{at: at, x: x, name: p.dotted()}
		if p.is(operator, "(") {
			f.args = p.arguments()
		}
		x = f
	}
	return x
}

func (p *parser) dotted() string {
	n := p.expect(word, "").text
	for p.skip(operator, ".") {
		n += "." + p.expect(word, "").text
	}
	return n
}

// test reads "is odd", "is not divisibleby 3", "is in [1, 2]".
func (p *parser) test(x expr) expr {
	at := p.next().at
	negated := p.skip(word, "not")
	t := &test{at: at, x: x, name: p.dotted()}
	k := p.now().kind
	switch {
	case p.is(operator, "("):
		t.args = p.arguments()
	case p.isWord("else", "or", "and"):
	case p.isWord("is"):
		fail(p.now().at, "You cannot chain multiple tests with is")
	case k == word || k == literal || p.is(operator, "[") || p.is(operator, "{"):
		t.args.list = []expr{p.postfix(p.primary())}
	}
	if negated {
		return &not{t}
	}
	return t
}
