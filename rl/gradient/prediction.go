package gradient

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/rotor-lm/rotor/rl/approx"
	"github.com/rotor-lm/rotor/rl/tabular"
	"github.com/rotor-lm/rotor/rl/world"
)

// prediction are the settings of approx.Prediction as options, which name policies.
type prediction struct {
	approx.Prediction
	Policy    string // whose values are wanted: uniform, optimal or epsilon:E
	Behaviour string // who acts, in the same forms; none: the policy
}

// chain is a world under the policies that are named.
func (c prediction) chain(w *world.World) (approx.Chain, error) {
	m, box := Coordinates(w)
	states := w.Count()
	k := approx.Chain{Width: m.Width(), Box: box, Actions: len(w.Actions)}
	if states == 0 || m.Width() > 2 {
		return k, fmt.Errorf("values of a policy are learned where states are numbered; world %s has none", w.Name)
	}
	cols := 1
	if m.Width() == 2 {
		cols = w.Grid.Cols
	}
	k.See = func(s int, x []float64) {
		if len(x) == 1 {
			x[0] = float64(s)
			return
		}
		x[0], x[1] = float64(s%cols), float64(s/cols)
	}
	k.Number = func(x []float64) int {
		if len(x) == 1 {
			return int(x[0])
		}
		return int(x[1])*cols + int(x[0])
	}
	target, err := namedPolicy(w, c.Policy)
	if err != nil {
		return k, fmt.Errorf("policy=%s: %w", c.Policy, err)
	}
	k.Target, k.Behaviour = target, target
	if c.Behaviour != "" && c.Behaviour != c.Policy {
		behaviour, err := namedPolicy(w, c.Behaviour)
		if err != nil {
			return k, fmt.Errorf("behaviour=%s: %w", c.Behaviour, err)
		}
		k.Behaviour = behaviour
		for i, p := range target.P {
			if p > 0 && behaviour.P[i] == 0 {
				return k, fmt.Errorf("behaviour=%s never takes action %s in state %d, which policy=%s does", c.Behaviour, w.Actions[i%k.Actions], i/k.Actions, c.Policy)
			}
		}
	}
	k.World = w.Finite()
	return k, nil
}

// namedPolicy is uniform, optimal, or the ε-greedy policy of the optimal.
func namedPolicy(w *world.World, name string) (*tabular.Policy, error) {
	epsilon := 0.
	switch text, soft := strings.CutPrefix(name, "epsilon:"); {
	case name == "uniform":
		return tabular.Uniform(w.Count(), len(w.Actions)), nil
	case soft:
		var err error
		if epsilon, err = strconv.ParseFloat(text, 64); err != nil || !(epsilon >= 0 && epsilon <= 1) {
			return nil, fmt.Errorf("want epsilon:E with E from 0 to 1")
		}
	case name != "optimal":
		return nil, fmt.Errorf("want uniform, optimal or epsilon:E")
	}
	if w.Model == nil {
		return nil, fmt.Errorf("world %s has no exact table: its optimal policy is not known", w.Name)
	}
	s, err := tabular.Optimal(w.Model)
	if err != nil {
		return nil, err
	}
	return s.Policy.Soft(epsilon), nil
}
