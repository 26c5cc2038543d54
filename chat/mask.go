package chat

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rotor-lm/rotor/jinja"
)

// Segments writes a conversation up to its last answer and says which parts of it
// the assistant said: the segments join to the text. With last only the last
// answer is to be learned.
//
// A template that marks the answers (generation blocks) is taken at its word. With
// any other, answer i is what stands between two renderings,
//
//	prompt_i = render(messages before i, with the prompt for an answer)
//	prompt_i + answer_i = render(messages up to i)
//
// as far as the token that ends the turn. Both hold only of a template that does
// not write the past anew when the conversation goes on: where the whole does not
// begin with prompt_i + answer_i, a model would be asked another text than the one
// that it was taught, and that is an error. So are tools, or calls of them, that the
// template leaves out.
func (t *Template) Segments(c Conversation, last bool) ([]Segment, error) {
	var answers []int
	for i, m := range c.Messages {
		if m.Role() == "assistant" {
			answers = append(answers, i)
		}
	}
	if len(answers) == 0 {
		return nil, fmt.Errorf("chat: no message of the role assistant: there is no answer to learn")
	}
	if err := t.leavesOut(c); err != nil {
		return nil, err
	}
	end := answers[len(answers)-1]
	c.Messages = c.Messages[:end+1]
	whole, err := t.render(c, false)
	if err != nil {
		return nil, err
	}
	if last {
		answers = answers[len(answers)-1:]
	}
	spans := make([][2]int, len(answers))
	for k, i := range answers {
		if spans[k], err = t.answer(c, i, whole.Text); err != nil {
			return nil, err
		}
	}
	if t.plain.Tracks() && !whole.Lost && len(whole.Generated) > 0 {
		marked := whole.Generated
		if last {
			marked = marked[len(marked)-1:]
		}
		spans = marked
	}
	return parts(whole.Text, spans), nil
}

// leavesOut is the error of a template that has no form for tools or their calls:
// a model would learn to say nothing where it is to call one.
func (t *Template) leavesOut(c Conversation) error {
	given := func(v any) bool { list, _ := v.(jinja.List); return len(list) > 0 }
	if given(c.Tools) && !t.Knows("tools") {
		return fmt.Errorf("chat: %s has no form for tools, and the conversation has some", t.Name)
	}
	for i, m := range c.Messages {
		if calls, _ := m.Get("tool_calls"); given(calls) && !t.Knows("tool_calls") {
			return fmt.Errorf("chat: %s has no form for tool_calls, and message %d has some: what is called could not be learned", t.Name, i+1)
		}
	}
	return nil
}

// answer finds where in the whole text answer i stands.
func (t *Template) answer(c Conversation, i int, whole string) (span [2]int, err error) {
	n := len(c.Messages)
	c.Messages = c.Messages[:i]
	prompt, err := t.Render(c, true)
	if err != nil {
		return span, err
	}
	said := whole
	if i+1 < n {
		c.Messages = c.Messages[:i+1]
		if said, err = t.Render(c, false); err != nil {
			return span, err
		}
	}
	if !strings.HasPrefix(said, prompt) {
		return span, t.unstable(i, "what it asks for an answer with is not what stands before the answer", prompt, said)
	}
	said = said[:len(prompt)+t.turn(said[len(prompt):])]
	if !strings.HasPrefix(whole, said) {
		return span, t.unstable(i, "it writes the past anew when the conversation goes on", said, whole)
	}
	return [2]int{len(prompt), len(said)}, nil
}

// turn is how much of what an answer adds belongs to it: up to the token that ends
// it, or where there is none, without the white space behind it.
func (t *Template) turn(text string) int {
	end := -1
	for _, token := range t.ends {
		if at := strings.LastIndex(text, token); at >= 0 {
			end = max(end, at+len(token))
		}
	}
	if end < 0 {
		end = len(strings.TrimRightFunc(text, unicode.IsSpace))
	}
	return end
}

// unstable is the error of a template whose text for a shorter conversation does
// not begin that for a longer one.
func (t *Template) unstable(i int, what, short, long string) error {
	at := 0
	for at < len(short) && at < len(long) && short[at] == long[at] {
		at++
	}
	for at > 0 && !utf8.RuneStart(long[min(at, len(long)-1)]) {
		at--
	}
	show := func(s string) string {
		r := []rune(s[min(at, len(s)):])
		if len(r) > 40 {
			return fmt.Sprintf("%q…", string(r[:40]))
		}
		return fmt.Sprintf("%q", string(r))
	}
	return fmt.Errorf("chat: %s cannot teach all answers of this conversation, for %s: after message %d comes %s, and later %s in its place; learn the last answer alone (--loss-on last), or give every answer a conversation of its own that ends with it",
		t.Name, what, i+1, show(short), show(long))
}

// parts cuts a text at the spans to be learned, which come in their order.
func parts(text string, learn [][2]int) []Segment {
	var out []Segment
	put := func(s string, learn bool) {
		if s != "" {
			out = append(out, Segment{s, learn})
		}
	}
	at := 0
	for _, s := range learn {
		put(text[at:s[0]], false)
		out = append(out, Segment{text[s[0]:s[1]], true})
		at = s[1]
	}
	put(text[at:], false)
	return out
}
