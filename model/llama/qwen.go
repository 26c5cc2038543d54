package llama

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/rotor-lm/rotor/model"
)

func init() {
	model.Register("Qwen2ForCausalLM", func(q qwen) (model.Model, error) { return newQwen("Qwen2ForCausalLM", q) })
	model.Register("Qwen3ForCausalLM", func(q qwen) (model.Model, error) { return newQwen("Qwen3ForCausalLM", q) })
}

// qwen is Llama with a bias on queries, keys and values (Qwen 2), or with every
// query and key head normalised before it is turned, and heads of a size of
// their own (Qwen 3). Where use_sliding_window says so, some layers have a
// window: those that layer_types names, or in older files those from
// max_window_layers on.
//
// Yang et al., Qwen2 Technical Report, 2024. arXiv:2407.10671, §2.2.1;
// Qwen3 Technical Report, 2025. arXiv:2505.09388, §2.
type qwen struct {
	Config
	Window    json.RawMessage `json:"sliding_window"` // a number, or null for none
	UseWindow bool            `json:"use_sliding_window"`
	From      *int            `json:"max_window_layers"`
	Kinds     []string        `json:"layer_types"`
}

func newQwen(architecture string, q qwen) (model.Model, error) {
	c := q.Config
	if c.KVHeads == 0 || architecture == "Qwen3ForCausalLM" && c.HeadDim == 0 {
		return nil, errors.New("model: config of a " + architecture + ": num_key_value_heads, and head_dim for Qwen 3, must be there")
	}
	c.Window, c.MLPBias = 0, false // sliding_window counts only with use_sliding_window
	if q.UseWindow {
		if err := q.windows(architecture, &c); err != nil {
			return nil, err
		}
	}
	if architecture == "Qwen2ForCausalLM" {
		c.AttnBias, c.queryBias = false, true
	} else {
		c.headNorm = true
	}
	return New(architecture, c)
}

// windows finds the layers that have a window.
func (q qwen) windows(architecture string, c *Config) (err error) {
	from := 28 // as transformers has it
	if q.From != nil {
		from = *q.From
	}
	if c.windowed, err = model.Windowed(architecture, q.Kinds, c.Layers, func(layer int) bool { return layer >= from }); err != nil {
		return err
	}
	if len(q.Window) == 0 {
		return errors.New("model: config of a " + architecture + ": sliding_window must be there with use_sliding_window; it may be null")
	}
	if err := json.Unmarshal(q.Window, &c.Window); err != nil {
		return fmt.Errorf("model: config of a %s: sliding_window: %w", architecture, err)
	}
	return nil
}
