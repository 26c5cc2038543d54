package hub

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rotor-lm/rotor/chat"
	"github.com/rotor-lm/rotor/tokenizer"
)

// Chat finds the form of the model's conversations: its own template, or ChatML
// where it has none.
func (m *Model) Chat(t *tokenizer.Tokenizer) (*chat.Template, error) {
	return conversations(m.Dir, m.read, t)
}

// Chat finds the form of the conversations of a model, or of a tokenizer that
// stands alone.
func Chat(ref string, t *tokenizer.Tokenizer) (c *chat.Template, err error) {
	err = reading(ref, func(path string, read reader) error {
		c, err = conversations(path, read, t)
		return err
	})
	return c, err
}

// ChatTokens is what a template can know of the tokens of a model, or of a
// tokenizer that stands alone.
func ChatTokens(ref string, t *tokenizer.Tokenizer) (tokens chat.Tokens, err error) {
	err = reading(ref, func(path string, read reader) error {
		tokens, err = spelled(path, read, t)
		return err
	})
	return tokens, err
}

// reading hands over what stands beside the weights, or the tokenizer, of a model.
func reading(ref string, use func(path string, read reader) error) error {
	path, err := Find(ref)
	if err != nil {
		return err
	}
	if filepath.Base(path) == "tokenizer.json" {
		path = filepath.Dir(path)
	}
	read, src, err := beside(path)
	if err != nil {
		return err
	}
	if src != nil {
		defer src.Close()
	}
	return use(path, read)
}

func conversations(ref string, read reader, t *tokenizer.Tokenizer) (*chat.Template, error) {
	tokens, err := spelled(ref, read, t)
	if err != nil {
		return nil, err
	}
	c, err := chat.Open(read, tokens)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", ref, err)
	}
	if info, err := os.Stat(ref); err == nil && !info.IsDir() && c.Own() { // it stands among the metadata of a file
		c.Name = "the model's own template (in " + filepath.Base(ref) + ")"
	}
	return c, nil
}

// spelled is what a template can know of the tokens of a model.
func spelled(ref string, read reader, t *tokenizer.Tokenizer) (chat.Tokens, error) {
	tokens := chat.Tokens{Named: map[string]string{}}
	for _, name := range []string{"tokenizer_config.json", "special_tokens_map.json"} {
		text, err := read(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = named(tokens.Named, text)
		}
		if err != nil {
			return tokens, fmt.Errorf("hub: %s: %s: %w", ref, name, err)
		}
	}
	for _, id := range t.Stops() {
		tokens.Stops = append(tokens.Stops, t.Decode([]int32{id}))
	}
	for _, a := range t.Added() {
		tokens.Added = append(tokens.Added, a.Content)
	}
	return tokens, nil
}

// named collects bos_token and whatever else ends so: a text, or an object with
// its content. What an earlier file said stays.
func named(to map[string]string, text []byte) error {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil {
		return err
	}
	for key, raw := range all {
		if _, known := to[key]; known || !strings.HasSuffix(key, "_token") {
			continue
		}
		var token struct{ Content string }
		if json.Unmarshal(raw, &token.Content) != nil && json.Unmarshal(raw, &token) != nil || token.Content == "" {
			continue // null, or a switch such as add_bos_token
		}
		to[key] = token.Content
	}
	return nil
}
