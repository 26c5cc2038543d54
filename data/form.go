package data

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rotor-lm/rotor/chat"
	"github.com/rotor-lm/rotor/jinja"
)

// form says what the columns of a record mean.
type form struct {
	name     string
	need     []string // columns that must be there, under their usual names
	may      []string // columns that may be
	plain    bool     // text without an answer: all of it is learned, and a long one is cut into chunks
	talk     bool     // a conversation, which a template writes
	segments func(v view) ([]chat.Segment, error)
}

// forms are tried in this order.
var forms = []form{
	{name: "messages", need: []string{"messages"}, may: []string{"tools", kwargs}, talk: true, segments: messages},
	{name: "prompt/completion", need: []string{"prompt", "completion"}, segments: completion},
	{name: "instruction", need: []string{"instruction", "output"}, may: []string{"input"}, segments: instruction},
	{name: "text", need: []string{"text"}, plain: true, segments: text},
}

// Expected lists the columns that are looked for, for errors and help.
func Expected() string {
	var all []string
	for _, f := range forms {
		all = append(all, strings.Join(f.need, " and "))
	}
	return strings.Join(all, ", or ")
}

// completion is what the model is given and what it should answer.
func completion(v view) ([]chat.Segment, error) {
	return pair(v, "prompt", "completion")
}

func pair(v view, given, learned string) ([]chat.Segment, error) {
	p, err := v.text(given)
	if err != nil {
		return nil, err
	}
	c, err := v.text(learned)
	return []chat.Segment{{Text: p}, {Text: c, Learn: true}}, err
}

// text is learned from its beginning to its end.
func text(v view) ([]chat.Segment, error) {
	t, err := v.text("text")
	return []chat.Segment{{Text: t, Learn: true}}, err
}

// instruction renders a task as Alpaca's training did.
//
// Taori et al., Stanford Alpaca: An Instruction-following LLaMA Model, 2023.
func instruction(v view) ([]chat.Segment, error) {
	s, err := pair(v, "instruction", "output")
	if err != nil {
		return nil, err
	}
	const below, complete = "Below is an instruction that describes a task", "Write a response that appropriately completes the request."
	prompt := below + ". " + complete + "\n\n### Instruction:\n" + s[0].Text
	if v.value("input") != nil {
		input, err := v.text("input")
		if err != nil {
			return nil, err
		}
		if input != "" {
			prompt = below + ", paired with an input that provides further context. " + complete +
				"\n\n### Instruction:\n" + s[0].Text + "\n\n### Input:\n" + input
		}
	}
	s[0].Text = prompt + "\n\n### Response:\n"
	return s, nil
}

// messages is a conversation, as the model's template writes it: the assistant's
// turns are learned.
func messages(v view) ([]chat.Segment, error) {
	c, err := v.talk()
	if err != nil {
		return nil, err
	}
	if v.o.LossOn == "all" {
		text, err := v.o.Chat.Render(c, false)
		return []chat.Segment{{Text: text, Learn: true}}, err
	}
	return v.o.Chat.Segments(c, v.o.LossOn == "last")
}

// Talk is the conversation that a record holds in its column messages, perhaps
// with tools, and with other variables of the template.
func Talk(r Record) (chat.Conversation, error) { return view{Record: r}.talk() }

func (v view) talk() (c chat.Conversation, err error) {
	var list []json.RawMessage
	if v.json("messages", &list) != nil || len(list) == 0 {
		return c, fmt.Errorf(`messages is no list such as [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}]`)
	}
	c = chat.Conversation{Messages: make([]chat.Message, len(list)), Set: jinja.NewMap()}
	for i, raw := range list {
		if err := json.Unmarshal(raw, &c.Messages[i]); err != nil {
			return c, fmt.Errorf("message %d: %w", i+1, err)
		}
	}
	var tools json.RawMessage
	err = v.json("tools", &tools)
	if err == nil && tools != nil {
		c.Tools, err = jinja.Decode(tools)
	}
	if err != nil {
		return c, fmt.Errorf("tools is no JSON: %w", err)
	}
	if err := v.json(kwargs, &c.Set); err != nil {
		return c, fmt.Errorf("%s is no JSON object: %w", kwargs, err)
	}
	return c, nil
}

// kwargs is the column that other programs have for a template's variables.
const kwargs = "chat_template_kwargs"

// choose finds the form of a dataset from the columns of its first record.
// rename maps usual names to those of the file.
func choose(columns map[string]any, rename map[string]string) (*form, error) {
	have := slices.Sorted(maps.Keys(columns))
	for usual, name := range rename {
		if !slices.ContainsFunc(forms, func(f form) bool { return f.reads(usual) }) {
			return nil, fmt.Errorf("map: nothing here reads a column %q: want %s", usual, Expected())
		}
		if _, ok := columns[name]; !ok {
			return nil, fmt.Errorf("map: %s is to be read from column %q, and the columns are %s", usual, name, names(have))
		}
	}
	for i := range forms {
		f, fits := &forms[i], true
		for _, c := range f.need {
			_, ok := columns[named(rename, c)]
			fits = fits && ok
		}
		for usual := range rename {
			fits = fits && f.reads(usual)
		}
		if fits {
			return f, nil
		}
	}
	return nil, fmt.Errorf("the columns are %s; looked for %s: rename them, or say which is which (--map prompt=question)", names(have), Expected())
}

func (f *form) reads(usual string) bool {
	return slices.Contains(f.need, usual) || slices.Contains(f.may, usual)
}

func named(rename map[string]string, usual string) string {
	if name, ok := rename[usual]; ok {
		return name
	}
	return usual
}

// names joins column names for an error.
func names(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	const most = 12
	var q []string
	for _, n := range list[:min(most, len(list))] {
		q = append(q, fmt.Sprintf("%.40q", n))
	}
	if len(list) > most {
		q = append(q, "…")
	}
	return strings.Join(q, ", ")
}

// view reads one record under usual names.
type view struct {
	Record
	o Options
}

func (v view) value(column string) any { return v.Columns[named(v.o.Map, column)] }

// json decodes a column that holds JSON, or the text of JSON, as a column of CSV
// does. One that is not there, or null, or empty, leaves to as it is.
func (v view) json(column string, to any) error {
	switch x := v.value(column).(type) {
	case json.RawMessage:
		return json.Unmarshal(x, to)
	case string:
		if x == "" {
			return nil
		}
		return json.Unmarshal([]byte(x), to)
	case nil:
		return nil
	}
	return fmt.Errorf("want a list or an object")
}

// text reads a column that holds text; a number is read as it is written.
func (v view) text(column string) (string, error) {
	name := named(v.o.Map, column)
	switch x := v.Columns[name].(type) {
	case string:
		return x, nil
	case json.Number:
		return x.String(), nil
	case nil:
		if _, ok := v.Columns[name]; ok {
			return "", fmt.Errorf("column %q is null: want text", name)
		}
		return "", fmt.Errorf("there is no column %q, which the first record has", name)
	default:
		return "", fmt.Errorf("column %q is no text", name)
	}
}
