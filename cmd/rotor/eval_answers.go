package main

import (
	"context"
	"encoding/json"
	"io"
	"slices"

	"github.com/rotor-lm/rotor/data"
	"github.com/rotor-lm/rotor/eval"
	"github.com/rotor-lm/rotor/internal/atomicfile"
)

// answer compares what the model answers with the answers of the data.
func (c evalCmd) answer(ctx context.Context, e *env, m *opened, set *data.Set) error {
	tok, err := m.tokenizer()
	if err != nil {
		return err
	}
	var list []eval.Answer
	for a, err := range eval.Answers(ctx, m.Model, tok, set, c.MaxTokens) {
		if err != nil {
			return err
		}
		list = append(list, a)
		if e.Live {
			e.printf("\r\x1b[K%d of %d answers", len(list), set.Len())
		}
	}
	if e.Live {
		e.printf("\r\x1b[K")
	}
	slices.SortFunc(list, func(a, b eval.Answer) int { return a.Text - b.Text })
	if c.Save != "" {
		if err := c.save(list); err != nil {
			return err
		}
	}
	score := eval.Agree(list)
	if e.JSON {
		return e.object(score)
	}
	var t table
	t.add("answers", "%s, of which %.1f %% ended by themselves", count(score.Answers), 100*score.Ended)
	t.add("equal", "%.2f %%", 100*score.Exact)
	t.add("ROUGE-L", "%.2f", 100*score.RougeL)
	for _, k := range score.Classes {
		t.add(k.Label, "%s: precision %.1f %%, recall %.1f %%, F1 %.1f %%", count(k.Count), 100*k.Precision, 100*k.Recall, 100*k.F1)
	}
	if score.Classes != nil {
		t.add("macro F1", "%.1f %%", 100*score.MacroF1)
	}
	t.print(e)
	return nil
}

func (c evalCmd) save(list []eval.Answer) error {
	write := atomicfile.Create
	if c.Force {
		write = atomicfile.Replace
	}
	return write(c.Save, func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		for _, a := range list {
			if err := enc.Encode(a); err != nil {
				return err
			}
		}
		return nil
	})
}
