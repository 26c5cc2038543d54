package chat

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// Tokens is what a tokenizer says of its special tokens.
type Tokens struct {
	Named map[string]string // bos_token and the like, as they are spelled
	Stops []string          // those that end a text
	Added []string          // those that are found in a text before it is split
}

// Open finds the template of a model among the files beside it, by the names that
// they have in a folder; read's error for one that is not there is fs.ErrNotExist.
// A model without a template gets [ChatML], which Own tells.
//
// It is chat_template.jinja, or chat_template in chat_template.json or
// tokenizer_config.json: a text, or several with names, of which "default" counts,
// and "tool_use" where there are tools.
func Open(read func(name string) ([]byte, error), tokens Tokens) (*Template, error) {
	for _, name := range []string{"chat_template.jinja", "chat_template.json", "tokenizer_config.json"} {
		text, err := read(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("chat: %w", err)
		}
		forms := map[string]string{"default": string(text)}
		if !strings.HasSuffix(name, ".jinja") {
			if forms, err = named(text); err != nil {
				return nil, fmt.Errorf("chat: %s: %w", name, err)
			}
		}
		if len(forms) > 0 {
			return New(name, forms, tokens)
		}
	}
	t := *ChatML
	t.Name = "ChatML, for the model has no template"
	return &t, nil
}

// named reads chat_template, in both of its forms.
func named(text []byte) (map[string]string, error) {
	var c struct {
		Template json.RawMessage `json:"chat_template"`
	}
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, err
	}
	if len(c.Template) == 0 || string(c.Template) == "null" {
		return nil, nil
	}
	var one string
	if json.Unmarshal(c.Template, &one) == nil {
		return map[string]string{"default": one}, nil
	}
	var several []struct{ Name, Template string }
	if err := json.Unmarshal(c.Template, &several); err != nil {
		return nil, errors.New("chat_template is neither a text nor a list of templates with names")
	}
	forms := map[string]string{}
	for _, s := range several {
		forms[s.Name] = s.Template
	}
	return forms, nil
}

// New makes the template that came from a file.
func New(file string, forms map[string]string, tokens Tokens) (*Template, error) {
	source, ok := forms["default"]
	if !ok {
		return nil, fmt.Errorf("chat: %s has no template named default", file)
	}
	t, err := parse("the model's own template ("+file+")", source)
	if err == nil && forms["tool_use"] != "" {
		var with *Template
		if with, err = parse("", forms["tool_use"]); err == nil {
			t.tools = with.plain
		}
	}
	if err != nil {
		return nil, fmt.Errorf("chat: %s: %w", file, err)
	}
	t.exact = true
	for name, token := range tokens.Named {
		t.vars.Set(name, token)
	}
	t.ends = slices.Clone(tokens.Stops)
	if end := t.end(tokens.Added); end != "" && !slices.Contains(t.ends, end) {
		t.ends = append(t.ends, end)
	}
	return t, nil
}

// end is the token with which the template ends an answer: the first that follows
// one. A tokenizer need not name it among those that end a text.
func (t *Template) end(added []string) string {
	const answer = "An answer, as it may be."
	text, err := t.Render(Conversation{Messages: []Message{Say("user", "A question?"), Say("assistant", answer)}}, false)
	_, after, ok := strings.Cut(text, answer)
	if err != nil || !ok {
		return ""
	}
	after = strings.TrimLeft(after, " \n")
	longest := ""
	for _, token := range added {
		if len(token) > len(longest) && strings.HasPrefix(after, token) {
			longest = token
		}
	}
	return longest
}
