package main

import (
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

type solvedAnswer struct {
	World   string
	Gamma   float64
	V       [][]*float64
	Q       [][][]*float64
	Policy  [][][]*float64
	Actions []string
	Sweeps  int
}

func TestRLSolve(t *testing.T) {
	a := object[solvedAnswer](t, rotor(t, done, "rl", "solve", "--world", "zhao5x5", "--gamma", "0.9", "--policy", "optimal",
		"--r-forbidden", "-10", "--r-boundary", "-1", "--r-target", "1", "--json"))
	if a.World != "zhao5x5" || a.Gamma != .9 || len(a.V) != 5 || len(a.V[0]) != 5 || len(a.Q[4][4]) != 5 {
		t.Fatalf("%+v", a)
	}
	if v := *a.V[0][0]; math.Abs(v-3.487) > 5e-4 {
		t.Errorf("v(1,1) = %g", v)
	}
	if p := a.Policy[0][3]; *p[1] != 1 || *p[2] != 0 {
		t.Errorf("the tie at (1,4) went to %v", p)
	}
	soft := object[solvedAnswer](t, rotor(t, done, "rl", "solve", "--world", "zhao5x5", "--policy", "epsilon:0.1", "--bump", "both", "--r-forbidden", "-10", "--json"))
	best := object[solvedAnswer](t, rotor(t, done, "rl", "solve", "--world", "zhao5x5", "--policy", "epsilon:0.1", "--optimal-soft", "--bump", "both", "--r-forbidden", "-10", "--json"))
	if v := *soft.V[0][0]; math.Abs(v-.424) > 5e-4 || *best.V[0][0] < v-1e-9 {
		t.Errorf("ε-greedy v(1,1) = %g, best %g", v, *best.V[0][0])
	}
	walk := object[solvedAnswer](t, rotor(t, done, "rl", "solve", "--world", "walk5", "--policy", "uniform", "--json"))
	if len(walk.V) != 1 || len(walk.V[0]) != 7 || math.Abs(*walk.V[0][3]-.5) > 1e-12 {
		t.Errorf("a world that is no grid stands in one row: %v", walk.V)
	}
	maze := object[solvedAnswer](t, rotor(t, done, "rl", "solve", "--world", "maze", "--json"))
	if maze.V[0][7] != nil || maze.V[0][0] == nil {
		t.Error("a wall has a value, or a cell has none")
	}
}

// MC Basic believes in what its episodes are long enough to reach: the numbers of
// Zhao's figure 5.4.
func TestRLBasic(t *testing.T) {
	for length, want := range map[string][2]float64{"1": {1, 0}, "14": {7.7, 1.2}, "15": {7.9, 1.4}, "100": {10, 3.5}} {
		a := object[solvedAnswer](t, rotor(t, done, "rl", "solve", "--world", "zhao5x5", "--r-forbidden", "-10", "--method", "mc-basic", "--length", length, "--json"))
		if math.Abs(*a.V[3][2]-want[0]) > .0501 || math.Abs(*a.V[0][0]-want[1]) > .0501 {
			t.Errorf("episodes of %s steps: v(4,3) = %.3f, v(1,1) = %.3f, want %v", length, *a.V[3][2], *a.V[0][0], want)
		}
	}
	refuses(t, wrongUsage, []string{"mc-basic"}, "rl", "solve", "--world", "zhao5x5", "--length", "3")
	refuses(t, wrongUsage, []string{"from 1"}, "rl", "solve", "--world", "zhao5x5", "--method", "mc-basic", "--length", "0")
}

// An answer's policy is read back, and is worth what the answer says.
func TestRLPolicyFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "policy.json")
	o := rotor(t, done, "rl", "solve", "--world", "maze", "--json")
	if err := os.WriteFile(path, []byte(o.stdout), 0o600); err != nil {
		t.Fatal(err)
	}
	want := object[solvedAnswer](t, o)
	have := object[solvedAnswer](t, rotor(t, done, "rl", "solve", "--world", "maze", "--policy", path, "--json"))
	if *have.V[2][0] != *want.V[2][0] {
		t.Errorf("%g, want %g", *have.V[2][0], *want.V[2][0])
	}
	refuses(t, failed, []string{"70 states"}, "rl", "solve", "--world", "windy", "--policy", path)
	for text, word := range map[string]string{
		`{"policy": [[[0.5, 0.6, 0]], [[1, 0, 0]]]}`: "add to", `{}`: "neither", `x`: "not JSON", `{"policy": 3}`: "is not [[[",
		`{"policy": [[[1]]]}`: "probabilities for 3 actions",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		refuses(t, failed, []string{word}, "rl", "solve", "--world", "zhao1x2", "--policy", path)
	}
}

func TestRLTrace(t *testing.T) {
	type trace struct {
		States, Observations [][]float64
		Rewards, Gammas      []float64
	}
	a := object[trace](t, rotor(t, done, "rl", "trace", "--world", "cartpole", "--state", "0.1,0.2,0,0", "--actions", "0,1,1", "--json"))
	if len(a.States) != 3 || len(a.Observations) != 3 || a.Rewards[2] != 1 || a.Gammas[0] != 1 || math.Abs(a.States[0][0]-.104) > 1e-15 {
		t.Errorf("%+v", a)
	}
	p := object[trace](t, rotor(t, done, "rl", "trace", "--world", "pendulum", "--set", "g=9.81", "--state", "-1,0", "--actions", "-2,0.5", "--json"))
	if len(p.States[0]) != 2 || len(p.Observations[0]) != 3 || p.Rewards[0] > -1 {
		t.Errorf("%+v", p)
	}
	l := object[struct{ States []int }](t, rotor(t, done, "rl", "trace", "--world", "frozenlake", "--set", "is_slippery=false", "--actions", "2,2,1,1", "--json"))
	if !slices.Equal(l.States, []int{1, 2, 6, 10}) {
		t.Errorf("%+v", l)
	}
}

type learnedAnswer struct {
	Episodes []struct{ Length, Return float64 }
	Lengths  []float64
	V        [][]float64
	Q        [][][]float64
	RMSE     []float64
	Greedy   struct{ Length, Return float64 }
	Runs     []struct{ Seed uint64 }
}

func TestRLLearn(t *testing.T) {
	args := []string{"rl", "learn", "--world", "zhao5x5-episodic", "--algorithm", "q-learning", "--episodes", "500", "--alpha", "0.1", "--epsilon", "0.1", "--runs", "20", "--reference", "optimal", "--json"}
	a := object[learnedAnswer](t, rotor(t, done, args...))
	if len(a.Episodes) != 500 || len(a.RMSE) != 500 || len(a.Runs) != 20 || len(a.V) != 5 || len(a.Q[0][0]) != 5 || a.Greedy.Length != 11 || a.Greedy.Return != -10 {
		t.Errorf("%d episodes, %d errors, greedy %+v", len(a.Episodes), len(a.RMSE), a.Greedy)
	}
	last := 0.
	for _, ep := range a.Episodes[400:] {
		last += ep.Length / 100
	}
	if last < 11.7 || last > 13.5 {
		t.Errorf("mean length at last %g", last)
	}
	one := object[learnedAnswer](t, rotor(t, done, append(args, "--threads", "1")...))
	if one.RMSE[499] != a.RMSE[499] || !slices.Equal(one.Lengths, a.Lengths) {
		t.Error("results depend on the number of threads")
	}
	w := object[learnedAnswer](t, rotor(t, done, "rl", "learn", "--world", "walk5", "--algorithm", "td", "--lambda", "0", "--alpha", "0.05", "--initial", "0.5", "--episodes", "100", "--runs", "100", "--json"))
	if e := w.RMSE[99]; e < .02 || e > .05 {
		t.Errorf("TD(0) on the walk: error %g", e)
	}
}

// A run in two parts is the run in one.
func TestRLResumes(t *testing.T) {
	dir := t.TempDir()
	part, whole := filepath.Join(dir, "part.json"), filepath.Join(dir, "whole.json")
	args := []string{"rl", "learn", "--world", "zhao5x5-episodic", "--algorithm", "dyna-q", "--planning", "30", "--seed", "7"}
	rotor(t, done, append(args, "--episodes", "20", "--save", part)...)
	rotor(t, done, append(args, "--episodes", "50", "--load", part, "--save", part)...)
	rotor(t, done, append(args, "--episodes", "50", "--save", whole)...)
	a, err1 := os.ReadFile(part)
	b, err2 := os.ReadFile(whole)
	if err1 != nil || err2 != nil || string(a) != string(b) {
		t.Error("the saved runs differ")
	}
	e := object[struct {
		Return float64
		Exact  float64 `json:"exact_value"`
	}](t, rotor(t, done, "rl", "evaluate", "--world", "zhao5x5-episodic", "--policy", whole, "--episodes", "10", "--json"))
	if e.Return < -20 || e.Exact > -6 {
		t.Errorf("%+v", e)
	}
	refuses(t, wrongUsage, []string{"dyna-q"}, "rl", "learn", "--world", "zhao5x5-episodic", "--load", whole, "--episodes", "99")
}

func TestRLListAndShow(t *testing.T) {
	l := object[struct{ Worlds, Algorithms []struct{ Name string } }](t, rotor(t, done, "rl", "list", "--json"))
	if len(l.Worlds) < 20 || len(l.Algorithms) < 15 {
		t.Errorf("%d worlds, %d algorithms", len(l.Worlds), len(l.Algorithms))
	}
	s := object[struct {
		Map   []string
		Table [][][][4]float64
	}](t, rotor(t, done, "rl", "show", "zhao2x2", "--table", "--json"))
	if len(s.Map) != 2 || len(s.Table) != 4 || s.Table[1][2][0] != [4]float64{1, 3, 1, .9} {
		t.Errorf("%+v", s)
	}
}

func TestRLBadInput(t *testing.T) {
	dir := t.TempDir()
	draw := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct {
		words string
		args  []string
	}{
		{"no target", []string{"solve", "--world", draw("a.txt", "S . .\n")}},
		{"two starts", []string{"solve", "--world", draw("b.txt", "S S T\n")}},
		{"cells", []string{"solve", "--world", draw("c.txt", "S . T\n. .\n")}},
		{"from 0 to 1", []string{"solve", "--world", "zhao5x5", "--gamma", "1.5"}},
		{"--horizon", []string{"learn", "--world", "zhao5x5"}},
		{"Σα² is infinite", []string{"learn", "--world", "walk5", "--algorithm", "td", "--converge"}},
		{"zhao5x5", []string{"solve", "--world", "zhao5x6"}},
		{"sarsa", []string{"learn", "--world", "walk5", "--algorithm", "sarssa"}},
		{"does nothing", []string{"learn", "--world", "walk5", "--lambda", "0.5"}},
		{"from 0 to 1", []string{"learn", "--world", "walk5", "--algorithm", "td", "--lambda", "1.5"}},
		{"more states than a table", []string{"learn", "--world", "cartpole"}},
		{"for features and networks", []string{"learn", "--world", "walk5", "--algorithm", "td", "--option", "lr=0.1"}},
		{"wants a force", []string{"learn", "--world", "pendulum", "--algorithm", "dqn"}},
		{"does nothing", []string{"learn", "--world", "cartpole", "--algorithm", "ppo", "--alpha", "1"}},
		{"has actions", []string{"learn", "--world", "cartpole", "--algorithm", "sac"}},
		{"hidden", []string{"learn", "--world", "cartpole", "--algorithm", "ppo", "--option", "hiden=[16]"}},
		{"no exact table", []string{"solve", "--world", "pendulum"}},
		{"actions 0 to 1", []string{"trace", "--world", "cartpole", "--actions", "2"}},
		{"4 numbers", []string{"trace", "--world", "cartpole", "--state", "1", "--actions", "1"}},
		{"epsilon:E", []string{"solve", "--world", "zhao5x5", "--policy", "epsilon:2"}},
		{"--optimal-soft", []string{"solve", "--world", "zhao5x5", "--optimal-soft"}},
		{"did you mean g", []string{"trace", "--world", "pendulum", "--set", "G=3", "--actions", "1"}},
	} {
		refuses(t, wrongUsage, []string{c.words}, append([]string{"rl"}, c.args...)...)
	}
	o := rotor(t, done, "rl", "solve", "--world", draw("d.txt", "S # T\n. # .\n"), "--json")
	if !strings.Contains(o.stderr, "(1,3) cannot be reached") {
		t.Errorf("an unreachable target: %q", o.stderr)
	}
	refuses(t, wrongUsage, []string{"KEY=VALUE"}, "rl", "trace", "--world", "zhao5x5", "--actions", "0", "--set", "x")
}

func TestRLPlots(t *testing.T) {
	dir := t.TempDir()
	run, answer := filepath.Join(dir, "run.json"), filepath.Join(dir, "answer.json")
	o := rotor(t, done, "rl", "learn", "--world", "zhao5x5-episodic", "--episodes", "100", "--save", run, "--json")
	if err := os.WriteFile(answer, []byte(o.stdout), 0o600); err != nil {
		t.Fatal(err)
	}
	grid := []string{"rl", "plot", "--world", "zhao5x5-episodic"}
	for name, args := range map[string][]string{
		"a.svg": append(grid, "--what", "values"),
		"b.png": append(grid, "--what", "visits", "--run", run),
		"c.svg": append(grid, "--what", "walk", "--policy", "epsilon:0.3"),
		"d.png": append(grid, "--what", "policy", "--run", run),
		"e.svg": {"rl", "plot", "--what", "error", "--answer", answer, "--smooth", "5"},
	} {
		path := filepath.Join(dir, name)
		rotor(t, done, append(slices.Clone(args), "--out", path)...)
		if text, err := os.ReadFile(path); err != nil || len(text) < 1000 {
			t.Errorf("%s: %d bytes, %v", name, len(text), err)
		}
		if o := rotor(t, done, args...); len(o.stdout) < 100 {
			t.Errorf("%s in characters: %q", name, o.stdout)
		}
	}
	refuses(t, wrongUsage, []string{".svg or .png"}, append(grid, "--out", "x.gif")...)
	refuses(t, wrongUsage, []string{"no grid"}, "rl", "plot", "--world", "breakout")
	walk := filepath.Join(dir, "walk.json")
	rotor(t, done, "rl", "learn", "--world", "walk19", "--algorithm", "td", "--episodes", "50", "--save", walk)
	for _, args := range [][]string{
		{"--world", "walk19", "--run", walk},
		{"--world", "walk19", "--run", walk, "--what", "visits"},
		{"--world", "gambler", "--what", "policy"},
		{"--world", "blackjack"},
		{"--world", "blackjack", "--what", "policy"},
	} {
		if o := rotor(t, done, append([]string{"rl", "plot"}, args...)...); strings.Count(o.stdout, "\n") < 15 {
			t.Errorf("%v: %q", args, o.stdout)
		}
	}
	refuses(t, wrongUsage, []string{"--run FILE"}, append(grid, "--what", "visits")...)
	w := rotor(t, done, "rl", "watch", "--world", "zhao5x5-episodic", "--episodes", "50", "--frames", "3")
	if strings.Count(w.stdout, "lengths ") != 3 || strings.Contains(w.stdout, "\x1b") {
		t.Errorf("%q", w.stdout)
	}
}

// Networks learn too, the same with one thread as with two.
func TestRLNetworks(t *testing.T) {
	type answer struct {
		Episodes   []struct{ Length, Return float64 }
		Evaluation float64
		Runs       []struct{ Evaluation float64 }
	}
	args := []string{"rl", "learn", "--world", "cartpole", "--steps", "4096", "--evaluate", "10", "--option", "hidden=[16,16]", "--json"}
	for _, algorithm := range []string{"ppo", "dqn"} {
		one := rotor(t, done, append(args, "--algorithm", algorithm, "--threads", "1")...)
		two := rotor(t, done, append(args, "--algorithm", algorithm, "--threads", "2")...)
		a, b := object[answer](t, one), object[answer](t, two)
		if a.Evaluation != b.Evaluation || len(a.Episodes) != len(b.Episodes) || len(a.Episodes) < 10 || a.Evaluation < 8 {
			t.Errorf("%s: %g and %g", algorithm, a.Evaluation, b.Evaluation)
		}
	}
}

func TestRLBench(t *testing.T) {
	b := object[struct {
		Grid     float64 `json:"q_learning_grid_steps_per_s"`
		Lake     float64 `json:"q_learning_frozenlake_steps_per_s"`
		CartPole float64 `json:"cartpole_vector_steps_per_s"`
	}](t, rotor(t, done, "bench", "rl", "--seconds", "0.2", "--json"))
	if b.Grid < 1e5 || b.Lake < 1e5 || b.CartPole < 1e5 {
		t.Errorf("%+v", b)
	}
}

// A world that dies ends learning with its last words, and what was learned is
// told and saved.
func TestRLWorldDies(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("no shell to write a world in")
	}
	dir := t.TempDir()
	script, save := filepath.Join(dir, "world.sh"), filepath.Join(dir, "run.json")
	text := `echo '{"states": 2, "actions": 1}'
n=0
while read line; do
	n=$((n+1))
	if [ $n -gt 21 ]; then echo "the cat pulled the plug" >&2; exit 1; fi
	case $line in
	*reset*) echo '{"state": 0}';;
	*) echo '{"state": 1, "reward": 1, "end": true}';;
	esac
done`
	if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	o := rotor(t, failed, "rl", "learn", "--world", "exec:sh "+script, "--episodes", "100", "--save", save, "--json")
	a := object[learnedAnswer](t, o)
	if len(a.Episodes) != 10 || a.Q[0][0][0] < .5 || !strings.Contains(o.stderr, "the cat pulled the plug") {
		t.Errorf("%d episodes, q %v, %q", len(a.Episodes), a.Q, o.stderr)
	}
	if _, err := os.Stat(save); err != nil {
		t.Error(err)
	}
}
