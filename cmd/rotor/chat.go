package main

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/rotor-lm/rotor/chat"
)

type chatCmd struct {
	adapted
	Question  string   `arg:"" optional:"" help:"A question: answer it, and end."`
	System    string   `placeholder:"TEXT" help:"What the model is told before all else."`
	Load      string   `placeholder:"FILE" help:"Go on with a conversation that /save wrote, or with the first of a JSONL file of messages."`
	Tools     string   `placeholder:"FILE" help:"A JSON list of what the model may call, as its template wants it."`
	Set       []string `sep:"none" placeholder:"NAME=VALUE" help:"A variable of the model's chat template, such as enable_thinking=false; may be repeated."`
	MaxTokens int      `name:"max-tokens" default:"1024" help:"Tokens of an answer at most (${default})."`
	Context   int      `placeholder:"N" help:"Tokens of the whole conversation at most; as many as the model was made for."`

	Greedy      bool     `xor:"how" help:"Always the most probable token."`
	Temperature *float64 `placeholder:"T" xor:"how" help:"Divide the logits by this; 0 is greedy."`
	TopK        *int     `name:"top-k" placeholder:"K" help:"Only the K most probable tokens."`
	TopP        *float64 `name:"top-p" placeholder:"P" help:"Only the most probable tokens that together reach the mass P."`
	MinP        *float64 `name:"min-p" placeholder:"P" help:"Only tokens of at least P times the probability of the first."`
	Penalty     *float64 `name:"repetition-penalty" placeholder:"X" help:"Divide the logits of tokens that have occurred."`
	Exact       bool     `help:"Do not round activations to eight bits where weights are in blocks."`
}

func (chatCmd) Help() string {
	return `What is said goes through the model's own chat template; a model without one gets ChatML. What a turn shares with
the one before is not read again. Where no sampling is asked for, it is that of the model's generation_config.json, or
else temperature 0.7 and top-p 0.95. An interrupt (Ctrl-C) stops an answer; two at the prompt end the program, and so
does the end of the input. Lines come from standard input, one a turn; a line that ends in \ goes on in the next. At a
terminal the arrows move in the line and bring back those before, and what is pasted is one turn, whatever its lines.
Commands begin with a slash, /help lists them, and // begins a text that starts with one. With --json: one object an
answer, {"role": "assistant", "content": "…", "reason": "eos|stop|length|context|interrupt", "tokens": N,
"prompt_tokens": N, "reused": N, "dropped": N}, or {"error": "…"}, or {"note": "…"} for a command.

Examples:

    rotor chat --model ./model
    rotor chat --model HuggingFaceTB/SmolLM2-135M-Instruct --adapter ./adapter --system "Answer in one sentence."
    rotor chat --model ./model.gguf "Why is the sea salt?" --temperature 0.3
    rotor chat --model ./model --set enable_thinking=false --greedy --json < questions.txt`
}

// Run talks until the input ends.
func (c chatCmd) Run(ctx context.Context, e *env) error {
	if c.MaxTokens < 1 || c.Context < 0 {
		return usagef("--max-tokens is %d and --context %d: want 1 or more, and 0 or more", c.MaxTokens, c.Context)
	}
	t, err := c.begin(e)
	if err != nil {
		return err
	}
	defer t.base.Close()
	if c.Question != "" {
		return t.ask(ctx, c.Question)
	}
	interrupts := e.signals.take()
	if e.Asks {
		t.greet()
	}
	t.input = t.listen()
	defer t.input.close()
	return t.talk(ctx, interrupts)
}

// talk takes turn after turn. Of the input of a program errors are told and, when
// all is done, make the exit code; a person has seen them.
func (t *talk) talk(ctx context.Context, interrupts <-chan struct{}) error {
	var failure error
	var coming <-chan line
	for interrupted := false; ; {
		if coming == nil {
			coming = t.input.next()
		}
		var l line
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-interrupts:
			l.interrupt = true
		case l = <-coming:
			coming = nil
		}
		switch {
		case l.interrupt && interrupted:
			return errInterrupted
		case l.interrupt:
			interrupted = true
			t.note("interrupt again to end")
			continue
		case l.end:
			return cmp.Or(l.err, failure)
		}
		interrupted = false
		end, err := t.turn(ctx, l.text, interrupts)
		if err != nil && !t.env.Asks {
			failure = errTold
		}
		if end || ctx.Err() != nil {
			return cmp.Or(ctx.Err(), failure)
		}
	}
}

// errTold is an error that was printed when it arose.
var errTold = errors.New("chat: not every turn was answered")

// turn does what a line says, and reports whether it was the last.
func (t *talk) turn(ctx context.Context, text string, interrupts <-chan struct{}) (end bool, err error) {
	switch {
	case strings.TrimSpace(text) == "":
		return false, nil
	case strings.HasPrefix(text, "//"):
		text = text[1:]
	case strings.TrimSpace(text) == "/retry":
		if text, err = t.takeBack(); err != nil {
			t.complain(err)
			return false, err
		}
	case strings.HasPrefix(text, "/"):
		end, err = t.command(text)
		if err != nil {
			t.complain(err)
		}
		return end, err
	}
	select {
	case <-interrupts: // one that came too late for the last answer
	default:
	}
	answering, stop := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		select {
		case <-interrupts:
			stop(errInterrupted)
		case <-done:
		}
	}()
	err = t.ask(answering, text)
	close(done)
	stop(nil)
	if err != nil && ctx.Err() == nil {
		t.complain(err)
	}
	return false, err
}

// command does what begins with a slash.
func (t *talk) command(text string) (end bool, err error) {
	name, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
	rest = strings.TrimSpace(rest)
	for _, c := range chatCommands {
		if c.name == name {
			return c.name == "/exit", t.run(c, rest)
		}
	}
	return false, t.unknown(name)
}

// say is a message of a user.
func say(text string) chat.Message { return chat.Say("user", strings.ToValidUTF8(text, "�")) }
