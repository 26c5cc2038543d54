package tokenizer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
)

// config is what stands beside a tokenizer: which of its tokens begin, end and
// fill a text, and whatever else its tokenizer_config.json says, kept as it is.
type config struct {
	names       map[string]string // "bos", "eos", "pad", "unk" → token
	ids         map[string][]int32
	PrefixSpace bool
	added       []AddedToken // of vocab.json + merges.txt: added_tokens.json, added_tokens_decoder
	rest        map[string]json.RawMessage
}

var roles = []string{"bos", "eos", "pad", "unk"}

// BOS is the token that begins a text, false where the tokenizer has none.
func (t *Tokenizer) BOS() (int32, bool) { return t.role("bos") }

// EOS is the token that ends a text.
func (t *Tokenizer) EOS() (int32, bool) { return t.role("eos") }

// Pad is the token that fills a row, which no model should see.
func (t *Tokenizer) Pad() (int32, bool) { return t.role("pad") }

// Unk is the token for what the vocabulary lacks.
func (t *Tokenizer) Unk() (int32, bool) { return t.role("unk") }

// Stops returns every token that ends a generation: EOS, and what else the
// model's own configuration names.
func (t *Tokenizer) Stops() []int32 {
	var stops []int32
	if id, ok := t.EOS(); ok {
		stops = append(stops, id)
	}
	for _, id := range t.config.ids["eos"] {
		if !slices.Contains(stops, id) && t.Token(id) != "" {
			stops = append(stops, id)
		}
	}
	return stops
}

func (t *Tokenizer) role(role string) (int32, bool) {
	if name, ok := t.config.names[role]; ok {
		if id, ok := t.ID(name); ok {
			return id, true
		}
	}
	for _, id := range t.config.ids[role] {
		if t.Token(id) != "" {
			return id, true
		}
	}
	return 0, false
}

func readConfig(from string, read func(name string) ([]byte, error)) (config, error) {
	c := config{names: map[string]string{}, ids: map[string][]int32{}}
	for _, name := range []string{"tokenizer_config.json", "special_tokens_map.json", "generation_config.json", "config.json", "added_tokens.json"} {
		data, err := read(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		var all map[string]json.RawMessage
		if err == nil {
			err = json.Unmarshal(data, &all)
		}
		if err == nil && name == "added_tokens.json" {
			err = c.readAdded(data)
		} else if err == nil {
			err = c.read(all)
		}
		if err != nil {
			return c, fmt.Errorf("tokenizer: %s: %w", filepath.Join(from, name), err)
		}
		if name == "tokenizer_config.json" {
			c.rest = all
		}
	}
	return c, nil
}

// read takes what one file says of the roles; what an earlier file said stays.
func (c *config) read(all map[string]json.RawMessage) error {
	for _, role := range roles {
		if name, ok := tokenName(all[role+"_token"]); ok && c.names[role] == "" {
			c.names[role] = name
		}
		if raw := all[role+"_token_id"]; !absent(raw) && c.ids[role] == nil {
			ids, err := oneOrMore(raw)
			if err != nil {
				return fmt.Errorf("%s_token_id: %w", role, err)
			}
			c.ids[role] = ids
		}
	}
	if raw := all["add_prefix_space"]; !absent(raw) {
		if err := json.Unmarshal(raw, &c.PrefixSpace); err != nil {
			return fmt.Errorf("add_prefix_space: %w", err)
		}
	}
	if raw := all["added_tokens_decoder"]; !absent(raw) {
		var tokens map[int32]AddedToken
		if err := json.Unmarshal(raw, &tokens); err != nil {
			return fmt.Errorf("added_tokens_decoder: %w", err)
		}
		for id, token := range tokens {
			token.ID = id
			c.added = append(c.added, token)
		}
	}
	return nil
}

func (c *config) readAdded(data []byte) error {
	var ids map[string]int32
	if err := json.Unmarshal(data, &ids); err != nil {
		return err
	}
	for content, id := range ids {
		c.added = append(c.added, AddedToken{ID: id, Content: content, Normalized: true})
	}
	return nil
}

// tokenName reads a token that is written as a string or as an AddedToken.
func tokenName(raw json.RawMessage) (string, bool) {
	var name string
	if json.Unmarshal(raw, &name) == nil {
		return name, name != ""
	}
	var token AddedToken
	if json.Unmarshal(raw, &token) == nil {
		return token.Content, token.Content != ""
	}
	return "", false
}

func oneOrMore(raw json.RawMessage) ([]int32, error) {
	var ids []int32
	if json.Unmarshal(raw, &ids) == nil {
		return ids, nil
	}
	var id int32
	err := json.Unmarshal(raw, &id)
	return []int32{id}, err
}

// addedTokens returns the added tokens of a vocabulary without tokenizer.json:
// those that its configuration lists, then those that have a role, by default
// GPT-2's <|endoftext|> where the vocabulary has it.
func (c *config) addedTokens(vocab map[string]int32) []AddedToken {
	tokens := slices.Clone(c.added)
	slices.SortFunc(tokens, func(a, b AddedToken) int { return int(a.ID) - int(b.ID) })
	if len(c.names) == 0 {
		for _, role := range []string{"bos", "eos", "unk"} {
			c.names[role] = endOfText
		}
	}
	for _, role := range roles {
		name := c.names[role]
		at := slices.IndexFunc(tokens, func(t AddedToken) bool { return t.Content == name })
		if id, ok := vocab[name]; ok && at < 0 {
			tokens = append(tokens, AddedToken{ID: id, Content: name, Special: true})
		} else if at >= 0 {
			tokens[at].Special = true
		}
	}
	return tokens
}

const endOfText = "<|endoftext|>"

// json writes tokenizer_config.json: what was read, with the roles as they are.
func (c *config) json() []byte {
	all := map[string]any{"tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": false}
	for key, raw := range c.rest {
		all[key] = raw
	}
	for role, name := range c.names {
		if _, ok := c.rest[role+"_token"]; !ok {
			all[role+"_token"] = name
		}
	}
	var out bytes.Buffer
	if err := newEncoder(&out).Encode(all); err != nil {
		panic(err) // strings, and JSON that was read
	}
	return out.Bytes()
}
