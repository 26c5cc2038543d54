package main

import (
	"context"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

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
	Lengths  lengths     `json:"lengths"`          // of the examples, in characters
	Tokens   *data.Stats `json:"tokens,omitempty"` // with a tokenizer
}

// lengths says how long texts are.
type lengths struct {
	Shortest int   `json:"shortest"`
	Median   int   `json:"median"`
	Nine     int   `json:"nine_in_ten"` // are at most as long
	Longest  int   `json:"longest"`
	Bins     []bin `json:"histogram"`

	bars string
}

type bin struct {
	AtMost int `json:"at_most"` // and more than the bin before
	Count  int `json:"count"`
}

func measure(list []int) (l lengths) {
	if len(list) == 0 {
		return l
	}
	slices.Sort(list)
	last := len(list) - 1
	l.Shortest, l.Median, l.Nine, l.Longest = list[0], list[len(list)/2], list[9*last/10], list[last]
	bins := data.Histogram(list)
	for _, b := range bins {
		l.Bins = append(l.Bins, bin{b.Rows, b.Count})
	}
	l.bars = data.Bars(bins)
	return l
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
	var long []int
	begins := true // the example is not a part of the one before
	for ex, err := range data.Examples(c.Path, o) {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if begins {
			info.Examples++
			long = append(long, 0)
		}
		begins = !ex.More
		for _, s := range ex.Segments {
			long[len(long)-1] += utf8.RuneCountInString(s.Text)
			info.Bytes += len(s.Text)
			if s.Learn {
				info.Learned += len(s.Text)
			}
		}
	}
	info.Lengths = measure(long)
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
		l := info.Lengths
		e.printf("length %s to %s characters, median %s, nine in ten at most %s\n", count(l.Shortest), count(l.Longest), count(l.Median), count(l.Nine))
		e.printf("%s%s\n", l.bars, e.paint(faint, "--model REF counts in tokens"))
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
