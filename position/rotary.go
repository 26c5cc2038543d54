package position

import (
	"math"
	"slices"
	"sync/atomic"

	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/tensor"
)

func init() {
	Register("rotary", "pairs of q and k turned by t·θ_i, θ_i = base^(−2i/D)")
}

// Rotary turns pairs of the coordinates of queries and keys by an angle that
// grows with the position, so that a score depends on the distance alone:
//
//	⟨R_m·q, R_n·k⟩ = ⟨q, R_{n−m}·k⟩      R_t turns pair i by t·θ_i/f, θ_i = base^(−2i/D)
//
// With f > 1 positions are interpolated: a model trained on L positions reads f·L.
//
// Of some kinds of it the θ_i depend on how long the whole text is; then all rows
// of a text turn by the angles of its length (see growth.go).
//
// Su et al., RoFormer, 2021. arXiv:2104.09864, eq. 15 and 34.
// Chen et al., Position Interpolation, 2023. arXiv:2306.15595, eq. 4, for f.
type Rotary struct {
	None
	*angles         // of every text, or of a short one
	growth  *growth // nil where angles do not depend on the length
}

// NewRotary returns the encoding for heads of which dim coordinates turn.
func NewRotary(dim int, base, factor float64) *Rotary {
	inverse := frequencies(dim, base)
	for i := range inverse {
		inverse[i] /= factor
	}
	return &Rotary{angles: newAngles(inverse, 1)}
}

// Pairs returns the encoding that turns coordinates (2i, 2i+1) together, as
// RoFormer and GPT-J do, and not (i, i+D/2) as Llama does. Its angles are those
// of short texts.
func (r *Rotary) Pairs() *Rotary {
	return &Rotary{angles: &angles{pairs: true, inverse: r.inverse, amplitude: r.amplitude}}
}

// Turned is the number of coordinates of a head that turn.
func (r *Rotary) Turned() int { return 2 * len(r.inverse) }

func (r *Rotary) Rotate(q, k, v *tensor.Tensor, at op.Places) (_, _, _ *tensor.Tensor) {
	turn, rows := r.turn(slices.Max(at.Pos)), at.Pos
	if r.growth != nil {
		turn, rows = r.growth.turn(at)
	}
	return op.Rotate(q, turn, rows), op.Rotate(k, turn, rows), v
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

// angles are frequencies, and what they come to at every position.
type angles struct {
	pairs     bool
	inverse   []float32 // θ_i/f: the angle from one position to the next
	amplitude float64   // of cosine and sine; one but for YaRN and LongRoPE
	table     atomic.Pointer[op.Turn]
}

func newAngles(theta []float64, amplitude float64) *angles {
	a := &angles{inverse: make([]float32, len(theta)), amplitude: amplitude}
	for i, w := range theta {
		a.inverse[i] = float32(w) // as every released implementation has it
	}
	return a
}

// turn returns a table that reaches to position last. It grows by doubling, and
// a reader that holds an old one is not disturbed.
func (a *angles) turn(last int32) op.Turn {
	need := int(last) + 1
	if t := a.table.Load(); t != nil && len(t.Cos) >= need*t.N {
		return *t
	}
	size := 512
	for size < need {
		size *= 2
	}
	n := len(a.inverse)
	t := op.Turn{Cos: make([]float32, size*n), Sin: make([]float32, size*n), N: n, Pairs: a.pairs}
	for p := range size {
		a.fill(t.Cos[p*n:][:n], t.Sin[p*n:][:n], int32(p))
	}
	a.table.Store(&t)
	return t
}

// fill writes the cosines and sines of one position.
func (a *angles) fill(cos, sin []float32, pos int32) {
	for i, w := range a.inverse {
		angle := float64(float32(pos) * w)
		cos[i], sin[i] = float32(a.amplitude*math.Cos(angle)), float32(a.amplitude*math.Sin(angle))
	}
}
