package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/rotor-lm/rotor/internal/atomicfile"
	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/gradient"
	"github.com/rotor-lm/rotor/rl/plot"
	"github.com/rotor-lm/rotor/rl/tabular"
	"github.com/rotor-lm/rotor/rl/world"
	"golang.org/x/term"
)

type rlPlotCmd struct {
	World string `placeholder:"W" help:"The world; for curves it is not needed."`
	worldOptions
	What   string   `default:"values" enum:"values,policy,visits,walk,features,lengths,returns,error" help:"values, policy, visits, walk, features, or a curve of an answer: lengths, returns, error (${default})."`
	Policy string   `placeholder:"P" help:"Whose values, arrows and walks: optimal, uniform, epsilon:E, or a file; usually optimal."`
	Saved  string   `name:"run" placeholder:"FILE" help:"What rotor rl learn --save wrote, for its values, its greedy policy and its visits."`
	Answer []string `placeholder:"FILE" sep:"none" help:"What rotor rl learn --json printed, for a curve; may be given again."`
	Option []string `placeholder:"KEY=VALUE" sep:"none" help:"Of --what features: features=fourier, order=3 … (rotor rl list semi-gradient-sarsa); may be given again."`
	Walks  int      `default:"5" placeholder:"N" help:"How many walks to draw (${default})."`
	Smooth int      `default:"1" placeholder:"N" help:"Mean over so many episodes in a curve (${default})."`
	Low    *signed  `placeholder:"Y" help:"Lowest value of a curve to show."`
	High   *signed  `placeholder:"Y" help:"Highest value of a curve to show."`
	Out    string   `placeholder:"FILE" help:"Write here: .svg or .png. Without it the picture is drawn in characters."`
}

func (rlPlotCmd) Help() string {
	return `Examples:

    rotor rl plot --world zhao5x5 --policy optimal --out optimal.svg
    rotor rl plot --world zhao5x5-episodic --run run.json --what visits --out visits.png
    rotor rl plot --world cliffwalking --policy epsilon:0.1 --what walk --out walks.svg
    rotor rl plot --world mountaincar --run sarsa.agent --what values --out cost.svg
    rotor rl plot --world zhao5x5 --what features --option features=fourier --option order=2
    rotor rl learn --world cliffwalking --runs 50 --json > q.json
    rotor rl plot --what returns --answer q.json --smooth 10 --low -100 --high 0 --out returns.svg`
}

// Run draws the picture.
func (c rlPlotCmd) Run(e *env) (err error) {
	switch {
	case c.Out != "" && filepath.Ext(c.Out) != ".svg" && filepath.Ext(c.Out) != ".png":
		return usagef("--out %s: want a name that ends in .svg or .png", c.Out)
	case c.Smooth < 1 || c.Walks < 1:
		return usagef("--smooth and --walks want at least 1")
	case e.JSON && c.Out == "":
		return usagef("--json says what was written; give --out FILE")
	case len(c.Option) > 0 && c.What != "features":
		return usagef("--option goes with --what features")
	}
	defer rl.Catch(&err)
	p, err := c.picture(e)
	if err != nil {
		return err
	}
	if c.Out == "" {
		e.printf("%s", inCharacters(e, p))
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

// inCharacters is a picture as wide as its letters want, or as the terminal is.
func inCharacters(e *env, p *plot.Picture) string {
	columns := p.Columns()
	if e.Live {
		if wide, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil && wide > 1 {
			columns = min(columns, wide-1)
		}
	}
	return p.Characters(columns, e.Colour)
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

func (c rlPlotCmd) picture(e *env) (*plot.Picture, error) {
	switch {
	case slices.Contains([]string{"lengths", "returns", "error"}, c.What):
		return c.curve()
	case c.World == "":
		return nil, usagef("--what %s: which --world?", c.What)
	case len(c.Answer) > 0 || c.Saved != "" && c.Policy != "":
		return nil, usagef("--answer goes with a curve, and --run and --policy exclude each other")
	}
	w, err := c.open(e, c.World)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	switch {
	case c.What == "features":
		return featuresPicture(w, c.Option)
	case c.What == "walk":
		return c.walk(w, e.seed())
	case w.Grid == nil && w.Count() > 0 && w.Model != nil:
		return c.byState(w)
	case w.Grid == nil:
		return c.plane(w)
	}
	return c.onGrid(w)
}

// who is --run or --policy: whoever acts.
func (c rlPlotCmd) who() string {
	switch {
	case c.Saved != "":
		return c.Saved
	case c.Policy != "":
		return c.Policy
	}
	return "optimal"
}

// onGrid draws values, policy or visits on the grid of a world.
func (c rlPlotCmd) onGrid(w *world.World) (*plot.Picture, error) {
	m := plot.Map{Grid: w.Grid, Title: w.Name + ": " + c.What, Digits: 2}
	if w.Model.Actions != len(w.Grid.Moves) {
		return nil, fmt.Errorf("world %s has other actions than its grid", w.Name)
	}
	values, policy, visits, err := c.believed(w)
	if err != nil {
		return nil, err
	}
	switch c.What {
	case "values":
		m.Values, m.Policy = values, policy.P
	case "policy":
		m.Policy = policy.P
	case "visits":
		if m.Counts = visits; visits == nil {
			return nil, usagef("--what visits: give a saved run of a table, --run FILE")
		}
	}
	return m.Picture(), nil
}

// byState draws values, actions or visits over the numbers of the states, but not of
// those where episodes end; of Blackjack, over the hands.
func (c rlPlotCmd) byState(w *world.World) (*plot.Picture, error) {
	values, policy, visits, err := c.believed(w)
	if err != nil {
		return nil, err
	}
	var y []float64
	for s := range w.Count() {
		switch c.What {
		case "values":
			y = append(y, values[s])
		case "policy":
			best := 0
			for a, p := range policy.Row(s) {
				if p > policy.Prob(s, best) {
					best = a
				}
			}
			y = append(y, float64(best))
		case "visits":
			if visits == nil {
				return nil, usagef("--what visits: give a saved run of a table, --run FILE")
			}
			y = append(y, float64(visits[s]))
		}
	}
	title := w.Name + ": " + c.What
	if w.Name == "blackjack" {
		return plot.Beside(2, plot.Hands(title+", usable ace", 1, y), plot.Hands(title+", no usable ace", 0, y)), nil
	}
	chart := plot.Chart{Title: title, X: "state", Curves: []plot.Curve{{Dots: c.What == "policy", Bars: c.What == "visits"}}}
	add := func(k int, y []float64) {
		for s, v := range y {
			if !w.Model.Ends(s) {
				chart.Curves[k].X, chart.Curves[k].Y = append(chart.Curves[k].X, float64(s)), append(chart.Curves[k].Y, v)
			}
		}
	}
	add(0, y)
	if c.What == "values" && c.Saved != "" && len(w.Actions) == 1 { // beside what they should be
		if exact, err := tabular.Evaluate(w.Model, policy); err == nil {
			chart.Curves[0].Name = "learned"
			chart.Curves = append(chart.Curves, plot.Curve{Name: "exact", Dashed: true})
			add(1, exact)
		}
	}
	return chart.Picture(), nil
}

// believed is values and policy, of a saved run or exact, and visits if they were
// counted.
func (c rlPlotCmd) believed(w *world.World) ([]float64, *tabular.Policy, []int, error) {
	if about, agent, err := openAgent(w, c.who()); err != nil {
		return nil, nil, nil, err
	} else if agent != nil {
		m, _ := gradient.Lookup(about.Algorithm)
		b := believe(w, agent, m.View(w))
		switch {
		case b == nil:
			return nil, nil, nil, usagef("world %s cannot be put into each state to ask the agent there", w.Name)
		case b.v == nil: // no values of its own: those of what it does
			b.v, err = tabular.Evaluate(w.Model, b.policy)
		}
		return b.v, b.policy, nil, err
	}
	if c.Saved == "" {
		p, err := newPlayer(w, c.who())
		if err != nil {
			return nil, nil, nil, err
		}
		v, err := tabular.Evaluate(w.Model, p.table)
		return v, p.table, nil, err
	}
	f, err := os.Open(c.Saved)
	if err != nil {
		return nil, nil, nil, err
	}
	defer f.Close()
	_, _, l, err := tabular.Load(f, w.Count(), len(w.Actions))
	if err != nil {
		return nil, nil, nil, fmt.Errorf("%s: %w", c.Saved, err)
	}
	if l.Q == nil {
		return l.V.Values, tabular.Greedy(tabular.ActionValues(w.Model, l.V.Values), len(w.Actions)), l.V.Visits, nil
	}
	visits := make([]int, w.Count())
	for i, n := range l.Q.Visits {
		visits[i/len(w.Actions)] += n
	}
	return l.Q.V(), tabular.Greedy(l.Q.Values, len(w.Actions)), visits, nil
}
