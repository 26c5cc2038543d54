package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/rotor-lm/rotor/chat"
	"github.com/rotor-lm/rotor/generate"
	"github.com/rotor-lm/rotor/hub"
	"github.com/rotor-lm/rotor/jinja"
	"github.com/rotor-lm/rotor/peft"
	"github.com/rotor-lm/rotor/sample"
	"github.com/rotor-lm/rotor/tokenizer"
)

// talk is a conversation on its way.
type talk struct {
	*env
	flags   chatCmd
	base    *hub.Model
	tok     *tokenizer.Tokenizer
	form    *chat.Template
	gen     *generate.Generator
	stack   []string // the adapters that stand on the model
	request generate.Request

	so    chat.Conversation
	left  int    // messages that the context has no more room for, behind the system's
	turns uint64 // answers so far: each has a random stream of its own
	file  string // where the conversation was saved or loaded
	input input
}

// begin opens all that a conversation needs.
func (c chatCmd) begin(e *env) (*talk, error) {
	t := &talk{env: e, flags: c}
	var err error
	if err = c.variables(&t.so); err != nil {
		return nil, err
	}
	if t.base, err = hub.Open(c.Model); err != nil {
		return nil, err
	}
	fail := func(err error) (*talk, error) { return nil, errors.Join(err, t.base.Close()) }
	if t.tok, err = t.base.Tokenizer(); err != nil {
		return fail(err)
	}
	if t.form, err = t.base.Chat(t.tok); err != nil {
		return fail(err)
	}
	if t.request, err = c.request(t.base, e); err != nil {
		return fail(err)
	}
	if t.so.Tools != nil && !t.form.Knows("tools") {
		return fail(usagef("--tools: %s has no form for tools", t.form.Name))
	}
	t.request.StopIDs, t.request.Stop = stops(t.form, t.tok)
	if err := t.adapt(c.Adapter); err != nil {
		return fail(err)
	}
	if c.Load != "" {
		if err := t.load(c.Load); err != nil {
			return fail(err)
		}
	}
	if c.System != "" {
		t.system(c.System)
	}
	return t, nil
}

// variables reads --set and --tools.
func (c chatCmd) variables(so *chat.Conversation) error {
	so.Set = jinja.NewMap()
	for _, s := range c.Set {
		name, value, ok := strings.Cut(s, "=")
		if !ok || name == "" {
			return usagef("--set %s: want a name and its value, enable_thinking=false", s)
		}
		v, err := jinja.Decode([]byte(value))
		if err != nil {
			v = value // a text need not be quoted
		}
		so.Set.Set(name, v)
	}
	if c.Tools == "" {
		return nil
	}
	text, err := os.ReadFile(c.Tools)
	if err != nil {
		return err
	}
	if so.Tools, err = jinja.Decode(text); err != nil {
		return fmt.Errorf("chat: %s: %w", c.Tools, err)
	}
	if _, ok := so.Tools.(jinja.List); !ok {
		return fmt.Errorf("chat: %s: want a JSON list of tools", c.Tools)
	}
	return nil
}

// request is how every answer is asked for: as the flags say, or else as the
// model's makers do.
func (c chatCmd) request(m *hub.Model, e *env) (r generate.Request, err error) {
	g, err := m.Generation()
	if err != nil {
		return r, err
	}
	if greedy := g.Sample != nil && !*g.Sample; !greedy && g.Temperature == nil && g.TopP == nil && g.TopK == nil {
		usual, nucleus := 0.7, 0.95
		g.Temperature, g.TopP = &usual, &nucleus
	}
	o := sample.Options{
		Temperature: first(1, c.Temperature, g.Temperature), TopK: first(0, c.TopK, g.TopK), TopP: first(0, c.TopP, g.TopP),
		MinP: first(0, c.MinP, g.MinP), RepetitionPenalty: first(0, c.Penalty, g.Penalty),
	}
	if c.Greedy || c.Temperature == nil && g.Sample != nil && !*g.Sample {
		o.Temperature = 0
	}
	if err := o.Check(); err != nil {
		return r, usageError{err}
	}
	return generate.Request{Max: c.MaxTokens, Sample: o, Seed: e.seed()}, nil
}

// first is the first value that there is.
func first[T any](otherwise T, values ...*T) T {
	for _, v := range values {
		if v != nil {
			return *v
		}
	}
	return otherwise
}

// stops are the tokens that end an answer, and the texts that do where they are no
// tokens of the vocabulary.
func stops(form *chat.Template, tok *tokenizer.Tokenizer) (ids []int32, texts []string) {
	ids = tok.Stops()
	for _, end := range form.Ends() {
		if one := tok.Encode(end); len(one) != 1 {
			texts = append(texts, end)
		} else if !slices.Contains(ids, one[0]) {
			ids = append(ids, one[0])
		}
	}
	return ids, texts
}

// adapt puts a stack of adapters on the model, in the place of the one before.
func (t *talk) adapt(stack []string) (err error) {
	m := t.base.Model
	for _, dir := range stack {
		if m, _, err = peft.Apply(m, dir, peft.Options{Frozen: true}); err != nil {
			return err
		}
	}
	gen, err := generate.New(m, generate.Options{Tokenizer: t.tok, Sequences: 1, Context: t.flags.Context, Exact: t.flags.Exact})
	if err != nil {
		return err
	}
	t.gen, t.stack = gen, stack
	return nil
}

// reply is one answer.
type reply struct {
	Role    string          `json:"role"`
	Content string          `json:"content"`
	Reason  generate.Reason `json:"reason"`
	Tokens  int             `json:"tokens"`
	Prompt  int             `json:"prompt_tokens"`
	Reused  int             `json:"reused"`  // of them, that were not read again
	Dropped int             `json:"dropped"` // messages that the context has no room for
	Seconds float64         `json:"seconds"`
}

// errInterrupted is an interrupt that the command took for itself.
var errInterrupted = errors.New("interrupted")

// ask lets the model answer, and prints the answer as it comes. What was asked and
// answered is then part of the conversation; an answer that was interrupted too.
func (t *talk) ask(ctx context.Context, text string) error {
	before := len(t.so.Messages)
	t.so.Messages = append(t.so.Messages, say(text))
	prompt, err := t.fit()
	if err != nil {
		t.so.Messages = t.so.Messages[:before]
		return err
	}
	r := t.request
	r.Prompt, r.Stream = prompt, t.turns
	a := reply{Role: "assistant", Prompt: len(prompt), Reused: t.gen.Shared(r), Dropped: t.left}
	from := time.Now()
	for ev, err := range t.gen.Continue(ctx, r) {
		if err != nil && errors.Is(context.Cause(ctx), errInterrupted) {
			a.Reason = "interrupt"
			break
		}
		if err != nil {
			t.so.Messages = t.so.Messages[:before]
			t.printf("\n")
			return err
		}
		a.Tokens++
		a.Content, a.Reason = a.Content+ev.Text, ev.Reason
		t.printf("%s", ev.Text)
	}
	a.Seconds = time.Since(from).Seconds()
	t.turns++
	t.so.Messages = append(t.so.Messages, chat.Say("assistant", a.Content))
	return t.told(a)
}

// told ends an answer on the screen.
func (t *talk) told(a reply) error {
	if t.JSON {
		return t.object(a)
	}
	t.printf("\n")
	switch a.Reason {
	case "interrupt":
		t.note("stopped")
	case generate.Length:
		t.note(fmt.Sprintf("cut at %d tokens: --max-tokens sets how many there may be", a.Tokens))
	case generate.Context:
		t.note(fmt.Sprintf("cut: the %d tokens of the context are full", t.gen.Context))
	}
	return nil
}

// reserve is how many tokens of the context an answer should have at least.
func (t *talk) reserve() int { return min(t.flags.MaxTokens, t.gen.Context/4, 512) }

// fit is the conversation in tokens, up to where the answer begins. Where it is
// longer than the context admits, its oldest turns are left out, but not what the
// system says.
func (t *talk) fit() ([]int32, error) {
	start := t.left
	for {
		text, err := t.form.Render(t.visible(), true)
		if err != nil {
			return nil, err
		}
		ids := formed(t.form, t.tok, text)
		if id := slices.Max(append(ids, 0)); int(id) >= t.base.Info().Vocab {
			return nil, fmt.Errorf("chat: the text has the token %d, and the model's vocabulary ends at %d", id, t.base.Info().Vocab-1)
		}
		if len(ids)+t.reserve() <= t.gen.Context {
			if t.left > start {
				t.note(fmt.Sprintf("the context has %d tokens: the oldest %d messages are left out", t.gen.Context, t.left))
			}
			return ids, nil
		}
		if !t.drop() {
			if len(ids) < t.gen.Context {
				return ids, nil // with less room for the answer
			}
			t.left = start
			return nil, fmt.Errorf("chat: this takes %d tokens, and the context has %d: say less, or raise --context", len(ids), t.gen.Context)
		}
	}
}

// visible is the conversation without what is left out.
func (t *talk) visible() chat.Conversation {
	so, n := t.so, t.systems()
	so.Messages = append(slices.Clone(so.Messages[:n]), so.Messages[n+t.left:]...)
	return so
}

// systems is the number of messages that the system begins with.
func (t *talk) systems() int {
	n := 0
	for n < len(t.so.Messages) && t.so.Messages[n].Role() == "system" {
		n++
	}
	return n
}

// drop leaves out what comes before the second question that is still there.
func (t *talk) drop() bool {
	n := t.systems()
	for i := n + t.left + 1; i < len(t.so.Messages); i++ {
		if t.so.Messages[i].Role() == "user" {
			t.left = i - n
			return true
		}
	}
	return false
}

// system sets what the model is told first.
func (t *talk) system(text string) {
	t.so.Messages = slices.Delete(t.so.Messages, 0, t.systems())
	if text != "" {
		t.so.Messages = slices.Insert(t.so.Messages, 0, chat.Say("system", text))
	}
}

// note tells people, and programs, what happened beside the answers.
func (t *talk) note(text string) {
	switch {
	case t.JSON:
		_ = t.object(struct {
			Note string `json:"note"`
		}{text})
	case t.Asks:
		t.printf("%s\n", t.paint(faint, "("+text+")"))
	default:
		fmt.Fprintf(t.Stderr, "rotor: %s\n", text)
	}
}

// complain tells of a turn that failed.
func (t *talk) complain(err error) {
	if t.JSON {
		_ = t.object(struct {
			Error string `json:"error"`
		}{oneLine(err)})
		return
	}
	fmt.Fprintf(t.Stderr, "rotor: %s\n", oneLine(err))
}

func (t *talk) greet() {
	info := t.base.Info()
	t.printf("%s\n", t.paint(faint, fmt.Sprintf("%s, context %s, %s", info.Architecture, count(t.gen.Context), t.form.Name)))
	t.printf("%s\n", t.paint(faint, "/help lists the commands; Ctrl-C stops an answer, Ctrl-D ends"))
}
