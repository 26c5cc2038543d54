// Package sample chooses the next token from the logits of a model.
//
// The filters are applied in the order in which transformers applies them, so
// that the same settings mean the same distribution:
//
//  1. repetition, presence and frequency penalty, on the logits of the tokens
//     that have occurred
//  2. temperature: z/T
//  3. top-k: the k most probable tokens
//  4. top-p: the most probable tokens that together reach the mass p
//  5. min-p: the tokens of at least p times the probability of the first
//
// What is left is renormalised and drawn from.
package sample

import (
	"fmt"
	"math"

	"github.com/rotor-lm/rotor/op"
)

// Options say how to choose. The zero value is greedy: the most probable token.
type Options struct {
	Temperature       float64 `json:"temperature"`        // T; zero means greedy
	TopK              int     `json:"top_k"`              // zero means all
	TopP              float64 `json:"top_p"`              // zero or one means all
	MinP              float64 `json:"min_p"`              // zero means all
	RepetitionPenalty float64 `json:"repetition_penalty"` // zero or one means none
	PresencePenalty   float64 `json:"presence_penalty"`   // taken from the logit of a token that was sampled before
	FrequencyPenalty  float64 `json:"frequency_penalty"`  // and as often as it was
}

// penalises reports whether the options look at what has occurred.
func (o Options) penalises() bool {
	return o.RepetitionPenalty != 0 && o.RepetitionPenalty != 1 || o.PresencePenalty != 0 || o.FrequencyPenalty != 0
}

// Check reports what cannot be meant.
func (o Options) Check() error {
	switch {
	case !(o.Temperature >= 0) || math.IsInf(o.Temperature, 0):
		return fmt.Errorf("sample: temperature is %g: want zero, for the most probable token, or more", o.Temperature)
	case o.TopK < 0:
		return fmt.Errorf("sample: top-k is %d: want a number of tokens, or zero for all", o.TopK)
	case !(o.TopP >= 0 && o.TopP <= 1):
		return fmt.Errorf("sample: top-p is %g: want a probability from 0 to 1", o.TopP)
	case !(o.MinP >= 0 && o.MinP <= 1):
		return fmt.Errorf("sample: min-p is %g: want a probability from 0 to 1", o.MinP)
	case !(o.RepetitionPenalty >= 0) || math.IsInf(o.RepetitionPenalty, 0):
		return fmt.Errorf("sample: repetition penalty is %g: want a positive number; 1 is none", o.RepetitionPenalty)
	case math.IsNaN(o.PresencePenalty) || math.IsInf(o.PresencePenalty, 0):
		return fmt.Errorf("sample: presence penalty is %g: want a number; 0 is none", o.PresencePenalty)
	case math.IsNaN(o.FrequencyPenalty) || math.IsInf(o.FrequencyPenalty, 0):
		return fmt.Errorf("sample: frequency penalty is %g: want a number; 0 is none", o.FrequencyPenalty)
	}
	return nil
}

// Uniform is the random number in [0, 1) of one step of one sequence. It
// depends on nothing else: a sequence's sample is the same in any batch.
func Uniform(seed, sequence, step uint64) float64 {
	return float64(op.Random(op.Random(seed, sequence), step)>>11) / (1 << 53)
}

// Sampler chooses tokens. It keeps scratch memory and belongs to one goroutine;
// the zero value is ready.
type Sampler struct {
	// Given is how many tokens of a history were not sampled: the prompt's, which
	// count for the repetition penalty and not for presence and frequency.
	Given int

	z    []float64 // logits after the penalty
	seen []bool
	kept []Choice
}

// Choice is a token that may be chosen, and with which probability.
type Choice struct {
	ID int32
	P  float64
}

// Next chooses a token by logits z [V]. history is the text so far, for the
// penalties; u in [0, 1) is the randomness. Of equal logits the one of
// the lowest id counts as the most probable.
func (s *Sampler) Next(o Options, z []float32, history []int32, u float64) (int32, error) {
	if o.Temperature == 0 && !o.penalises() {
		return greedy(z)
	}
	kept, err := s.Distribution(o, z, history)
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for _, c := range kept {
		if sum += c.P; u < sum {
			return c.ID, nil
		}
	}
	return kept[len(kept)-1].ID, nil // u lies in what rounding has taken from the sum
}

// greedy returns the first of the largest logits.
func greedy(z []float32) (int32, error) {
	best := -1
	for i, v := range z {
		if v != v {
			return 0, notNumber(i, float64(v))
		}
		if best < 0 || v > z[best] {
			best = i
		}
	}
	if best < 0 || math.IsInf(float64(z[best]), 0) {
		return 0, errNoToken
	}
	return int32(best), nil
}

var errNoToken = fmt.Errorf("sample: no logit is finite and the largest: the model is broken, or was trained until it broke")

func notNumber(i int, v float64) error {
	return fmt.Errorf("sample: the logit of token %d is %g: the model is broken, or was trained until it broke", i, v)
}
