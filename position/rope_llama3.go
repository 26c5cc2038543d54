package position

import (
	"encoding/json"
	"fmt"
	"math"
)

func init() { RegisterRope("llama3", llama3) }

// llama3 leaves the pairs that turn fast as they are, slows those that turn
// less than once or so within the trained length, and passes smoothly from one
// to the other. With λ_i = 2π/θ_i the positions of one turn and L those trained,
//
//	θ_i            if λ_i < L/h
//	θ_i/f          if λ_i > L/l
//	(1−s)·θ_i/f + s·θ_i   between, s = (L/λ_i − l)/(h − l)
//
// Dubey et al., The Llama 3 Herd of Models, 2024. arXiv:2407.21783, §3.2; the
// formula is that of the released code.
func llama3(c RopeConfig, theta []float64) (amplitude float64, err error) {
	var p struct {
		Low  float64 `json:"low_freq_factor"`
		High float64 `json:"high_freq_factor"`
	}
	if err := json.Unmarshal(c.Raw, &p); err != nil {
		return 0, fmt.Errorf("position: llama3 RoPE: %w", err)
	}
	if !(c.Factor >= 1) || !(p.Low > 0) || !(p.High > p.Low) {
		return 0, fmt.Errorf("position: llama3 RoPE needs a factor of at least 1 and 0 < low_freq_factor < high_freq_factor, not %g, %g and %g", c.Factor, p.Low, p.High)
	}
	for i, w := range theta {
		turns := float64(c.Trained) * w / (2 * math.Pi) // within the trained length
		smooth := max(0, min(1, (turns-p.Low)/(p.High-p.Low)))
		theta[i] = (1-smooth)*w/c.Factor + smooth*w
	}
	return 1, nil
}
