package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/rotor-lm/rotor/chat"
	"github.com/rotor-lm/rotor/data"
	"github.com/rotor-lm/rotor/internal/atomicfile"
	"github.com/rotor-lm/rotor/internal/nearest"
	"github.com/rotor-lm/rotor/jinja"
)

// chatCommand is what a line that begins with a slash can say. What is done by none
// of these functions, turn does.
type chatCommand struct {
	name, args, help string
	do               func(t *talk, rest string) error
}

var chatCommands []chatCommand

func init() {
	chatCommands = []chatCommand{
		{"/help", "", "list the commands", (*talk).help},
		{"/system", "[TEXT]", "tell the model this before all else; without a text, show what it is told", (*talk).systemCommand},
		{"/history", "", "show what was said", (*talk).history},
		{"/retry", "", "answer the last question anew", nil},
		{"/undo", "", "take back the last question and its answer", (*talk).undo},
		{"/reset", "", "forget what was said, but not what the system says", (*talk).reset},
		{"/save", "FILE", "write the conversation, as a line that rotor train reads", (*talk).save},
		{"/load", "FILE", "go on with a conversation that was saved", (*talk).load},
		{"/adapter", "[DIR… | none]", "put these adapters on the model; without a name, show which stand there", (*talk).adapter},
		{"/set", "[NAME=VALUE]", "set a variable of the chat template; without one, show them", (*talk).set},
		{"/exit", "", "end", nil},
	}
}

func (t *talk) run(c chatCommand, rest string) error {
	if c.do == nil {
		return nil
	}
	if rest != "" && c.args == "" {
		return fmt.Errorf("%s takes nothing behind it", c.name)
	}
	if rest == "" && c.args == "FILE" {
		return fmt.Errorf("%s wants the name of a file", c.name)
	}
	return c.do(t, rest)
}

func (t *talk) unknown(name string) error {
	var names []string
	for _, c := range chatCommands {
		names = append(names, c.name)
	}
	return fmt.Errorf("there is no command %s; the nearest is %s (/help lists all; // begins a text with a slash)", name, nearest.Word(name, names))
}

func (t *talk) help(string) error {
	var list table
	for _, c := range chatCommands {
		list.add(strings.TrimSpace(c.name+" "+c.args), "%s", c.help)
	}
	if t.JSON {
		for _, row := range list {
			t.note(row[0] + ": " + row[1])
		}
		return nil
	}
	list.print(t.env)
	return nil
}

func (t *talk) systemCommand(text string) error {
	if text != "" {
		t.system(text)
		t.note("the system's message is set")
		return nil
	}
	if t.systems() == 0 {
		t.note("the system says nothing")
	}
	for _, m := range t.so.Messages[:t.systems()] {
		t.note(m.Content())
	}
	return nil
}

func (t *talk) history(string) error {
	if len(t.so.Messages) == 0 {
		t.note("nothing was said")
	}
	for i, m := range t.so.Messages {
		gone := i >= t.systems() && i < t.systems()+t.left
		switch {
		case t.JSON:
			if err := t.object(m); err != nil {
				return err
			}
		default:
			t.printf("%s %s\n", t.paint(strong, m.Role()+map[bool]string{true: " (left out)"}[gone]+":"), m.Content())
		}
	}
	return nil
}

// takeBack makes the conversation what it was before the last question, which it
// returns.
func (t *talk) takeBack() (question string, err error) {
	for i := len(t.so.Messages) - 1; i >= t.systems(); i-- {
		if m := t.so.Messages[i]; m.Role() == "user" {
			t.so.Messages = t.so.Messages[:i]
			t.left = min(t.left, i-t.systems())
			return m.Content(), nil
		}
	}
	return "", errors.New("there is no question to take back")
}

func (t *talk) undo(string) error {
	_, err := t.takeBack()
	if err == nil {
		t.note(messages(len(t.so.Messages), " is", " are") + " left")
	}
	return err
}

func (t *talk) reset(string) error {
	t.so.Messages, t.left = t.so.Messages[:t.systems()], 0
	t.note("forgotten")
	return nil
}

// messages is how many there are, with what follows of one and of several.
func messages(n int, one, several string) string {
	if n == 1 {
		return "1 message" + one
	}
	return fmt.Sprintf("%d messages%s", n, several)
}

// saved is a conversation in a file: a line of the data that rotor train reads.
type saved struct {
	Messages []chat.Message `json:"messages"`
	Tools    any            `json:"tools,omitempty"`
}

// save takes no file's place but that of this conversation's own.
func (t *talk) save(path string) error {
	write := atomicfile.Create
	if path == t.file {
		write = atomicfile.Replace
	}
	err := write(path, func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		return enc.Encode(saved{t.so.Messages, t.so.Tools})
	})
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("chat: %s is already there, and is not of this conversation: name another file", path)
	}
	if err != nil {
		return err
	}
	t.file = path
	t.note(fmt.Sprintf("%s in %s", messages(len(t.so.Messages), " is", " are"), path))
	return nil
}

// load takes the first conversation of a file.
func (t *talk) load(path string) error {
	if st, err := os.Stat(path); err == nil && st.IsDir() {
		return fmt.Errorf("chat: %s is a folder: name the file of a conversation", path)
	}
	for r, err := range data.Read(path) {
		if err != nil {
			return err
		}
		so, err := data.Talk(r)
		if err != nil {
			return fmt.Errorf("chat: %s: %w", r.Place, err)
		}
		t.so.Messages, t.left, t.file = so.Messages, 0, path
		if so.Tools != nil {
			t.so.Tools = so.Tools
		}
		t.note(messages(len(so.Messages), "", ""))
		return nil
	}
	return fmt.Errorf("chat: %s holds no conversation", path)
}

func (t *talk) adapter(rest string) error {
	switch {
	case rest == "":
	case rest == "none":
		if err := t.adapt(nil); err != nil {
			return err
		}
	default:
		if err := t.adapt(slices.Clone(strings.Fields(rest))); err != nil {
			return err
		}
	}
	if len(t.stack) == 0 {
		t.note("the model stands alone")
		return nil
	}
	t.note("on the model stand: " + strings.Join(t.stack, ", "))
	return nil
}

func (t *talk) set(rest string) error {
	if rest != "" {
		so := chat.Conversation{}
		if err := (chatCmd{Set: []string{rest}}).variables(&so); err != nil {
			return err
		}
		for k, v := range so.Set.All() {
			t.so.Set.Set(k, v)
			if name, _ := k.(string); !t.form.Knows(name) {
				t.note("the template does not read " + name)
			}
		}
	}
	if t.so.Set.Len() == 0 {
		t.note("no variable is set")
	}
	for k, v := range t.so.Set.All() {
		text, err := json.Marshal(jinja.NewMap(k, v))
		if err != nil {
			return err
		}
		t.note(string(text))
	}
	return nil
}
