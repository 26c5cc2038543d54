package main

import (
	"fmt"
	"math"
	"slices"

	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/approx"
	"github.com/rotor-lm/rotor/rl/gradient"
	"github.com/rotor-lm/rotor/rl/plot"
	"github.com/rotor-lm/rotor/rl/world"
)

// walk draws what happens where the policy acts: lines on a grid, elsewhere moments
// of one run and the numbers of its state.
func (c rlPlotCmd) walk(w *world.World, seed uint64) (*plot.Picture, error) {
	p, err := newPlayer(w, c.who())
	if err != nil {
		return nil, err
	}
	if w.Grid != nil {
		return c.onTheGrid(p, seed), nil
	}
	var states, seen [][]float64
	p.run(rl.NewRand(seed), func(m moment) bool {
		states, seen = append(states, slices.Clone(m.state)), append(seen, slices.Clone(m.seen))
		return m.step < 500
	})
	curves := plot.Chart{Title: fmt.Sprintf("%s: its state over %d steps", w.Name, len(states)-1), X: "step"}
	for i := range min(len(states[0]), 6) {
		y := make([]float64, len(states))
		for k := range y {
			y[k] = states[k][i]
		}
		curves.Curves = append(curves.Curves, plot.Curve{Name: stateName(w, i), X: plot.Steps(y, 0), Y: y})
	}
	some := thin(states, 12)
	if plot.Moves(w) {
		return plot.Beside(1, plot.Strobe(w, pick(states, some), pick(seen, some)), curves.Picture()), nil
	}
	var scenes []*plot.Picture
	for _, k := range some {
		scenes = append(scenes, plot.Scene(w, states[k], seen[k]))
	}
	return plot.Beside(4, scenes...), nil
}

// onTheGrid draws walks as lines.
func (c rlPlotCmd) onTheGrid(p *player, seed uint64) *plot.Picture {
	m := plot.Map{Grid: p.world.Grid, Title: p.world.Name + ": walk"}
	for k := range c.Walks {
		var walk []int
		p.run(rl.NewRand(seed, uint64(k)), func(now moment) bool {
			walk = append(walk, int(now.state[0]))
			return now.step < 500
		})
		m.Walks = append(m.Walks, walk)
	}
	return m.Picture()
}

// thin is about n places of a list, the first and the last among them.
func thin[T any](list []T, n int) (at []int) {
	n = min(n, len(list))
	for k := range n {
		at = append(at, k*(len(list)-1)/max(n-1, 1))
	}
	return at
}

func pick[T any](list []T, at []int) (some []T) {
	for _, k := range at {
		some = append(some, list[k])
	}
	return some
}

var stateNames = map[string][]string{
	"cartpole":               {"place", "speed", "angle", "its speed"},
	"mountaincar":            {"place", "speed"},
	"mountaincar-continuous": {"place", "speed"},
	"pendulum":               {"angle", "speed"},
	"acrobot":                {"first angle", "second angle", "first speed", "second speed"},
	"blackjack":              {"player's sum", "dealer shows", "usable ace"},
}

func stateName(w *world.World, i int) string {
	if names := stateNames[w.Name]; i < len(names) {
		return names[i]
	}
	return fmt.Sprintf("number %d", i+1)
}

// planes are the worlds whose state is two numbers, and where those lie.
var planes = map[string]approx.Box{
	"mountaincar":            {Low: []float64{-1.2, -.07}, High: []float64{.6, .07}},
	"mountaincar-continuous": {Low: []float64{-1.2, -.07}, High: []float64{.6, .07}},
	"pendulum":               {Low: []float64{-math.Pi, -8}, High: []float64{math.Pi, 8}},
}

// plane draws an agent's values or actions over a state of two numbers.
func (c rlPlotCmd) plane(w *world.World) (*plot.Picture, error) {
	box, known := planes[w.Name]
	switch {
	case !known:
		return nil, usagef("world %s is no grid to draw on, nor is its state two numbers; --what walk shows what is done there, and --what returns --answer FILE a curve", w.Name)
	case c.What == "visits":
		return nil, usagef("--what visits: only tables count them")
	}
	p, err := newPlayer(w, c.who())
	if err != nil {
		return nil, err
	}
	if p.agent == nil {
		return nil, usagef("--what %s: whose? give --run FILE, an agent that rotor rl learn --save wrote", c.What)
	}
	says, _ := p.agent.(approx.Valuer)
	p.seen.Reset(rl.NewRand(0))
	x := make([]float64, p.seen.Width())
	title := map[string]string{"values": "value", "policy": "action"}[c.What]
	h := plot.Heat{
		Title: fmt.Sprintf("%s: %s of %s", w.Name, title, p.about.Algorithm),
		X:     fmt.Sprintf("%s %.3g to %.3g", stateName(w, 0), box.Low[0], box.High[0]),
		Y:     fmt.Sprintf("%s %.3g to %.3g, upward", stateName(w, 1), box.Low[1], box.High[1]),
	}
	if c.What == "policy" {
		switch a := w.Actions; len(a) {
		case 2:
			h.X += fmt.Sprintf("; blue %s, red %s", a[0], a[1])
		case 3:
			h.X += fmt.Sprintf("; blue %s, white %s, red %s", a[0], a[1], a[2])
		}
	}
	const side = 36
	for i := range side {
		var row []float64
		for j := range side {
			at := []float64{between(box, 0, j, side), between(box, 1, i, side)}
			if err := p.seen.Place(at); err != nil {
				return nil, err
			}
			p.seen.Observe(x)
			if c.What == "policy" {
				row = append(row, p.agent.Act(x))
				continue
			}
			var values []float64
			if says != nil {
				values = says.Values(x)
			}
			if len(values) == 0 {
				return nil, usagef("--what values: %s has no values; --what policy shows what it does", p.about.Algorithm)
			}
			row = append(row, slices.Max(values))
		}
		h.Values = append(h.Values, row)
	}
	return h.Picture(), nil
}

// between is place k of n along a coordinate of a box.
func between(b approx.Box, i, k, n int) float64 {
	return b.Low[i] + (b.High[i]-b.Low[i])*float64(k)/float64(n-1)
}

// featuresPicture draws the features of a world with one or two coordinates: the
// first sixteen.
func featuresPicture(w *world.World, options []string) (*plot.Picture, error) {
	env, box := gradient.Coordinates(w)
	basis, err := gradient.Basis(options...)
	if err != nil {
		return nil, usageError{err}
	}
	f, err := basis.Over(env.Width(), box)
	if err != nil {
		return nil, usageError{err}
	}
	if basis.Low != nil {
		box = approx.Box{Low: basis.Low, High: basis.High}
	}
	const most = 16
	n := min(f.Len(), most)
	dense := func(x ...float64) []float64 {
		var phi approx.Sparse
		f.Of(x, &phi)
		out := make([]float64, f.Len())
		phi.AddTo(out, 1)
		return out
	}
	title := fmt.Sprintf("%s: %d of %d features (%s)", w.Name, n, f.Len(), basis.Features)
	switch env.Width() {
	case 1:
		c := plot.Chart{Title: title, X: "coordinate"}
		for k := range n {
			c.Curves = append(c.Curves, plot.Curve{})
			for j := range 201 {
				x := between(box, 0, j, 201)
				c.Curves[k].X, c.Curves[k].Y = append(c.Curves[k].X, x), append(c.Curves[k].Y, dense(x)[k])
			}
		}
		return c.Picture(), nil
	case 2:
		var heats []*plot.Picture
		for k := range n {
			h := plot.Heat{Title: fmt.Sprintf("feature %d", k+1), Small: true}
			for i := range 24 {
				var row []float64
				y := between(box, 1, i, 24)
				if w.Grid != nil { // rows count from the top
					y = between(box, 1, 23-i, 24)
				}
				for j := range 24 {
					row = append(row, dense(between(box, 0, j, 24), y)[k])
				}
				h.Values = append(h.Values, row)
			}
			heats = append(heats, h.Picture())
		}
		sheet := plot.Beside(4, heats...)
		page := plot.New(sheet.W, sheet.H+24)
		page.Text(plot.Black, 13, 0, 10, 18, title)
		page.Place(sheet, 0, 24)
		return page, nil
	}
	return nil, usagef("--what features: world %s has %d coordinates; one or two can be drawn", w.Name, env.Width())
}
