package position

import (
	"encoding/json"
	"fmt"
	"math"
)

func init() {
	RegisterGrowing("longrope", longrope, longRegime)
	RegisterGrowing("su", longrope, longRegime) // as the first files called it
}

// longrope divides the frequency of every pair by a factor of its own, which a
// search has found: one list for texts of at most L positions, those of training,
// and another for longer ones. Cosine and sine have the amplitude that makes up
// for the longer softmax, with s = context/L:
//
//	θ_i/λ_i      amplitude √(1 + ln s/ln L)
//
// Ding et al., LongRoPE, 2024. arXiv:2402.13753, eq. 3 and §3; the amplitude is
// that of Phi-3's released code, where Abdin et al., Phi-3 Technical Report,
// 2024, arXiv:2404.14219, use it.
func longrope(c RopeConfig, theta []float64) (amplitude float64, err error) {
	var p struct {
		Long      []float64 `json:"long_factor"`
		Short     []float64 `json:"short_factor"`
		Amplitude *float64  `json:"attention_factor"`
	}
	if err := json.Unmarshal(c.Raw, &p); err != nil {
		return 0, fmt.Errorf("position: longrope: %w", err)
	}
	for key, list := range map[string][]float64{"long_factor": p.Long, "short_factor": p.Short} {
		if len(list) != len(theta) {
			return 0, fmt.Errorf("position: longrope needs a %s for each of the %d pairs that turn, not %d", key, len(theta), len(list))
		}
		for i, f := range list {
			if !(f > 0) || f > 1e30 {
				return 0, fmt.Errorf("position: longrope: %s %d is %g, which cannot be", key, i, f)
			}
		}
	}
	factors := p.Short
	if c.Length > c.Trained {
		factors = p.Long
	}
	for i, f := range factors {
		theta[i] /= f
	}
	stretch := c.Factor
	if stretch == 0 {
		stretch = float64(c.Context) / float64(c.Trained)
	}
	switch {
	case p.Amplitude != nil:
		return *p.Amplitude, nil
	case stretch <= 1:
		return 1, nil
	case c.Trained < 2:
		return 0, fmt.Errorf("position: longrope: original_max_position_embeddings is %d, which cannot be", c.Trained)
	}
	return math.Sqrt(1 + math.Log(stretch)/math.Log(float64(c.Trained))), nil
}

// longRegime: texts are short or long.
func longRegime(c RopeConfig, length int) int {
	if length > c.Trained {
		return c.Trained + 1
	}
	return c.Trained
}
