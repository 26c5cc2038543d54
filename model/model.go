// Package model says what a model is, and knows the architectures.
//
// An architecture is one file: a struct whose tags are the names that the
// checkpoint has, and what happens in a forward pass. It registers itself under
// the name that config.json has in "architectures".
package model

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/tensor"
)

// Model is a decoder. Rows and head are apart because a loss wants logits at
// labelled rows only, and sampling at the last row only.
type Model interface {
	Rows(p *nn.Pass) *tensor.Tensor // [T, C]
	Output() nn.Projection          // C → V
	Info() Info
}

// Info is what tools want to know of any model.
type Info struct {
	Architecture  string  `json:"architecture"`
	Vocab         int     `json:"vocab"`
	Width         int     `json:"width"`
	Layers        int     `json:"layers"`
	Heads         int     `json:"heads"`
	KVHeads       int     `json:"kv_heads"`
	HeadDim       int     `json:"head_dim"`
	Context       int     `json:"context"`           // positions it was made for
	HardLimit     bool    `json:"-"`                 // there are no positions beyond Context
	Tied          bool    `json:"tied"`              // the head is the embedding
	InitDeviation float32 `json:"-"`                 // standard deviation of a new model's matrices
	Dropout       float64 `json:"dropout,omitempty"` // the largest that config.json asks for; see Dropout
	Centred       bool    `json:"-"`                 // its norms scale by 1 + w: a new one's weights are zero

	// Regime tells lengths of texts apart for which the position encoding has other
	// angles; nil where it has the same for all. What was kept of a text that has
	// grown into another regime does not hold any more.
	Regime func(length int) int `json:"-"`
}

// Logits runs a model and its head over every row of a pass: [T, V].
func Logits(m Model, p *nn.Pass) *tensor.Tensor { return m.Output().Forward(p, m.Rows(p)) }

var registry = map[string]func(config []byte) (Model, error){}

// Register adds an architecture under its name in config.json. The
// configuration is decoded into a C, whose validity build checks.
func Register[C any](architecture string, build func(C) (Model, error)) {
	if registry[architecture] != nil {
		panic("model: " + architecture + " is registered twice")
	}
	registry[architecture] = func(config []byte) (Model, error) {
		var c C
		if err := json.Unmarshal(config, &c); err != nil {
			return nil, fmt.Errorf("model: config of a %s: %w", architecture, err)
		}
		return build(c)
	}
}

var types = map[string]string{}

// RegisterType says what "model_type" of config.json is for an architecture whose
// name does not tell.
func RegisterType(architecture, modelType string) { types[architecture] = modelType }

// Type is the "model_type" by which transformers finds the classes of an
// architecture: "llama" for LlamaForCausalLM.
func Type(architecture string) string {
	if t, ok := types[architecture]; ok {
		return t
	}
	return strings.ToLower(strings.TrimSuffix(strings.TrimSuffix(architecture, "ForCausalLM"), "LMHeadModel"))
}

// Architectures lists the names of all architectures.
func Architectures() []string { return slices.Sorted(maps.Keys(registry)) }

// New builds the model that a config.json describes. Its tensors have shapes
// and no elements: load or Init them.
func New(config []byte) (Model, error) {
	var c struct {
		Architectures []string `json:"architectures"`
	}
	if err := json.Unmarshal(config, &c); err != nil {
		return nil, fmt.Errorf("model: config.json: %w", err)
	}
	if len(c.Architectures) != 1 {
		return nil, fmt.Errorf("model: config.json names %d architectures, and must name one of %s", len(c.Architectures), strings.Join(Architectures(), ", "))
	}
	build := registry[c.Architectures[0]]
	if build == nil {
		return nil, fmt.Errorf("model: architecture %q is not known; there are %s", c.Architectures[0], strings.Join(Architectures(), ", "))
	}
	m, err := build(config)
	if err != nil {
		return nil, err
	}
	if err := bounded(m); err != nil {
		return nil, err
	}
	return m, nil
}

// MaxLayers bounds the layers of a model: each takes memory before any weight does.
const MaxLayers = 1 << 12

// maxElements bounds the elements of a model, so that no size overflows.
const maxElements = 1 << 42

// bounded refuses a model whose tensors no machine can hold.
func bounded(m Model) error {
	total := 0
	for name, t := range nn.Params(m) {
		n := 1
		for _, d := range t.Shape {
			if d > maxElements/n {
				return fmt.Errorf("model: config of a %s: tensor %q would be %d, which cannot be", m.Info().Architecture, name, t.Shape)
			}
			n *= d
		}
		if total += n; total > maxElements {
			return fmt.Errorf("model: config of a %s: a model of more than %d elements cannot be", m.Info().Architecture, maxElements)
		}
	}
	return nil
}

// Positive checks the sizes in a configuration: alternating names and values,
// each from 1 to 2²⁴, so that no product of two overflows.
func Positive(architecture string, pairs ...any) error {
	for i := 0; i < len(pairs); i += 2 {
		if n := pairs[i+1].(int); n < 1 || n > 1<<24 {
			return fmt.Errorf("model: config of a %s: %s is %d, which cannot be", architecture, pairs[i], n)
		}
	}
	return nil
}

// Dropout is the largest of the rates at which a configuration would have
// activations silenced in training: alternating names and values. Rotor computes a
// model without: the rates are those of its making, most files say zero, and what
// is fine-tuned has a rate of its own, that of its method. Info reports what a file
// asks for, and a run says so.
func Dropout(architecture string, pairs ...any) (rate float64, err error) {
	for i := 0; i < len(pairs); i += 2 {
		p := pairs[i+1].(float64)
		if !(p >= 0) || p >= 1 {
			return 0, fmt.Errorf("model: config of a %s: %s is %g: want 0 or more, and less than 1", architecture, pairs[i], p)
		}
		rate = max(rate, p)
	}
	return rate, nil
}

// Init gives a new model its random elements: matrices from a normal
// distribution, scales one (or their weights zero, where that means one), biases zero. What a tensor gets depends on the seed
// and its name alone.
func Init(m Model, seed uint64) {
	deviation := float64(m.Info().InitDeviation)
	for name, t := range nn.Params(m) {
		data := make([]float32, t.Len())
		switch {
		case len(t.Shape) > 1:
			p := nn.Pass{Seed: seed}
			stream := p.Stream(name)
			for i := range data {
				data[i] = float32(deviation * normal(stream, uint64(i)))
			}
		case strings.HasSuffix(name, "weight") && !m.Info().Centred:
			for i := range data {
				data[i] = 1
			}
		}
		t.Fill(data, nil)
	}
}

// normal is the i-th number of a stream of normally distributed ones.
//
// Box and Muller, A Note on the Generation of Random Normal Deviates, 1958.
func normal(stream, i uint64) float64 {
	u := (float64(op.Random(stream, 2*i)>>11) + 1) / (1 << 53) // in (0, 1]
	v := float64(op.Random(stream, 2*i+1)>>11) / (1 << 53)
	return math.Sqrt(-2*math.Log(u)) * math.Cos(2*math.Pi*v)
}

// Edit returns a configuration with some of its keys changed, and all others
// as they were, in their order. A nil value removes a key.
func Edit(config []byte, changes map[string]any) ([]byte, error) {
	dec := json.NewDecoder(bytes.NewReader(config))
	dec.UseNumber()
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, fmt.Errorf("model: config.json is not an object")
	}
	var out bytes.Buffer
	put := func(key string, value any) error {
		v, err := json.Marshal(value)
		if err != nil {
			return err
		}
		if out.Len() > 0 {
			out.WriteByte(',')
		}
		k, _ := json.Marshal(key)
		out.Write(k)
		out.WriteByte(':')
		out.Write(v)
		return nil
	}
	left := maps.Clone(changes)
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, fmt.Errorf("model: config.json: %w", err)
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, fmt.Errorf("model: config.json: %w", err)
		}
		change, changed := left[key.(string)]
		delete(left, key.(string))
		switch {
		case !changed:
			err = put(key.(string), value)
		case change != nil:
			err = put(key.(string), change)
		}
		if err != nil {
			return nil, err
		}
	}
	if _, err := dec.Token(); err != nil { // the brace that closes it
		return nil, fmt.Errorf("model: config.json: %w", err)
	}
	for _, key := range slices.Sorted(maps.Keys(left)) {
		if left[key] != nil {
			if err := put(key, left[key]); err != nil {
				return nil, err
			}
		}
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, []byte("{"+out.String()+"}"), "", "  "); err != nil {
		return nil, err
	}
	pretty.WriteByte('\n')
	return pretty.Bytes(), nil
}
