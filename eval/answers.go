package eval

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/rotor-lm/rotor/data"
	"github.com/rotor-lm/rotor/generate"
	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/tokenizer"
)

// Answer is what a model said where a text has an answer of its own.
type Answer struct {
	Text      int    `json:"text"`      // its place among the texts
	Reference string `json:"reference"` // the answer of the data
	Answer    string `json:"answer"`    // the model's
	Ended     bool   `json:"ended"`     // the model ended it by itself
}

// Answers lets m answer every text's last answer anew, greedily and in at most
// max tokens, and yields what it says, in the order in which it is done. What
// stands before the last run of tokens that Learn marks is the prompt. A text
// without such a run, or without a token before it, is an error.
func Answers(ctx context.Context, m model.Model, t *tokenizer.Tokenizer, texts Texts, max int) iter.Seq2[Answer, error] {
	return func(yield func(Answer, error) bool) {
		answers := make([]Answer, texts.Len())
		requests := make([]generate.Request, texts.Len())
		var buf data.Sequence
		for i := range requests {
			prompt, reference, err := last(texts.At(i, &buf))
			if err != nil {
				yield(Answer{Text: i}, fmt.Errorf("eval: text %d %w", i+1, err))
				return
			}
			requests[i] = generate.Request{Prompt: prompt, Max: max}
			answers[i] = Answer{Text: i, Reference: strings.TrimSpace(t.Text(reference))}
		}
		g, err := generate.New(m, generate.Options{Tokenizer: t, Sequences: 32})
		if err != nil {
			yield(Answer{}, err)
			return
		}
		for e, err := range g.Run(ctx, requests) {
			if err != nil {
				yield(Answer{}, err)
				return
			}
			a := &answers[e.Request]
			a.Answer += e.Text
			if e.Reason == "" {
				continue
			}
			a.Answer, a.Ended = strings.TrimSpace(a.Answer), e.Reason == generate.EOS
			if !yield(*a, nil) {
				return
			}
		}
	}
}

// last parts a sequence at its last run of learned tokens. The prompt is a copy.
func last(q data.Sequence) (prompt, answer []int32, err error) {
	to := len(q.Learn)
	for to > 0 && !q.Learn[to-1] {
		to--
	}
	from := to
	for from > 0 && q.Learn[from-1] {
		from--
	}
	if from == to {
		return nil, nil, fmt.Errorf("has no answer")
	}
	if from == 0 {
		return nil, nil, fmt.Errorf("has nothing before its answer: only data with prompts can be answered")
	}
	return slices.Clone(q.IDs[:from]), q.IDs[from:to], nil
}

// Agreement is how far answers agree with their references.
type Agreement struct {
	Answers int     `json:"answers"`
	Ended   float64 `json:"ended"`             // share that the model ended by itself
	Exact   float64 `json:"exact"`             // share that are the reference, but for space around it
	RougeL  float64 `json:"rouge_l"`           // mean F₁
	Classes []Class `json:"classes,omitempty"` // where the references are few different texts
	MacroF1 float64 `json:"macro_f1,omitempty"`
}

// Class is how one of few possible answers was told from the others.
type Class struct {
	Label string `json:"label"`
	Count int    `json:"count"` // references
	Overlap
}

// most is how many different references still are classes.
const most = 20

// Agree compares answers with their references.
func Agree(answers []Answer) Agreement {
	a := Agreement{Answers: len(answers)}
	if len(answers) == 0 {
		return a
	}
	n := float64(len(answers))
	wanted, said, right := map[string]int{}, map[string]int{}, map[string]int{}
	for _, x := range answers {
		if x.Ended {
			a.Ended += 1 / n
		}
		if x.Answer == x.Reference {
			a.Exact += 1 / n
			right[x.Reference]++
		}
		a.RougeL += RougeL(x.Reference, x.Answer).F1 / n
		wanted[x.Reference]++
		said[x.Answer]++
	}
	if len(wanted) > most || 2*len(wanted) > len(answers) {
		return a
	}
	for label, count := range wanted {
		c := Class{label, count, overlap(float64(right[label]), float64(said[label]), float64(count))}
		a.Classes = append(a.Classes, c)
	}
	slices.SortFunc(a.Classes, func(x, y Class) int { return strings.Compare(x.Label, y.Label) })
	for _, c := range a.Classes {
		a.MacroF1 += c.F1 / float64(len(a.Classes))
	}
	return a
}
