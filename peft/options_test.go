package peft_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/rotor-lm/rotor/peft"
)

// A method's options decode from YAML and JSON alike, and repeat themselves.
func TestOptionsDecode(t *testing.T) {
	const text = `
rank: 4
alpha: 12
dropout: 0.1
targets: [q_proj, v_proj]
exclude: down_proj
rank_pattern:
  zz: 3
  aa: 5
alpha_pattern: {k_proj: 2.5}
rslora: true
bias: all
modules_to_save: [lm_head]
layers_to_transform: [0, 1]
layers_pattern: [layers]
`
	want := peft.LoRA{
		Rank: 4, Alpha: 12, Dropout: .1, Targets: peft.Select("q_proj,v_proj"), Exclude: peft.Select("down_proj"),
		RankPattern:  peft.Pattern{{Match: "zz", Value: 3}, {Match: "aa", Value: 5}},
		AlphaPattern: peft.Pattern{{Match: "k_proj", Value: 2.5}}, RSLoRA: true, Bias: "all", Save: []string{"lm_head"},
		Layers: []int{0, 1}, LayersPattern: []string{"layers"},
	}
	var c peft.LoRA
	if err := yaml.UnmarshalWithOptions([]byte(text), &c, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("from YAML:\n%+v, want\n%+v", c, want)
	}
	data, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var again peft.LoRA
	if err := json.Unmarshal(data, &again); err != nil || !reflect.DeepEqual(again, want) {
		t.Errorf("through JSON: %+v, %v", again, err)
	}
	out, err := yaml.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	again = peft.LoRA{}
	if err := yaml.UnmarshalWithOptions(out, &again, yaml.Strict()); err != nil || !reflect.DeepEqual(again, want) {
		t.Errorf("through YAML: %+v, %v\n%s", again, err, out)
	}
	if err := yaml.UnmarshalWithOptions([]byte("rnak: 4"), &c, yaml.Strict()); err == nil || !strings.Contains(err.Error(), "rnak") {
		t.Errorf("want an error for an unknown key, have %v", err)
	}
	for _, bad := range []string{`{"targets": 4}`, `{"rank_pattern": [1]}`, `{"rank_pattern": {"a": "b"}}`, `{"rank": "x"}`} {
		if json.Unmarshal([]byte(bad), &c) == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}

func TestSelect(t *testing.T) {
	for text, want := range map[string]peft.Selector{
		"":                {},
		"q_proj":          {Names: []string{"q_proj"}},
		"q_proj, mlp.c_p": {Names: []string{"q_proj", "mlp.c_p"}},
		"All-Linear":      {All: true},
		`.*\.(q|v)_proj`:  {Regexp: `.*\.(q|v)_proj`},
	} {
		if s := peft.Select(text); !reflect.DeepEqual(s, want) {
			t.Errorf("%q is %+v, want %+v", text, s, want)
		}
	}
}
