package main

import (
	"github.com/rotor-lm/rotor/hub"
	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/tensor"
)

// questions are what two engines are asked of one model.
type questions struct {
	Texts   [][]int32 `json:"texts"`   // each token is to be foretold from those before it
	Prompts [][]int32 `json:"prompts"` // each is gone on with greedily
	Tokens  int       `json:"tokens"`  // by so many
	Rounded bool      `json:"rounded"` // with activations of eight bits, as generate computes
}

// foretold is what a model says.
type foretold struct {
	LogProb   [][]float64 `json:"logprob"`   // of each token of a text but the first
	Likeliest [][]int32   `json:"likeliest"` // in the place of each
	Greedy    [][]int32   `json:"greedy"`
}

// next asks a model for the tokens that come next, and for how likely those are
// that came.
func next(ref, job string) (any, error) {
	var q questions
	if err := read(job, &q); err != nil {
		return nil, err
	}
	m, err := hub.Open(ref)
	if err != nil {
		return nil, err
	}
	defer func() { _ = m.Close() }()
	f := foretold{}
	for _, ids := range q.Texts {
		logits := allLogits(m, ids, q.Rounded)
		var p []float64
		var likeliest []int32
		for i, id := range ids[1:] {
			row := logits.Row(i)
			p = append(p, float64(row[id])-float64(kernel.LogSumExp(row)))
			likeliest = append(likeliest, largest(row))
		}
		f.LogProb, f.Likeliest = append(f.LogProb, p), append(f.Likeliest, likeliest)
	}
	for _, ids := range q.Prompts {
		var more []int32
		for range q.Tokens {
			logits := allLogits(m, append(ids[:len(ids):len(ids)], more...), q.Rounded)
			more = append(more, largest(logits.Row(logits.Rows()-1)))
		}
		f.Greedy = append(f.Greedy, more)
	}
	return f, nil
}

func allLogits(m model.Model, ids []int32, rounded bool) *tensor.Tensor {
	p := &nn.Pass{Tape: tensor.NoGrad(0), Tokens: ids}
	p.Tape.Rounded = rounded
	p.Add(len(ids), 0, 0, 0)
	return model.Logits(m, p)
}

func largest(row []float32) (at int32) {
	for i, v := range row {
		if v > row[at] {
			at = int32(i)
		}
	}
	return at
}
