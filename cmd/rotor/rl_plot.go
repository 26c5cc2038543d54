package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/rotor-lm/rotor/internal/atomicfile"
	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/plot"
	"github.com/rotor-lm/rotor/rl/tabular"
	"github.com/rotor-lm/rotor/rl/world"
)

type rlPlotCmd struct {
	World  string   `placeholder:"W" help:"The world; for curves it is not needed."`
	Set    []string `placeholder:"KEY=VALUE" sep:"none" help:"An option of the world; may be given again."`
	What   string   `default:"values" enum:"values,policy,visits,walk,lengths,returns,error" help:"values, policy, visits, walk, or a curve of an answer: lengths, returns, error (${default})."`
	Policy string   `placeholder:"P" help:"Whose values and arrows: optimal, uniform, epsilon:E, or a file; usually optimal."`
	Saved  string   `name:"run" placeholder:"FILE" help:"A saved run (rotor rl learn --save), for its values, its greedy policy and its visits."`
	Answer []string `placeholder:"FILE" sep:"none" help:"What rotor rl learn --json printed, for a curve; may be given again."`
	Walks  int      `default:"5" placeholder:"N" help:"How many walks to draw (${default})."`
	Smooth int      `default:"1" placeholder:"N" help:"Mean over so many episodes in a curve (${default})."`
	Out    string   `placeholder:"FILE" help:"Write here: .svg or .png. Without it the picture is drawn in characters."`
}

func (rlPlotCmd) Help() string {
	return `Examples:

    rotor rl plot --world zhao5x5 --policy optimal --out optimal.svg
    rotor rl plot --world zhao5x5-episodic --run run.json --what visits --out visits.png
    rotor rl plot --world cliffwalking --policy epsilon:0.1 --what walk --out walks.svg
    rotor rl learn --world cliffwalking --runs 50 --json > q.json
    rotor rl plot --what returns --answer q.json --smooth 10 --out returns.svg`
}

// Run draws the picture.
func (c rlPlotCmd) Run(e *env) error {
	switch {
	case c.Out != "" && filepath.Ext(c.Out) != ".svg" && filepath.Ext(c.Out) != ".png":
		return usagef("--out %s: want a name that ends in .svg or .png", c.Out)
	case c.Smooth < 1 || c.Walks < 1:
		return usagef("--smooth and --walks want at least 1")
	case e.JSON && c.Out == "":
		return usagef("--json says what was written; give --out FILE")
	}
	var p *plot.Picture
	var text string
	var err error
	if c.What == "lengths" || c.What == "returns" || c.What == "error" {
		p, text, err = c.curve()
	} else {
		p, text, err = c.onMap(e)
	}
	if err != nil {
		return err
	}
	if c.Out == "" {
		e.printf("%s", text)
		return nil
	}
	if err := writePicture(c.Out, p); err != nil {
		return err
	}
	if e.JSON {
		return e.object(struct {
			Out string `json:"out"`
		}{c.Out})
	}
	e.printf("%s\n", c.Out)
	return nil
}

// writePicture writes SVG, or PNG at two pixels a point.
func writePicture(path string, p *plot.Picture) error {
	return atomicfile.Replace(path, func(w io.Writer) error {
		if filepath.Ext(path) == ".png" {
			return p.PNG(w, 2)
		}
		return p.SVG(w)
	})
}

// onMap draws on the grid of a world.
func (c rlPlotCmd) onMap(e *env) (*plot.Picture, string, error) {
	if c.World == "" {
		return nil, "", usagef("--what %s: which --world?", c.What)
	}
	w, err := worldFlags{World: c.World, Set: c.Set}.open(e)
	if err != nil {
		return nil, "", err
	}
	defer w.Close()
	if w.Grid == nil {
		return nil, "", usagef("world %s is no grid to draw on; curves of it can be drawn: --what returns --answer FILE", w.Name)
	}
	if len(c.Answer) > 0 || c.Saved != "" && c.Policy != "" {
		return nil, "", usagef("--answer goes with a curve, and --run and --policy exclude each other")
	}
	m := plot.Map{Grid: w.Grid, Title: w.Name + ": " + c.What, Digits: 2}
	if w.Model.Actions != len(w.Grid.Moves) {
		return nil, "", fmt.Errorf("world %s has other actions than its grid", w.Name)
	}
	values, policy, err := c.believed(w, &m)
	if err != nil {
		return nil, "", err
	}
	switch c.What {
	case "values":
		m.Values, m.Policy = values, policy.P
	case "policy":
		m.Policy = policy.P
	case "visits":
		if m.Counts == nil {
			return nil, "", usagef("--what visits: give a saved run, --run FILE")
		}
		return m.Picture(), countsText(w, m.Counts), nil
	case "walk":
		c.walk(w, policy, &m, e.seed())
		return m.Picture(), walksText(m.Walks), nil
	}
	if c.What != "visits" {
		m.Counts = nil
	}
	return m.Picture(), gridText(w, values) + "\n" + policyText(w, policy), nil
}

// believed is values and policy, of a saved run or exact.
func (c rlPlotCmd) believed(w *world.World, m *plot.Map) ([]float64, *tabular.Policy, error) {
	if c.Saved != "" {
		f, err := os.Open(c.Saved)
		if err != nil {
			return nil, nil, err
		}
		defer f.Close()
		_, _, l, err := tabular.Load(f, w.Count(), len(w.Actions))
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", c.Saved, err)
		}
		if l.Q == nil {
			m.Counts = l.V.Visits
			return l.V.Values, tabular.Greedy(tabular.ActionValues(w.Model, l.V.Values), len(w.Actions)), nil
		}
		m.Counts = make([]int, w.Count())
		for i, n := range l.Q.Visits {
			m.Counts[i/len(w.Actions)] += n
		}
		return l.Q.V(), tabular.Greedy(l.Q.Values, len(w.Actions)), nil
	}
	text := c.Policy
	if text == "" {
		text = "optimal"
	}
	p, err := readPolicy(w, text, func() (*tabular.Solution, error) { return tabular.Optimal(w.Model) })
	if err != nil {
		return nil, nil, err
	}
	v, err := tabular.Evaluate(w.Model, p)
	return v, p, err
}

// walk follows the policy from the start.
func (c rlPlotCmd) walk(w *world.World, p *tabular.Policy, m *plot.Map, seed uint64) {
	horizon := w.Horizon
	if horizon == 0 || horizon > 500 {
		horizon = 500
	}
	for k := range c.Walks {
		tr := rl.Rollout(w.Finite(), rl.Policy[int, int](p), rl.NewRand(seed, uint64(k)), horizon)
		m.Walks = append(m.Walks, tr.State)
	}
}

func walksText(walks [][]int) string {
	var b strings.Builder
	for _, walk := range walks {
		fmt.Fprintf(&b, "%d steps: %v\n", len(walk)-1, walk)
	}
	return b.String()
}

func countsText(w *world.World, counts []int) string {
	v := make([]float64, len(counts))
	for s, n := range counts {
		v[s] = float64(n)
	}
	return strings.ReplaceAll(gridText(w, v), ".000", "")
}

// curve draws what episodes of one or more answers were like.
func (c rlPlotCmd) curve() (*plot.Picture, string, error) {
	if len(c.Answer) == 0 {
		return nil, "", usagef("--what %s: give what rotor rl learn --json printed, --answer FILE", c.What)
	}
	chart := plot.Chart{Title: c.What, X: "episode", Legend: 1}
	var text strings.Builder
	for _, path := range c.Answer {
		f, err := os.Open(path)
		if err != nil {
			return nil, "", err
		}
		var a struct {
			World, Algorithm string
			Runs             []struct{ Lengths, Returns, RMSE []float64 }
		}
		err = json.NewDecoder(io.LimitReader(f, 1<<30)).Decode(&a)
		f.Close()
		if err != nil {
			return nil, "", fmt.Errorf("%s: not an answer of rotor rl learn --json: %w", path, err)
		}
		var rows [][]float64
		for _, r := range a.Runs {
			y := map[string][]float64{"lengths": r.Lengths, "returns": r.Returns, "error": r.RMSE}[c.What]
			if len(y) == 0 || len(rows) > 0 && len(y) != len(rows[0]) {
				return nil, "", fmt.Errorf("%s: its runs have no %s, or not as many each", path, c.What)
			}
			rows = append(rows, plot.Smooth(y, c.Smooth))
		}
		if len(rows) == 0 {
			return nil, "", fmt.Errorf("%s: there are no runs in it", path)
		}
		band := plot.Band(a.Algorithm+" on "+a.World, 1, rows)
		chart.Curves = append(chart.Curves, band)
		fmt.Fprintf(&text, "%s: %.4g at first, %.4g at last\n%s", band.Name, band.Y[0], band.Y[len(band.Y)-1], plot.Terminal(band.Y, 72, 8))
	}
	return chart.Picture(), text.String(), nil
}
