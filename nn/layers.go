package nn

import (
	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/tensor"
)

// Linear is a matrix with an optional bias.
//
//	y = x·Wᵀ + b     W [out, in], b [out]
type Linear struct {
	Weight *tensor.Tensor `w:"weight"`
	Bias   *tensor.Tensor `w:"bias"`
}

// NewLinear returns a Linear without elements, to be loaded or initialised.
func NewLinear(out, in int, bias bool) *Linear {
	l := &Linear{Weight: tensor.Hollow(out, in)}
	if bias {
		l.Bias = tensor.Hollow(out)
	}
	return l
}

func (l *Linear) Forward(p *Pass, x *tensor.Tensor) *tensor.Tensor {
	return op.Linear(x, p.Places, l.Affine(p))
}

// Affine is the whole of what the layer does.
func (l *Linear) Affine(p *Pass) *op.Affine { return affine(p, l.Weight, l.Bias, false) }

func (l *Linear) Dims() (out, in int) { return l.Weight.Rows(), l.Weight.Cols() }

// Conv1D is a Linear whose file has the matrix the other way round.
//
//	y = x·W + b      W [in, out], b [out]
type Conv1D struct {
	Weight *tensor.Tensor `w:"weight"`
	Bias   *tensor.Tensor `w:"bias"`
}

// NewConv1D returns a Conv1D without elements.
func NewConv1D(out, in int) *Conv1D {
	return &Conv1D{Weight: tensor.Hollow(in, out), Bias: tensor.Hollow(out)}
}

func (l *Conv1D) Forward(p *Pass, x *tensor.Tensor) *tensor.Tensor {
	return op.Linear(x, p.Places, l.Affine(p))
}

// Affine is the whole of what the layer does.
func (l *Conv1D) Affine(p *Pass) *op.Affine { return affine(p, l.Weight, l.Bias, true) }

func (l *Conv1D) Dims() (out, in int) { return l.Weight.Cols(), l.Weight.Rows() }

// Affine is the power of a projection to say all that it does as one
// operation, so that what is wrapped around it can become part of it.
type Affine interface {
	Affine(p *Pass) *op.Affine // nil if after all it cannot
}

func affine(p *Pass, w, b *tensor.Tensor, inOut bool) *op.Affine {
	a := tensor.Make[op.Affine](p.Tape)
	a.W, a.Bias, a.InOut, a.Terms = w, b, inOut, a.Terms[:0]
	return a
}

// RMSNorm is op.RMSNorm with its weight.
type RMSNorm struct {
	Weight *tensor.Tensor `w:"weight"` // [C]
	Eps    float32
}

// NewRMSNorm returns an RMSNorm without elements.
func NewRMSNorm(width int, eps float32) *RMSNorm {
	return &RMSNorm{Weight: tensor.Hollow(width), Eps: eps}
}

func (l *RMSNorm) Forward(_ *Pass, x *tensor.Tensor) *tensor.Tensor {
	return op.RMSNorm(x, l.Weight, l.Eps)
}

// CentredRMSNorm is op.CentredRMSNorm with its weight.
type CentredRMSNorm struct {
	Weight *tensor.Tensor `w:"weight"` // [C]
	Eps    float32
}

// NewCentredRMSNorm returns a CentredRMSNorm without elements.
func NewCentredRMSNorm(width int, eps float32) *CentredRMSNorm {
	return &CentredRMSNorm{Weight: tensor.Hollow(width), Eps: eps}
}

func (l *CentredRMSNorm) Forward(_ *Pass, x *tensor.Tensor) *tensor.Tensor {
	return op.CentredRMSNorm(x, l.Weight, l.Eps)
}

// LayerNorm is op.LayerNorm with its weights.
type LayerNorm struct {
	Weight *tensor.Tensor `w:"weight"` // [C]
	Bias   *tensor.Tensor `w:"bias"`   // [C]
	Eps    float32
}

// NewLayerNorm returns a LayerNorm without elements.
func NewLayerNorm(width int, eps float32) *LayerNorm {
	return &LayerNorm{Weight: tensor.Hollow(width), Bias: tensor.Hollow(width), Eps: eps}
}

func (l *LayerNorm) Forward(_ *Pass, x *tensor.Tensor) *tensor.Tensor {
	return op.LayerNorm(x, l.Weight, l.Bias, l.Eps)
}

// Embedding is a table with a row a token.
type Embedding struct {
	Weight *tensor.Tensor `w:"weight"` // [V, C]
}

// NewEmbedding returns an Embedding without elements.
func NewEmbedding(vocab, width int) *Embedding {
	return &Embedding{Weight: tensor.Hollow(vocab, width)}
}

func (e *Embedding) Embed(p *Pass) *tensor.Tensor { return op.Embed(p.Tape, p.Tokens, e.Weight) }

// Tied returns the projection back to the vocabulary that shares the table.
func (e *Embedding) Tied() *Linear { return &Linear{Weight: e.Weight} }

// SwiGLU is the gated feed-forward layer of the Llama family.
//
//	y = W_d·(SiLU(W_g·x) ⊙ W_u·x)
//
// Shazeer, GLU Variants Improve Transformer, 2020. arXiv:2002.05202, eq. 6.
type SwiGLU struct {
	Gate Projection `w:"gate_proj"` // [F, C]
	Up   Projection `w:"up_proj"`   // [F, C]
	Down Projection `w:"down_proj"` // [C, F]
}

func (m *SwiGLU) Forward(p *Pass, x *tensor.Tensor) *tensor.Tensor {
	return m.Down.Forward(p, op.SwiGLU(m.Gate.Forward(p, x), m.Up.Forward(p, x)))
}

// GeGLU is the gated feed-forward layer of the Gemma family.
//
//	y = W_d·(GELU(W_g·x) ⊙ W_u·x)
//
// Shazeer, GLU Variants Improve Transformer, 2020. arXiv:2002.05202, eq. 6.
type GeGLU struct {
	Gate Projection `w:"gate_proj"` // [F, C]
	Up   Projection `w:"up_proj"`   // [F, C]
	Down Projection `w:"down_proj"` // [C, F]
}

func (m *GeGLU) Forward(p *Pass, x *tensor.Tensor) *tensor.Tensor {
	return m.Down.Forward(p, op.Mul(op.GELUTanh(m.Gate.Forward(p, x)), m.Up.Forward(p, x)))
}

// Capped is a projection whose outputs are bent toward ±c.
//
//	y = c·tanh(W·x/c)
type Capped struct {
	Base Projection `w:""`
	Cap  float32
}

func (l *Capped) Dims() (out, in int) { return l.Base.Dims() }

func (l *Capped) Forward(p *Pass, x *tensor.Tensor) *tensor.Tensor {
	return op.SoftCap(l.Base.Forward(p, x), l.Cap)
}
