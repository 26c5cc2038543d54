// Package gemma is the Gemma family of decoders, in its second and third
// generation. A block has a norm before and after each of its parts, norms scale
// by 1 + w, embeddings are multiplied by √C, and some layers see a window only.
//
//	x = √C·E[token]
//	h = x + Norm(Attn(Norm(x)))
//	y = h + Norm(MLP(Norm(h)))
//	MLP(x) = W_d·(GELU(W_g·x) ⊙ W_u·x)
//
// Gemma 2 bends scores and logits toward a bound, c·tanh(z/c). Gemma 3 does
// neither, normalises queries and keys, and turns them by another base where
// there is a window.
//
// Gemma Team, Gemma 2, 2024. arXiv:2408.00118, §2.
// Gemma Team, Gemma 3 Technical Report, 2025. arXiv:2503.19786, §2.
package gemma

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/position"
	"github.com/rotor-lm/rotor/tensor"
)

// Config is the part of config.json that both generations read, in the words of
// both generations of files.
type Config struct {
	model.Decoder
	Activation    string          `json:"hidden_activation"`
	Tied          *bool           `json:"tie_word_embeddings"` // they are, where a file does not say
	AttnBias      bool            `json:"attention_bias"`
	Window        *int            `json:"sliding_window"`
	Kinds         []string        `json:"layer_types"`
	QueryScalar   float64         `json:"query_pre_attn_scalar"`
	AttnCap       json.RawMessage `json:"attn_logit_softcapping"`
	FinalCap      json.RawMessage `json:"final_logit_softcapping"`
	Bidirectional bool            `json:"use_bidirectional_attention"`
}

// Model maps tokens to rows, and Head turns rows into logits.
type Model struct {
	Embed  nn.Embedder   `w:"model.embed_tokens"`
	Blocks []*Block      `w:"model.layers"`
	Norm   nn.Layer      `w:"model.norm"`
	Head   nn.Projection `w:"lm_head"`

	cap  float32 // of the logits; 0 for none
	info model.Info
}

// Block is one layer.
type Block struct {
	AttnNorm  nn.Layer `w:"input_layernorm"`
	Attn      nn.Layer `w:"self_attn"`
	AfterAttn nn.Layer `w:"post_attention_layernorm"`
	MLPNorm   nn.Layer `w:"pre_feedforward_layernorm"`
	MLP       nn.Layer `w:"mlp"`
	AfterMLP  nn.Layer `w:"post_feedforward_layernorm"`
}

func (m *Model) Rows(p *nn.Pass) *tensor.Tensor {
	x := op.Scale(m.Embed.Embed(p), float32(math.Sqrt(float64(m.info.Width)))) // [T, C]
	mark := p.Tape.Mark()
	for _, b := range m.Blocks {
		x = p.Tape.Keep(mark, b.Forward(p, x))
	}
	return m.Norm.Forward(p, x) // [T, C]
}

func (b *Block) Forward(p *nn.Pass, x *tensor.Tensor) *tensor.Tensor {
	h := op.Add(x, b.AfterAttn.Forward(p, b.Attn.Forward(p, b.AttnNorm.Forward(p, x))))
	return op.Add(h, b.AfterMLP.Forward(p, b.MLP.Forward(p, b.MLPNorm.Forward(p, h))))
}

// Output is the head, with its cap.
func (m *Model) Output() nn.Projection {
	if m.cap == 0 {
		return m.Head
	}
	return &nn.Capped{Base: m.Head, Cap: m.cap}
}

// Info describes the model.
func (m *Model) Info() model.Info { return m.info }

// kind is what one generation has and another has not.
type kind struct {
	architecture      string
	attnCap, finalCap float32 // 0 for none
	headNorm          bool
	windowed          []bool           // which layers have a window
	near, far         *position.Rotary // where there is a window, and where there is none
}

// build makes a model without elements. c is complete.
func (c *Config) build(k kind) *Model {
	embed := nn.NewEmbedding(c.Vocab, c.Width)
	m := &Model{
		Embed: embed,
		Norm:  nn.NewCentredRMSNorm(c.Width, c.Eps),
		Head:  embed.Tied(),
		cap:   k.finalCap,
		info:  c.Info(k.architecture, k.near, k.far),
	}
	m.info.Tied, m.info.Centred = *c.Tied, true
	if !*c.Tied {
		m.Head = nn.NewLinear(c.Vocab, c.Width, false)
	}
	for i := range c.Layers {
		m.Blocks = append(m.Blocks, c.block(k, k.windowed[i]))
	}
	return m
}

func (c *Config) block(k kind, windowed bool) *Block {
	q, kv := c.Heads*c.HeadDim, c.KVHeads*c.HeadDim
	attn := &nn.Attention{
		Q:        nn.NewLinear(q, c.Width, c.AttnBias),
		K:        nn.NewLinear(kv, c.Width, c.AttnBias),
		V:        nn.NewLinear(kv, c.Width, c.AttnBias),
		O:        nn.NewLinear(c.Width, q, c.AttnBias),
		Memory:   nn.ThisPass{},
		Heads:    c.Heads,
		KVHeads:  c.KVHeads,
		Position: k.far,
		Score:    op.Score{Scale: float32(1 / math.Sqrt(c.QueryScalar)), Cap: k.attnCap},
	}
	if windowed {
		attn.Position, attn.Score.Mask.Window = k.near, *c.Window
	}
	norm := func(width int) nn.Layer { return nn.NewCentredRMSNorm(width, c.Eps) }
	if k.headNorm {
		attn.QNorm, attn.KNorm = norm(c.HeadDim), norm(c.HeadDim)
	}
	return &Block{
		AttnNorm: norm(c.Width), Attn: attn, AfterAttn: norm(c.Width),
		MLPNorm: norm(c.Width), AfterMLP: norm(c.Width),
		MLP: &nn.GeGLU{
			Gate: nn.NewLinear(c.Inner, c.Width, false),
			Up:   nn.NewLinear(c.Inner, c.Width, false),
			Down: nn.NewLinear(c.Width, c.Inner, false),
		},
	}
}

// complete fills in what files may leave out, and refuses what cannot be.
func (c *Config) complete(architecture string, context int) error {
	if c.Tied == nil {
		yes := true
		c.Tied = &yes
	}
	if err := model.Activation(architecture, "hidden_activation", c.Activation, "gelu_pytorch_tanh"); err != nil {
		return err
	}
	if c.Bidirectional {
		return fmt.Errorf("model: config of a %s: use_bidirectional_attention makes no decoder of it, and is not known", architecture)
	}
	if err := c.Complete(architecture, context, 1e-6); err != nil {
		return err
	}
	if !(c.QueryScalar > 0) {
		return fmt.Errorf("model: config of a %s: query_pre_attn_scalar is %g, and must be there and more than 0", architecture, c.QueryScalar)
	}
	return nil
}

// windows says which layers have a window: all but every n-th, or those that
// layer_types names.
func (c *Config) windows(architecture string, n int) ([]bool, error) {
	if n < 1 {
		return nil, fmt.Errorf("model: config of a %s: sliding_window_pattern is %d, which cannot be", architecture, n)
	}
	list, err := model.Windowed(architecture, c.Kinds, c.Layers, func(layer int) bool { return (layer+1)%n != 0 })
	for _, windowed := range list {
		if windowed && (c.Window == nil || *c.Window < 1) {
			return nil, fmt.Errorf("model: config of a %s: some layers have a window: sliding_window must be there and at least 1", architecture)
		}
	}
	return list, err
}

// bound is the c of a soft cap: a number, null for none, or the usual one where
// the file does not say.
func bound(architecture, key string, said json.RawMessage, usual float32) (float32, error) {
	if len(said) == 0 {
		return usual, nil
	}
	var c *float32
	if err := json.Unmarshal(said, &c); err != nil {
		return 0, fmt.Errorf("model: config of a %s: %s: %w", architecture, key, err)
	}
	if c == nil {
		return 0, nil
	}
	if !(*c > 0) {
		return 0, fmt.Errorf("model: config of a %s: %s is %g: want null, or more than 0", architecture, key, *c)
	}
	return *c, nil
}
