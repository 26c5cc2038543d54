// Package gpt2 is the GPT-2 family of decoders.
//
//	h = x + Attn(LayerNorm(x))
//	y = h + MLP(LayerNorm(h))
//	MLP(x) = W_p·GELU(W_f·x)
//
// with a learned row a position added to the embedding, biases everywhere, and
// matrices that the files hold as [in, out].
//
// Radford et al., Language Models are Unsupervised Multitask Learners, 2019, §2.3.
package gpt2

import (
	"fmt"

	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/position"
	"github.com/rotor-lm/rotor/tensor"
)

func init() {
	model.Register("GPT2LMHeadModel", func(c Config) (model.Model, error) { return New(c) })
}

// Config is the part of config.json that this architecture reads.
type Config struct {
	Vocab      int      `json:"vocab_size"`
	Width      int      `json:"n_embd"`
	Inner      int      `json:"n_inner"`
	Layers     int      `json:"n_layer"`
	Heads      int      `json:"n_head"`
	Context    int      `json:"n_positions"`
	Eps        float32  `json:"layer_norm_epsilon"`
	Activation string   `json:"activation_function"`
	Deviation  float32  `json:"initializer_range"`
	Tied       *bool    `json:"tie_word_embeddings"`
	ByLayer    bool     `json:"scale_attn_by_inverse_layer_idx"`
	ScaleAttn  *bool    `json:"scale_attn_weights"`
	DropRows   *float64 `json:"resid_pdrop"` // 0.1 where a file does not say, as the next two
	DropEmbed  *float64 `json:"embd_pdrop"`
	DropAttn   *float64 `json:"attn_pdrop"`
}

// Model maps tokens to rows, and Head turns rows into logits.
type Model struct {
	Embed    nn.Embedder       `w:"transformer.wte"`
	Position *position.Learned `w:"transformer.wpe"`
	Blocks   []*Block          `w:"transformer.h"`
	Norm     nn.Layer          `w:"transformer.ln_f"`
	Head     nn.Projection     `w:"lm_head"`

	info model.Info
}

// Block is one layer.
type Block struct {
	AttnNorm nn.Layer `w:"ln_1"`
	Attn     nn.Layer `w:"attn"`
	MLPNorm  nn.Layer `w:"ln_2"`
	MLP      nn.Layer `w:"mlp"`
}

// Attention projects queries, keys and values by one matrix.
type Attention struct {
	QKV    nn.Projection `w:"c_attn"` // [C, 3C]
	O      nn.Projection `w:"c_proj"` // [C, C]
	Memory nn.Memory     `w:""`

	Heads int
}

// MLP is the feed-forward layer.
type MLP struct {
	Up   nn.Projection `w:"c_fc"`   // [C, F]
	Down nn.Projection `w:"c_proj"` // [F, C]
}

func (m *Model) Rows(p *nn.Pass) *tensor.Tensor {
	x := m.Position.Embed(m.Embed.Embed(p), p.Pos) // [T, C]
	mark := p.Tape.Mark()
	for _, b := range m.Blocks {
		x = p.Tape.Keep(mark, b.Forward(p, x))
	}
	return m.Norm.Forward(p, x) // [T, C]
}

func (b *Block) Forward(p *nn.Pass, x *tensor.Tensor) *tensor.Tensor {
	h := op.Add(x, b.Attn.Forward(p, b.AttnNorm.Forward(p, x)))
	return op.Add(h, b.MLP.Forward(p, b.MLPNorm.Forward(p, h)))
}

func (a *Attention) Forward(p *nn.Pass, x *tensor.Tensor) *tensor.Tensor {
	qkv := a.QKV.Forward(p, x) // [T, 3C]
	c := qkv.Cols() / 3
	q := nn.Heads(op.Columns(qkv, 0, c), a.Heads)
	k := nn.Heads(op.Columns(qkv, c, 2*c), a.Heads)
	v := nn.Heads(op.Columns(qkv, 2*c, 3*c), a.Heads)
	return a.O.Forward(p, nn.Attend(p, q, k, v, a.Memory, position.None{}, op.Score{}))
}

func (m *MLP) Forward(p *nn.Pass, x *tensor.Tensor) *tensor.Tensor {
	return m.Down.Forward(p, op.GELUTanh(m.Up.Forward(p, x)))
}

// Output is the head.
func (m *Model) Output() nn.Projection { return m.Head }

// Info describes the model.
func (m *Model) Info() model.Info { return m.info }

// New builds a model without elements.
func New(c Config) (*Model, error) {
	if err := c.complete(); err != nil {
		return nil, err
	}
	dropout, err := model.Dropout("GPT2LMHeadModel", "resid_pdrop", *c.DropRows, "embd_pdrop", *c.DropEmbed, "attn_pdrop", *c.DropAttn)
	if err != nil {
		return nil, err
	}
	embed := nn.NewEmbedding(c.Vocab, c.Width)
	m := &Model{
		Embed:    embed,
		Position: &position.Learned{Weight: tensor.Hollow(c.Context, c.Width)},
		Norm:     nn.NewLayerNorm(c.Width, c.Eps),
		Head:     embed.Tied(),
		info: model.Info{
			Architecture: "GPT2LMHeadModel", Vocab: c.Vocab, Width: c.Width, Layers: c.Layers,
			Heads: c.Heads, KVHeads: c.Heads, HeadDim: c.Width / c.Heads, Context: c.Context, HardLimit: true,
			Tied: *c.Tied, InitDeviation: c.Deviation, Dropout: dropout,
		},
	}
	if !*c.Tied {
		m.Head = nn.NewLinear(c.Vocab, c.Width, false)
	}
	for range c.Layers {
		m.Blocks = append(m.Blocks, &Block{
			AttnNorm: nn.NewLayerNorm(c.Width, c.Eps),
			Attn: &Attention{
				QKV:    nn.NewConv1D(3*c.Width, c.Width),
				O:      nn.NewConv1D(c.Width, c.Width),
				Memory: nn.ThisPass{},
				Heads:  c.Heads,
			},
			MLPNorm: nn.NewLayerNorm(c.Width, c.Eps),
			MLP:     &MLP{Up: nn.NewConv1D(c.Inner, c.Width), Down: nn.NewConv1D(c.Width, c.Inner)},
		})
	}
	return m, nil
}

// complete fills in what files may leave out, and refuses what cannot be.
func (c *Config) complete() error {
	if c.Inner == 0 {
		c.Inner = 4 * c.Width
	}
	if c.Context == 0 {
		c.Context = 1024
	}
	if c.Eps == 0 {
		c.Eps = 1e-5
	}
	if c.Deviation == 0 {
		c.Deviation = 0.02
	}
	for _, p := range []**float64{&c.DropRows, &c.DropEmbed, &c.DropAttn} {
		if *p == nil {
			usual := 0.1
			*p = &usual
		}
	}
	yes := true
	if c.Tied == nil {
		c.Tied = &yes
	}
	if c.ByLayer || c.ScaleAttn != nil && !*c.ScaleAttn {
		return fmt.Errorf("model: config of a GPT2LMHeadModel: only attention scaled by 1/√D is known, not scale_attn_by_inverse_layer_idx or scale_attn_weights false")
	}
	if c.Activation != "" && c.Activation != "gelu_new" && c.Activation != "gelu_pytorch_tanh" {
		return fmt.Errorf("model: config of a GPT2LMHeadModel: activation_function %q is not known; there are gelu_new and gelu_pytorch_tanh", c.Activation)
	}
	err := model.Positive("GPT2LMHeadModel", "vocab_size", c.Vocab, "n_embd", c.Width, "n_inner", c.Inner, "n_layer", c.Layers, "n_head", c.Heads, "n_positions", c.Context)
	if err != nil {
		return err
	}
	if c.Layers > model.MaxLayers || !(c.Eps > 0) {
		return fmt.Errorf("model: config of a GPT2LMHeadModel: n_layer %d and layer_norm_epsilon %g cannot be", c.Layers, c.Eps)
	}
	if c.Width%c.Heads != 0 {
		return fmt.Errorf("model: config of a GPT2LMHeadModel: width %d does not divide into %d heads", c.Width, c.Heads)
	}
	return nil
}
