package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/rotor-lm/rotor/rl/plot"
)

// answered is what a curve needs of an answer of rotor rl learn --json.
type answered struct {
	World, Algorithm string
	Every            int
	Runs             []struct{ Lengths, Returns, RMSE []float64 }
}

func readAnswer(path string) (a answered, err error) {
	f, err := os.Open(path)
	if err != nil {
		return a, err
	}
	defer f.Close()
	if err := json.NewDecoder(io.LimitReader(f, 1<<30)).Decode(&a); err != nil {
		return a, fmt.Errorf("%s: not an answer of rotor rl learn --json: %w", path, err)
	}
	if len(a.Runs) == 0 {
		return a, fmt.Errorf("%s: there are no runs in it", path)
	}
	return a, nil
}

// curve draws what episodes of one or more answers were like: the mean of the runs,
// and the band in which 95 of 100 such means would lie.
func (c rlPlotCmd) curve() (*plot.Picture, error) {
	if len(c.Answer) == 0 {
		return nil, usagef("--what %s: give what rotor rl learn --json printed, --answer FILE", c.What)
	}
	chart := plot.Chart{Title: map[string]string{"lengths": "length of an episode", "returns": "return of an episode", "error": "error of the values (RMSE)"}[c.What]}
	for _, path := range c.Answer {
		a, err := readAnswer(path)
		if err != nil {
			return nil, err
		}
		band, x, err := c.band(a)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if chart.X != "" && chart.X != x {
			return nil, fmt.Errorf("%s: its curve goes by the %s, that of the first by the %s", path, x, chart.X)
		}
		chart.X, chart.Curves = x, append(chart.Curves, band)
	}
	if err := c.heights(&chart); err != nil {
		return nil, err
	}
	return chart.Picture(), nil
}

// heights reads --low and --high.
func (c rlPlotCmd) heights(chart *plot.Chart) error {
	if (c.Low == nil) != (c.High == nil) {
		return usagef("--low and --high go together")
	}
	if c.Low == nil {
		return nil
	}
	y, err := numbers("--low and --high", *c.Low+","+*c.High)
	if err != nil || len(y) != 2 || !(y[0] < y[1]) {
		return usagef("--low %s --high %s: want two numbers, the first below the second", *c.Low, *c.High)
	}
	chart.Low, chart.High = y[0], y[1]
	return nil
}

// band is the curve of one answer, and what it goes by: the episode, or the step
// where runs have other numbers of episodes.
func (c rlPlotCmd) band(a answered) (plot.Curve, string, error) {
	name := a.Algorithm + " on " + a.World
	var rows [][]float64
	same := true
	for _, r := range a.Runs {
		y := map[string][]float64{"lengths": r.Lengths, "returns": r.Returns, "error": r.RMSE}[c.What]
		if len(y) == 0 {
			return plot.Curve{}, "", fmt.Errorf("its runs have no %s", c.What)
		}
		same = same && (len(rows) == 0 || len(y) == len(rows[0]))
		rows = append(rows, plot.Smooth(y, c.Smooth))
	}
	if c.What == "error" {
		for i := range rows {
			rows[i] = rows[i][:shortestRow(rows)]
		}
		band := plot.Band(name, 1, rows)
		if a.Every > 0 {
			for i := range band.X {
				band.X[i] *= float64(a.Every)
			}
			return band, "step", nil
		}
		return band, "episode", nil
	}
	if same {
		return plot.Band(name, 1, rows), "episode", nil
	}
	return bySteps(name, a, rows), "step", nil
}

func shortestRow(rows [][]float64) int {
	n := len(rows[0])
	for _, r := range rows {
		n = min(n, len(r))
	}
	return n
}

// bySteps lays the curves of runs over steps: at each of 200 places, what the last
// episode that had ended was like.
func bySteps(name string, a answered, rows [][]float64) plot.Curve {
	first, last := 0., 0.
	for k, r := range a.Runs {
		sum := 0.
		for _, n := range r.Lengths {
			sum += n
		}
		first = max(first, r.Lengths[0])
		if k == 0 || sum < last {
			last = sum
		}
	}
	const places = 200
	laid := make([][]float64, len(rows))
	for k, r := range a.Runs {
		at, sum := 0, r.Lengths[0]
		for i := range places {
			x := first + (last-first)*float64(i)/(places-1)
			for at+1 < len(rows[k]) && sum+r.Lengths[at+1] <= x {
				at++
				sum += r.Lengths[at]
			}
			laid[k] = append(laid[k], rows[k][at])
		}
	}
	band := plot.Band(name, 0, laid)
	for i := range band.X {
		band.X[i] = first + (last-first)*float64(i)/(places-1)
	}
	return band
}
