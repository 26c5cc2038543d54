package main

import (
	"context"
	"math"
	"path/filepath"
	"strings"

	"github.com/rotor-lm/rotor/hub"
	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/tensor"
)

type benchWeightsCmd struct {
	Shape string `default:"smollm2-135m" placeholder:"NAME" help:"Which model's sizes (${default})."`
	Out   string `short:"o" required:"" placeholder:"DIR" help:"Folder to write; it must not exist."`
}

func (benchWeightsCmd) Help() string {
	return `The folder has no tokenizer: it is for measuring how a model is opened.

Examples:

    rotor bench weights --shape smollm2-135m --out ./random-135m
    rotor bench train --model ./random-135m --json`
}

// Run writes a model folder of the shape with random weights.
func (c benchWeightsCmd) Run(ctx context.Context, e *env) error {
	s, err := findShape(c.Shape)
	if err != nil {
		return err
	}
	m, err := s.hollow()
	if err != nil {
		return err
	}
	for name, t := range nn.Params(m) {
		if err := ctx.Err(); err != nil {
			return err
		}
		data := make([]float32, t.Len())
		random(data, t, m.Info().InitDeviation, e.seed(), name)
		t.Fill(data, nil)
	}
	if err := hub.Save(ctx, c.Out, s.config(), m, hub.SaveOptions{}); err != nil {
		return err
	}
	if e.JSON {
		return e.object(struct {
			Out string `json:"out"`
		}{c.Out})
	}
	e.printf("%s: random weights in the shape of %s\n", filepath.Clean(c.Out), c.Shape)
	return nil
}

// randomWeights gives a model random weights. Matrices are packed one after the
// other, so that two layouts of no more than one of them are in memory.
func randomWeights(m model.Model, seed uint64) error {
	deviation := m.Info().InitDeviation
	_, err := nn.Rewrite(m, &packer{fill: func(t *tensor.Tensor, data []float32, path string) {
		random(data, t, deviation, seed, path)
		t.Fill(data, nil)
	}})
	if err != nil {
		return err
	}
	for name, t := range nn.Params(m) {
		if !t.Filled() {
			data := make([]float32, t.Len())
			random(data, t, deviation, seed, name)
			t.Fill(data, nil)
		}
	}
	return nil
}

// packer fills and packs the matrix of every projection, and changes nothing else.
type packer struct {
	nn.Keep
	fill    func(t *tensor.Tensor, data []float32, path string)
	scratch []float32
}

func (p *packer) Layer(path string, l nn.Layer) nn.Layer {
	switch l := l.(type) {
	case *nn.Linear:
		p.pack(path, l.Weight, false)
	case *nn.Conv1D:
		p.pack(path, l.Weight, true)
	}
	return l
}

func (p *packer) pack(path string, t *tensor.Tensor, transposed bool) {
	if t.Filled() {
		return
	}
	if len(p.scratch) < t.Len() {
		p.scratch = make([]float32, t.Len())
	}
	p.fill(t, p.scratch[:t.Len()], path)
	t.Packed(transposed)
}

// random fills data with what a new tensor of that name gets: matrices from a
// uniform distribution of the deviation, which is fast, scales one, biases zero.
func random(data []float32, t *tensor.Tensor, deviation float32, seed uint64, name string) {
	if len(t.Shape) < 2 {
		value := float32(0)
		if strings.HasSuffix(name, "weight") {
			value = 1
		}
		for i := range data {
			data[i] = value
		}
		return
	}
	p := nn.Pass{Seed: seed}
	stream := p.Stream(name)
	wide := float32(math.Sqrt(12)) * deviation // of an interval with that deviation
	const chunk = 1 << 14
	kernel.Parallel((len(data)+chunk-1)/chunk, func(i int) {
		for j := i * chunk; j < min(len(data), (i+1)*chunk); j++ {
			u := float32(op.Random(stream, uint64(j))>>40) / (1 << 24) // in [0, 1)
			data[j] = wide * (u - 0.5)
		}
	})
}

// randomIDs are n random tokens of a vocabulary.
func randomIDs(n, vocab int, seed uint64) []int32 {
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = int32(op.Random(seed, uint64(i)) % uint64(vocab))
	}
	return ids
}
