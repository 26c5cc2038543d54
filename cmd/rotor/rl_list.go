package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/rotor-lm/rotor/internal/nearest"
	"github.com/rotor-lm/rotor/rl/gradient"
	"github.com/rotor-lm/rotor/rl/tabular"
	"github.com/rotor-lm/rotor/rl/world"
)

type rlListCmd struct {
	Name string `arg:"" optional:"" help:"An algorithm, to see its options; all worlds and algorithms if not given."`
}

func (rlListCmd) Help() string {
	return `Every algorithm is a row of one table: what it bootstraps from, how far it
trusts the sample (λ), what it compares the return with, and what it does then.

Examples:

    rotor rl list
    rotor rl list dqn
    rotor rl list --json`
}

type listedWorld struct {
	Name   string `json:"name"`
	About  string `json:"about"`
	Source string `json:"source"`
}

type listedAlgorithm struct {
	Name      string   `json:"name"`
	Bootstrap string   `json:"bootstrap"`
	Lambda    string   `json:"lambda"`
	Baseline  string   `json:"baseline"`
	Then      string   `json:"then"`
	Learns    string   `json:"learns"`
	Options   []string `json:"options,omitempty"`
	Source    string   `json:"source"`
}

// listAlgorithms is the whole table.
func listAlgorithms() (all []listedAlgorithm) {
	for _, a := range tabular.Catalogue() {
		learns := "v of a given policy"
		if a.Control {
			learns = "q and a policy"
		}
		r := a.Row
		all = append(all, listedAlgorithm{a.Name, r.Bootstrap, r.Lambda, r.Baseline, r.Then, learns, a.Uses, a.Source})
	}
	for _, m := range gradient.Methods() {
		learns := "networks"
		if _, features := gradient.Keys(m.Settings())["features"]; features {
			learns = "weights of features"
		}
		all = append(all, listedAlgorithm{m.Name, m.Bootstrap, m.Lambda, m.Baseline, m.Then, learns, slices.Sorted(maps.Keys(gradient.Keys(m.Settings()))), m.Source})
	}
	return all
}

// one describes one algorithm.
func (c rlListCmd) one(e *env) error {
	all := listAlgorithms()
	i := slices.IndexFunc(all, func(a listedAlgorithm) bool { return a.Name == c.Name })
	if i < 0 {
		var names []string
		for _, a := range all {
			names = append(names, a.Name)
		}
		return usagef("no algorithm %q; did you mean %s? (rotor rl show NAME describes a world)", c.Name, nearest.Word(c.Name, names))
	}
	a := all[i]
	m, function := gradient.Lookup(c.Name)
	var usual map[string]any
	if function {
		usual = gradient.Keys(m.Settings())
	}
	if e.JSON {
		return e.object(struct {
			listedAlgorithm
			Usual map[string]any `json:"usual,omitempty"`
		}{a, usual})
	}
	var t table
	t.add("algorithm", "%s", a.Name)
	if function {
		t.add("about", "%s", m.About)
	}
	t.add("learns", "%s", a.Learns)
	t.add("bootstrap", "%s", a.Bootstrap)
	t.add("λ", "%s", a.Lambda)
	t.add("baseline", "%s", a.Baseline)
	t.add("then", "%s", a.Then)
	t.add("source", "%s", a.Source)
	t.print(e)
	if !function {
		e.printf("\nIts own options: %s\n", orNone(a.Options))
		return nil
	}
	e.printf("\n%s\n", e.paint(strong, "Options (--option KEY=VALUE), as they usually are"))
	var o table
	for _, key := range a.Options {
		value, err := json.Marshal(usual[key])
		if err != nil {
			return err
		}
		if key == "bend" {
			value = []byte([]string{"relu", "tanh"}[int(usual[key].(float64))])
		}
		o.add(key, "%s", value)
	}
	o.print(e)
	return nil
}

// Run prints the two catalogues.
func (c rlListCmd) Run(e *env) error {
	if c.Name != "" {
		return c.one(e)
	}
	var worlds []listedWorld
	for _, name := range world.Names() {
		w, _ := world.Lookup(name)
		worlds = append(worlds, listedWorld{name, w.About, w.Source})
	}
	algorithms := listAlgorithms()
	if e.JSON {
		return e.object(struct {
			Worlds     []listedWorld     `json:"worlds"`
			Algorithms []listedAlgorithm `json:"algorithms"`
		}{worlds, algorithms})
	}
	e.printf("%s\n", e.paint(strong, "Worlds"))
	var t table
	for _, w := range worlds {
		t.add(w.Name, "%s", w.About)
	}
	t.print(e)
	e.printf("\n%s\n", e.paint(strong, "Algorithms"))
	rows := [][]string{{"algorithm", "bootstrap", "λ", "baseline", "then"}}
	for _, a := range algorithms {
		rows = append(rows, []string{a.Name, a.Bootstrap, a.Lambda, a.Baseline, a.Then})
	}
	for i, line := range columns(rows) {
		if i == 0 {
			line = e.paint(faint, line)
		}
		e.printf("%s\n", line)
	}
	return nil
}

// columns sets rows of cells under each other.
func columns(rows [][]string) (lines []string) {
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for k, cell := range row {
			width[k] = max(width[k], wide(cell))
		}
	}
	for _, row := range rows {
		var b strings.Builder
		for k, cell := range row {
			b.WriteString(cell)
			b.WriteString(strings.Repeat(" ", width[k]-wide(cell)+2))
		}
		lines = append(lines, strings.TrimRight(b.String(), " "))
	}
	return lines
}

// wide is how many places a text takes on a screen: marks over letters take none.
func wide(text string) (n int) {
	for _, r := range text {
		if !unicode.Is(unicode.Mn, r) {
			n++
		}
	}
	return n
}

type rlShowCmd struct {
	Name string `arg:"" name:"world" help:"A world's name, the file of a drawn one, or exec:PROGRAM."`
	worldOptions
	Table bool `help:"Print the exact table: what every action in every state leads to."`
}

func (rlShowCmd) Help() string {
	return `Examples:

    rotor rl show zhao5x5
    rotor rl show frozenlake --set is_slippery=false --table
    rotor rl show my_world.txt --json`
}

type shownWorld struct {
	World      string          `json:"world"`
	About      string          `json:"about"`
	Source     string          `json:"source,omitempty"`
	States     int             `json:"states,omitempty"`
	Width      int             `json:"observation_width"`
	Actions    []string        `json:"actions,omitempty"`
	Force      []float64       `json:"force,omitempty"` // lowest and highest
	Gamma      float64         `json:"gamma"`
	Horizon    int             `json:"horizon"`
	Continuing bool            `json:"continuing"`
	Map        []string        `json:"map,omitempty"`
	Options    []world.Setting `json:"options"`
	Table      [][][]outcome4  `json:"table,omitempty"` // [state][action][outcome]
	Warnings   []string        `json:"warnings,omitempty"`
}

// outcome4 is probability, next state, reward, discount.
type outcome4 [4]float64

// Run describes a world.
func (c rlShowCmd) Run(e *env) error {
	set, err := world.NewSettings(c.options()...)
	if err != nil {
		return usageError{err}
	}
	w, err := world.OpenWith(c.Name, set)
	if err != nil {
		return usageError{err}
	}
	defer w.Close()
	s := shownWorld{
		World: w.Name, About: w.About, Source: w.Source, States: w.Count(), Actions: w.Actions, Gamma: w.Gamma,
		Horizon: w.Horizon, Continuing: w.Continuing, Options: set.Asked(), Warnings: w.Warnings, Width: w.New().Width(),
	}
	if len(w.Actions) == 0 {
		s.Force = []float64{w.Low, w.High}
	}
	if w.Grid != nil {
		s.Map = strings.Split(strings.TrimRight(w.Grid.String(), "\n"), "\n")
	}
	if c.Table {
		if w.Model == nil {
			return usagef("--table: world %s has no exact table", w.Name)
		}
		s.Table = table4(w.Model)
	}
	if e.JSON {
		return e.object(s)
	}
	s.print(e)
	return nil
}

func table4(m *world.Model) [][][]outcome4 {
	t := make([][][]outcome4, m.States)
	for s := range t {
		t[s] = make([][]outcome4, m.Actions)
		for a := range t[s] {
			for _, o := range m.Of(s, a) {
				t[s][a] = append(t[s][a], outcome4{o.P, float64(o.Next), o.Reward, o.Gamma})
			}
		}
	}
	return t
}

func (s shownWorld) print(e *env) {
	var t table
	t.add("world", "%s: %s", s.World, s.About)
	if s.Source != "" {
		t.add("source", "%s", s.Source)
	}
	if s.States > 0 {
		t.add("states", "%s", count(s.States))
	}
	if s.Width > 1 {
		t.add("seen", "%d numbers", s.Width)
	}
	if len(s.Actions) > 0 {
		shown := s.Actions
		if len(shown) > 12 {
			shown = append(append([]string{}, shown[:11]...), "…")
		}
		t.add("actions", "%d: %s", len(s.Actions), strings.Join(shown, ", "))
	} else {
		t.add("action", "a force from %g to %g", s.Force[0], s.Force[1])
	}
	t.add("discount", "%g", s.Gamma)
	if s.Horizon > 0 {
		t.add("horizon", "%d steps", s.Horizon)
	}
	t.add("episodes", "%s", map[bool]string{true: "never end by themselves", false: "end"}[s.Continuing])
	for _, warning := range s.Warnings {
		t.add("warning", "%s", warning)
	}
	t.print(e)
	if s.Map != nil {
		e.printf("\n%s\n", strings.Join(s.Map, "\n"))
	}
	e.printf("\n%s\n", e.paint(strong, "Options (--set KEY=VALUE)"))
	rows := [][]string{{"key", "usually", "what it is"}}
	for _, o := range s.Options {
		rows = append(rows, []string{o.Name, o.Default, o.About})
	}
	for _, line := range columns(rows) {
		e.printf("%s\n", line)
	}
	for i, state := range s.Table {
		for a, outcomes := range state {
			for _, o := range outcomes {
				e.printf("state %d, %s: %s\n", i, s.Actions[a], fmt.Sprintf("%.4g to %g, reward %g, discount %g", o[0], o[1], o[2], o[3]))
			}
		}
	}
}
