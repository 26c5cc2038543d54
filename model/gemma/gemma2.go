package gemma

import "github.com/rotor-lm/rotor/model"

func init() { model.Register("Gemma2ForCausalLM", newGemma2) }

// newGemma2 builds the second generation: scores and logits are bent, and every
// second layer has a window.
//
// Gemma Team, Gemma 2, 2024. arXiv:2408.00118, §2.
func newGemma2(c Config) (model.Model, error) {
	k := kind{architecture: "Gemma2ForCausalLM"}
	err := c.complete(k.architecture, 8192)
	if err != nil {
		return nil, err
	}
	if k.windowed, err = c.windows(k.architecture, 2); err != nil {
		return nil, err
	}
	if k.attnCap, err = bound(k.architecture, "attn_logit_softcapping", c.AttnCap, 50); err != nil {
		return nil, err
	}
	if k.finalCap, err = bound(k.architecture, "final_logit_softcapping", c.FinalCap, 30); err != nil {
		return nil, err
	}
	if k.far, err = c.Rotary(c.RopeParameters()); err != nil {
		return nil, err
	}
	if err := c.Whole(k.architecture, k.far); err != nil {
		return nil, err
	}
	k.near = k.far
	return c.build(k), nil
}
