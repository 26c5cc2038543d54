package llama

import (
	"errors"

	"github.com/rotor-lm/rotor/model"
)

func init() {
	model.Register("Qwen2ForCausalLM", func(q qwen) (model.Model, error) { return newQwen("Qwen2ForCausalLM", q) })
	model.Register("Qwen3ForCausalLM", func(q qwen) (model.Model, error) { return newQwen("Qwen3ForCausalLM", q) })
}

// qwen is Llama with a bias on queries, keys and values (Qwen 2), or with every
// query and key head normalised before it is turned, and heads of a size of
// their own (Qwen 3).
//
// Yang et al., Qwen2 Technical Report, 2024. arXiv:2407.10671, §2.2.1;
// Qwen3 Technical Report, 2025. arXiv:2505.09388, §2.
type qwen struct {
	Config
	UseWindow bool `json:"use_sliding_window"`
}

func newQwen(architecture string, q qwen) (model.Model, error) {
	c := q.Config
	if q.UseWindow {
		return nil, errors.New("model: config of a " + architecture + ": use_sliding_window, in some layers and not in others, is not known")
	}
	if c.KVHeads == 0 || architecture == "Qwen3ForCausalLM" && c.HeadDim == 0 {
		return nil, errors.New("model: config of a " + architecture + ": num_key_value_heads, and head_dim for Qwen 3, must be there")
	}
	c.Window, c.MLPBias = 0, false // sliding_window counts only with use_sliding_window
	if architecture == "Qwen2ForCausalLM" {
		c.AttnBias, c.queryBias = false, true
	} else {
		c.headNorm = true
	}
	return New(architecture, c)
}
