package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/rotor-lm/rotor/data"
	"github.com/rotor-lm/rotor/generate"
)

// prompt is one text of a file of prompts, or its tokens.
type prompt struct {
	where string
	text  string
	ids   []int32
}

// promptColumns are the names under which a file may hold prompts.
var promptColumns = []string{"prompt", "text", "instruction", "question"}

// prompts reads a file of prompts.
func prompts(e *env, path string) (list []prompt, err error) {
	defer func() {
		if err == nil && len(list) == 0 {
			err = fmt.Errorf("%s holds no prompt", path)
		}
	}()
	if path == "-" {
		return promptLines(e.Stdin, "standard input")
	}
	if strings.HasSuffix(path, ".txt") {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return promptLines(f, path)
	}
	for r, err := range data.Read(path) {
		if err != nil {
			return nil, err
		}
		p, err := promptOf(r)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.Place, err)
		}
		list = append(list, p)
	}
	return list, nil
}

// promptLines reads a prompt a line. Empty lines say nothing.
func promptLines(r io.Reader, name string) (list []prompt, err error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20)
	for n := 1; lines.Scan(); n++ {
		if text := strings.TrimSuffix(lines.Text(), "\r"); text != "" {
			list = append(list, prompt{where: fmt.Sprintf("%s:%d", name, n), text: text})
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return list, nil
}

func promptOf(r data.Record) (prompt, error) {
	p := prompt{where: r.Place.String()}
	if list, ok := r.Columns["ids"]; ok {
		raw, ok := list.(json.RawMessage)
		if !ok || json.Unmarshal(raw, &p.ids) != nil || p.ids == nil {
			return p, errors.New("ids: want a list of whole numbers")
		}
		return p, nil
	}
	for _, name := range promptColumns {
		if v, ok := r.Columns[name]; ok {
			text, ok := v.(string)
			if !ok {
				return p, fmt.Errorf("%s: want a text", name)
			}
			p.text = text
			return p, nil
		}
	}
	return p, fmt.Errorf("want a column ids, %s; there is %s", strings.Join(promptColumns, ", "),
		strings.Join(slices.Sorted(maps.Keys(r.Columns)), ", "))
}

// many continues all prompts of a file, as many at once as there is room for,
// and prints each in its turn.
func (c generateCmd) many(ctx context.Context, e *env, m *opened, r generate.Request) error {
	list, err := prompts(e, c.Prompts)
	if err != nil {
		return err
	}
	tokens := make([][]int32, len(list))
	for i, p := range list {
		if tokens[i], err = m.tokens(p); err != nil {
			var usage usageError
			if errors.As(err, &usage) { // it is the file that is wrong
				err = usage.error
			}
			return fmt.Errorf("%s: %w", p.where, err)
		}
	}
	g, err := generate.New(m.Model, generate.Options{Tokenizer: m.tok, Sequences: max(c.Beams, min(len(list), 128)), Exact: c.Exact})
	if err != nil {
		return err
	}
	requests := generate.Each(tokens, r)
	if c.Beams > 0 {
		for i, r := range requests {
			beams, err := g.Beam(ctx, r, c.options())
			if err != nil {
				return fmt.Errorf("%s: %w", list[i].where, err)
			}
			if err := c.show(e, m, answer{Index: &i, Prompt: list[i].text}, beams); err != nil {
				return err
			}
		}
		return nil
	}
	results := make([]generate.Result, len(list))
	turn := 0
	for ev, err := range g.Run(ctx, requests) {
		if err != nil {
			return err
		}
		res := &results[ev.Request]
		res.IDs, res.Text, res.Reason = append(res.IDs, ev.ID), res.Text+ev.Text, ev.Reason
		for ; turn < len(results) && results[turn].Reason != ""; turn++ {
			if e.JSON {
				if err := e.object(answer{Index: &turn, Prompt: list[turn].text, Result: results[turn]}); err != nil {
					return err
				}
				continue
			}
			c.print(e, m, list[turn].text, results[turn])
		}
	}
	return nil
}

// tokens are those of a prompt, or its ids as they are.
func (o *opened) tokens(p prompt) ([]int32, error) {
	if p.ids == nil {
		return o.read(p.text, "", "a prompt")
	}
	return o.fits(p.ids, "a prompt")
}

// print shows a text as people read it: the prompt, and what it became.
func (c generateCmd) print(e *env, m *opened, prompt string, r generate.Result) {
	if m.tok == nil {
		for _, id := range r.IDs {
			e.printf("%d ", id)
		}
		e.printf("\n")
		return
	}
	e.printf("%s%s\n", e.paint(faint, prompt), r.Text)
}
