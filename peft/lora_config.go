package peft

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
)

func init() { registerFile("LORA", readLoRA) }

// loraFile is adapter_config.json of a LoRA, in PEFT's words.
type loraFile struct {
	Rank          *int            `json:"r"`
	Alpha         *float64        `json:"lora_alpha"`
	Dropout       float64         `json:"lora_dropout"`
	Targets       json.RawMessage `json:"target_modules"`
	Exclude       json.RawMessage `json:"exclude_modules"`
	RankPattern   Pattern         `json:"rank_pattern"`
	AlphaPattern  Pattern         `json:"alpha_pattern"`
	RSLoRA        bool            `json:"use_rslora"`
	Bias          string          `json:"bias"`
	Save          []string        `json:"modules_to_save"`
	Layers        json.RawMessage `json:"layers_to_transform"`
	LayersPattern json.RawMessage `json:"layers_pattern"`
	Init          any             `json:"init_lora_weights"`
}

// What else a LoRA's configuration may say. Of these keys the first have no
// bearing on what the adapted model computes; the second have, and Rotor does
// not do what they ask: they may stand there unset, and no more.
var (
	loraIdle = []string{
		"r", "lora_alpha", "lora_dropout", "target_modules", "exclude_modules", "rank_pattern", "alpha_pattern", "use_rslora", "bias",
		"modules_to_save", "layers_to_transform", "layers_pattern", "init_lora_weights", "fan_in_fan_out", "megatron_config",
		"megatron_core", "loftq_config", "eva_config", "corda_config", "lora_ga_config", "qalora_group_size", "ensure_weight_tying", "runtime_config",
	}
	loraBeyond = []string{
		"use_dora", "lora_bias", "layer_replication", "trainable_token_indices", "alora_invocation_tokens", "target_parameters",
		"use_qalora", "use_bdlora", "arrow_config", "monteclora_config", "kasa_config", "velora_config",
	}
)

func readLoRA(config []byte) (Method, error) {
	if err := checkKeys(config, loraIdle, loraBeyond); err != nil {
		return nil, err
	}
	var f loraFile
	if err := json.Unmarshal(config, &f); err != nil {
		return nil, err
	}
	c := &LoRA{
		Rank: defaultRank, Alpha: defaultRank, Dropout: f.Dropout, RankPattern: f.RankPattern, AlphaPattern: f.AlphaPattern,
		RSLoRA: f.RSLoRA, Bias: f.Bias, Save: f.Save, file: true,
	}
	if f.Rank != nil {
		c.Rank = *f.Rank
	}
	if f.Alpha != nil {
		c.Alpha = *f.Alpha
	}
	if c.Rank < 1 || c.Alpha == 0 {
		return nil, fmt.Errorf("r is %d and lora_alpha %g, which cannot be", c.Rank, c.Alpha)
	}
	var err error
	if c.Targets, err = readSelector("target_modules", f.Targets); err != nil {
		return nil, err
	}
	if c.Targets.IsZero() {
		return nil, fmt.Errorf("target_modules is missing")
	}
	if c.Exclude, err = readSelector("exclude_modules", f.Exclude); err != nil {
		return nil, err
	}
	if c.Layers, err = oneOrMany[int]("layers_to_transform", f.Layers); err != nil {
		return nil, err
	}
	if c.LayersPattern, err = oneOrMany[string]("layers_pattern", f.LayersPattern); err != nil {
		return nil, err
	}
	switch f.Init {
	case nil, true, false, "gaussian", "orthogonal", "eva":
	default:
		return nil, fmt.Errorf("init_lora_weights is %v: such an adapter changes the base model's weights at its birth, and the file is for those: convert it to a plain LoRA with PEFT (path_initial_model_for_weight_conversion) first", f.Init)
	}
	return c, c.check()
}

// readSelector reads PEFT's form, where any string is a regular expression.
func readSelector(key string, raw json.RawMessage) (Selector, error) {
	var text string
	if len(raw) > 0 && json.Unmarshal(raw, &text) == nil {
		if strings.EqualFold(text, allLinear) {
			return Selector{All: true}, nil
		}
		return Selector{Regexp: text}, nil
	}
	list, err := oneOrMany[string](key, raw)
	return Selector{Names: list}, err
}

func oneOrMany[T any](key string, raw json.RawMessage) ([]T, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	var one T
	if json.Unmarshal(raw, &one) == nil {
		return []T{one}, nil
	}
	var many []T
	if err := json.Unmarshal(raw, &many); err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	return many, nil
}

// peftConfig is the configuration as PEFT would write it, m being adapted. Keys
// that old versions of PEFT do not know are there only where they say something.
func (c *LoRA) peftConfig(m model.Model) (map[string]any, error) {
	targets, err := c.targetModules(m)
	if err != nil {
		return nil, err
	}
	bias := c.Bias
	if bias == "" {
		bias = "none"
	}
	alpha := c.Alpha
	if alpha == 0 {
		alpha = float64(c.rank())
	}
	f := map[string]any{
		"peft_type": "LORA", "r": c.rank(), "lora_alpha": alpha, "lora_dropout": c.Dropout, "target_modules": targets,
		"rank_pattern": orEmpty(c.RankPattern), "alpha_pattern": orEmpty(c.AlphaPattern), "use_rslora": c.RSLoRA, "bias": bias,
		"modules_to_save": orNil(c.Save), "layers_to_transform": orNil(c.Layers), "layers_pattern": orNil(c.LayersPattern),
		"init_lora_weights": true, "fan_in_fan_out": usesInOut(m),
	}
	if !c.Exclude.IsZero() {
		f["exclude_modules"] = c.Exclude
	}
	return f, nil
}

// targetModules says in names what all-linear means in this model, for programs
// that know names only: the shortest that choose the same sites.
func (c *LoRA) targetModules(m model.Model) (any, error) {
	if !c.Targets.All && !c.Targets.IsZero() {
		return c.Targets, nil
	}
	want, err := c.plan(m)
	if err != nil {
		return nil, err
	}
	shorten := []func(string) string{
		func(path string) string { return path[strings.LastIndex(path, ".")+1:] },
		lastName,
		func(path string) string { return path },
	}
	for _, short := range shorten {
		set := map[string]bool{}
		for path, a := range want {
			if a.rank > 0 {
				set[short(path)] = true
			}
		}
		try := *c
		try.Targets = Selector{Names: slices.Sorted(maps.Keys(set))}
		if have, err := try.plan(m); err == nil && maps.Equal(have, want) {
			return try.Targets, nil
		}
	}
	return allLinear, nil
}

func orEmpty(p Pattern) any {
	if len(p) == 0 {
		return map[string]any{}
	}
	return p
}

func orNil[T any](list []T) any {
	if len(list) == 0 {
		return nil
	}
	return list
}

// usesInOut reports whether an update stands beside a matrix that files hold
// as [in, out].
func usesInOut(m model.Model) bool {
	w := &inOutWalk{}
	_, _ = nn.Rewrite(m, w)
	return w.found
}

type inOutWalk struct {
	nn.Keep
	found bool
}

func (w *inOutWalk) Layer(_ string, l nn.Layer) nn.Layer {
	if u, ok := l.(*lora); ok {
		_, inOut := matrix(plain(u.Base))
		w.found = w.found || inOut
	}
	return l
}

// plain is the projection inside whatever adapters have wrapped around it.
func plain(l nn.Projection) nn.Projection {
	for {
		switch w := l.(type) {
		case *lora:
			l = w.Base
		case *ownedProjection:
			l = w.Base
		default:
			return l
		}
	}
}
