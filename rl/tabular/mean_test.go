package tabular

import (
	"math"
	"testing"

	"github.com/rotor-lm/rotor/rl"
)

func TestMeanIsTheMean(t *testing.T) {
	rng := rl.NewRand(1)
	var x []float64
	sum := 0.
	for range 200 {
		x = append(x, float64(2*rng.IntN(2)-1))
	}
	for k, w := range Mean(x, 77, rl.Harmonic()) {
		sum += x[k]
		if math.Abs(w-sum/float64(k+1)) > 1e-12 {
			t.Fatalf("after %d samples %g, want %g", k+1, w, sum/float64(k+1))
		}
	}
}

func TestRobbinsMonroOfTheBook(t *testing.T) {
	g := func(w float64) float64 { return math.Tanh(w - 1) }
	path, err := RobbinsMonro(g, 3, rl.Harmonic(), nil, 3)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "tanh", path, []float64{3, 2.035972, 1.647826, 1.457758}, 1e-6)
	rng := rl.NewRand(2)
	path, err = RobbinsMonro(g, 3, rl.Harmonic(), rng.NormFloat64, 100_000)
	if err != nil || math.Abs(path[len(path)-1]-1) > .05 {
		t.Errorf("with noise it ends at %g, %v", path[len(path)-1], err)
	}
	cubic := func(w float64) float64 { return w*w*w - 5 }
	path, err = RobbinsMonro(cubic, 0, rl.Harmonic(), nil, 10)
	if err == nil {
		t.Errorf("the book's example does not diverge: %v", path)
	}
	near(t, "cubic", path[1:4], []float64{5, -55, 55405}, 1e-9)
}

func TestConditions(t *testing.T) {
	line := func(w float64) float64 { return 2 * (w - 1) }
	if c1, c2, err := Conditions(line, -3, 5, rl.Harmonic()); err != nil || math.Abs(c1-2) > 1e-6 || math.Abs(c2-2) > 1e-6 {
		t.Errorf("a line: %g, %g, %v", c1, c2, err)
	}
	for what, c := range map[string]struct {
		g func(float64) float64
		a rl.Schedule
	}{
		"a slope of zero":    {func(w float64) float64 { return w * w * w }, rl.Harmonic()},
		"a slope below zero": {func(w float64) float64 { return -w }, rl.Harmonic()},
		"a steep slope":      {func(w float64) float64 { return w*w*w + w - 5 }, rl.Harmonic()},
		"a constant step":    {line, rl.Const(.1)},
		"no finite value":    {math.Log, rl.Harmonic()},
	} {
		if _, _, err := Conditions(c.g, -3, 5, c.a); err == nil {
			t.Errorf("%s passed", what)
		}
	}
}

// Zhao's figure 6.5: a hundred points in a square of side 20.
func TestDescend(t *testing.T) {
	rng := rl.NewRand(3)
	x := make([]Point, 100)
	var mean Point
	for i := range x {
		x[i] = Point{20*rng.Float64() - 10, 20*rng.Float64() - 10}
		mean[0] += x[i][0] / 100
		mean[1] += x[i][1] / 100
	}
	away := func(w Point) float64 { return math.Hypot(w[0]-mean[0], w[1]-mean[1]) }
	final := map[int]float64{}
	for _, batch := range []int{1, 5, 50} {
		const runs = 200
		for i := range runs {
			path := Descend(x, Point{20, 20}, batch, rl.Harmonic(), 30, rl.NewRand(uint64(i)))
			final[batch] += away(path[30]) / runs
		}
	}
	if !(final[1] > final[5] && final[5] > final[50] && final[50] < .25) {
		t.Errorf("distances after 30 steps: %v", final)
	}
	if path := Descend(x, Point{20, 20}, 0, rl.Harmonic(), 1, nil); away(path[1]) > 1e-12 {
		t.Errorf("descent on all points with α = 1 ends %g away", away(path[1]))
	}
}
