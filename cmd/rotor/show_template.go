package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/rotor-lm/rotor/chat"
	"github.com/rotor-lm/rotor/data"
	"github.com/rotor-lm/rotor/hub"
	"github.com/rotor-lm/rotor/jinja"
	"github.com/rotor-lm/rotor/tokenizer"
)

// templateInfo is what there is to say of a chat template.
type templateInfo struct {
	Kind     string         `json:"kind"`
	Name     string         `json:"name"`
	Own      bool           `json:"own"`
	Ends     []string       `json:"ends"`          // tokens that end a turn
	System   bool           `json:"system"`        // it writes what the system says
	Tools    bool           `json:"tools"`         // it writes tools
	Thinking bool           `json:"thinking"`      // it reads enable_thinking
	Marks    bool           `json:"marks"`         // it marks what the assistant says
	Every    bool           `json:"every"`         // it can teach every answer of a conversation
	Segments []chat.Segment `json:"segments"`      // of an example
	Prompt   string         `json:"prompt"`        // for an answer
	Unstable string         `json:"why,omitempty"` // why not every answer can be taught
}

// chatTemplate finds the template that the path names: a file of its own, or that
// of a model.
func (c showCmd) chatTemplate() (*chat.Template, error) {
	ref, file := c.Path, strings.HasSuffix(c.Path, ".jinja")
	if file {
		ref = c.Model
	}
	var tokens chat.Tokens
	if ref != "" {
		tok, err := hub.Tokenizer(ref)
		if err != nil {
			return nil, err
		}
		if !file {
			return hub.Chat(ref, tok)
		}
		if tokens, err = hub.ChatTokens(ref, tok); err != nil {
			return nil, err
		}
	}
	f, err := os.Open(c.Path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, 2<<20)) // more is no template
	if err != nil {
		return nil, err
	}
	return chat.New(filepath.Base(c.Path), map[string]string{"default": string(text)}, tokens)
}

// conversations names the form of a model's conversations, or says what is wrong
// with it.
func conversations(m *hub.Model, tok *tokenizer.Tokenizer) string {
	form, err := m.Chat(tok)
	if err != nil {
		return oneLine(err)
	}
	return form.Name
}

// template shows an example conversation as the template writes it, with what of
// it is learned.
func (c showCmd) template(e *env) error {
	form, err := c.chatTemplate()
	if err != nil {
		return err
	}
	info, err := look(form)
	if err != nil {
		return err
	}
	if e.JSON {
		return e.object(info)
	}
	yes := func(is bool, what, not string) string { return map[bool]string{true: what, false: not}[is] }
	var t table
	t.add("template", "%s", info.Name)
	t.add("system", "%s", yes(info.System, "written", "refused, or left out"))
	t.add("tools", "%s", yes(info.Tools, "written", "not read"))
	t.add("thinking", "%s", yes(info.Thinking, "can be turned off: --set enable_thinking=false", "no switch for it"))
	t.add("turns", "%s", yes(len(info.Ends) > 0, "end with "+strings.Join(info.Ends, " or "), "end with no token that is known here"))
	t.add("answers", "%s", yes(info.Marks, "marked by the template", "found between two renderings"))
	if !info.Every {
		t.add("training", "on the last answer of a conversation alone (--loss-on last): %s", info.Unstable)
	}
	t.print(e)
	e.printf("\n")
	for _, s := range info.Segments {
		e.printf("%s", data.Mark(s.Text, s.Learn, e.Colour))
	}
	e.printf("\n%s\n%s\n", e.paint(faint, "behind a question, the prompt for an answer:"), data.Mark(info.Prompt, false, e.Colour))
	return nil
}

// look tries a template on examples.
func look(form *chat.Template) (templateInfo, error) {
	info := templateInfo{Kind: "template", Name: form.Name, Own: form.Own(), Ends: form.Ends(), Thinking: form.Knows("enable_thinking"), Marks: form.Tracks(), Every: true}
	const told = "Answer with a number."
	so := chat.Conversation{Messages: []chat.Message{
		chat.Say("system", told),
		chat.Say("user", "What is two and three?"), chat.Say("assistant", "5"),
		chat.Say("user", "And twice that?"), chat.Say("assistant", "10"),
	}}
	text, err := form.Render(so, false)
	if info.System = err == nil && strings.Contains(text, told); !info.System {
		so.Messages = so.Messages[1:]
	}
	if info.Segments, err = form.Segments(so, false); err != nil {
		info.Every, info.Unstable = false, err.Error()
		if info.Segments, err = form.Segments(so, true); err != nil {
			return info, err
		}
	}
	so.Messages = so.Messages[:len(so.Messages)-1]
	prompt, err := form.Render(so, true)
	if err != nil {
		return info, err
	}
	bare, err := form.Render(so, false)
	if err != nil {
		return info, err
	}
	info.Prompt = strings.TrimPrefix(prompt, bare)
	const tool = "a_tool_by_name"
	so.Tools = jinja.List{jinja.NewMap("type", "function", "function", jinja.NewMap("name", tool, "description", "",
		"parameters", jinja.NewMap("type", "object", "properties", jinja.NewMap())))}
	text, err = form.Render(so, true)
	info.Tools = err == nil && strings.Contains(text, tool)
	return info, nil
}
