// Package chat turns conversations into the text that a model was taught to read.
//
// Every chat model has a form of its own for who speaks and where a turn ends. It
// comes with the model, as a template, and no other will do: a model that is asked
// in another form answers badly, and says nothing of it. For models without one
// there is [ChatML].
//
//	messages → template → text → what is given, and what is to be learned
package chat

import (
	"errors"
	"fmt"

	"github.com/rotor-lm/rotor/jinja"
)

// A Message is one turn, with the fields of its JSON object in their order: role
// and content, perhaps tool_calls, reasoning_content and whatever else a template
// reads.
type Message struct{ *jinja.Map }

// Say is a message of a role.
func Say(role, content string) Message {
	return Message{jinja.NewMap("role", role, "content", content)}
}

// Role says who speaks: system, user, assistant, tool.
func (m Message) Role() string { return m.text("role") }

// Content is what is said, "" where it is no text.
func (m Message) Content() string { return m.text("content") }

func (m Message) text(field string) string {
	v, _ := m.Get(field)
	s, _ := v.(string)
	return s
}

// UnmarshalJSON reads an object that has a role.
func (m *Message) UnmarshalJSON(text []byte) error {
	m.Map = jinja.NewMap()
	if err := m.Map.UnmarshalJSON(text); err != nil {
		return err
	}
	if m.Role() == "" {
		return errors.New("it has no role: want system, user, assistant or tool")
	}
	return nil
}

// A Conversation is what a template is given.
type Conversation struct {
	Messages []Message
	Tools    any        // what may be called: a list of JSON schemas; nil for none
	Set      *jinja.Map // other variables, such as enable_thinking; may be nil
}

// A Segment is a part of a rendered conversation. Learn says that a model should
// learn to write it; the rest is given.
type Segment struct {
	Text  string `json:"text"`
	Learn bool   `json:"learn"`
}

// Template is the form of a model's conversations.
type Template struct {
	Name string // what it is and where it came from, for people

	plain *jinja.Template
	tools *jinja.Template // for conversations with tools, where that is another one
	vars  *jinja.Map      // bos_token and the like
	ends  []string        // the tokens that may end a turn
	exact bool            // the text is whole: no token is put around it
}

// chatML is the form with which most small models were trained.
//
// OpenAI, Chat Markup Language, 2023.
const chatML = `{% for m in messages %}{% if m.content is not string or m.tool_calls %}
{{ raise_exception("ChatML has no form for this message of the role " ~ m.role ~ ": it takes content that is text, and no tool_calls") }}
{% endif %}
{{ '<|im_start|>' + m.role + '\n' }}{% if m.role == 'assistant' %}{% generation %}{{ m.content + '<|im_end|>' }}{% endgeneration %}{% else %}{{ m.content + '<|im_end|>' }}{% endif %}{{ '\n' }}
{%- endfor %}
{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}`

// ChatML writes messages as
//
//	<|im_start|>role
//	content<|im_end|>
//
// The loss falls on what assistants say and on the <|im_end|> with which they
// stop, not on the line end after it.
var ChatML = must(parse("ChatML", chatML))

func must(t *Template, err error) *Template {
	if err != nil {
		panic(err)
	}
	t.ends = []string{"<|im_end|>"}
	return t
}

// parse reads the source of a template that no tokens are known of.
func parse(name, source string) (*Template, error) {
	t, err := jinja.Parse(source)
	if err != nil {
		return nil, err
	}
	return &Template{Name: name, plain: t, vars: jinja.NewMap()}, nil
}

// Own reports whether the form is the model's own, and so says all that the model
// is to read: no token belongs before or after it.
func (t *Template) Own() bool { return t.exact }

// Ends are the tokens with which a turn of the assistant ends.
func (t *Template) Ends() []string { return append([]string{}, t.ends...) }

// Knows reports whether the template reads a variable, such as tools.
func (t *Template) Knows(name string) bool {
	return t.plain.Mentions(name) || t.tools != nil && t.tools.Mentions(name)
}

// Tracks reports whether the template marks what the assistant says.
func (t *Template) Tracks() bool { return t.plain.Tracks() }

// Render writes a conversation. With generate the text ends where the assistant's
// next answer begins.
func (t *Template) Render(c Conversation, generate bool) (string, error) {
	out, err := t.render(c, generate)
	return out.Text, err
}

// render gives a template the variables that transformers' apply_chat_template
// does.
func (t *Template) render(c Conversation, generate bool) (jinja.Output, error) {
	vars := t.vars.Clone()
	list := make(jinja.List, len(c.Messages))
	for i, m := range c.Messages {
		list[i] = reasoned(m)
	}
	vars.Set("messages", list)
	vars.Set("tools", c.Tools)
	vars.Set("documents", nil)
	vars.Set("add_generation_prompt", generate)
	if c.Set != nil {
		for k, v := range c.Set.All() {
			vars.Set(k, v)
		}
	}
	form := t.plain
	if t.tools != nil && c.Tools != nil {
		form = t.tools
	}
	out, err := form.Render(vars, jinja.Options{})
	if err != nil {
		return out, fmt.Errorf("chat: %s: %w", t.Name, err)
	}
	return out, nil
}

// reasoned is a message whose reasoning goes by every name that templates know.
func reasoned(m Message) *jinja.Map {
	for _, name := range []string{"reasoning_content", "thinking", "reasoning"} {
		v, _ := m.Get(name)
		if v == nil {
			continue
		}
		all := jinja.NewMap("thinking", v)
		for k, x := range m.All() {
			all.Set(k, x)
		}
		all.Set("reasoning_content", v)
		return all
	}
	return m.Map
}
