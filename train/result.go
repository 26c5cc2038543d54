package train

import (
	"context"
	"path/filepath"

	"github.com/rotor-lm/rotor/hub"
	"github.com/rotor-lm/rotor/peft"
)

// Result is the folder in out that holds what a method made: adapter, or model
// where the whole model learned.
func (c Config) Result() string {
	if c.whole() {
		return filepath.Join(c.Out, "model")
	}
	return filepath.Join(c.Out, "adapter")
}

func (c Config) whole() bool {
	_, full := c.Options.(*peft.Full)
	return full || c.Method == Scratch
}

// write puts what has been learned so far into a folder, whole or not at all. An
// interrupted run keeps it too.
func (r *run) write(dir string) error {
	if r.whole() {
		return hub.Save(context.WithoutCancel(r.ctx), dir, r.base.Config, r.model, hub.SaveOptions{Tokenizer: r.Config.Model, Replace: true})
	}
	return peft.Save(dir, r.Options, r.model, peft.SaveOptions{Base: r.Config.Model, Replace: true})
}
