package gradient

import (
	"reflect"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/approx"
	"github.com/rotor-lm/rotor/rl/world"
)

// fitting is a world that a method can learn in soon, and options for that.
func fitting(method string) (name string, options []string) {
	switch method {
	case "semi-gradient-sarsa", "semi-gradient-expected-sarsa", "semi-gradient-q-learning":
		return "cartpole", []string{"features=fourier", "order=1", "alpha=1/k"}
	case "semi-gradient-td", "gradient-monte-carlo":
		return "zhao5x5", []string{"features=polynomial", "order=2", "first=1"}
	case "tdc", "gtd2", "emphatic-td":
		return "zhao5x5", []string{"features=one-hot", "behaviour=uniform", "policy=epsilon:0.5"}
	case "lstd":
		return "zhao5x5", []string{"features=one-hot", "lambda=0.5"}
	case "lspi":
		return "cartpole", []string{"features=fourier", "order=1", "every=100", "epsilon=0.5"}
	case "off-policy-actor-critic":
		return "zhao5x5", []string{"features=one-hot", "lambda=0.5", "chance=0.5"}
	case "dpg", "sac":
		return "pendulum", []string{"hidden=[8]", "lr=0.002", "batch=16", "warmup=20"}
	case "dqn":
		return "cartpole", []string{"hidden=[8]", "lr=0.002", "batch=16", "warmup=20", "epsilon=1..0.1/50", "double=true", "quantiles=5"}
	}
	return "cartpole", []string{"hidden=[8]", "lr=0.002"}
}

// Every method of the catalogue learns in a world that fits it, with options set.
func TestMake(t *testing.T) {
	for _, m := range Methods() {
		name, options := fitting(m.Name)
		w, err := world.Open(name, "horizon=200")
		if err != nil {
			t.Fatal(err)
		}
		a, err := Make(m.Name, w, 1, options...)
		if err != nil {
			t.Errorf("%s: %v", m.Name, err)
			continue
		}
		for _, err := range approx.Learn(t.Context(), a, 300) {
			if err != nil {
				t.Errorf("%s: %v", m.Name, err)
			}
		}
		if a.Steps() < 300 {
			t.Errorf("%s took %d steps", m.Name, a.Steps())
		}
	}
}

func TestOptions(t *testing.T) {
	var c deepQ
	for _, option := range []string{"lr=0.5", "Hidden=[3,4]", "epsilon=1..0.1/50", "max-norm=3", "atoms=11", "low=-2", "bend=tanh", "actioninput=true"} {
		if err := set(&c, option); err != nil {
			t.Error(err)
		}
	}
	want := deepQ{Atoms: 11, Low: -2}
	want.DQN = approx.DQN{LR: .5, Hidden: []int{3, 4}, Epsilon: rl.Linear(1, .1, 50), MaxNorm: 3, Bend: approx.Tanh, ActionInput: true}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("set %+v, want %+v", c, want)
	}
	var p OnPolicy
	if err := set(&p, "lr=0.25"); err != nil || p.LR != rl.Const(.25) {
		t.Errorf("a constant schedule: %v, %v", p.LR, err)
	}
	for option, says := range map[string]string{
		"lr": "KEY=VALUE", "learning=1": "did you mean", "epsilon=x": "schedule", "batch=many": "batch", "bend=sigmoid": "relu or tanh", "hidden=3": "hidden",
	} {
		if err := set(&c, option); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want a word of %q", option, err, says)
		}
	}
	w, err := world.Open("cartpole")
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range [][]string{{"pp0"}, {"sac"}, {"dqn", "atoms=5", "quantiles=5"}, {"ppo", "gamma=3"}} {
		if _, err := Make(bad[0], w, 0, bad[1:]...); err == nil {
			t.Errorf("%v was made", bad)
		}
	}
}
