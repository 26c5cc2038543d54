package main

import (
	"math"
	"path/filepath"

	"github.com/rotor-lm/rotor/checkpoint/safetensors"
	"github.com/rotor-lm/rotor/data"
	"github.com/rotor-lm/rotor/hub"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/optim"
	"github.com/rotor-lm/rotor/peft"
	"github.com/rotor-lm/rotor/tensor"
	"github.com/rotor-lm/rotor/train"
)

// example is a text whose first tokens are not learned.
type example struct {
	IDs    []int32 `json:"ids"`
	Prompt int     `json:"prompt"`
}

// reference is what golden/peft_lora.py writes of PEFT's training.
type reference struct {
	Versions map[string]string `json:"versions"`
	Cases    map[string]struct {
		Base   string    `json:"base"`
		Losses []float64 `json:"losses"`
	} `json:"cases"`
	Batches   [][]example `json:"batches"`
	Optimizer struct{ LR, Beta1, Beta2, Eps, Decay float64 }
}

// training sets Rotor's losses beside PEFT's.
type training struct {
	PEFT     []float64 `json:"peft"`
	Rotor    []float64 `json:"rotor"`
	Gradient []distant `json:"gradients"` // of the first step
}

// distant is how far a gradient is from PEFT's: ‖g − g'‖/‖g'‖.
type distant struct {
	Name string  `json:"name"`
	Norm float64 `json:"norm"`
	Away float64 `json:"away"`
}

// losses repeats every training of a folder that golden/peft_lora.py made, with
// the same weights, texts and optimizer.
func losses(dir string) (any, error) {
	var r reference
	if err := read(filepath.Join(dir, "golden.json"), &r); err != nil {
		return nil, err
	}
	found := map[string]*training{}
	for name, c := range r.Cases {
		if len(c.Losses) == 0 {
			continue
		}
		t := &training{PEFT: c.Losses}
		if err := t.run(dir, name, c.Base, r); err != nil {
			return nil, err
		}
		found[name] = t
	}
	return map[string]any{"versions": r.Versions, "cases": found}, nil
}

func (t *training) run(dir, name, base string, r reference) error {
	m, err := hub.Open(filepath.Join(dir, base))
	if err != nil {
		return err
	}
	defer func() { _ = m.Close() }()
	learner, _, err := peft.Apply(m.Model, filepath.Join(dir, name), peft.Options{})
	if err != nil {
		return err
	}
	o := r.Optimizer
	s := train.NewStepper(learner, optim.AdamW{Beta1: o.Beta1, Beta2: o.Beta2, Eps: o.Eps, Decay: o.Decay}, 64)
	for i, texts := range r.Batches {
		batch := []data.Micro{packed(texts)}
		if i == 0 {
			if _, err := s.Gradient(0, batch); err != nil {
				return err
			}
			if err := t.compare(filepath.Join(dir, name, "gradients.safetensors"), s.Params); err != nil {
				return err
			}
			optim.Zero(s.Params)
		}
		step, err := s.Step(i, o.LR, batch)
		if err != nil {
			return err
		}
		t.Rotor = append(t.Rotor, step.Loss)
	}
	return nil
}

// packed puts texts one after the other, without padding.
func packed(texts []example) (m data.Micro) {
	for i, e := range texts {
		m.IDs, m.Lengths, m.Index = append(m.IDs, e.IDs...), append(m.Lengths, len(e.IDs)), append(m.Index, i)
		for j := range e.IDs {
			target := int32(nn.Ignore)
			if j+1 < len(e.IDs) && j+1 >= e.Prompt {
				target = e.IDs[j+1]
				m.Labels++
			}
			m.Targets = append(m.Targets, target)
		}
	}
	return m
}

func (t *training) compare(file string, params []optim.Param) error {
	src, err := safetensors.Open(file)
	if err != nil {
		return err
	}
	defer func() { _ = src.Close() }()
	for _, p := range params {
		want := make([]float32, p.Len())
		if err := src.ReadF32("base_model.model."+p.Name, want); err != nil {
			return err
		}
		t.Gradient = append(t.Gradient, away(p.Name, p.Tensor, want))
	}
	return nil
}

func away(name string, have *tensor.Tensor, want []float32) distant {
	var difference, norm float64
	for i, w := range want {
		difference += math.Pow(float64(have.Grad[i]-w), 2)
		norm += math.Pow(float64(w), 2)
	}
	return distant{name, math.Sqrt(norm), math.Sqrt(difference / norm)}
}
