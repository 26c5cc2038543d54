package main

import (
	"fmt"

	"github.com/rotor-lm/rotor/generate"
)

// beamFlags are those of a beam search.
type beamFlags struct {
	Beams         int     `placeholder:"B" help:"Look for the most probable text with B beams, instead of sampling."`
	LengthPenalty float64 `name:"length-penalty" default:"1" placeholder:"X" help:"With beams: a text of n tokens is judged by its log-probability over n to this power (${default})."`
	EarlyStopping string  `name:"early-stopping" enum:"false,true,never" default:"false" help:"With beams: stop as soon as B texts have ended (true), when better ones are unlikely (false) or impossible (never)."`
	Return        int     `default:"1" placeholder:"N" help:"With beams: the N best texts (${default})."`
}

func (f beamFlags) options() generate.Beams {
	return generate.Beams{Width: f.Beams, LengthPenalty: f.LengthPenalty, Stopping: generate.Stopping(f.EarlyStopping)}
}

// check refuses flags that have no meaning together.
func (f beamFlags) check(c generateCmd) error {
	if f.Beams == 0 {
		if f.LengthPenalty != 1 || f.EarlyStopping != "false" || f.Return != 1 {
			return usagef("--length-penalty, --early-stopping and --return belong to a beam search: give --beams")
		}
		return nil
	}
	switch {
	case c.Temperature != nil || c.TopK != 0 || c.TopP != 0 || c.MinP != 0:
		return usagef("--beams looks for the most probable text and does not sample: leave out --temperature, --top-k, --top-p and --min-p")
	case len(c.Stop) > 0:
		return usagef("--beams knows no --stop: a text ends with a token that ends one, or after --max-tokens")
	case f.Return < 1 || f.Return > f.Beams:
		return usagef("--return is %d: give a number from 1 to the %d beams", f.Return, f.Beams)
	}
	if err := f.options().Check(); err != nil {
		return usageError{err}
	}
	return nil
}

// answer is what a prompt was continued by.
type answer struct {
	Index  *int   `json:"index,omitempty"` // with --prompts, from 0
	Prompt string `json:"prompt,omitempty"`
	generate.Result
	Score *float64        `json:"score,omitempty"` // with --beams
	Beams []generate.Beam `json:"beams,omitempty"` // with --return
}

// show prints what a beam search has found.
func (c generateCmd) show(e *env, m *opened, a answer, beams []generate.Beam) error {
	a.Result, a.Score = beams[0].Result, &beams[0].Score
	if c.Return > 1 {
		a.Beams = beams[:min(len(beams), c.Return)]
	}
	if e.JSON {
		if a.Index == nil {
			a.Prompt = ""
		}
		return e.object(a)
	}
	for _, b := range beams[:min(len(beams), c.Return)] {
		if c.Return > 1 {
			e.printf("%s ", e.paint(faint, fmt.Sprintf("%.4f", b.Score)))
		}
		c.print(e, m, a.Prompt, b.Result)
	}
	return nil
}
