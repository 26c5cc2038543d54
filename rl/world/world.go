// Package world holds environments: grid worlds drawn in a text file, random
// walks, card games, small machines with gravity, and worlds that are programs
// of their own.
//
// A world ends an episode by a discount of zero and never truncates: a horizon
// belongs to whoever runs it. Worlds that Gymnasium has are named as there,
// number states and actions as there, and move as there; golden files of its own
// runs hold them to it.
//
// There are two kinds. A finite world is a Model, the exact table p(s′, r, γ|s, a),
// which dynamic programming solves, and a Table that plays it. Any other world is
// a type with Reset and Step whose state is a small array, so that it can be kept
// and compared, and that Observe turns into the numbers which a function sees.
//
// Every world registers itself from its own file; Names lists them and Open
// makes one.
package world

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/rotor-lm/rotor/internal/nearest"
	"github.com/rotor-lm/rotor/rl"
)

// World is an environment with what a runner and a reader want to know of it.
type World struct {
	Name, About, Source string
	Actions             []string     // their names; empty where an action is a force
	Low, High           float64      // of a force
	Range               [][2]float64 // between which numbers lies each that is seen, or nearly always; nil if nobody knows
	Gamma               float64      // the discount that steps report, unless they end an episode
	Horizon             int          // after how many steps a run is usually cut; 0 for never
	Continuing          bool         // an episode may never end by itself
	Model               *Model       // the exact table of a finite world; nil elsewhere
	Grid                *Grid        // how a grid world is drawn; nil elsewhere
	Warnings            []string
	New                 func() Simulator // a copy to act in
	States              int              // of a finite world without a table; zero elsewhere
	table               func() rl.Env[int, int]

	mu      sync.Mutex
	running []*External // programs to end
}

// Count is the number of states of a finite world, or zero.
func (w *World) Count() int {
	if w.Model != nil {
		return w.Model.States
	}
	return w.States
}

// Close ends the programs that play the world.
func (w *World) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.running {
		_ = e.Close() // how a program ends that nobody needs is no error
	}
	w.running = nil
	return nil
}

// Finite returns a fresh environment with numbered states, or nil if the world
// has more states than can be counted.
func (w *World) Finite() rl.Env[int, int] {
	switch {
	case w.table != nil:
		return w.table()
	case w.Model != nil:
		return NewTable(w.Model)
	}
	return nil
}

// Shape is rows and columns: of a grid, else all states in one row.
func (w *World) Shape() (rows, cols int) {
	if w.Grid != nil {
		return w.Grid.Rows, w.Grid.Cols
	}
	if w.Model != nil {
		return 1, w.Model.States
	}
	return 1, 0
}

// finite makes a world of a model.
func finite(m *Model, gamma float64) *World {
	m = m.Discounted(gamma)
	w := &World{Model: m, Gamma: gamma, Continuing: m.Continuing()}
	w.New = func() Simulator { return Simulate[int, int](NewTable(w.Model)) }
	return w
}

// Simulator is a world seen from outside, as numbers: what networks, other
// programs and the command line use. An action is the number of one or a force.
type Simulator interface {
	Reset(rng *rand.Rand)
	Act(a float64) (r, gamma float64)
	Observe(x []float64) // what is seen of the present state     [Width]
	Width() int
	State() []float64            // the state itself, in a slice of its own
	Place(state []float64) error // go to a state, after Reset
}

// Body is a world whose states can be seen and set: what Simulate asks for.
type Body[S, A any] interface {
	rl.Env[S, A]
	Width() int
	Observe(s S, x []float64)
	Numbers(s S) []float64
	Place(state []float64) (S, error)
}

// Simulate shows a world from outside.
func Simulate[S any, A int | float64](env Body[S, A]) Simulator { return &simulator[S, A]{env: env} }

type simulator[S any, A int | float64] struct {
	env Body[S, A]
	s   S
}

func (m *simulator[S, A]) Reset(rng *rand.Rand) { m.s = m.env.Reset(rng) }
func (m *simulator[S, A]) Observe(x []float64)  { m.env.Observe(m.s, x) }
func (m *simulator[S, A]) Width() int           { return m.env.Width() }
func (m *simulator[S, A]) State() []float64     { return m.env.Numbers(m.s) }

func (m *simulator[S, A]) Act(a float64) (r, gamma float64) {
	m.s, r, gamma = m.env.Step(A(a))
	return r, gamma
}

func (m *simulator[S, A]) Place(state []float64) (err error) {
	s, err := m.env.Place(state)
	if err == nil {
		m.s = s
	}
	return err
}

// Entry is a world in the catalogue.
type Entry struct {
	Name, About, Source string
	Make                func(*Settings) (*World, error)
}

var catalogue = map[string]Entry{}

// Register adds a world to the catalogue. Files call it from init.
func Register(e Entry) {
	if _, twice := catalogue[e.Name]; twice {
		panic("world: two worlds are called " + e.Name)
	}
	catalogue[e.Name] = e
}

// Names lists the catalogue.
func Names() []string {
	var names []string
	for name := range catalogue {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Lookup finds an entry of the catalogue.
func Lookup(name string) (Entry, bool) { e, ok := catalogue[name]; return e, ok }

// Open makes a world of the catalogue, or reads the file of a drawn one, with
// options KEY=VALUE.
func Open(name string, options ...string) (*World, error) {
	set, err := NewSettings(options...)
	if err != nil {
		return nil, err
	}
	return OpenWith(name, set)
}

// OpenWith is Open with options that the caller wants to see afterwards.
func OpenWith(name string, set *Settings) (*World, error) {
	if line, ok := strings.CutPrefix(name, "exec:"); ok {
		w, err := program(line, set)
		if err == nil {
			w.Name, err = name, set.Err()
		}
		if err != nil {
			return nil, fmt.Errorf("world %s: %w", name, err)
		}
		return w, nil
	}
	e, known := catalogue[name]
	if !known {
		text, err := readGrid(name)
		if err != nil {
			if os.IsNotExist(err) && !strings.ContainsAny(name, "/.\\") {
				return nil, fmt.Errorf("no world %q; did you mean %s? `rotor rl list` names them all", name, nearest.Word(name, Names()))
			}
			return nil, fmt.Errorf("world %s: %w", name, err)
		}
		e = drawn(name, text)
	}
	w, err := e.Make(set)
	if err == nil {
		err = set.Err()
	}
	if err == nil && w.Model != nil {
		err = w.Model.Check()
	}
	if err != nil {
		return nil, fmt.Errorf("world %s: %w", name, err)
	}
	w.Name = e.Name
	if w.About == "" {
		w.About = e.About
	}
	if w.Source == "" {
		w.Source = e.Source
	}
	return w, nil
}
