package gemma

import (
	"encoding/json"
	"fmt"

	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/position"
)

func init() {
	model.Register("Gemma3ForCausalLM", newGemma3)
	model.RegisterType("Gemma3ForCausalLM", "gemma3_text")
}

// gemma3 is the third generation, without its pictures: queries and keys are
// normalised, five layers of six have a window, and those turn by a base of
// their own.
//
// Gemma Team, Gemma 3 Technical Report, 2025. arXiv:2503.19786, §2.
type gemma3 struct {
	Config
	Pattern *int    `json:"sliding_window_pattern"` // of older files: every n-th layer has no window
	Local   float64 `json:"rope_local_base_freq"`   // of older files: the base where there is a window
}

func newGemma3(g gemma3) (model.Model, error) {
	c, k := g.Config, kind{architecture: "Gemma3ForCausalLM", headNorm: true}
	err := c.complete(k.architecture, 131072)
	if err != nil {
		return nil, err
	}
	every := 6
	if g.Pattern != nil {
		every = *g.Pattern
	}
	if k.windowed, err = c.windows(k.architecture, every); err != nil {
		return nil, err
	}
	if cap, err := bound(k.architecture, "attn_logit_softcapping", c.AttnCap, 0); err != nil || cap != 0 {
		return nil, fmt.Errorf("model: config of a %s: attn_logit_softcapping must be null: the third generation bends no scores", k.architecture)
	}
	if k.finalCap, err = bound(k.architecture, "final_logit_softcapping", c.FinalCap, 0); err != nil {
		return nil, err
	}
	if k.near, k.far, err = g.ropes(k.architecture); err != nil {
		return nil, err
	}
	return c.build(k), nil
}

// ropes are the two rotary encodings. Newer files have parameters for each; in
// older ones rope_scaling is that of the layers without a window.
func (g gemma3) ropes(architecture string) (near, far *position.Rotary, err error) {
	p := struct {
		Near json.RawMessage `json:"sliding_attention"`
		Far  json.RawMessage `json:"full_attention"`
	}{Far: g.Scaling}
	if len(g.Rope) > 0 && string(g.Rope) != "null" {
		p.Far = nil
		if err := json.Unmarshal(g.Rope, &p); err != nil {
			return nil, nil, fmt.Errorf("model: config of a %s: rope_parameters: %w", architecture, err)
		}
		if len(p.Near) == 0 || len(p.Far) == 0 {
			return nil, nil, fmt.Errorf("model: config of a %s: rope_parameters must have full_attention and sliding_attention", architecture)
		}
	}
	if g.Theta == 0 {
		g.Theta = 1e6
	}
	if far, err = g.Rotary(p.Far); err != nil {
		return nil, nil, err
	}
	g.Theta = g.Local // zero is 10000
	if near, err = g.Rotary(p.Near); err != nil {
		return nil, nil, err
	}
	return near, far, g.Whole(architecture, near, far)
}
