package world

import (
	"fmt"
	"slices"
	"testing"

	"github.com/rotor-lm/rotor/internal/gunzip"
	"github.com/rotor-lm/rotor/rl"
)

// minatar is what MinAtar 1.0.15 did, written by testdata/minatar_golden.py.
type minatar struct {
	Runs []struct {
		World   string
		Options map[string]bool
		Parts   []struct {
			States           [][]float64
			Seen             [][]int
			Actions, Rewards []float64
			Ends, Chance     []bool
		}
	}
}

// Each step from MinAtar's own states leads where it leads there, pays and ends as
// there, and looks as there; one that draws by chance can lead there.
func TestArcadeIsMinAtars(t *testing.T) {
	var golden minatar
	gunzip.JSON(t, "testdata/minatar.json.gz", &golden)
	for _, run := range golden.Runs {
		var options []string
		if ramp, set := run.Options["ramping"]; set {
			options = append(options, fmt.Sprintf("ramp=%v", ramp))
		}
		w, err := Open(run.World, options...)
		if err != nil {
			t.Fatal(err)
		}
		steps, paid, ended, drawn := 0, 0., 0, 0
		game := w.New()
		for p, part := range run.Parts {
			for k, a := range part.Actions {
				name := fmt.Sprintf("%s %v, part %d, step %d", run.World, run.Options, p, k)
				want := part.States[k+1]
				var r, gamma float64
				try := func(seed uint64) []float64 {
					game.Reset(rl.NewRand(seed))
					if err := game.Place(part.States[k]); err != nil {
						t.Fatalf("%s: %v", name, err)
					}
					r, gamma = game.Act(a)
					return game.State()
				}
				have := try(1)
				if part.Chance[k] {
					drawn++
					for seed := uint64(2); seed < 600 && !could(run.World, have, want); seed++ {
						have = try(seed)
					}
				}
				if !slices.Equal(have, want) && !(part.Chance[k] && could(run.World, have, want)) {
					t.Fatalf("%s: action %g in %v leads to\n%v, want\n%v", name, a, part.States[k], have, want)
				}
				if r != part.Rewards[k] || (gamma == 0) != part.Ends[k] {
					t.Fatalf("%s: reward %g, discount %g; want %g, ended %v", name, r, gamma, part.Rewards[k], part.Ends[k])
				}
				if err := game.Place(want); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if seen := lit(game); !slices.Equal(seen, part.Seen[k]) {
					t.Fatalf("%s: seen %v, want %v", name, seen, part.Seen[k])
				}
				steps, paid = steps+1, paid+r
				if gamma == 0 {
					ended++
				}
			}
		}
		if steps < 500 || paid == 0 || ended == 0 && run.World != "freeway" || drawn == 0 && run.World != "breakout" {
			t.Errorf("%s: %d steps, reward %g, %d ends, %d draws: too little to compare", run.World, steps, paid, ended, drawn)
		}
	}
}

// could says whether a state that was drawn is like another: Freeway's new speeds
// alone may differ.
func could(world string, have, want []float64) bool {
	if world != "freeway" {
		return slices.Equal(have, want)
	}
	if !slices.Equal(have[:2], want[:2]) {
		return false
	}
	for i := 2; i < len(have); i += 3 {
		for _, car := range [][]float64{have[i : i+3], want[i : i+3]} {
			speed := max(car[2], -car[2])
			if car[0] != want[i] || speed < 1 || speed > 5 || car[1] != speed-1 { // it has waited a step
				return false
			}
		}
	}
	return true
}

// lit is where an observation is not zero.
func lit(game Simulator) (places []int) {
	x := make([]float64, game.Width())
	game.Observe(x)
	for i, v := range x {
		if v != 0 {
			places = append(places, i)
		}
	}
	return places
}
