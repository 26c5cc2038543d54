package position

import (
	"fmt"
	"math"
)

func init() { RegisterGrowing("dynamic", dynamic, dynamicRegime) }

// dynamic stretches the base as a text grows beyond the L positions that the
// model was made for, so that the slowest pair never turns further than in
// training by much, and the fastest stays as it is. In a text of n positions, and
// with the factor f that scales how fast,
//
//	base′ = base·(f·n/L − (f − 1))^(D/(D−2))      for n > L; base for a shorter one
//
// L is "max_position_embeddings", as in transformers.
//
// bloc97 and emozilla, NTK-aware and dynamically scaled RoPE, 2023; written down
// in Peng et al., YaRN, 2023. arXiv:2309.00071, §3.1 and §3.3.
func dynamic(c RopeConfig, theta []float64) (amplitude float64, err error) {
	if !(c.Factor >= 1) || c.Factor > 1e9 || c.Dim <= 2 || c.Context < 1 {
		return 0, fmt.Errorf("position: dynamic RoPE needs a factor of at least 1 and more than two coordinates that turn, not %g and %d", c.Factor, c.Dim)
	}
	grown := c.Factor*float64(c.Length)/float64(c.Context) - (c.Factor - 1)
	base := c.Theta * math.Pow(grown, float64(c.Dim)/float64(c.Dim-2))
	copy(theta, frequencies(c.Dim, base))
	return 1, nil
}

// dynamicRegime: every length beyond L has angles of its own.
func dynamicRegime(c RopeConfig, length int) int { return max(length, c.Context) }
