package jinja

import (
	"cmp"
	"strings"
	"time"
)

// run is one rendering: where it stands, what it may yet use, and what it wrote.
type run struct {
	scope     *scope
	out       *strings.Builder
	kept      int // buffers above that of the output
	generated [][2]int
	lost      bool
	now       time.Time

	limits     Limits
	steps      int
	bytes      int
	depth      int // of macros and loops that are called
	expression int // of expressions within each other
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

// make counts bytes before they are made.
func (r *run) make(at, n int) {
	if n > r.limits.Bytes-r.bytes {
		fail(at, "the template makes more than %d bytes", r.limits.Bytes)
	}
	r.bytes += n
}

// wide is what an element of a list counts for.
const wide = 16

func (r *run) list(at, n int) {
	if n > r.limits.Bytes/wide {
		r.make(at, r.limits.Bytes+1)
	}
	r.make(at, n*wide)
}

func (r *run) write(at int, s string) {
	r.make(at, len(s))
	r.out.WriteString(s)
}

// deeper guards what calls itself.
func (r *run) deeper(at int) {
	if r.depth++; r.depth > r.limits.Depth {
		fail(at, "more than %d calls within each other: the template calls itself without an end", r.limits.Depth)
	}
}

// keep runs f and returns what it wrote, which goes nowhere else.
func (r *run) keep(f func()) string {
	out := r.out
	r.out = new(strings.Builder)
	r.kept++
	f()
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

// flow is how a statement ends: on to the next, or out of a loop's body.
type flow int

const (
	goes flow = iota
	breaks
	continues
)

type statement interface{ exec(r *run) flow }

func (r *run) all(list []statement) flow {
	for _, s := range list {
		if f := s.exec(r); f != goes {
			return f
		}
	}
	return goes
}

type expr interface {
	eval(r *run) any
	place() int
}

// eval is every expression's way in: it counts.
func (r *run) eval(x expr) any {
	r.step(x.place())
	if r.expression++; r.expression > 100*deepest {
		fail(x.place(), "expressions within each other without an end")
	}
	v := x.eval(r)
	r.expression--
	return v
}
