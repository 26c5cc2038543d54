package gradient

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rotor-lm/rotor/internal/nearest"
	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/approx"
	"github.com/rotor-lm/rotor/rl/world"
)

// Method is a learner with a function, linear or a network, in the catalogue: a row
// of the table of algorithms, its settings, and how to make one.
type Method struct {
	Name, About, Source               string
	Bootstrap, Lambda, Baseline, Then string
	Settings                          func() any                           // a pointer to the settings, with the usual values
	View                              func(w *world.World) world.Simulator // a copy of a world as its agents see it
	agent                             func(settings any, w *world.World, seed uint64) (approx.Agent, error)
}

// deepQ are the settings of DQN as options: an outlook is named by its size.
type deepQ struct {
	approx.DQN
	Atoms     int // C51, with so many atoms from Low to High
	Low, High float32
	Quantiles int // QR-DQN
}

func (c deepQ) outlook() (approx.Outlook, error) {
	switch {
	case c.Atoms != 0 && c.Quantiles != 0:
		return nil, fmt.Errorf("gradient: a distribution is told by atoms or by quantiles, not by both")
	case c.Atoms != 0:
		return approx.Categorical{N: c.Atoms, Low: c.Low, High: c.High}, nil
	case c.Quantiles != 0:
		return approx.Quantile{N: c.Quantiles}, nil
	}
	return c.Outlook, nil
}

// Methods lists the catalogue.
func Methods() []Method {
	actor := func(name, about, source string, row [4]string, c OnPolicy) Method {
		return Method{
			name, about, source, row[0], row[1], row[2], row[3], func() any { c := c; _ = c.fill(); return &c }, Sight,
			func(settings any, w *world.World, seed uint64) (approx.Agent, error) {
				c := *settings.(*OnPolicy)
				c.Seed = seed
				or(&c.Horizon, w.Horizon)
				return c.New(func() approx.Env { return Sight(w) }, HeadOf(w))
			},
		}
	}
	semi := func(name, about, source, bootstrap string, target approx.Target) Method {
		return Method{
			name, about, source, bootstrap, "any", "q̂(s,a,w)", "w += α·(G − q̂)·∇q̂", func() any { c := approx.SemiGradient{}.Usual(); return &c },
			coordinates,
			func(settings any, w *world.World, seed uint64) (approx.Agent, error) {
				c := *settings.(*approx.SemiGradient)
				c.Seed = seed
				or(&c.Horizon, w.Horizon)
				env, box := Coordinates(w)
				return c.New(target, env, box, len(w.Actions))
			},
		}
	}
	value := func(name, about, source, bootstrap, lambda, then string, rule approx.Rule) Method {
		return Method{
			name, about, source, bootstrap, lambda, "v̂(s,w)", then, func() any { return &prediction{approx.Prediction{}.Usual(), "uniform", ""} }, coordinates,
			func(settings any, w *world.World, seed uint64) (approx.Agent, error) {
				c := *settings.(*prediction)
				c.Seed = seed
				or(&c.Horizon, w.Horizon)
				chain, err := c.chain(w)
				if err != nil {
					return nil, err
				}
				return c.New(rule, chain)
			},
		}
	}
	return []Method{
		value("semi-gradient-td", "TD(λ) with features: the values of a policy", "Sutton and Barto 2018, §9.4 and 12.2; Zhao 2025, §8.2", "v̂(s′,w)", "any", "w += α·(G − v̂)·∇v̂", approx.SemiGradientTD),
		value("gradient-monte-carlo", "whole returns with features", "Sutton and Barto 2018, §9.3", "none", "1", "w += α·(G − v̂)·∇v̂", approx.GradientMonteCarlo),
		value("tdc", "gradient TD with correction: converges off-policy", "Sutton et al. 2009", "v̂(s′,w)", "0", "w += α·ρ·[δ·φ − γ·(u·φ)·φ′]", approx.TDCorrected),
		value("gtd2", "gradient TD: converges off-policy", "Sutton et al. 2009", "v̂(s′,w)", "0", "w += α·ρ·(u·φ)·(φ − γφ′)", approx.GradientTD2),
		value("emphatic-td", "TD weighed by emphasis: stable off-policy", "Sutton, Mahmood and White 2016", "v̂(s′,w)", "0", "w += α·M·ρ·δ·φ", approx.Emphatic),
		value("lstd", "least squares: no step size", "Bradtke and Barto 1996", "v̂(s′,w)", "any", "w = A⁻¹·b", approx.LeastSquares),
		semi("semi-gradient-sarsa", "Sarsa with features: tiles, fourier, polynomial, radial, one-hot", "Sutton and Barto 2018, §10.1", "q̂(s′,a′,w)", approx.Sarsa),
		semi("semi-gradient-expected-sarsa", "Expected Sarsa with features", "Sutton and Barto 2018, §10.1", "Σ π(a|s′)·q̂(s′,a,w)", approx.ExpectedSarsa),
		semi("semi-gradient-q-learning", "Q-learning with features", "Zhao 2025, §8.3", "max q̂(s′,·,w)", approx.QLearning),
		{
			"lspi", "least-squares policy iteration: the best policy that features can tell from samples", "Lagoudakis and Parr 2003",
			"q̂(s′,π(s′),w)", "0", "q̂(s,a,w)", "w = A⁻¹·b, π greedy, again", func() any { c := approx.LeastSquaresPolicy{}.Usual(); return &c }, coordinates,
			func(settings any, w *world.World, seed uint64) (approx.Agent, error) {
				c := *settings.(*approx.LeastSquaresPolicy)
				c.Seed = seed
				or(&c.Horizon, w.Horizon)
				env, box := Coordinates(w)
				return c.New(env, box, len(w.Actions))
			},
		},
		{
			"dqn", "deep Q-learning; double, dueling, priority, steps, atoms or quantiles compose", "Mnih et al. 2015",
			"max q(s′,·; w⁻)", "0", "q(s,a; w)", "w −= ∇ Huber loss on a replay", func() any { return &deepQ{DQN: approx.DQN{}.Usual()} }, Sight,
			func(settings any, w *world.World, seed uint64) (approx.Agent, error) {
				c := *settings.(*deepQ)
				c.Seed = seed
				or(&c.Horizon, w.Horizon)
				var err error
				if c.Outlook, err = c.outlook(); err != nil {
					return nil, err
				}
				return c.New(Sight(w), len(w.Actions))
			},
		},
		actor("reinforce", "policy gradient on whole episodes", "Williams 1992", [4]string{"none", "1", "0", "∇log π·A"}, REINFORCE(false)),
		actor("reinforce-baseline", "the same, against a value network", "Sutton and Barto 2018, §13.4", [4]string{"none", "1", "v(s)", "∇log π·A"}, REINFORCE(true)),
		actor("actor-critic", "policy and value network, n steps at a time (window)", "Sutton and Barto 2018, §13.5", [4]string{"v(s′)", "1 in a window", "v(s)", "∇log π·A"}, NStep(1)),
		{
			"off-policy-actor-critic", "linear policy and critic, while chance acts (chance=0: on-policy, with traces)", "Degris, White and Sutton 2012; Zhao 2025, §10.3",
			"v̂(s′,w)", "any", "v̂(s,w)", "ρ·∇log π·A", func() any { c := LinearActor{Chance: 1}.Usual(); return &c }, coordinates,
			func(settings any, w *world.World, seed uint64) (approx.Agent, error) {
				c := *settings.(*LinearActor)
				c.Seed = seed
				or(&c.Horizon, w.Horizon)
				env, box := Coordinates(w)
				return c.New(env, box, len(w.Actions))
			},
		},
		actor("a2c", "the same in many worlds at once", "Mnih et al. 2016", [4]string{"v(s′)", "1 in a window", "v(s)", "∇log π·A"}, A2C(8)),
		actor("ppo", "several passes over a window, with a clipped ratio", "Schulman et al. 2017", [4]string{"v(s′)", "0.95", "v(s)", "clipped ratio·A"}, PPO(8)),
		{
			"dpg", "deterministic policy gradient (DDPG; twin=true for TD3)", "Silver et al. 2014; Lillicrap et al. 2015",
			"q(s′,π(s′); w⁻)", "0", "q(s,a; w)", "∇_a q·∇π", func() any { c := DPG{Noise: .1, Smooth: .2}; _ = c.fill(-1, 1); return &c }, Sight,
			func(settings any, w *world.World, seed uint64) (approx.Agent, error) {
				c := *settings.(*DPG)
				c.Seed = seed
				or(&c.Horizon, w.Horizon)
				return c.New(Sight(w), w.Low, w.High)
			},
		},
		{
			"sac", "soft actor-critic: reward and entropy", "Haarnoja et al. 2018",
			"min q − α·log π", "0", "q(s,a; w)", "∇_a (q − α·log π)·∇π", func() any { c := SAC{}; _ = c.fill(-1, 1); return &c }, Sight,
			func(settings any, w *world.World, seed uint64) (approx.Agent, error) {
				c := *settings.(*SAC)
				c.Seed = seed
				or(&c.Horizon, w.Horizon)
				return c.New(Sight(w), w.Low, w.High)
			},
		},
	}
}

// HeadOf is the head for a world's actions.
func HeadOf(w *world.World) Head {
	if len(w.Actions) > 0 {
		return Categorical{len(w.Actions)}
	}
	return Gaussian{w.Low, w.High}
}

// Lookup finds a method by name.
func Lookup(name string) (Method, bool) {
	methods := Methods()
	i := slices.IndexFunc(methods, func(m Method) bool { return m.Name == name })
	if i < 0 {
		return Method{}, false
	}
	return methods[i], true
}

// Make makes an agent of a method for a world, with options KEY=VALUE such as
// lr=0.001, hidden=[64,64] or epsilon=1..0.05/10000. The keys are the fields of the
// method's settings, in small letters.
func Make(name string, w *world.World, seed uint64, options ...string) (approx.Agent, error) {
	m, known := Lookup(name)
	if !known {
		var names []string
		for _, m := range Methods() {
			names = append(names, m.Name)
		}
		return nil, fmt.Errorf("no method %q; did you mean %s? (has: %s)", name, nearest.Word(name, names), strings.Join(names, ", "))
	}
	settings := m.Settings()
	for _, option := range options {
		if err := set(settings, option); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if err := sized(Keys(settings)); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return m.agent(settings, w, seed)
}

// sized refuses settings, which may come from a file, that ask for more memory than
// any machine has.
func sized(keys map[string]any) error {
	if hidden, ok := keys["hidden"].([]any); ok {
		if len(hidden) > 16 {
			return fmt.Errorf("hidden: %d layers; want at most 16", len(hidden))
		}
		for _, n := range hidden {
			if n, ok := n.(float64); !ok || n < 1 || n > 1<<13 {
				return fmt.Errorf("hidden: a layer of %v; want from 1 to 8192", n)
			}
		}
	}
	for key, most := range map[string]float64{"capacity": 1 << 24, "batch": 1 << 20, "worlds": 1 << 16, "window": 1 << 20, "steps": 1 << 16, "atoms": 1 << 12, "quantiles": 1 << 12} {
		if n, ok := keys[key].(float64); ok && n > most {
			return fmt.Errorf("%s: %.0f is more than %.0f", key, n, most)
		}
	}
	return nil
}

// Basis makes features of options KEY=VALUE, such as features=fourier and order=3.
func Basis(options ...string) (approx.Basis, error) {
	b := approx.Basis{}.Usual()
	for _, option := range options {
		if err := set(&b, option); err != nil {
			return b, err
		}
	}
	return b, nil
}

// Keys are the options of a method's settings, with their values.
func Keys(settings any) map[string]any {
	text, err := json.Marshal(settings)
	if err != nil {
		panic(err)
	}
	var fields, keys map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		panic(err)
	}
	keys = map[string]any{}
	for key, value := range fields {
		if key != "Seed" && key != "Outlook" {
			keys[strings.ToLower(key)] = value
		}
	}
	return keys
}

// set writes one option into settings.
func set(settings any, option string) error {
	key, value, found := strings.Cut(option, "=")
	key = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(key)), "-", "")
	if !found {
		return fmt.Errorf("option %q: want KEY=VALUE, such as lr=0.001", option)
	}
	known := Keys(settings)
	if _, ok := known[key]; !ok {
		var names []string
		for name := range known {
			names = append(names, name)
		}
		slices.Sort(names)
		return fmt.Errorf("no option %q; did you mean %s? (has: %s)", key, nearest.Word(key, names), strings.Join(names, ", "))
	}
	switch {
	case key == "bend" && strings.EqualFold(value, "relu"):
		value = "0"
	case key == "bend" && strings.EqualFold(value, "tanh"):
		value = "1"
	case key == "bend":
		return fmt.Errorf("bend=%s: want relu or tanh", value)
	}
	var err error
	for _, text := range []string{value, strconv.Quote(value)} { // a number, a list, a switch; or a schedule
		if err = json.Unmarshal([]byte(`{"`+key+`":`+text+`}`), settings); err == nil {
			return nil
		}
	}
	if _, schedule := known[key].(string); schedule {
		_, err = rl.ParseSchedule(value)
	}
	return fmt.Errorf("%s=%s: %w", key, value, err)
}
