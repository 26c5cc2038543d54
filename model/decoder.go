package model

import (
	"encoding/json"
	"fmt"

	"github.com/rotor-lm/rotor/position"
)

// Decoder is what config.json says of any decoder whose positions are rotary, in
// the words of both generations of files. The configuration of an architecture
// embeds it and adds its own.
type Decoder struct {
	Vocab     int             `json:"vocab_size"`
	Width     int             `json:"hidden_size"`
	Inner     int             `json:"intermediate_size"`
	Layers    int             `json:"num_hidden_layers"`
	Heads     int             `json:"num_attention_heads"`
	KVHeads   int             `json:"num_key_value_heads"`
	HeadDim   int             `json:"head_dim"`
	Context   int             `json:"max_position_embeddings"`
	Trained   int             `json:"original_max_position_embeddings"`
	Eps       float32         `json:"rms_norm_eps"`
	Theta     float64         `json:"rope_theta"`
	Part      float64         `json:"partial_rotary_factor"`
	Scaling   json.RawMessage `json:"rope_scaling"`
	Rope      json.RawMessage `json:"rope_parameters"`
	Deviation float32         `json:"initializer_range"`
	Dropout   float64         `json:"attention_dropout"`
}

// Complete fills in what files may leave out, the context and the ε of norms as
// the architecture has them, and refuses what cannot be.
func (d *Decoder) Complete(architecture string, context int, eps float32) error {
	if d.Context == 0 {
		d.Context = context
	}
	if d.Eps == 0 {
		d.Eps = eps
	}
	if d.Deviation == 0 {
		d.Deviation = 0.02
	}
	err := Positive(architecture,
		"vocab_size", d.Vocab, "hidden_size", d.Width, "intermediate_size", d.Inner, "num_hidden_layers", d.Layers,
		"num_attention_heads", d.Heads, "num_key_value_heads", d.KVHeads, "head_dim", d.HeadDim, "max_position_embeddings", d.Context)
	if err != nil {
		return err
	}
	if d.Heads%d.KVHeads != 0 {
		return fmt.Errorf("model: config of a %s: %d heads do not share %d key heads evenly", architecture, d.Heads, d.KVHeads)
	}
	if d.Layers > MaxLayers || !(d.Eps > 0) {
		return fmt.Errorf("model: config of a %s: num_hidden_layers %d and rms_norm_eps %g cannot be", architecture, d.Layers, d.Eps)
	}
	_, err = Dropout(architecture, "attention_dropout", d.Dropout)
	return err
}

// RopeParameters are rope_parameters, or in older files rope_scaling.
func (d *Decoder) RopeParameters() json.RawMessage {
	if len(d.Rope) == 0 || string(d.Rope) == "null" {
		return d.Scaling
	}
	return d.Rope
}

// Rotary is the encoding that the parameters describe.
func (d *Decoder) Rotary(parameters json.RawMessage) (*position.Rotary, error) {
	return position.Rope(position.RopeConfig{Dim: d.HeadDim, Theta: d.Theta, Context: d.Context, Trained: d.Trained, Part: d.Part}, parameters)
}

// Whole refuses encodings that turn a part of each head only.
func (d *Decoder) Whole(architecture string, list ...*position.Rotary) error {
	for _, r := range list {
		if r.Turned() != d.HeadDim {
			return fmt.Errorf("model: config of a %s: partial_rotary_factor: its heads turn whole", architecture)
		}
	}
	return nil
}

// Info describes the model of this configuration.
func (d *Decoder) Info(architecture string, list ...*position.Rotary) Info {
	return Info{
		Architecture: architecture, Vocab: d.Vocab, Width: d.Width, Layers: d.Layers,
		Heads: d.Heads, KVHeads: d.KVHeads, HeadDim: d.HeadDim, Context: d.Context,
		InitDeviation: d.Deviation, Dropout: d.Dropout, Regime: position.Regime(list...),
	}
}

// Activation refuses one that is not the architecture's.
func Activation(architecture, key, said, have string) error {
	if said != "" && said != have {
		return fmt.Errorf("model: config of a %s: %s %q is not known; there is %s", architecture, key, said, have)
	}
	return nil
}
