package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/rotor-lm/rotor/hub"
	"github.com/rotor-lm/rotor/tokenizer"
)

type tokenizeCmd struct {
	Text      *string `arg:"" optional:"" help:"The text; standard input if there is none."`
	Model     string  `short:"m" required:"" placeholder:"REF" help:"A model (folder or GGUF file), the folder of a tokenizer, or a tokenizer.json."`
	NoSpecial bool    `name:"no-special" help:"Without the tokens that the tokenizer puts around a text."`
	Decode    bool    `help:"The text is ids, with commas or spaces between them or the object that --json prints: turn them back."`
}

func (tokenizeCmd) Help() string {
	return `Offsets count characters of the text.

Examples:

    rotor tokenize --model ./model "Hello, world"
    rotor tokenize --model ./model --json < text.txt
    rotor tokenize --model ./model --decode 15496,11,995
    rotor tokenize -m ./model --json "round" | rotor tokenize -m ./model --decode`
}

// Run prints ids, tokens and offsets of the text, or the text of ids.
func (c tokenizeCmd) Run(e *env) error {
	tok, err := hub.Tokenizer(c.Model)
	if err != nil {
		return err
	}
	text, err := c.text(e)
	if err != nil {
		return err
	}
	if c.Decode {
		return decode(e, tok, text)
	}
	enc := tok.Encoding(text, !c.NoSpecial)
	if e.JSON {
		return e.object(enc)
	}
	if e.Colour {
		for i, span := range enc.Bytes {
			e.printf("%s", e.paint([]string{onGreen, onGrey}[i%2], show(text[span[0]:span[1]], enc.Tokens[i])))
		}
		e.printf("\n%s\n", e.paint(faint, fmt.Sprintf("%d tokens, %d bytes", len(enc.IDs), len(text))))
		return nil
	}
	for i, id := range enc.IDs {
		e.printf("%d\t%s\t%d-%d\n", id, enc.Tokens[i], enc.Offsets[i][0], enc.Offsets[i][1])
	}
	return nil
}

// show is what a token stands for, or its name where that is nothing, with the
// end of a line made visible, and as bytes where it is a part of a character.
func show(text, token string) string {
	switch {
	case text == "":
		return token
	case !utf8.ValidString(text):
		return fmt.Sprintf("⟨% x⟩", text)
	}
	return strings.ReplaceAll(text, "\n", "↵\n")
}

func (c tokenizeCmd) text(e *env) (string, error) {
	if c.Text != nil {
		return *c.Text, nil
	}
	data, err := io.ReadAll(e.Stdin)
	return string(data), err
}

func decode(e *env, tok *tokenizer.Tokenizer, text string) error {
	ids, err := parseIDs(text)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if tok.Token(id) == "" {
			return usagef("tokenize: no token has id %d: ids go from 0 to %d", id, tok.VocabSize()-1)
		}
	}
	if e.JSON {
		return e.object(struct {
			IDs  []int32 `json:"ids"`
			Text string  `json:"text"`
		}{ids, tok.Decode(ids)})
	}
	e.printf("%s\n", tok.Decode(ids))
	return nil
}

// parseIDs reads ids with commas or white space between them, or an object
// that has them as "ids".
func parseIDs(text string) ([]int32, error) {
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		var o struct {
			IDs []int32 `json:"ids"`
		}
		if err := json.Unmarshal([]byte(text), &o); err != nil {
			return nil, usagef("ids: %w", err)
		}
		return o.IDs, nil
	}
	ids := []int32{}
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(", \t\r\n[]", r) }) {
		id, err := strconv.ParseInt(word, 10, 32)
		if err != nil {
			return nil, usagef("ids: %q is not a number: write them as 1,2,3", word)
		}
		ids = append(ids, int32(id))
	}
	return ids, nil
}
