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
	"encoding/json"
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
	Vocab      int             `json:"vocab_size"`
	Width      int             `json:"hidden_size"`
	Inner      int             `json:"intermediate_size"`
	Layers     int             `json:"num_hidden_layers"`
	Heads      int             `json:"num_attention_heads"`
	KVHeads    int             `json:"num_key_value_heads"`
	HeadDim    int             `json:"head_dim"`
	Context    int             `json:"max_position_embeddings"`
	Trained    int             `json:"original_max_position_embeddings"`
	Eps        float32         `json:"rms_norm_eps"`
	Activation string          `json:"hidden_act"`
	Theta      float64         `json:"rope_theta"`
	Scaling    json.RawMessage `json:"rope_scaling"`
	Rope       json.RawMessage `json:"rope_parameters"`
	Tied       bool            `json:"tie_word_embeddings"`
	AttnBias   bool            `json:"attention_bias"`
	MLPBias    bool            `json:"mlp_bias"`
	Part       float64         `json:"partial_rotary_factor"`
	Window     int             `json:"sliding_window"`
	Deviation  float32         `json:"initializer_range"`
	Dropout    float64         `json:"attention_dropout"`

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
	if err := c.complete(architecture); err != nil {
		return nil, err
	}
	parameters := c.Rope
	if len(parameters) == 0 || string(parameters) == "null" {
		parameters = c.Scaling
	}
	rope, err := position.Rope(position.RopeConfig{Dim: c.HeadDim, Theta: c.Theta, Context: c.Context, Trained: c.Trained, Part: c.Part}, parameters)
	if err != nil {
		return nil, err
	}
	if rope.Turned() != c.HeadDim {
		return nil, fmt.Errorf("model: config of a %s: partial_rotary_factor: its heads turn whole", architecture)
	}
	dropout, err := model.Dropout(architecture, "attention_dropout", c.Dropout)
	if err != nil {
		return nil, err
	}
	embed := nn.NewEmbedding(c.Vocab, c.Width)
	m := &Model{
		Embed: embed,
		Norm:  nn.NewRMSNorm(c.Width, c.Eps),
		Head:  embed.Tied(),
		info: model.Info{
			Architecture: architecture, Vocab: c.Vocab, Width: c.Width, Layers: c.Layers,
			Heads: c.Heads, KVHeads: c.KVHeads, HeadDim: c.HeadDim, Context: c.Context,
			Tied: c.Tied, InitDeviation: c.Deviation, Dropout: dropout, Regime: position.Regime(rope),
		},
	}
	if !c.Tied {
		m.Head = nn.NewLinear(c.Vocab, c.Width, false)
	}
	for i := range c.Layers {
		m.Blocks = append(m.Blocks, c.block(i, rope))
	}
	return m, nil
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

// complete fills in what files may leave out, and refuses what cannot be.
func (c *Config) complete(architecture string) error {
	if c.KVHeads == 0 {
		c.KVHeads = c.Heads
	}
	if c.HeadDim == 0 && c.Heads > 0 {
		c.HeadDim = c.Width / c.Heads
	}
	if c.Context == 0 {
		c.Context = 2048
	}
	if c.Eps == 0 {
		c.Eps = 1e-6
	}
	if c.Deviation == 0 {
		c.Deviation = 0.02
	}
	if c.Activation != "" && c.Activation != "silu" {
		return fmt.Errorf("model: config of a %s: hidden_act %q is not known; there is silu", architecture, c.Activation)
	}
	err := model.Positive(architecture,
		"vocab_size", c.Vocab, "hidden_size", c.Width, "intermediate_size", c.Inner, "num_hidden_layers", c.Layers,
		"num_attention_heads", c.Heads, "num_key_value_heads", c.KVHeads, "head_dim", c.HeadDim, "max_position_embeddings", c.Context)
	if err != nil {
		return err
	}
	if c.Heads%c.KVHeads != 0 {
		return fmt.Errorf("model: config of a %s: %d heads do not share %d key heads evenly", architecture, c.Heads, c.KVHeads)
	}
	if c.Layers > model.MaxLayers || c.Window < 0 || !(c.Eps > 0) {
		return fmt.Errorf("model: config of a %s: num_hidden_layers %d, sliding_window %d and rms_norm_eps %g cannot be", architecture, c.Layers, c.Window, c.Eps)
	}
	return nil
}
