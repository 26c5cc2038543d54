package world

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/internal/gunzip"
	"github.com/rotor-lm/rotor/rl"
)

// golden is what Gymnasium 1.4.0 did, written by testdata/gymnasium_golden.py.
type golden struct {
	Gymnasium string
	Tables    []struct {
		World   string
		Options map[string]any
		Start   []float64
		Table   [][][][4]any
	}
	Runs []struct {
		World   string
		Options map[string]any
		Parts   []struct {
			States, Observations [][]float64
			Actions, Rewards     []float64
			Ends                 []bool
		}
	}
	Blackjack []struct {
		Options map[string]any
		Rows    [][6]json.RawMessage
	}
}

func gymnasium(t *testing.T) (g golden) {
	gunzip.JSON(t, "testdata/gymnasium.json.gz", &g)
	if len(g.Tables) < 8 || len(g.Runs) < 12 || len(g.Blackjack) < 3 {
		t.Fatalf("golden file holds %d tables, %d runs, %d games", len(g.Tables), len(g.Runs), len(g.Blackjack))
	}
	return g
}

// ours opens the world that Gymnasium calls name.
func ours(t *testing.T, name string, options map[string]any) *World {
	t.Helper()
	name, _, _ = strings.Cut(name, "-v")
	name = strings.ToLower(strings.Replace(name, "MountainCarContinuous", "mountaincar-continuous", 1))
	var list []string
	for key, value := range options {
		if many, ok := value.([]any); ok {
			value = strings.Trim(strings.ReplaceAll(fmt.Sprint(many), " ", ","), "[]")
		}
		list = append(list, fmt.Sprintf("%s=%v", key, value))
	}
	w, err := Open(name, list...)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestTablesAreGymnasiums(t *testing.T) {
	for _, g := range gymnasium(t).Tables {
		m := ours(t, g.World, g.Options).Model
		if m.States != len(g.Table) || m.Actions != len(g.Table[0]) {
			t.Fatalf("%s: %d×%d pairs, want %d×%d", g.World, m.States, m.Actions, len(g.Table), len(g.Table[0]))
		}
		for s := range g.Table {
			if math.Abs(m.Start[s]-g.Start[s]) > 1e-12 {
				t.Fatalf("%s: start %d: %g, want %g", g.World, s, m.Start[s], g.Start[s])
			}
			for a := range g.Table[s] {
				type key struct {
					next    int
					r, gone float64
				}
				p := map[key]float64{}
				for _, o := range m.Of(s, a) {
					p[key{o.Next, o.Reward, 1 - o.Gamma}] += o.P
				}
				for _, o := range g.Table[s][a] {
					k := key{int(o[1].(float64)), o[2].(float64), 0}
					if o[3].(bool) {
						k.gone = 1
					}
					p[k] -= o[0].(float64)
				}
				for k, left := range p {
					if math.Abs(left) > 1e-12 {
						t.Fatalf("%s %v: state %d, action %d: outcome %+v differs by %g", g.World, g.Options, s, a, k, left)
					}
				}
			}
		}
	}
}

// Each step from Gymnasium's own states agrees to 1e-12, whole runs of up to 200
// steps to 1e-6.
func TestRunsAreGymnasiums(t *testing.T) {
	for _, g := range gymnasium(t).Runs {
		w := ours(t, g.World, g.Options)
		for n, part := range g.Parts {
			step, whole := w.New(), w.New()
			rng := rl.NewRand(1)
			step.Reset(rng)
			whole.Reset(rng)
			if err := whole.Place(part.States[0]); err != nil {
				t.Fatal(err)
			}
			for k, a := range part.Actions {
				if err := step.Place(part.States[k]); err != nil {
					t.Fatal(err)
				}
				want := part.States[k+1]
				r, gamma := step.Act(a)
				name := fmt.Sprintf("%s %v, part %d, step %d", g.World, g.Options, n, k)
				apart(t, name, step.State(), want, 1e-12)
				apart(t, name+" reward", []float64{r}, []float64{part.Rewards[k]}, 1e-12)
				if (gamma == 0) != part.Ends[k] {
					t.Fatalf("%s: discount %g, ended %v", name, gamma, part.Ends[k])
				}
				seen := make([]float64, step.Width())
				step.Observe(seen)
				apart(t, name+" observation", seen, part.Observations[k], 2e-6) // theirs is in single precision
				whole.Act(a)
				apart(t, name+" since the start", whole.State(), want, 1e-6)
			}
		}
	}
}

func apart(t *testing.T, what string, have, want []float64, tolerance float64) {
	t.Helper()
	if len(have) != len(want) {
		t.Fatalf("%s: %v, want %v", what, have, want)
	}
	for i := range have {
		if !(math.Abs(have[i]-want[i]) <= tolerance*max(1, math.Abs(want[i]))) {
			t.Fatalf("%s: %v, want %v (apart by %g)", what, have, want, have[i]-want[i])
		}
	}
}

// Every step of Gymnasium's games must be possible in the table, and every
// outcome must be seen about as often as the table says.
func TestBlackjackIsGymnasiums(t *testing.T) {
	for _, g := range gymnasium(t).Blackjack {
		w := ours(t, "Blackjack-v1", g.Options)
		apartFromRest := g.Options["natural"] == true || g.Options["sab"] != false
		var mean, expected, variance float64
		for i, row := range g.Rows {
			var s, next [3]int
			var dealt, ended bool
			var a int
			var r float64
			for k, to := range []any{&s, &dealt, &a, &next, &r, &ended} {
				if err := json.Unmarshal(row[k], to); err != nil {
					t.Fatal(err)
				}
			}
			at := (s[0]*11+s[1])*2 + s[2]
			if apartFromRest && dealt && s[0] == 21 {
				at = blackjackStates + s[1]
			}
			to := (next[0]*11+next[1])*2 + next[2]
			if a == stick {
				to = at
			}
			var p, m, q float64
			for _, o := range w.Model.Of(at, a) {
				if o.Next == to && o.Reward == r && (o.Gamma == 0) == ended {
					p += o.P
				}
				m += o.P * o.Reward
				q += o.P * o.Reward * o.Reward
			}
			if p == 0 {
				t.Fatalf("%v, row %d: %s has probability zero", g.Options, i, row)
			}
			mean, expected, variance = mean+r, expected+m, variance+q-m*m
		}
		if math.Abs(mean-expected) > 4*math.Sqrt(variance) {
			t.Errorf("%v: rewards add to %g, expected %g ± %g", g.Options, mean, expected, math.Sqrt(variance))
		}
	}
}
