// Package llama is the LLaMA family of decoders, and Mistral, which adds a
// window to it.
//
//	h = x + Attn(RMSNorm(x))
//	y = h + MLP(RMSNorm(h))
//	MLP(x) = W_d·(SiLU(W_g·x) ⊙ W_u·x)
//
// Touvron et al., LLaMA, 2023. arXiv:2302.13971, §2.2.
package llama

import (
	"fmt"

	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/position"
	"github.com/rotor-lm/rotor/tensor"
)

func init() {
	model.Register("LlamaForCausalLM", func(c Config) (model.Model, error) {
		c.Window = 0 // Llama has none, whatever a file says
		return New("LlamaForCausalLM", c)
	})
}

// Config is the part of config.json that this architecture reads, in the words
// of both generations of files.
type Config struct {
	model.Decoder
	Activation string `json:"hidden_act"`
	Tied       bool   `json:"tie_word_embeddings"`
	AttnBias   bool   `json:"attention_bias"`
	MLPBias    bool   `json:"mlp_bias"`
	Window     int    `json:"sliding_window"`

	queryBias bool   // Qwen 2's, on queries, keys and values
	headNorm  bool   // Qwen 3's, of every query and key head
	windowed  []bool // which layers have the window; nil for all
}

// Model maps tokens to rows, and Head turns rows into logits.
type Model struct {
	Embed  nn.Embedder   `w:"model.embed_tokens"`
	Blocks []*Block      `w:"model.layers"`
	Norm   nn.Layer      `w:"model.norm"`
	Head   nn.Projection `w:"lm_head"`

	info model.Info
}

// Block is one layer.
type Block struct {
	AttnNorm nn.Layer `w:"input_layernorm"`
	Attn     nn.Layer `w:"self_attn"`
	MLPNorm  nn.Layer `w:"post_attention_layernorm"`
	MLP      nn.Layer `w:"mlp"`
}

func (m *Model) Rows(p *nn.Pass) *tensor.Tensor {
	x := m.Embed.Embed(p) // [T, C]
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

// Output is the head.
func (m *Model) Output() nn.Projection { return m.Head }

// Info describes the model.
func (m *Model) Info() model.Info { return m.info }

// New builds a model without elements.
func New(architecture string, c Config) (*Model, error) {
	if err := c.Complete(architecture, 2048, 1e-6); err != nil {
		return nil, err
	}
	rope, err := c.Rotary(c.RopeParameters())
	if err != nil {
		return nil, err
	}
	if err := c.Whole(architecture, rope); err != nil {
		return nil, err
	}
	return c.Build(architecture, rope), nil
}

// Build makes the model of a complete configuration.
func (c *Config) Build(architecture string, rope *position.Rotary) *Model {
	embed := nn.NewEmbedding(c.Vocab, c.Width)
	m := &Model{
		Embed: embed,
		Norm:  nn.NewRMSNorm(c.Width, c.Eps),
		Head:  embed.Tied(),
		info:  c.Info(architecture, rope),
	}
	m.info.Tied = c.Tied
	if !c.Tied {
		m.Head = nn.NewLinear(c.Vocab, c.Width, false)
	}
	for i := range c.Layers {
		m.Blocks = append(m.Blocks, c.block(i, rope))
	}
	return m
}

func (c *Config) block(layer int, rope nn.Position) *Block {
	q, kv := c.Heads*c.HeadDim, c.KVHeads*c.HeadDim
	window := c.Window
	if c.windowed != nil && !c.windowed[layer] {
		window = 0
	}
	attn := &nn.Attention{
		Q:        nn.NewLinear(q, c.Width, c.AttnBias || c.queryBias),
		K:        nn.NewLinear(kv, c.Width, c.AttnBias || c.queryBias),
		V:        nn.NewLinear(kv, c.Width, c.AttnBias || c.queryBias),
		O:        nn.NewLinear(c.Width, q, c.AttnBias),
		Memory:   nn.ThisPass{},
		Heads:    c.Heads,
		KVHeads:  c.KVHeads,
		Position: rope,
		Score:    op.Score{Mask: op.Mask{Window: window}},
	}
	if c.headNorm {
		attn.QNorm, attn.KNorm = nn.NewRMSNorm(c.HeadDim, c.Eps), nn.NewRMSNorm(c.HeadDim, c.Eps)
	}
	return &Block{
		AttnNorm: nn.NewRMSNorm(c.Width, c.Eps),
		Attn:     attn,
		MLPNorm:  nn.NewRMSNorm(c.Width, c.Eps),
		MLP: &nn.SwiGLU{
			Gate: nn.NewLinear(c.Inner, c.Width, c.MLPBias),
			Up:   nn.NewLinear(c.Inner, c.Width, c.MLPBias),
			Down: nn.NewLinear(c.Width, c.Inner, c.MLPBias),
		},
	}
}

// Complete fills in what files may leave out, and refuses what cannot be.
func (c *Config) Complete(architecture string, context int, eps float32) error {
	if c.KVHeads == 0 {
		c.KVHeads = c.Heads
	}
	if c.HeadDim == 0 && c.Heads > 0 {
		c.HeadDim = c.Width / c.Heads
	}
	if c.Window < 0 {
		return fmt.Errorf("model: config of a %s: sliding_window %d cannot be", architecture, c.Window)
	}
	if err := model.Activation(architecture, "hidden_act", c.Activation, "silu"); err != nil {
		return err
	}
	return c.Decoder.Complete(architecture, context, eps)
}
