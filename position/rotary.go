package position

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/tensor"
)

func init() {
	Register("rotary", "pairs of q and k turned by t·θ_i, θ_i = base^(−2i/D)")
	RegisterRope("default", func(RopeConfig, []float64) (float64, error) { return 1, nil })
	RegisterRope("linear", linear)
}

// Rotary turns pairs of the coordinates of queries and keys by an angle that
// grows with the position, so that a score depends on the distance alone:
//
//	⟨R_m·q, R_n·k⟩ = ⟨q, R_{n−m}·k⟩      R_t turns pair i by t·θ_i/f, θ_i = base^(−2i/D)
//
// With f > 1 positions are interpolated: a model trained on L positions reads f·L.
//
// Su et al., RoFormer, 2021. arXiv:2104.09864, eq. 15 and 34.
// Chen et al., Position Interpolation, 2023. arXiv:2306.15595, eq. 4, for f.
type Rotary struct {
	None
	pairs     bool
	inverse   []float32 // θ_i/f: the angle from one position to the next
	amplitude float64   // of cosine and sine; one but for YaRN
	table     atomic.Pointer[op.Turn]
}

// NewRotary returns the encoding for heads of which dim coordinates turn.
func NewRotary(dim int, base, factor float64) *Rotary {
	inverse := frequencies(dim, base)
	for i := range inverse {
		inverse[i] /= factor
	}
	return newRotary(inverse, 1)
}

// frequencies are θ_i, the angles that each pair turns from one position to the
// next.
func frequencies(dim int, base float64) []float64 {
	theta := make([]float64, dim/2)
	for i := range theta {
		theta[i] = 1 / math.Pow(base, float64(2*i)/float64(dim))
	}
	return theta
}

func newRotary(inverse []float64, amplitude float64) *Rotary {
	r := &Rotary{inverse: make([]float32, len(inverse)), amplitude: amplitude}
	for i, w := range inverse {
		r.inverse[i] = float32(w) // as every released implementation has it
	}
	return r
}

// linear divides all positions by a factor.
func linear(c RopeConfig, inverse []float64) (amplitude float64, err error) {
	if !(c.Factor >= 1) {
		return 0, fmt.Errorf("position: linear RoPE needs a factor of at least 1, not %g", c.Factor)
	}
	for i := range inverse {
		inverse[i] /= c.Factor
	}
	return 1, nil
}

// Pairs returns the encoding that turns coordinates (2i, 2i+1) together, as
// RoFormer and GPT-J do, and not (i, i+D/2) as Llama does.
func (r *Rotary) Pairs() *Rotary {
	return &Rotary{pairs: true, inverse: r.inverse, amplitude: r.amplitude}
}

func (r *Rotary) Rotate(q, k, v *tensor.Tensor, pos []int32) (_, _, _ *tensor.Tensor) {
	turn := r.turn(pos)
	return op.Rotate(q, turn, pos), op.Rotate(k, turn, pos), v
}

// turn returns a table that reaches all of the positions. It grows by doubling,
// and a reader that holds an old one is not disturbed.
func (r *Rotary) turn(pos []int32) op.Turn {
	need := int(slices.Max(pos)) + 1
	if t := r.table.Load(); t != nil && len(t.Cos) >= need*t.N {
		return *t
	}
	size := 512
	for size < need {
		size *= 2
	}
	n := len(r.inverse)
	t := op.Turn{Cos: make([]float32, size*n), Sin: make([]float32, size*n), N: n, Pairs: r.pairs}
	for p := range size {
		for i, w := range r.inverse {
			angle := float64(float32(p) * w)
			t.Cos[p*n+i], t.Sin[p*n+i] = float32(r.amplitude*math.Cos(angle)), float32(r.amplitude*math.Sin(angle))
		}
	}
	r.table.Store(&t)
	return t
}

// RopeConfig is what a model's configuration says of its rotary encoding, in
// either generation's words.
type RopeConfig struct {
	Type   string  `json:"rope_type"`
	Theta  float64 `json:"rope_theta"`
	Factor float64 `json:"factor"`
	Part   float64 `json:"partial_rotary_factor"` // of the coordinates turn
	Old    string  `json:"type"`                  // "rope_type" of older files

	Trained int    `json:"original_max_position_embeddings"` // positions before the encoding was stretched
	Context int    `json:"-"`                                // positions of the model
	Raw     []byte `json:"-"`                                // the parameters, for what one kind alone reads
	Dim     int    `json:"-"`                                // coordinates that turn
}

// A RopeKind changes the frequencies θ_i [D/2] of plain RoPE into its own, and
// returns the amplitude of cosine and sine. An error says which parameter is
// missing or cannot be.
type RopeKind func(c RopeConfig, theta []float64) (amplitude float64, err error)

var ropes = map[string]RopeKind{}

// RegisterRope adds a kind of rotary encoding under the name that files use.
func RegisterRope(name string, f RopeKind) { ropes[name] = f }

// Rope makes the encoding that a configuration asks for. parameters is
// "rope_parameters" of newer files or "rope_scaling" of older ones, and may be
// empty or null; theta is "rope_theta" of older files, context the number of
// positions that the model has.
func Rope(headDim int, theta float64, context int, parameters json.RawMessage) (*Rotary, error) {
	c := RopeConfig{Theta: theta, Type: "default", Context: context, Dim: headDim, Raw: parameters}
	if len(parameters) > 0 {
		if err := json.Unmarshal(parameters, &c); err != nil {
			return nil, fmt.Errorf("position: RoPE parameters %s: %w", parameters, err)
		}
	}
	if c.Old != "" && c.Type == "default" {
		c.Type = c.Old
	}
	if c.Theta == 0 {
		c.Theta = 10000
	}
	kind, ok := ropes[c.Type]
	if !ok {
		return nil, fmt.Errorf("position: RoPE type %q is not known; there are %s", c.Type, strings.Join(slices.Sorted(maps.Keys(ropes)), ", "))
	}
	if c.Part != 0 && c.Part != 1 {
		return nil, fmt.Errorf("position: partial_rotary_factor is %g: only heads that turn whole are known", c.Part)
	}
	if headDim <= 0 || headDim%2 != 0 || headDim > 1<<16 || !(c.Theta >= 1) {
		return nil, fmt.Errorf("position: no RoPE for heads of %d with base %g", headDim, c.Theta)
	}
	if c.Trained < 0 || c.Trained > 1<<30 {
		return nil, fmt.Errorf("position: original_max_position_embeddings is %d", c.Trained)
	}
	if c.Trained == 0 {
		c.Trained = max(context, 1)
	}
	inverse := frequencies(headDim, c.Theta)
	amplitude, err := kind(c, inverse)
	if err != nil {
		return nil, err
	}
	return newRotary(inverse, amplitude), nil
}
