package main

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"

	"github.com/rotor-lm/rotor/hub"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/peft"
)

var inBlock = regexp.MustCompile(`\.(\d+)\.(?:\w+\.)*(\w+)\.weight$`)

// adapter draws ‖ΔW‖/‖W‖ of every matrix of a model that an adapter changed: a
// row a block, a column a name.
func adapter(dir, adapterDir string) (grid, error) {
	g := grid{
		title: "How much the adapter changed each matrix: ‖ΔW‖ / ‖W‖", label: func(x float64) string { return fmt.Sprintf("%.2f", x) },
		note: "ΔW = s·B·A, Frobenius norms; rows are blocks",
	}
	base, err := hub.Open(dir)
	if err != nil {
		return g, err
	}
	defer base.Close()
	adapted, _, err := peft.Apply(base.Model, adapterDir, peft.Options{Frozen: true})
	if err != nil {
		return g, err
	}
	merged, err := peft.Merge(adapted, 0)
	if err != nil {
		return g, err
	}
	before := map[string][]float32{}
	for name, t := range nn.Params(base.Model) {
		before[name] = t.Values()
	}
	change := map[string]float64{}
	for name, t := range nn.Params(merged) {
		m := inBlock.FindStringSubmatch(name)
		w, ok := before[name]
		if m == nil || !ok || len(t.Shape) < 2 {
			continue
		}
		var diff, norm float64
		for i, x := range t.Values() {
			d := float64(x) - float64(w[i])
			diff, norm = diff+d*d, norm+float64(w[i])*float64(w[i])
		}
		row, _ := strconv.Atoi(m[1])
		for len(g.rows) <= row {
			g.rows = append(g.rows, fmt.Sprintf("block %d", len(g.rows)))
		}
		if !slices.Contains(g.cols, m[2]) {
			g.cols = append(g.cols, m[2])
		}
		change[g.rows[row]+m[2]] = math.Sqrt(diff / norm)
	}
	for _, r := range g.rows {
		var row []float64
		for _, c := range g.cols {
			x, ok := change[r+c]
			if !ok {
				x = math.NaN()
			}
			row = append(row, x)
		}
		g.at = append(g.at, row)
	}
	if len(g.rows) == 0 {
		return g, fmt.Errorf("draw: %s has no matrices in numbered blocks", dir)
	}
	return g, nil
}
