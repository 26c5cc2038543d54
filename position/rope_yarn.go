package position

import (
	"encoding/json"
	"fmt"
	"math"
)

func init() { RegisterRope("yarn", yarn) }

// yarn interpolates the pairs that turn slowly, leaves those that turn fast,
// and raises all scores a little. A pair that turns r times within the trained
// length L is number i(r) = D·ln(L/2πr)/(2·ln base); between i(β_fast) and
// i(β_slow) a ramp γ falls from one to zero:
//
//	θ_i·γ + (θ_i/f)·(1−γ)        cosine and sine times 0.1·ln f + 1
//
// Peng et al., YaRN, 2023. arXiv:2309.00071, eq. 17, 18 and 22.
func yarn(c RopeConfig, theta []float64) (amplitude float64, err error) {
	p := struct {
		Fast      float64  `json:"beta_fast"`
		Slow      float64  `json:"beta_slow"`
		Amplitude *float64 `json:"attention_factor"`
		Scale     float64  `json:"mscale"`         // DeepSeek's: the
		ScaleAll  float64  `json:"mscale_all_dim"` // amplitude is a quotient
		Truncate  *bool    `json:"truncate"`
	}{Fast: 32, Slow: 1}
	if err := json.Unmarshal(c.Raw, &p); err != nil {
		return 0, fmt.Errorf("position: yarn RoPE: %w", err)
	}
	if !(c.Factor >= 1) || !(p.Slow > 0) || !(p.Fast >= p.Slow) || !(c.Theta > 1) {
		return 0, fmt.Errorf("position: yarn RoPE needs a factor of at least 1 and 0 < beta_slow ≤ beta_fast, not %g, %g and %g", c.Factor, p.Slow, p.Fast)
	}
	pair := func(turns float64) float64 {
		return float64(c.Dim) * math.Log(float64(c.Trained)/(turns*2*math.Pi)) / (2 * math.Log(c.Theta))
	}
	from, to := pair(p.Fast), pair(p.Slow)
	if p.Truncate == nil || *p.Truncate {
		from, to = math.Floor(from), math.Ceil(to)
	}
	from, to = max(from, 0), min(to, float64(c.Dim-1))
	if from == to {
		to += 0.001
	}
	for i, w := range theta {
		keep := 1 - max(0, min(1, (float64(i)-from)/(to-from)))
		theta[i] = w*keep + w/c.Factor*(1-keep)
	}
	scale := func(m float64) float64 { return 0.1*m*math.Log(c.Factor) + 1 }
	switch {
	case p.Amplitude != nil:
		return *p.Amplitude, nil
	case p.Scale != 0 && p.ScaleAll != 0:
		return scale(p.Scale) / scale(p.ScaleAll), nil
	}
	return scale(1), nil
}
