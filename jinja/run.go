package jinja

import (
	"cmp"
	"strings"
	"time"
)

// A statement does something and says how it ended; an expr has a value.
type (
	statement func(r *run) flow
	expr      func(r *run) any
	block     []statement
)

// flow is how a statement ends: on to the next, or out of a loop's body.
type flow int

const (
	goes flow = iota
	breaks
	continues
)

func (r *run) all(list block) flow {
	for _, s := range list {
		if f := s(r); f != goes {
			return f
		}
	}
	return goes
}

// run is one rendering: where it stands, what it may yet use, and what it wrote.
type run struct {
	scope     *scope
	out       *strings.Builder
	kept      int // buffers above that of the output
	generated [][2]int
	lost      bool
	now       time.Time

	limits Limits
	steps  int
	bytes  int
	depth  int // of macros that are called
	nested int // of expressions and values within each other
}

// scope is a block's names. What a block sets is gone behind its end; what stands
// around it can be read there.
type scope struct {
	up   *scope
	vars []variable // few
}

type variable struct {
	name  string
	value any
}

func (s *scope) set(name string, v any) {
	for i := range s.vars {
		if s.vars[i].name == name {
			s.vars[i].value = v
			return
		}
	}
	s.vars = append(s.vars, variable{name, v})
}

// get finds the innermost value of a name.
func (s *scope) get(name string) (any, bool) {
	for ; s != nil; s = s.up {
		for i := range s.vars {
			if s.vars[i].name == name {
				return s.vars[i].value, true
			}
		}
	}
	v, ok := globals[name]
	return v, ok
}

func newRun(vars *Map, o Options) *run {
	given := &scope{}
	if vars != nil {
		for k, v := range vars.All() {
			if name, ok := k.(string); ok {
				given.set(name, v)
			}
		}
	}
	l := o.Limits
	l.Steps, l.Bytes, l.Depth = cmp.Or(l.Steps, 3e6), cmp.Or(l.Bytes, 64<<20), cmp.Or(l.Depth, 200)
	return &run{scope: &scope{up: given}, out: new(strings.Builder), now: o.Now, limits: l}
}

// step counts one statement or expression.
func (r *run) step(at int) {
	if r.steps++; r.steps > r.limits.Steps {
		fail(at, "the template takes more than %d steps: it does not end, or not soon", r.limits.Steps)
	}
}

// enter counts what is evaluated, or looked through, within something else.
func (r *run) enter(at int) {
	r.step(at)
	if r.nested++; r.nested > 100*deepest {
		fail(at, "expressions or values within each other without an end")
	}
}

// make counts n things of a size before they are made.
func (r *run) make(at, n, size int) {
	if size > 0 && n > (r.limits.Bytes-r.bytes)/size {
		fail(at, "the template makes more than %d bytes", r.limits.Bytes)
	}
	r.bytes += n * size
}

// list counts n elements of a list.
func (r *run) list(at, n int) { r.make(at, n, 16) }

func (r *run) write(at int, s string) {
	r.make(at, len(s), 1)
	r.out.WriteString(s)
}

// keep runs a body and returns what it wrote, which goes nowhere else.
func (r *run) keep(body block) string {
	out := r.out
	r.out = new(strings.Builder)
	r.kept++
	r.all(body)
	text := r.out.String()
	r.out = out
	r.kept--
	return text
}

// within runs f in a scope below up.
func (r *run) within(up *scope, f func()) {
	outer := r.scope
	r.scope = &scope{up: up}
	f()
	r.scope = outer
}
