package hub

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/rotor-lm/rotor/checkpoint"
	"github.com/rotor-lm/rotor/checkpoint/safetensors"
	"github.com/rotor-lm/rotor/internal/atomicfile"
	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
)

// SaveOptions say how a model is written. The zero value keeps the type in
// which each weight is held and refuses a folder that exists.
type SaveOptions struct {
	DType     checkpoint.DType // F32, BF16 or F16; empty keeps what there is
	Tokenizer string           // a model, folder or file, whose tokenizer files are copied; empty for none
	Replace   bool             // take the place of a model folder that exists
	ShardSize int64            // bytes of one file at most; zero means 5 GB

	// Check, if there is one, looks at the folder before it takes its place. An
	// error from it takes the folder away.
	Check func(dir string) error
}

// companions are the files that stand beside the weights and belong to the
// text: what a tokenizer is made of, and how a model likes to be asked.
var companions = []string{
	"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
	"vocab.json", "merges.txt", "tokenizer.model", "vocab.txt",
	"chat_template.jinja", "chat_template.json", "generation_config.json",
}

// Written are patterns of the names of all files that Save may write.
func Written() []string {
	return append([]string{"model*.safetensors", "model.safetensors.index.json", "config.json"}, companions...)
}

// Save writes a model folder, whole or not at all: config.json, the weights in
// safetensors, and the files of a tokenizer. config is that of the model; Save
// corrects what it says of the element type and of a head that is no longer
// tied, and refuses it if the tensors that it asks for are not those of m, as
// they are not where an adapter has not been merged. It ends soon after ctx.
func Save(ctx context.Context, dir string, config []byte, m model.Model, o SaveOptions) error {
	fill := func(tmp string) error {
		err := Write(ctx, tmp, config, m, o)
		if err == nil && o.Check != nil {
			err = o.Check(tmp)
		}
		return err
	}
	if o.Replace {
		return atomicfile.ReplaceDir(dir, fill, Written()...)
	}
	return atomicfile.CreateDir(dir, fill)
}

// Write is [Save] into a folder that exists, for a caller who puts more beside
// the model and makes the whole atomic.
func Write(ctx context.Context, dir string, config []byte, m model.Model, o SaveOptions) error {
	config, err := describe(config, m, o.DType)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "config.json"), config, 0o644); err != nil {
		return err
	}
	if o.Tokenizer != "" {
		if err := copyBeside(dir, o.Tokenizer); err != nil {
			return err
		}
	}
	if o.ShardSize == 0 {
		o.ShardSize = 5e9
	}
	// transformers asks for the format by this name.
	return safetensors.WriteFolder(ctx, dir, safetensors.Weights(nn.Params(m), o.DType), map[string]string{"format": "pt"}, o.ShardSize)
}

// describe returns config as it must be for the tensors of m.
func describe(config []byte, m model.Model, d checkpoint.DType) ([]byte, error) {
	have := map[string][]int{}
	size := map[checkpoint.DType]int{}
	for name, t := range nn.Params(m) {
		have[name] = t.Shape
		size[checkpoint.DType(t.DType.String())] += t.Len()
	}
	if d == "" { // the type of most elements
		for k, n := range size {
			if d == "" || n > size[d] {
				d = k
			}
		}
	}
	changes := map[string]any{}
	if _, ok := have["lm_head.weight"]; ok {
		changes["tie_word_embeddings"] = false
	}
	config, err := Typed(config, d)
	if err == nil {
		config, err = model.Edit(config, changes)
	}
	if err != nil {
		return nil, err
	}
	want, err := model.New(config)
	if err != nil {
		return nil, err
	}
	for name, t := range nn.Params(want) {
		if shape, ok := have[name]; !ok || !slices.Equal(shape, t.Shape) {
			return nil, fmt.Errorf("hub: cannot save the model: its config.json asks for tensor %q %d, and the model has %s", name, t.Shape, has(shape, ok))
		}
		delete(have, name)
	}
	for name := range have {
		return nil, fmt.Errorf("hub: cannot save the model: tensor %q has no place in a plain %s: merge the adapter first", name, m.Info().Architecture)
	}
	return config, nil
}

// Typed returns config as it is for weights of a type: what it says of the type,
// and of the kind of model, by which transformers finds its classes.
func Typed(config []byte, d checkpoint.DType) ([]byte, error) {
	var old map[string]json.RawMessage
	var c struct {
		Architectures []string `json:"architectures"`
	}
	err := json.Unmarshal(config, &old)
	if err == nil {
		err = json.Unmarshal(config, &c)
	}
	if err != nil {
		return nil, fmt.Errorf("hub: config.json: %w", err)
	}
	key := "dtype"
	if _, ok := old["torch_dtype"]; ok {
		key = "torch_dtype"
	}
	changes := map[string]any{key: map[checkpoint.DType]string{checkpoint.F32: "float32", checkpoint.BF16: "bfloat16", checkpoint.F16: "float16"}[d]}
	if changes[key] == "" {
		return nil, fmt.Errorf("hub: a model is saved as F32, BF16 or F16, not as %s", d)
	}
	if _, ok := old["model_type"]; !ok && len(c.Architectures) == 1 {
		changes["model_type"] = model.Type(c.Architectures[0])
	}
	return model.Edit(config, changes)
}

func has(shape []int, ok bool) string {
	if !ok {
		return "none of that name"
	}
	return fmt.Sprint(shape)
}
