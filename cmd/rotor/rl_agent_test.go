package main

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

type agentAnswered struct {
	Episodes   []struct{ Length, Return float64 }
	V          [][]*float64
	Q          [][][]*float64
	Policy     [][][]*float64
	RMSE       []float64
	Options    []string
	Evaluation float64
}

// An agent of every kind is saved, evaluated, drawn and watched from its file alone,
// and learning in two parts is learning in one.
func TestRLAgentFiles(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		world, algorithm string
		steps            string
		options          []string
	}{
		{"cartpole", "ppo", "1024", []string{"hidden=[8]", "worlds=2"}},
		{"mountaincar", "dqn", "1500", []string{"hidden=[8]", "batch=8"}},
		{"pendulum", "sac", "400", []string{"hidden=[8]", "batch=8"}},
		{"mountaincar", "semi-gradient-sarsa", "1000", []string{"alpha=0.5"}},
		{"mountaincar", "lspi", "1000", []string{"features=radial", "every=200"}},
		{"mountaincar", "off-policy-actor-critic", "1000", []string{"lambda=0.5"}},
	} {
		file, rest := filepath.Join(dir, c.algorithm), filepath.Join(dir, c.algorithm+"-rest")
		args := []string{"rl", "learn", "--world", c.world, "--algorithm", c.algorithm, "--evaluate", "5", "--seed", "3", "--json"}
		set := args
		for _, o := range c.options {
			set = append(set, "--option", o)
		}
		whole := object[agentAnswered](t, rotor(t, done, append(slices.Clone(set), "--steps", c.steps, "--save", file)...))
		rotor(t, done, append(slices.Clone(set), "--steps", "300", "--save", rest)...)
		rotor(t, done, append(slices.Clone(args), "--steps", c.steps, "--load", rest, "--save", rest)...)
		a, err1 := os.ReadFile(file)
		b, err2 := os.ReadFile(rest)
		if err1 != nil || err2 != nil || string(a) != string(b) {
			t.Errorf("%s: two parts are not the whole", c.algorithm)
		}
		refuses(t, wrongUsage, []string{c.algorithm}, append(slices.Clone(args), "--algorithm", "a2c", "--load", file)...)
		refuses(t, wrongUsage, []string{"goes on with its own"}, append(slices.Clone(args), "--load", file, "--option", "gamma=1")...)

		played := object[struct{ Return, Length float64 }](t, rotor(t, done, "rl", "evaluate", "--world", c.world, "--policy", file, "--episodes", "5", "--seed", "3", "--json"))
		if played.Return != whole.Evaluation || played.Length < 1 {
			t.Errorf("%s earns %g, and said %g when it had learned", c.algorithm, played.Return, whole.Evaluation)
		}
		seen := rotor(t, done, "rl", "watch", "--world", c.world, "--play", file, "--seed", "3")
		if !strings.Contains(seen.stdout, "episode 1: ") || strings.Count(seen.stdout, "return so far") < 5 || strings.Contains(seen.stdout, "\x1b") {
			t.Errorf("%s: %.200q", c.algorithm, seen.stdout)
		}
		picture := filepath.Join(dir, c.algorithm+".svg")
		for _, what := range []string{"walk", "policy", "values"} {
			if c.world == "cartpole" && what != "walk" {
				refuses(t, wrongUsage, []string{"two numbers"}, "rl", "plot", "--world", c.world, "--run", file, "--what", what)
				continue
			}
			rotor(t, done, "rl", "plot", "--world", c.world, "--run", file, "--what", what, "--out", picture)
			if text, err := os.ReadFile(picture); err != nil || len(text) < 2000 || strings.Contains(string(text), "NaN") {
				t.Errorf("%s, %s: %d bytes, %v", c.algorithm, what, len(text), err)
			}
		}
	}
	refuses(t, failed, []string{"other sizes", "learned in cartpole"}, "rl", "evaluate", "--world", "mountaincar", "--policy", filepath.Join(dir, "ppo"))
	cut := filepath.Join(dir, "cut")
	if err := os.WriteFile(cut, []byte(`{"rotor_agent":1,"algorithm":"ppo"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	refuses(t, failed, []string{"ends in its first line"}, "rl", "evaluate", "--world", "cartpole", "--policy", cut)
}

// Where states are numbered, an agent answers in the shape of a table, and its file
// is a policy like any other.
func TestRLAgentOnGrid(t *testing.T) {
	dir := t.TempDir()
	file, answer := filepath.Join(dir, "agent"), filepath.Join(dir, "answer.json")
	o := rotor(t, done, "rl", "learn", "--world", "zhao5x5-episodic", "--algorithm", "semi-gradient-q-learning", "--steps", "20000",
		"--option", "features=one-hot", "--horizon", "2000", "--save", file, "--json")
	a := object[agentAnswered](t, o)
	if len(a.V) != 5 || len(a.Q[0][0]) != 5 || len(a.Policy) != 5 || len(a.RMSE) < 50 || a.RMSE[len(a.RMSE)-1] > a.RMSE[0]/2 || a.Evaluation != -10 {
		t.Errorf("%d rows of v, %d errors from %g, evaluation %g", len(a.V), len(a.RMSE), a.RMSE[0], a.Evaluation)
	}
	s := object[solvedAnswer](t, rotor(t, done, "rl", "solve", "--world", "zhao5x5-episodic", "--policy", file, "--json"))
	best := object[solvedAnswer](t, rotor(t, done, "rl", "solve", "--world", "zhao5x5-episodic", "--json"))
	if math.Abs(*s.V[0][0]-*best.V[0][0]) > 1e-9 {
		t.Errorf("its policy is worth %g at the start, the best %g", *s.V[0][0], *best.V[0][0])
	}
	if err := os.WriteFile(answer, []byte(o.stdout), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"--world", "zhao5x5-episodic", "--run", file},
		{"--what", "error", "--answer", answer},
		{"--what", "returns", "--answer", answer, "--smooth", "10", "--low", "-100", "--high", "0"},
		{"--world", "zhao5x5", "--what", "features", "--option", "features=fourier", "--option", "order=2"},
		{"--world", "walk19", "--what", "features", "--option", "features=radial"},
	} {
		if o := rotor(t, done, append([]string{"rl", "plot"}, args...)...); strings.Count(o.stdout, "\n") < 15 {
			t.Errorf("%v: %q", args, o.stdout)
		}
	}
	refuses(t, wrongUsage, []string{"go together"}, "rl", "plot", "--what", "returns", "--answer", answer, "--low", "0")
	refuses(t, wrongUsage, []string{"the first below"}, "rl", "plot", "--what", "returns", "--answer", answer, "--low", "0", "--high", "-3")
	refuses(t, wrongUsage, []string{"one or two"}, "rl", "plot", "--world", "cartpole", "--what", "features")
	refuses(t, wrongUsage, []string{"did you mean"}, "rl", "plot", "--world", "zhao5x5", "--what", "features", "--option", "ordre=2")
	refuses(t, wrongUsage, []string{"uniform or the file"}, "rl", "evaluate", "--world", "cartpole", "--policy", "optimal")
	if o := rotor(t, done, "rl", "evaluate", "--world", "pendulum", "--policy", "uniform", "--episodes", "3"); !strings.Contains(o.stdout, "return") {
		t.Error(o.stdout)
	}
}

// LSPI finds the best policy and its values from what chance did; an actor and its
// critic find a way while chance acts, and on their own.
func TestRLLearnsFromChance(t *testing.T) {
	args := []string{"rl", "learn", "--world", "zhao5x5-episodic", "--gamma", "0.9", "--horizon", "500", "--option", "features=one-hot", "--evaluate", "5", "--json"}
	a := object[agentAnswered](t, rotor(t, done, append(slices.Clone(args), "--algorithm", "lspi", "--steps", "20000")...))
	if last := a.RMSE[len(a.RMSE)-1]; last > .01 || a.Evaluation != -10 || len(a.Q[0][0]) != 5 {
		t.Errorf("lspi: error %g, evaluation %g", last, a.Evaluation)
	}
	for _, chance := range []string{"1", "0.5"} {
		a := object[agentAnswered](t, rotor(t, done, append(slices.Clone(args), "--algorithm", "off-policy-actor-critic", "--steps", "60000", "--option", "chance="+chance)...))
		if last := a.RMSE[len(a.RMSE)-1]; last > 1 || a.Evaluation < -12 {
			t.Errorf("off-policy-actor-critic, chance %s: error %g, evaluation %g", chance, last, a.Evaluation)
		}
	}
	refuses(t, wrongUsage, []string{"chance 2"}, append(slices.Clone(args), "--algorithm", "off-policy-actor-critic", "--option", "chance=2")...)
	refuses(t, wrongUsage, []string{"at most 2048"}, append(slices.Clone(args), "--algorithm", "lspi", "--option", "features=tiles")...)
	for _, algorithm := range []string{"lspi", "off-policy-actor-critic"} {
		refuses(t, wrongUsage, []string{"chooses among actions"}, "rl", "learn", "--world", "pendulum", "--algorithm", algorithm)
	}
}

// Learning with features or a network can be watched, and ends with an episode.
func TestRLWatchAgents(t *testing.T) {
	o := rotor(t, done, "rl", "watch", "--world", "zhao5x5-episodic", "--algorithm", "semi-gradient-sarsa", "--steps", "3000", "--frames", "4", "--horizon", "500")
	if n := strings.Count(o.stdout, "returns "); n < 2 || n > 5 || !strings.Contains(o.stdout, "episode 1: ") || !strings.Contains(o.stdout, "→") {
		t.Errorf("%d frames: %.300q", n, o.stdout)
	}
	o = rotor(t, done, "rl", "watch", "--world", "blackjack", "--play", "optimal", "--episodes", "2")
	if !strings.Contains(o.stdout, "dealer shows") || !strings.Contains(o.stdout, "episode 2: ") {
		t.Errorf("%q", o.stdout)
	}
}

func TestRLListOne(t *testing.T) {
	o := rotor(t, done, "rl", "list", "dqn")
	for _, word := range []string{"hidden", "[64,64]", "relu", "1..0.05/10000"} {
		if !strings.Contains(o.stdout, word) {
			t.Errorf("rotor rl list dqn does not say %q:\n%s", word, o.stdout)
		}
	}
	refuses(t, wrongUsage, []string{"did you mean sarsa"}, "rl", "list", "sarsaa")
}

// Values of a policy are learned with features, toward the fixed point that the
// features have, and by least squares at once.
func TestRLLinearValues(t *testing.T) {
	args := []string{"rl", "learn", "--world", "zhao5x5", "--horizon", "500", "--start", "any", "--steps", "60000", "--evaluate", "2", "--option", "features=polynomial", "--option", "order=1", "--json"}
	for _, algorithm := range []string{"lstd", "semi-gradient-td"} {
		a := object[agentAnswered](t, rotor(t, done, append(args, "--algorithm", algorithm)...))
		if last := a.RMSE[len(a.RMSE)-1]; last < .2 || last > .4 || len(a.V) != 5 || a.Q != nil {
			t.Errorf("%s: error %g, v %d rows", algorithm, last, len(a.V))
		}
	}
	refuses(t, wrongUsage, []string{"policy=best", "uniform, optimal"}, append(args, "--algorithm", "lstd", "--option", "policy=best")...)
	refuses(t, wrongUsage, []string{"are numbered"}, "rl", "learn", "--world", "cartpole", "--algorithm", "lstd")
}
