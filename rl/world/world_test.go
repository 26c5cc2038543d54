package world

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/rl"
)

func TestCatalogue(t *testing.T) {
	if len(Names()) < 20 {
		t.Fatalf("only %v", Names())
	}
	for _, name := range Names() {
		w, err := Open(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if w.About == "" || w.Source == "" || w.Name != name || len(w.Warnings) > 0 {
			t.Errorf("%s: about %q, source %q, name %q, warnings %q", name, w.About, w.Source, w.Name, w.Warnings)
		}
		m := w.New()
		m.Reset(rl.NewRand(1))
		x := make([]float64, m.Width())
		rng := rl.NewRand(2)
		for range 50 {
			a := w.Low + (w.High-w.Low)*rng.Float64()
			if len(w.Actions) > 0 {
				a = float64(rng.IntN(len(w.Actions)))
			}
			r, gamma := m.Act(a)
			m.Observe(x)
			if math.IsNaN(r) || gamma != 0 && gamma != w.Gamma {
				t.Fatalf("%s: reward %g, discount %g", name, r, gamma)
			}
			if gamma == 0 {
				m.Reset(rng)
			}
			before := m.State()
			if err := m.Place(before); err != nil {
				if name == "blackjack" {
					continue // a hand that is over cannot be played
				}
				t.Fatalf("%s: %v", name, err)
			}
		}
		if c := w.Continuing; w.Model != nil && c != (strings.HasPrefix(name, "zhao") && name != "zhao5x5-episodic" || name == "carrental") {
			t.Errorf("%s: continuing is %v", name, c)
		}
		if _, err := Open(name, "gama=0.5"); err == nil || !strings.Contains(err.Error(), "gamma") {
			t.Errorf("%s: a wrong option gives %v", name, err)
		}
		if _, err := Open(name, "gamma=1.5"); err == nil {
			t.Errorf("%s takes a discount of 1.5", name)
		}
	}
}

func TestSettingsOfGrids(t *testing.T) {
	w, err := Open("zhao5x5", "r-forbidden=-10", "r_boundary=-2", "bump=both", "gamma=0.5", "terminal=1,5", "start=5,1", "horizon=30", "target=1,1 4,3", "forbidden=5,1")
	if err != nil {
		t.Fatal(err)
	}
	m := w.Model
	if o := m.Of(20, 2)[0]; o.Reward != -12 || o.Next != 20 || o.Gamma != .5 {
		t.Errorf("a bump in a forbidden cell: %+v", o)
	}
	if o := m.Of(3, 1)[0]; o.Gamma != 0 || o.Next != 4 {
		t.Errorf("into the terminal cell: %+v", o)
	}
	if m.Start[20] != 1 || w.Horizon != 30 || w.Grid.Cells[0] != Target || w.Grid.Cells[6] != Free {
		t.Errorf("%v\n%v", m.Start, w.Grid)
	}
	any, err := Open("zhao5x5", "start=any")
	if err != nil || any.Model.Start[0] != 1./24 || any.Model.Start[17] != 0 {
		t.Errorf("any start: %v, %v", any.Model.Start, err)
	}
}

func TestBadDrawings(t *testing.T) {
	for text, want := range map[string]string{
		"S . .\n":                             "no target",
		"S . S\n. . T\n":                      "two starts",
		"S . .\n. T\n":                        "2 cells",
		"S . %\n. T .\n":                      "unknown letter",
		"gamma: 1.5\n\nS T\n":                 "from 0 to 1",
		"gamma: 1\ngamma: 1\n\nS T\n":         "twice",
		"gama: 1\n\nS T\n":                    "did you mean gamma",
		"S T\ngamma: 1\n":                     "settings come first",
		"actions: up sideways\n\nS T\n":       "no move",
		"actions: up up\n\nS T\n":             "twice",
		"actions:\n\nS T\n":                   "at least one",
		"wind: 1\n\nS T\n":                    "1 numbers for 2",
		"wind: 1 x\n\nS T\n":                  "no whole number",
		"gusts: true\n\nS T\n":                "without wind",
		"slip: 2\n\nS T\n":                    "from 0 to 1",
		"start: 3,1\n\nS T\n":                 "no cell",
		"start: 1,2\nepisodic: true\n\nS T\n": "episodes end",
		"start: 1,1\n\n# T\n":                 "stands on a wall",
		"bump: never\n\nS T\n":                "boundary or both",
		"r-step: NaN\n\nS T\n":                "a number",
		"":                                    "no drawing",
		"T #\n# T\n":                          "no cell is free",
	} {
		path := filepath.Join(t.TempDir(), "w.txt")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	path := filepath.Join(t.TempDir(), "w.txt")
	if err := os.WriteFile(path, []byte("S # T\n. # .\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := Open(path)
	if err != nil || len(w.Warnings) != 1 || !strings.Contains(w.Warnings[0], "(1,3)") {
		t.Errorf("an unreachable target: %v, %v", w, err)
	}
	if _, err := Open("zhao5x4"); err == nil || !strings.Contains(err.Error(), "zhao5x5") {
		t.Errorf("a misspelled world: %v", err)
	}
	if _, err := Open("/no/such.txt"); err == nil {
		t.Error("a missing file was read")
	}
}

// Wind carries up; slipping goes to the sides; a cliff leads to the start.
func TestGridMoves(t *testing.T) {
	w, _ := Open("windy")
	if o := w.Model.Of(w.Grid.At(3, 6), 1)[0]; o.Next != w.Grid.At(1, 7) {
		t.Errorf("the wind of a column of 2 led to %d", o.Next)
	}
	gusty, err := Open("windy", "gusts=true")
	if err != nil || len(gusty.Model.Of(gusty.Grid.At(3, 6), 1)) != 3 || len(gusty.Model.Of(30, 1)) != 1 {
		t.Errorf("gusts: %+v, %v", gusty.Model.Of(gusty.Grid.At(3, 6), 1), err)
	}
	slip, _ := Open("maze", "slip=0.2")
	var p float64
	for _, o := range slip.Model.Of(slip.Grid.At(3, 4), 0) {
		if o.Next == slip.Grid.At(3, 3) || o.Next == slip.Grid.At(3, 5) {
			p += o.P
		}
	}
	if math.Abs(p-.2) > 1e-12 {
		t.Errorf("slipped with probability %g", p)
	}
}

// A drawing that is printed and read again is the same world.
func TestDrawingReadsBack(t *testing.T) {
	for _, name := range Names() {
		w, _ := Open(name)
		if w.Grid == nil || strings.HasPrefix(name, "frozen") {
			continue
		}
		d, err := ParseDrawing(w.Grid.String())
		if err != nil {
			t.Fatal(err)
		}
		set, _ := NewSettings()
		g, err := d.grid(set)
		if err != nil || string(cells(g)) != string(cells(w.Grid)) || g.Start[0] != w.Grid.Start[0] {
			t.Errorf("%s reads back as\n%v%v", name, g, err)
		}
	}
}

func cells(g *Grid) (b []byte) {
	for _, c := range g.Cells {
		b = append(b, byte(c))
	}
	return b
}

func FuzzDrawing(f *testing.F) {
	f.Add("gamma: 0.9\n\nS . x\n# T H\n")
	f.Add("wind: 0 1\ngusts: true\nS T")
	f.Add("start: any\nterminal: 1,1;2,2\nslip: .5\n\n. .\nC T")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ParseDrawing(text)
		if err != nil || len(d.Rows)*len(d.Rows[0]) > 1000 {
			return
		}
		set, _ := NewSettings()
		w, err := d.World(set)
		if err != nil {
			return
		}
		if err := w.Model.Check(); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
	})
}

// n copies are n single worlds: step for step, seed for seed.
func TestVectorIsSingles(t *testing.T) {
	const n, steps, horizon = 7, 900, 60
	v := NewVector(n, 42, horizon, func() rl.Env[[4]float64, int] { return NewCartPole(.9) })
	actions := make([]int, n)
	type step struct {
		s, next  [4]float64
		r, gamma float64
		cut      bool
	}
	seen := make([][]step, n)
	pick := rl.NewRand(9)
	script := make([][]int, steps)
	for k := range script {
		for i := range actions {
			actions[i] = pick.IntN(2)
		}
		script[k] = append([]int{}, actions...)
		v.Step(actions)
		for i := range n {
			seen[i] = append(seen[i], step{v.State[i], v.Next[i], v.Reward[i], v.Discount[i], v.Cut[i]})
		}
	}
	horizons := 0
	for i := range n {
		env, rng, length := NewCartPole(.9), rl.NewRand(42, uint64(i)), 0
		env.Reset(rng)
		for k := range steps {
			s, r, gamma := env.Step(script[k][i])
			want := step{s, s, r, gamma, false}
			if length++; gamma == 0 || length == horizon {
				if gamma != 0 {
					horizons++
				}
				want.s, want.cut, length = env.Reset(rng), true, 0
			}
			if seen[i][k] != want {
				t.Fatalf("copy %d, step %d: %+v, want %+v", i, k, seen[i][k], want)
			}
		}
	}
	if horizons == 0 {
		t.Error("no run was cut at the horizon")
	}
}

func TestStepsAllocateNothing(t *testing.T) {
	rng := rl.NewRand(1)
	for _, name := range Names() {
		w, err := Open(name)
		if err != nil {
			t.Fatal(err)
		}
		m := w.New()
		m.Reset(rng)
		x := make([]float64, m.Width())
		if n := testing.AllocsPerRun(200, func() {
			a := 0.
			if len(w.Actions) > 0 {
				a = float64(rng.IntN(len(w.Actions)))
			}
			if _, gamma := m.Act(a); gamma == 0 {
				m.Reset(rng)
			}
			m.Observe(x)
		}); n != 0 {
			t.Errorf("%s: %g allocations a step", name, n)
		}
	}
	v := NewVector(8, 1, 100, func() rl.Env[[4]float64, int] { return NewCartPole(1) })
	actions := make([]int, 8)
	if n := testing.AllocsPerRun(500, func() { v.Step(actions) }); n != 0 {
		t.Errorf("vector: %g allocations a step", n)
	}
}

// What is drawn from a table comes as often as it says.
func TestTableDraws(t *testing.T) {
	w, _ := Open("frozenlake")
	table, rng := NewTable(w.Model), rl.NewRand(3)
	count := map[int]float64{}
	const n = 30000
	for range n {
		table.Reset(rng)
		if _, err := table.Place([]float64{6}); err != nil {
			t.Fatal(err)
		}
		s, _, _ := table.Step(1)
		count[s]++
	}
	for _, o := range w.Model.Of(6, 1) {
		if have := count[o.Next] / n; math.Abs(have-o.P) > 5*math.Sqrt(o.P/n) {
			t.Errorf("state %d came with %g, not %g", o.Next, have, o.P)
		}
	}
}

// A fickle passenger changes his mind about as often as he is said to, once.
func TestFickleTaxi(t *testing.T) {
	w, err := Open("taxi", "fickle_passenger=true")
	if err != nil || w.Model != nil {
		t.Fatal(err, "there is no table of what is not in the state")
	}
	env, rng, changed := w.Finite(), rl.NewRand(5), 0
	const runs = 2000
	for range runs {
		s := env.Reset(rng)
		goal, fetched := s%4, false
		for range 400 {
			a := rng.IntN(6)
			if !fetched {
				a = 4
				env.(*fickleTaxi).s = (stands[s/4%4][0]*5+stands[s/4%4][1])*20 + s%20
			} else if a > 3 {
				a = 0
			}
			next, _, _ := env.Step(a)
			if fetched = fetched || next/4%5 == 4; next%4 != goal {
				changed++
				break
			}
			s = next
		}
	}
	if p := float64(changed) / runs; math.Abs(p-.3) > .05 {
		t.Errorf("changed his mind in %g of the runs", p)
	}
}

func BenchmarkCartPoleVector(b *testing.B) {
	v := NewVector(64, 1, 500, func() rl.Env[[4]float64, int] { return NewCartPole(1) })
	actions := make([]int, 64)
	for i := range actions {
		actions[i] = i & 1
	}
	b.ReportAllocs()
	for b.Loop() {
		v.Step(actions)
	}
	b.ReportMetric(64*float64(b.N)/b.Elapsed().Seconds()/1e6, "Msteps/s")
}

func BenchmarkGrid(b *testing.B) {
	w, _ := Open("zhao5x5")
	table, rng := NewTable(w.Model), rand.New(rand.NewPCG(1, 1))
	table.Reset(rng)
	for b.Loop() {
		table.Step(int(rng.Uint32() % 5))
	}
}
