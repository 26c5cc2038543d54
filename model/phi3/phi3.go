// Package phi3 is the Phi-3 family of decoders, Phi-3.5 and Phi-4 included: the
// LLaMA family's blocks, with queries, keys and values out of one matrix, gate
// and up out of another, and for long texts a rotary encoding with two lists of
// factors.
//
//	h = x + Attn(RMSNorm(x))
//	y = h + MLP(RMSNorm(h))
//	[g u] = W_gu·x,  MLP(x) = W_d·(SiLU(g) ⊙ u)
//
// Abdin et al., Phi-3 Technical Report, 2024. arXiv:2404.14219, §2.
package phi3

import (
	"encoding/json"
	"fmt"

	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/position"
	"github.com/rotor-lm/rotor/tensor"
)

const architecture = "Phi3ForCausalLM"

func init() {
	model.Register(architecture, func(c Config) (model.Model, error) { return New(c) })
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
	Part       float64         `json:"partial_rotary_factor"`
	Scaling    json.RawMessage `json:"rope_scaling"`
	Rope       json.RawMessage `json:"rope_parameters"`
	Window     int             `json:"sliding_window"` // null for none
	Tied       bool            `json:"tie_word_embeddings"`
	Deviation  float32         `json:"initializer_range"`
	DropRows   float64         `json:"resid_pdrop"`
	DropEmbed  float64         `json:"embd_pdrop"`
	DropAttn   float64         `json:"attention_dropout"`
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

// Attention projects queries, keys and values by one matrix.
type Attention struct {
	QKV    nn.Projection `w:"qkv_proj"` // [(H+2G)·D, C]
	O      nn.Projection `w:"o_proj"`   // [C, H·D]
	Memory nn.Memory     `w:""`

	Heads, KVHeads int
	Position       nn.Position
	Score          op.Score
}

// MLP is the gated feed-forward layer.
type MLP struct {
	GateUp nn.Projection `w:"gate_up_proj"` // [2F, C]
	Down   nn.Projection `w:"down_proj"`    // [C, F]
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

func (a *Attention) Forward(p *nn.Pass, x *tensor.Tensor) *tensor.Tensor {
	qkv := a.QKV.Forward(p, x) // [T, (H+2G)·D]
	d := qkv.Cols() / (a.Heads + 2*a.KVHeads)
	q, k := a.Heads*d, (a.Heads+a.KVHeads)*d // where the queries end, and the keys
	y := nn.Attend(p,
		nn.Heads(op.Columns(qkv, 0, q), a.Heads),
		nn.Heads(op.Columns(qkv, q, k), a.KVHeads),
		nn.Heads(op.Columns(qkv, k, qkv.Cols()), a.KVHeads),
		a.Memory, a.Position, a.Score)
	return a.O.Forward(p, y)
}

func (m *MLP) Forward(p *nn.Pass, x *tensor.Tensor) *tensor.Tensor {
	y := m.GateUp.Forward(p, x) // [T, 2F]
	f := y.Cols() / 2
	return m.Down.Forward(p, op.SwiGLU(op.Columns(y, 0, f), op.Columns(y, f, 2*f)))
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
	rope, err := c.rope()
	if err != nil {
		return nil, err
	}
	dropout, err := model.Dropout(architecture, "resid_pdrop", c.DropRows, "embd_pdrop", c.DropEmbed, "attention_dropout", c.DropAttn)
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
	q, kv := c.Heads*c.HeadDim, c.KVHeads*c.HeadDim
	for range c.Layers {
		m.Blocks = append(m.Blocks, &Block{
			AttnNorm: nn.NewRMSNorm(c.Width, c.Eps),
			Attn: &Attention{
				QKV:      nn.NewLinear(q+2*kv, c.Width, false),
				O:        nn.NewLinear(c.Width, q, false),
				Memory:   nn.ThisPass{},
				Heads:    c.Heads,
				KVHeads:  c.KVHeads,
				Position: rope,
				Score:    op.Score{Mask: op.Mask{Window: c.Window}},
			},
			MLPNorm: nn.NewRMSNorm(c.Width, c.Eps),
			MLP:     &MLP{GateUp: nn.NewLinear(2*c.Inner, c.Width, false), Down: nn.NewLinear(c.Width, c.Inner, false)},
		})
	}
	return m, nil
}

// rope is the rotary encoding. What the first files called su or yarn is longrope.
func (c *Config) rope() (*position.Rotary, error) {
	parameters := c.Rope
	if len(parameters) == 0 || string(parameters) == "null" {
		parameters = c.Scaling
	}
	var kind struct {
		Type string `json:"rope_type"`
		Old  string `json:"type"`
	}
	if len(parameters) > 0 {
		if err := json.Unmarshal(parameters, &kind); err != nil {
			return nil, fmt.Errorf("model: config of a %s: rope_scaling or rope_parameters: %w", architecture, err)
		}
	}
	if kind.Type == "" {
		kind.Type = kind.Old
	}
	switch kind.Type {
	case "", "default", "longrope", "su":
	case "yarn":
		var err error
		if parameters, err = model.Edit(parameters, map[string]any{"rope_type": "longrope"}); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("model: config of a %s: rope_type %q is not known; there are default and longrope", architecture, kind.Type)
	}
	return position.Rope(position.RopeConfig{Dim: c.HeadDim, Theta: c.Theta, Context: c.Context, Trained: c.Trained, Part: c.Part}, parameters)
}

// complete fills in what files may leave out, and refuses what cannot be.
func (c *Config) complete() error {
	if c.KVHeads == 0 {
		c.KVHeads = c.Heads
	}
	if c.HeadDim == 0 && c.Heads > 0 {
		c.HeadDim = c.Width / c.Heads
	}
	if c.Context == 0 {
		c.Context = 4096
	}
	if c.Trained == 0 {
		c.Trained = 4096
	}
	if c.Eps == 0 {
		c.Eps = 1e-5
	}
	if c.Deviation == 0 {
		c.Deviation = 0.02
	}
	if c.Activation != "" && c.Activation != "silu" {
		return fmt.Errorf("model: config of a %s: hidden_act %q is not known; there is silu", architecture, c.Activation)
	}
	err := model.Positive(architecture,
		"vocab_size", c.Vocab, "hidden_size", c.Width, "intermediate_size", c.Inner, "num_hidden_layers", c.Layers,
		"num_attention_heads", c.Heads, "num_key_value_heads", c.KVHeads, "head_dim", c.HeadDim,
		"max_position_embeddings", c.Context, "original_max_position_embeddings", c.Trained)
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
