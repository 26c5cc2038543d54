// Package gallery draws the figures of the books from runs of this project's own
// algorithms, and measures what they show against what the books say.
//
// Where a book leaves a setting open, the figure's Choice states what was taken.
//
// Sutton and Barto, Reinforcement Learning: An Introduction, 2nd ed., 2018.
// Zhao, Mathematical Foundations of Reinforcement Learning, 2025.
package gallery

import (
	"context"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/plot"
	"github.com/rotor-lm/rotor/rl/tabular"
	"github.com/rotor-lm/rotor/rl/world"
)

// Figure is one of the gallery.
type Figure struct {
	Name   string // of its file
	Title  string
	Source string // book and number
	Choice string // settings, and what the book leaves open
	Draw   func(*Study) *plot.Picture
}

var figures []Figure

func register(f ...Figure) { figures = append(figures, f...) }

// Figures lists the gallery, in the order of the books.
func Figures() []Figure {
	list := slices.Clone(figures)
	slices.SortFunc(list, func(a, b Figure) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// Check is one number of a figure: what is expected, what came out, and how far
// apart they may be.
type Check struct {
	Figure   string  `json:"figure"`
	What     string  `json:"what"`
	Expected float64 `json:"expected"`
	Measured float64 `json:"measured"`
	Within   float64 `json:"within"`
}

// Good says whether the number is as expected.
func (c Check) Good() bool { return math.Abs(c.Measured-c.Expected) <= c.Within }

// Drawn is a figure that was drawn.
type Drawn struct {
	Figure
	Picture *plot.Picture
	Checks  []Check
}

// Study is what a figure draws with.
type Study struct {
	Runs float64 // multiplies how many runs a figure averages; 1 is usual
	Seed uint64

	ctx    context.Context
	name   string
	checks []Check
}

// Draw draws the figures whose names are given, or all, and yields each.
func Draw(ctx context.Context, s Study, names ...string) iter.Seq2[Drawn, error] {
	return func(yield func(Drawn, error) bool) {
		for _, f := range Figures() {
			if len(names) > 0 && !slices.Contains(names, f.Name) {
				continue
			}
			if err := ctx.Err(); err != nil {
				yield(Drawn{}, err)
				return
			}
			d, err := s.draw(ctx, f)
			if !yield(d, err) || err != nil {
				return
			}
		}
	}
}

// stopped ends a figure that was told to stop.
type stopped struct{ err error }

func (s Study) draw(ctx context.Context, f Figure) (d Drawn, err error) {
	defer func() {
		if r := recover(); r != nil {
			stop, ours := r.(stopped)
			if !ours {
				panic(r)
			}
			err = fmt.Errorf("figure %s: %w", f.Name, stop.err)
		}
	}()
	own := &Study{Runs: s.Runs, Seed: s.Seed, ctx: ctx, name: f.Name}
	if own.Runs <= 0 {
		own.Runs = 1
	}
	p := f.Draw(own)
	return Drawn{f, p, own.checks}, nil
}

// must ends the figure if there is an error: a world or a setting of its own that
// does not exist is a mistake here, and not of who asks for the figure.
func must[T any](x T, err error) T {
	if err != nil {
		panic(stopped{err})
	}
	return x
}

func open(name string, options ...string) *world.World { return must(world.Open(name, options...)) }

// check records a number.
func (s *Study) check(what string, expected, measured, within float64) {
	s.checks = append(s.checks, Check{s.name, what, expected, measured, within})
}

// runs is how many runs to average.
func (s *Study) runs(usual int) int { return max(int(float64(usual)*s.Runs), 2) }

// each calls f for every run, on all cores, and returns what the runs give.
func (s *Study) each(runs int, f func(i int) []float64) [][]float64 {
	out, errs := make([][]float64, runs), make([]any, runs)
	rl.Each(runs, func(i int) {
		defer func() { errs[i] = recover() }()
		if err := s.ctx.Err(); err != nil {
			panic(stopped{err})
		}
		out[i] = f(i)
	})
	for _, r := range errs {
		if r != nil {
			panic(r)
		}
	}
	return out
}

// learn runs episodes and calls after with each.
func (s *Study) learn(w rl.Env[int, int], alg tabular.Algorithm, l *tabular.Learning, episodes int, after func(ep rl.Episode)) {
	for ep, err := range tabular.Learn(s.ctx, w, alg, l, episodes) {
		if err != nil {
			panic(stopped{err})
		}
		if after != nil {
			after(ep)
		}
	}
}

// control is a fresh table of action values for w.
func control(w *world.World, alpha rl.Schedule, epsilon float64, seed uint64) *tabular.Learning {
	return &tabular.Learning{Q: tabular.NewQ(w.Model.States, w.Model.Actions, 0), Alpha: alpha, Epsilon: rl.Const(epsilon), Seed: seed, Horizon: w.Horizon}
}

// prediction is a fresh table of the values of the uniform policy in w.
func prediction(w *world.World, first, alpha float64, seed uint64) *tabular.Learning {
	return &tabular.Learning{V: tabular.NewV(w.Model.States, first, rl.Const(alpha)), Policy: tabular.Uniform(w.Model.States, w.Model.Actions), Seed: seed}
}

// mean of numbers.
func mean(x []float64) (m float64) {
	for _, v := range x {
		m += v / float64(len(x))
	}
	return m
}

// average of curves, place by place.
func average(curves [][]float64) []float64 {
	out := make([]float64, len(curves[0]))
	for _, c := range curves {
		for i, v := range c {
			out[i] += v / float64(len(curves))
		}
	}
	return out
}

func rmse(v, want []float64) float64 {
	var sum float64
	for i := range want {
		sum += (v[i] - want[i]) * (v[i] - want[i])
	}
	return math.Sqrt(sum / float64(len(want)))
}

// line is a curve without a band.
func line(name string, x, y []float64) plot.Curve { return plot.Curve{Name: name, X: x, Y: y} }

// Reference writes the table of what was expected and measured, and under which
// settings.
func Reference(w io.Writer, drawn []Drawn) error {
	var b strings.Builder
	good, all := 0, 0
	for _, d := range drawn {
		for _, c := range d.Checks {
			all++
			if c.Good() {
				good++
			}
		}
	}
	fmt.Fprintf(&b, "# Reference results\n\nWritten by `rotor rl gallery`: %d of %d numbers are as expected. Numbers of figures that are sampled are means of several runs.\n", good, all)
	b.WriteString("What a book prints to so many digits is expected to those; what was read off a figure has a wider bound. Below the table stand the settings.\n\n")
	b.WriteString("| figure | source | number | expected | measured | within | |\n| --- | --- | --- | ---: | ---: | ---: | --- |\n")
	for _, d := range drawn {
		for _, c := range d.Checks {
			mark := "yes"
			if !c.Good() {
				mark = "**no**"
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %.5g | %.5g | %.3g | %s |\n", d.Name, d.Source, strings.ReplaceAll(c.What, "|", "\\|"), c.Expected+0, c.Measured+0, c.Within, mark)
		}
	}
	b.WriteString("\n## Settings\n\n| figure | settings, and what the book leaves open |\n| --- | --- |\n")
	for _, d := range drawn {
		fmt.Fprintf(&b, "| %s | %s |\n", d.Name, strings.ReplaceAll(d.Choice, "|", "\\|"))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
