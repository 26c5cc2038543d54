package main

import (
	"github.com/rotor-lm/rotor/chat"
	"github.com/rotor-lm/rotor/tokenizer"
)

// asked is the form in which a text is a question to the model; nil where it is a
// text to go on with.
type asked struct {
	form   *chat.Template
	system string
}

// ask has the model's texts read as questions, and returns what ends an answer.
func (o *opened) ask(system string) (ids []int32, texts []string, err error) {
	tok, err := o.tokenizer()
	if err != nil {
		return nil, nil, err
	}
	form, err := o.folder.Chat(tok)
	if err != nil {
		return nil, nil, err
	}
	o.asked = &asked{form, system}
	ids, texts = stops(form, tok)
	return ids, texts, nil
}

// tokens are those of a text that stands alone, or of a question up to where its
// answer begins.
func (a *asked) tokens(tok *tokenizer.Tokenizer, text string) ([]int32, error) {
	if a == nil {
		return tok.Wrap(tok.Encode(text)), nil
	}
	var so chat.Conversation
	if a.system != "" {
		so.Messages = append(so.Messages, chat.Say("system", a.system))
	}
	so.Messages = append(so.Messages, say(text))
	text, err := a.form.Render(so, true)
	if err != nil {
		return nil, err
	}
	return formed(a.form, tok, text), nil
}

// formed is what a model reads of a conversation that its form has written.
func formed(form *chat.Template, tok *tokenizer.Tokenizer, text string) []int32 {
	ids := tok.Encode(text)
	if !form.Own() {
		ids = tok.Wrap(ids)
	}
	return ids
}
