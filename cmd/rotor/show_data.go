package main

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/rotor-lm/rotor/data"
	"github.com/rotor-lm/rotor/hub"
)

// dataInfo is what there is to say of a file or folder of data.
type dataInfo struct {
	Kind     string      `json:"kind"`
	Examples int         `json:"examples"`
	Columns  []string    `json:"columns"`
	Bytes    int         `json:"text_bytes"`
	Learned  int         `json:"learned_bytes"`
	Tokens   *data.Stats `json:"tokens,omitempty"` // with a tokenizer
}

// data reads every example, so that a broken one is found and named.
func (c showCmd) data(ctx context.Context, e *env) error {
	info := dataInfo{Kind: "data"}
	for r, err := range data.Read(c.Path) {
		if err != nil {
			return err
		}
		info.Columns = slices.Sorted(maps.Keys(r.Columns))
		break
	}
	for ex, err := range data.Examples(c.Path, data.Options{}) {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if !ex.More {
			info.Examples++
		}
		for _, s := range ex.Segments {
			info.Bytes += len(s.Text)
			if s.Learn {
				info.Learned += len(s.Text)
			}
		}
	}
	if c.Model != "" {
		if err := c.tokens(ctx, &info); err != nil {
			return err
		}
	}
	if e.JSON {
		return e.object(info)
	}
	var t table
	t.add("data", "%s", c.Path)
	t.add("examples", "%s", count(info.Examples))
	t.add("columns", "%s", strings.Join(info.Columns, ", "))
	t.add("text", "%s, %.1f %% to be learned", size(int64(info.Bytes)), 100*float64(info.Learned)/float64(max(1, info.Bytes)))
	t.print(e)
	if info.Tokens != nil {
		e.printf("%s", info.Tokens)
	} else {
		e.printf("%s\n", e.paint(faint, "--model DIR counts the tokens"))
	}
	return nil
}

func (c showCmd) tokens(ctx context.Context, info *dataInfo) error {
	tok, err := hub.Tokenizer(c.Model)
	if err != nil {
		return err
	}
	corpus, err := data.Load(ctx, c.Path, tok, data.Options{})
	if err != nil {
		return err
	}
	set, _, err := corpus.Split(data.Cut{})
	if err != nil {
		return err
	}
	st := set.Stats()
	info.Tokens = &st
	return nil
}
