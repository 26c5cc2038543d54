package llama

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/rotor-lm/rotor/model"
)

func init() { model.Register("MistralForCausalLM", newMistral) }

// Mistral is Llama with a window: a row sees the n rows up to and with itself,
// and through the layers below them further back.
//
// Jiang et al., Mistral 7B, 2023. arXiv:2310.06825, §2.
type mistral struct {
	Config
	Window json.RawMessage `json:"sliding_window"` // a number, or null for none
}

// newMistral wants to be told what other programs would take 8 and 4096 for.
func newMistral(m mistral) (model.Model, error) {
	if m.KVHeads == 0 || len(m.Window) == 0 {
		return nil, errors.New("model: config of a MistralForCausalLM: num_key_value_heads and sliding_window must be there; sliding_window may be null")
	}
	c := m.Config
	if err := json.Unmarshal(m.Window, &c.Window); err != nil {
		return nil, fmt.Errorf("model: config of a MistralForCausalLM: sliding_window: %w", err)
	}
	c.AttnBias, c.MLPBias = false, false // there are none, whatever a file says
	return New("MistralForCausalLM", c)
}
