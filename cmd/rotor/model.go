package main

import (
	"errors"
	"strconv"

	"github.com/rotor-lm/rotor/hub"
	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/peft"
	"github.com/rotor-lm/rotor/tokenizer"
)

// adapted are the flags that name a model and what stands on it.
type adapted struct {
	Model   string   `short:"m" required:"" placeholder:"REF" help:"Model folder, GGUF file, owner/name or ollama:NAME."`
	Adapter []string `short:"a" sep:"none" placeholder:"REF" help:"Adapter folder, or owner/name; several are stacked in their order."`
}

// opened is a model with its adapters and, if the folder has one, its tokenizer.
type opened struct {
	model.Model
	folder *hub.Model
	tok    *tokenizer.Tokenizer
	tokErr error // why there is none
	asked  *asked
}

// open opens the model and puts the adapters on it; with merge it adds them to
// the weights.
func (f adapted) open(merge bool) (*opened, error) {
	h, err := hub.Open(f.Model)
	if err != nil {
		return nil, err
	}
	o := &opened{Model: h.Model, folder: h}
	o.tok, o.tokErr = h.Tokenizer()
	for _, ref := range f.Adapter {
		dir, err := hub.Find(ref)
		if err != nil {
			return nil, errors.Join(err, h.Close())
		}
		if o.Model, _, err = peft.Apply(o.Model, dir, peft.Options{Frozen: true}); err != nil {
			return nil, errors.Join(err, h.Close())
		}
	}
	if merge {
		if o.Model, err = peft.Merge(o.Model, 0); err != nil {
			return nil, errors.Join(err, h.Close())
		}
	}
	return o, nil
}

// Close unmaps the weights.
func (o *opened) Close() error { return o.folder.Close() }

// tokenizer is the model's tokenizer, or the error that says why it has none.
func (o *opened) tokenizer() (*tokenizer.Tokenizer, error) { return o.tok, o.tokErr }

// token is the spelling of an id, as far as there is a tokenizer.
func (o *opened) token(id int32) string {
	if o.tok == nil {
		return ""
	}
	return strconv.Quote(o.tok.Text([]int32{id}))
}

// read returns the tokens to read: the ids, or else the text in the model's
// tokens with those that the tokenizer puts around it. flag is that of the text.
func (o *opened) read(text, list, flag string) (ids []int32, err error) {
	if list != "" {
		if ids, err = parseIDs(list); err != nil {
			return nil, err
		}
	} else if text != "" {
		tok, err := o.tokenizer()
		if err != nil {
			return nil, err
		}
		if ids, err = o.asked.tokens(tok, text); err != nil {
			return nil, err
		}
	}
	return o.fits(ids, flag)
}

// fits refuses tokens that the model cannot read. flag is where they came from.
func (o *opened) fits(ids []int32, flag string) ([]int32, error) {
	if len(ids) == 0 {
		return nil, usagef("nothing to read: give %s or --ids with at least one token", flag)
	}
	info := o.Info()
	for _, id := range ids {
		if id < 0 || int(id) >= info.Vocab {
			return nil, usagef("token %d is not one of the model, whose ids go from 0 to %d", id, info.Vocab-1)
		}
	}
	if info.HardLimit && len(ids) > info.Context {
		return nil, usagef("%d tokens: the model has no more than %d positions", len(ids), info.Context)
	}
	return ids, nil
}
