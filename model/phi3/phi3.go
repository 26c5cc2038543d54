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
	"github.com/rotor-lm/rotor/model/llama"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/position"
	"github.com/rotor-lm/rotor/tensor"
)

const architecture = "Phi3ForCausalLM"

func init() {
	model.Register(architecture, func(c Config) (model.Model, error) { return New(c) })
}

// Config is the part of config.json that this architecture reads.
type Config struct {
	llama.Config
	DropRows  float64 `json:"resid_pdrop"`
	DropEmbed float64 `json:"embd_pdrop"`
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

// New builds a model without elements: Llama's, with these two parts in every
// block.
func New(c Config) (*llama.Model, error) {
	if c.Trained == 0 {
		c.Trained = 4096
	}
	c.AttnBias, c.MLPBias = false, false // there are none, whatever a file says
	if err := c.Complete(architecture, 4096, 1e-5); err != nil {
		return nil, err
	}
	if err := model.Positive(architecture, "original_max_position_embeddings", c.Trained); err != nil {
		return nil, err
	}
	dropout, err := model.Dropout(architecture, "resid_pdrop", c.DropRows, "embd_pdrop", c.DropEmbed, "attention_dropout", c.Dropout)
	if err != nil {
		return nil, err
	}
	c.Dropout = dropout
	rope, err := c.rope()
	if err != nil {
		return nil, err
	}
	m := c.Build(architecture, rope)
	q, kv := c.Heads*c.HeadDim, c.KVHeads*c.HeadDim
	for _, b := range m.Blocks {
		b.Attn = &Attention{
			QKV:      nn.NewLinear(q+2*kv, c.Width, false),
			O:        nn.NewLinear(c.Width, q, false),
			Memory:   nn.ThisPass{},
			Heads:    c.Heads,
			KVHeads:  c.KVHeads,
			Position: rope,
			Score:    op.Score{Mask: op.Mask{Window: c.Window}},
		}
		b.MLP = &MLP{GateUp: nn.NewLinear(2*c.Inner, c.Width, false), Down: nn.NewLinear(c.Width, c.Inner, false)}
	}
	return m, nil
}

// rope is the rotary encoding. What the first files called su or yarn is longrope.
func (c *Config) rope() (*position.Rotary, error) {
	parameters := c.RopeParameters()
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
	return c.Rotary(parameters)
}
