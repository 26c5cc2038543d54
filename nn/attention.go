package nn

import (
	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/tensor"
)

// Attention is multi-head attention, with G ≤ H heads of keys and values.
//
//	q, k, v = W_q·x, W_k·x, W_v·x
//	y = W_o·Attend(rotated q, remembered k and v)
type Attention struct {
	Q      Projection `w:"q_proj"` // [H·D, C]
	K      Projection `w:"k_proj"` // [G·D, C]
	V      Projection `w:"v_proj"` // [G·D, C]
	O      Projection `w:"o_proj"` // [C, H·D]
	QNorm  Layer      `w:"q_norm"` // of each query head [D]; nil for none
	KNorm  Layer      `w:"k_norm"` // of each key head [D]; nil for none
	Memory Memory     `w:""`

	Heads, KVHeads int
	Position       Position
	Score          op.Score
}

func (a *Attention) Forward(p *Pass, x *tensor.Tensor) *tensor.Tensor {
	q := Heads(a.Q.Forward(p, x), a.Heads)   // [T, H, D]
	k := Heads(a.K.Forward(p, x), a.KVHeads) // [T, G, D]
	v := Heads(a.V.Forward(p, x), a.KVHeads) // [T, G, D]
	if a.QNorm != nil {
		q, k = a.QNorm.Forward(p, q), a.KNorm.Forward(p, k)
	}
	return a.O.Forward(p, Attend(p, q, k, v, a.Memory, a.Position, a.Score)) // [T, C]
}

// Attend turns queries and keys by their positions, asks the memory what there
// is to see, and attends to it: [T, H, D], [T, G, D] → [T, H·D].
func Attend(p *Pass, q, k, v *tensor.Tensor, m Memory, pos Position, score op.Score) *tensor.Tensor {
	q, k, v = pos.Rotate(q, k, v, p.Places)
	keys := m.Extend(p, k, v)
	score.Relative = pos.Relative(p.Places, op.Places{Spans: keys.Spans})
	return op.Attend(q, p.Places, keys, score)
}

// Heads sees rows [T, H·D] as heads [T, H, D].
func Heads(x *tensor.Tensor, heads int) *tensor.Tensor {
	return op.Reshape(x, x.Rows(), heads, x.Cols()/heads)
}

// CrossAttention attends from the rows of a pass to those of its source.
// Its memory is asked with no keys first, and may hold them already; only
// where it does not is the source projected.
type CrossAttention struct {
	Q      Projection `w:"q_proj"`
	K      Projection `w:"k_proj"`
	V      Projection `w:"v_proj"`
	O      Projection `w:"out_proj"`
	Memory Memory     `w:""`

	Heads, KVHeads int
	Score          op.Score
}

// Holder is the power of a memory to hold keys of a source from an earlier pass.
type Holder interface {
	Held(p *Pass) (op.Keys, bool)
}

func (a *CrossAttention) Forward(p *Pass, x *tensor.Tensor) *tensor.Tensor {
	q := Heads(a.Q.Forward(p, x), a.Heads)
	return a.O.Forward(p, op.Attend(q, p.Places, a.keys(p), a.score()))
}

func (a *CrossAttention) keys(p *Pass) op.Keys {
	if h, ok := a.Memory.(Holder); ok {
		if keys, ok := h.Held(p); ok {
			return keys
		}
	}
	s := *p // the same pass, standing at the source's places
	s.Places = p.Source.Places
	k := Heads(a.K.Forward(&s, p.Source.Rows), a.KVHeads)
	v := Heads(a.V.Forward(&s, p.Source.Rows), a.KVHeads)
	return a.Memory.Extend(&s, k, v)
}

func (a *CrossAttention) score() op.Score {
	s := a.Score
	s.Mask.Full = true
	return s
}
