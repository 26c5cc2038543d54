package train

import (
	"slices"
	"testing"

	"github.com/rotor-lm/rotor/internal/chart"
)

// The mean of a straight line is the line; that of points that swing around it
// swings less; a short line has none.
func TestRunning(t *testing.T) {
	var l, swing chart.Line
	for i := range 200 {
		x := float64(i)
		l.X, l.Y = append(l.X, x), append(l.Y, 3-x/64)
		swing.X, swing.Y = append(swing.X, x), append(swing.Y, float64(i%2))
	}
	mean := running(l)
	if !slices.Equal(mean.X, l.X[5:195]) || !slices.Equal(mean.Y, l.Y[5:195]) {
		t.Errorf("of a line: %v", mean)
	}
	if m := running(swing); slices.Max(m.Y)-slices.Min(m.Y) > 0.1 {
		t.Errorf("it swings from %g to %g", slices.Min(m.Y), slices.Max(m.Y))
	}
	if m := running(chart.Line{X: l.X[:50], Y: l.Y[:50]}); len(m.X) != 0 {
		t.Errorf("50 points have a mean: %v", m)
	}
}
