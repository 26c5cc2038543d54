package main

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/rotor-lm/rotor/data"
	"github.com/rotor-lm/rotor/hub"
	"github.com/rotor-lm/rotor/tokenizer"
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
	o, tok, err := c.reader()
	if err != nil {
		return err
	}
	for ex, err := range data.Examples(c.Path, o) {
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
	if tok != nil {
		if err := c.tokens(ctx, o, tok, &info); err != nil {
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

// reader is how the data is read: with a model, by its tokenizer and in its form
// of conversations.
func (c showCmd) reader() (o data.Options, tok *tokenizer.Tokenizer, err error) {
	if c.Model == "" {
		return o, nil, nil
	}
	if tok, err = hub.Tokenizer(c.Model); err != nil {
		return o, nil, err
	}
	o.Chat, err = hub.Chat(c.Model, tok)
	return o, tok, err
}

func (c showCmd) tokens(ctx context.Context, o data.Options, tok *tokenizer.Tokenizer, info *dataInfo) error {
	corpus, err := data.Load(ctx, c.Path, tok, o)
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
