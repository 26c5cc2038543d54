package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/rotor-lm/rotor/internal/chart"
)

// errors draws what rotor rl learn --json measured: the error after each
// episode. Inputs are NAME=FILE.
func errors(inputs []string) (chart.Chart, error) {
	c := chart.Chart{Title: "Error of the values, after each episode", X: "episode", Y: "root mean square error"}
	for _, in := range inputs {
		name, file, ok := strings.Cut(in, "=")
		if !ok {
			return c, fmt.Errorf("draw: %s: want NAME=FILE", in)
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return c, err
		}
		var answer struct{ RMSE []float64 }
		if err := json.Unmarshal(data, &answer); err != nil {
			return c, fmt.Errorf("draw: %s: %w", file, err)
		}
		if len(answer.RMSE) == 0 {
			return c, fmt.Errorf("draw: %s has no errors", file)
		}
		line := chart.Line{Name: name, Y: answer.RMSE}
		for i := range answer.RMSE {
			line.X = append(line.X, float64(i+1))
		}
		c.Lines = append(c.Lines, line)
	}
	return c, nil
}
