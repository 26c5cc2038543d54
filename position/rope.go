package position

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

func init() {
	RegisterRope("default", func(RopeConfig, []float64) (float64, error) { return 1, nil })
	RegisterRope("linear", linear)
}

// RopeConfig is what a model's configuration says of its rotary encoding, in
// either generation's words.
type RopeConfig struct {
	Type   string  `json:"rope_type"`
	Theta  float64 `json:"rope_theta"`
	Factor float64 `json:"factor"`
	Part   float64 `json:"partial_rotary_factor"` // of the coordinates turn; zero means all
	Old    string  `json:"type"`                  // "rope_type" of older files

	Trained int    `json:"original_max_position_embeddings"` // positions before the encoding was stretched
	Context int    `json:"-"`                                // positions of the model
	Full    any    `json:"full_attention"`                   // parameters of some layers only: not for here
	Raw     []byte `json:"-"`                                // the parameters, for what one kind alone reads
	Dim     int    `json:"-"`                                // coordinates of a head, and then those that turn
	Length  int    `json:"-"`                                // of the text, where a kind depends on it: the regime
}

// A RopeKind changes the frequencies θ_i [D/2] of plain RoPE into its own, and
// returns the amplitude of cosine and sine. An error says which parameter is
// missing or cannot be.
type RopeKind func(c RopeConfig, theta []float64) (amplitude float64, err error)

type ropeEntry struct {
	kind   RopeKind
	regime func(c RopeConfig, length int) int // nil where the length of a text does not count
}

var ropes = map[string]ropeEntry{}

// RegisterRope adds a kind of rotary encoding under the name that files use.
func RegisterRope(name string, f RopeKind) { ropes[name] = ropeEntry{kind: f} }

// RegisterGrowing adds a kind whose frequencies depend on the length of the text.
// regime names, for a length, one that has the same; the kind is given it as
// Length.
func RegisterGrowing(name string, f RopeKind, regime func(c RopeConfig, length int) int) {
	ropes[name] = ropeEntry{kind: f, regime: regime}
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

// Rope makes the encoding that a configuration asks for. c has what stands
// outside of the parameters: Dim, the width of a head; Context, the number of
// positions that the model has; and, where the file says them there, Theta, Part
// and Trained, which are "rope_theta", "partial_rotary_factor" and
// "original_max_position_embeddings". parameters is "rope_parameters" of newer
// files or "rope_scaling" of older ones, and may be empty or null.
func Rope(c RopeConfig, parameters json.RawMessage) (*Rotary, error) {
	c.Type, c.Raw = "default", parameters
	outside := c.Trained
	if len(parameters) > 0 {
		if err := json.Unmarshal(parameters, &c); err != nil {
			return nil, fmt.Errorf("position: RoPE parameters %s: %w", parameters, err)
		}
	} else {
		c.Raw = []byte("{}")
	}
	if c.Full != nil {
		return nil, fmt.Errorf("position: RoPE parameters differ from one kind of layer to another (full_attention), which this architecture does not know")
	}
	if outside != 0 { // has the last word, as in transformers
		c.Trained = outside
	}
	if c.Old != "" && c.Type == "default" {
		c.Type = c.Old
	}
	if c.Theta == 0 {
		c.Theta = 10000
	}
	entry, ok := ropes[c.Type]
	if !ok {
		return nil, fmt.Errorf("position: RoPE type %q is not known; there are %s", c.Type, strings.Join(slices.Sorted(maps.Keys(ropes)), ", "))
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	if entry.regime != nil {
		return grow(c, entry.kind, entry.regime)
	}
	theta := frequencies(c.Dim, c.Theta)
	amplitude, err := entry.kind(c, theta)
	if err != nil {
		return nil, err
	}
	return &Rotary{angles: newAngles(theta, amplitude)}, nil
}

// check refuses what cannot be, and turns the width of a head into the number of
// its coordinates that turn.
func (c *RopeConfig) check() error {
	if c.Dim <= 0 || c.Dim%2 != 0 || c.Dim > 1<<16 || !(c.Theta >= 1) || c.Theta > 1e30 {
		return fmt.Errorf("position: no RoPE for heads of %d with base %g", c.Dim, c.Theta)
	}
	if c.Part != 0 {
		dim := int(float64(c.Dim) * c.Part)
		if !(c.Part > 0) || c.Part > 1 || dim < 2 || dim%2 != 0 {
			return fmt.Errorf("position: partial_rotary_factor is %g: of the %d coordinates of a head an even number must turn, and more than none", c.Part, c.Dim)
		}
		c.Dim = dim
	}
	if c.Trained < 0 || c.Trained > 1<<30 {
		return fmt.Errorf("position: original_max_position_embeddings is %d", c.Trained)
	}
	if c.Trained == 0 {
		c.Trained = max(c.Context, 1)
	}
	return nil
}
