package main

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/tensor"
)

type logitsCmd struct {
	adapted
	Text    string `placeholder:"TEXT" xor:"input" help:"Text to read, with the tokens that the tokenizer puts around it."`
	IDs     string `name:"ids" placeholder:"1,2,3" xor:"input" help:"Token ids to read: needs no tokenizer."`
	Rounded bool   `help:"Round activations to eight bits where weights are in blocks, as generate does."`
	Merge   bool   `help:"Add the adapters to the weights first: the numbers that the merged model will give."`
}

func (logitsCmd) Help() string {
	return `With --json: {"ids": [T], "logits": [T][V]}, every float32 in full.

Examples:

    rotor logits --model ./model --ids 1,2,3 --json
    rotor logits --model ./model --text "The sea is"
    rotor logits --model ./model --adapter ./adapter --merge --ids 1,2,3 --json`
}

// Run prints the logits of every row, or, for people, the likeliest next tokens.
func (c logitsCmd) Run(ctx context.Context, e *env) error {
	m, err := c.open(c.Merge)
	if err != nil {
		return err
	}
	defer m.Close()
	ids, err := m.read(c.Text, c.IDs, "--text")
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	p := &nn.Pass{Tape: tensor.NoGrad(len(ids)), Tokens: ids}
	p.Add(len(ids), 0, 0, 0)
	p.Tape.Rounded = c.Rounded
	logits := model.Logits(m, p)
	if at := tensor.Check(logits.Data); at >= 0 {
		return fmt.Errorf("logits: row %d, token %d is %v: the weights hold or make numbers that are none", at/logits.Cols(), at%logits.Cols(), logits.Data[at])
	}
	if e.JSON {
		rows := make([][]float32, len(ids))
		for i := range rows {
			rows[i] = logits.Row(i)
		}
		return e.object(struct {
			IDs    []int32     `json:"ids"`
			Logits [][]float32 `json:"logits"`
		}{ids, rows})
	}
	printLikeliest(e, m, logits.Row(len(ids)-1))
	return nil
}

// printLikeliest prints the ten likeliest next tokens.
func printLikeliest(e *env, m *opened, row []float32) {
	order := make([]int, len(row))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmpDown(row[a], row[b]) })
	norm := kernel.LogSumExp(row)
	e.printf("%s\n", e.paint(faint, "probability  logit     id      token"))
	for _, id := range order[:min(10, len(order))] {
		e.printf("%10.4f%%  %8.4f  %-6d  %s\n", 100*math.Exp(float64(row[id]-norm)), row[id], id, m.token(int32(id)))
	}
}

// cmpDown orders the larger first.
func cmpDown(a, b float32) int {
	switch {
	case a > b:
		return -1
	case a < b:
		return 1
	}
	return 0
}
