package gguf

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"reflect"
	"strings"
)

// kinds of token, in tokenizer.ggml.token_type, beside those of tokenizer.go.
const (
	normal = 1
	unused = 5 // fills the vocabulary up to the rows of the embedding
)

// tokenizerFile is what this format takes of tokenizer.json.
type tokenizerFile struct {
	Added      []addedToken    `json:"added_tokens"`
	Normalizer json.RawMessage `json:"normalizer"`
	Pre        json.RawMessage `json:"pre_tokenizer"`
	Post       json.RawMessage `json:"post_processor"`
	Model      struct {
		Type         string            `json:"type"`
		Vocab        map[string]int    `json:"vocab"`
		Merges       []json.RawMessage `json:"merges"`
		ByteFallback bool              `json:"byte_fallback"`
		IgnoreMerges bool              `json:"ignore_merges"`
		Unk          string            `json:"unk_token"`
	} `json:"model"`
}

// tokenNotes collects the notes of a tokenizer.
type tokenNotes struct {
	notes []Note
	first string // the token that is put before a text, "" for none
	last  string // and behind it
}

func (n *tokenNotes) add(key string, value any) { n.notes = append(n.notes, Note{key, value}) }

// tokenizer writes the notes of a folder's tokenizer, for a vocabulary of size
// tokens. Where there is none it says so, as llama.cpp wants to be told.
func (n *tokenNotes) tokenizer(read func(string) ([]byte, error), size int) error {
	text, err := read("tokenizer.json")
	if errors.Is(err, fs.ErrNotExist) {
		n.add("tokenizer.ggml.model", "none")
		return nil
	}
	var t tokenizerFile
	if err == nil {
		err = json.Unmarshal(text, &t)
	}
	if err == nil {
		if t.Model.Type == "BPE" && t.Model.ByteFallback {
			err = n.characters(&t, size)
		} else {
			err = n.byteLevel(&t, size)
		}
	}
	if err == nil {
		err = n.around(&t)
	}
	if err == nil {
		err = n.roles(&t, read)
	}
	if err != nil {
		return fmt.Errorf("tokenizer.json: %w", err)
	}
	return n.templates(read)
}

// byteLevel writes tokens and merges of a byte-level tokenizer.
func (n *tokenNotes) byteLevel(t *tokenizerFile, size int) error {
	if t.Model.Type != "BPE" {
		return fmt.Errorf("a %s model is not written; BPE is", clip(t.Model.Type))
	}
	pre, err := t.split()
	if err != nil {
		return err
	}
	tokens, kinds, err := t.tokens(size)
	if err != nil {
		return err
	}
	pairs, err := t.merges()
	if err != nil {
		return err
	}
	merges := make([]string, len(pairs))
	for i, p := range pairs {
		if strings.Contains(p[0]+p[1], " ") {
			return fmt.Errorf("merge %d, %q, has a space in it", i, p)
		}
		merges[i] = p[0] + " " + p[1]
	}
	n.add("tokenizer.ggml.model", "gpt2")
	n.add("tokenizer.ggml.pre", pre)
	n.add("tokenizer.ggml.tokens", tokens)
	n.add("tokenizer.ggml.token_type", kinds)
	n.add("tokenizer.ggml.merges", merges)
	return nil
}

// tokens are all tokens by their ids, with their kinds.
func (t *tokenizerFile) tokens(size int) (tokens []string, kinds []int32, err error) {
	put := func(token string, id int, kind int32) {
		if id < 0 || id >= size {
			err = errors.Join(err, fmt.Errorf("token %q has id %d, and the model has %d tokens", clip(token), id, size))
			return
		}
		tokens[id], kinds[id] = token, kind
	}
	tokens, kinds = make([]string, size), make([]int32, size)
	for id := range tokens {
		put(fmt.Sprintf("[PAD%d]", id), id, unused)
	}
	for token, id := range t.Model.Vocab {
		put(token, id, normal)
	}
	for _, a := range t.Added {
		kind := int32(userDefined)
		if a.Special {
			kind = control
		}
		put(a.Content, a.ID, kind)
	}
	return tokens, kinds, err
}

// merges are the pairs, however the file spells them.
func (t *tokenizerFile) merges() ([][2]string, error) {
	pairs := make([][2]string, len(t.Model.Merges))
	for i, raw := range t.Model.Merges {
		var line string
		var list []string
		if json.Unmarshal(raw, &line) == nil {
			list = strings.Split(line, " ")
		} else if err := json.Unmarshal(raw, &list); err != nil {
			list = nil
		}
		if len(list) != 2 || list[0] == "" || list[1] == "" {
			return nil, fmt.Errorf("merge %d, %s, is not two tokens", i, clip(string(raw)))
		}
		pairs[i] = [2]string(list)
	}
	return pairs, nil
}

// split finds the name by which this format calls the way of cutting a text.
func (t *tokenizerFile) split() (string, error) {
	pre, normalizer := essence(t.Pre), essence(t.Normalizer)
	for _, name := range preferred {
		c, form := cuts[name], any(nil)
		if c.nfc {
			form = map[string]any{"type": "NFC"}
		}
		if c.whole == t.Model.IgnoreMerges && reflect.DeepEqual(essence([]byte(c.steps)), pre) && reflect.DeepEqual(form, normalizer) {
			return name, nil
		}
	}
	return "", fmt.Errorf("its pre_tokenizer, %s, with the normalizer %s and ignore_merges %v has no name in this format that is known here; there are %s",
		clip(string(t.Pre)), clip(string(t.Normalizer)), t.Model.IgnoreMerges, known(cuts))
}

// essence is a pre-tokenizer without what does not change the tokens.
func essence(raw json.RawMessage) any {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return nil
	}
	var strip func(v any)
	strip = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			delete(v, "trim_offsets")
			if v["behavior"] == "Removed" && v["invert"] == true { // of patterns that match everything, the same
				v["behavior"], v["invert"] = "Isolated", false
			}
			for _, x := range v {
				strip(x)
			}
		case []any:
			for _, x := range v {
				strip(x)
			}
		}
	}
	strip(v)
	return v
}

// around writes whether a text is put between tokens: those that the post
// processor puts there.
func (n *tokenNotes) around(t *tokenizerFile) error {
	type piece struct {
		Special *struct{ ID string } `json:"SpecialToken"`
	}
	var p struct {
		Type   string            `json:"type"`
		Steps  []json.RawMessage `json:"processors"`
		Single []piece           `json:"single"`
	}
	first, last := "", ""
	steps := []json.RawMessage{t.Post}
	for i := 0; i < len(steps) && i < 16; i++ {
		p.Type, p.Steps, p.Single = "", nil, nil
		if len(steps[i]) == 0 || string(steps[i]) == "null" {
			continue
		}
		if err := json.Unmarshal(steps[i], &p); err != nil {
			return fmt.Errorf("post_processor: %w", err)
		}
		switch p.Type {
		case "Sequence":
			steps = append(steps, p.Steps...)
		case "ByteLevel":
		case "TemplateProcessing":
			if k := len(p.Single); k > 0 && p.Single[0].Special != nil {
				first = p.Single[0].Special.ID
			}
			if k := len(p.Single); k > 1 && p.Single[k-1].Special != nil {
				last = p.Single[k-1].Special.ID
			}
			if k := len(p.Single); k-one(first)-one(last) != 1 {
				return fmt.Errorf("post_processor puts more than one token at an end of a text, which this format cannot say")
			}
		default:
			return fmt.Errorf("post_processor %s cannot be said in this format", clip(p.Type))
		}
	}
	n.add("tokenizer.ggml.add_bos_token", first != "")
	n.add("tokenizer.ggml.add_eos_token", last != "")
	n.first, n.last = first, last
	return nil
}

// one counts a token that may be there.
func one(s string) int {
	if s == "" {
		return 0
	}
	return 1
}

// roles writes which tokens begin, end and fill a text. What a post processor
// puts around it goes before what tokenizer_config.json says.
func (n *tokenNotes) roles(t *tokenizerFile, read func(string) ([]byte, error)) error {
	ids := maps.Clone(t.Model.Vocab)
	if ids == nil {
		ids = map[string]int{}
	}
	for _, a := range t.Added {
		ids[a.Content] = a.ID
	}
	var c map[string]json.RawMessage
	if err := readJSON(read, "tokenizer_config.json", &c); err != nil {
		return err
	}
	eos := -1
	for _, role := range [][2]string{{"bos", "bos"}, {"eos", "eos"}, {"unk", "unknown"}, {"pad", "padding"}} {
		var token struct {
			Content string `json:"content"`
		}
		raw := c[role[0]+"_token"]
		if json.Unmarshal(raw, &token.Content) != nil {
			_ = json.Unmarshal(raw, &token) // an AddedToken, or null
		}
		switch {
		case role[0] == "bos" && n.first != "":
			token.Content = n.first
		case role[0] == "eos" && n.last != "":
			token.Content = n.last
		}
		id, ok := ids[token.Content]
		if !ok || token.Content == "" {
			continue
		}
		n.add("tokenizer.ggml."+role[1]+"_token_id", uint32(id))
		if role[0] == "eos" {
			eos = id
		}
	}
	return n.endOfTurn(read, eos)
}

// endOfTurn notes a second token that ends an answer.
func (n *tokenNotes) endOfTurn(read func(string) ([]byte, error), eos int) error {
	var g struct {
		EOS json.RawMessage `json:"eos_token_id"`
	}
	if err := readJSON(read, "generation_config.json", &g); err != nil {
		return err
	}
	var ids []int
	if json.Unmarshal(g.EOS, &ids) != nil {
		var one int
		if json.Unmarshal(g.EOS, &one) != nil {
			return nil
		}
		ids = []int{one}
	}
	for _, id := range ids {
		if id != eos && id >= 0 {
			n.add("tokenizer.ggml.eot_token_id", uint32(id))
			return nil
		}
	}
	return nil
}

// templates writes the chat templates of a folder.
func (n *tokenNotes) templates(read func(string) ([]byte, error)) error {
	if text, err := read("chat_template.jinja"); err == nil {
		n.add("tokenizer.chat_template", string(text))
		return nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var c struct {
		Template json.RawMessage `json:"chat_template"`
	}
	for _, file := range []string{"tokenizer_config.json", "chat_template.json"} {
		if err := readJSON(read, file, &c); err != nil {
			return err
		}
		var text string
		var list []struct{ Name, Template string }
		switch {
		case len(c.Template) == 0 || string(c.Template) == "null":
			continue
		case json.Unmarshal(c.Template, &text) == nil:
			n.add("tokenizer.chat_template", text)
			return nil
		case json.Unmarshal(c.Template, &list) != nil:
			return fmt.Errorf("%s: chat_template is neither a text nor a list of named texts", file)
		}
		var names []string
		for _, t := range list {
			if t.Name == "default" {
				n.add("tokenizer.chat_template", t.Template)
				continue
			}
			n.add("tokenizer.chat_template."+t.Name, t.Template)
			names = append(names, t.Name)
		}
		if len(names) > 0 {
			n.add("tokenizer.chat_templates", names)
		}
		return nil
	}
	return nil
}

// readJSON decodes a file of the folder, where there is one.
func readJSON(read func(string) ([]byte, error), name string, v any) error {
	text, err := read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(text, v)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// characters writes tokens of a vocabulary in the manner of SentencePiece, whose
// merges become scores: a token that is made earlier has a higher one.
func (n *tokenNotes) characters(t *tokenizerFile, size int) error {
	prefix, err := t.marks()
	if err != nil {
		return err
	}
	tokens, kinds, err := t.tokens(size)
	if err != nil {
		return err
	}
	scores, err := t.scores(tokens)
	if err != nil {
		return err
	}
	for id, token := range tokens {
		switch {
		case token == t.Model.Unk:
			kinds[id] = unknown
		case kinds[id] == normal && len(token) == 6 && strings.HasPrefix(token, "<0x"):
			kinds[id] = byteKind
		case kinds[id] == userDefined:
			tokens[id] = strings.ReplaceAll(token, "▁", " ") // it is looked for in the text as it stands
		}
	}
	n.add("tokenizer.ggml.model", "llama")
	n.add("tokenizer.ggml.pre", "default")
	n.add("tokenizer.ggml.tokens", tokens)
	n.add("tokenizer.ggml.scores", scores)
	n.add("tokenizer.ggml.token_type", kinds)
	n.add("tokenizer.ggml.add_space_prefix", prefix)
	return nil
}

// scores are what the merges imply, if they are all that tokens with scores would
// imply.
func (t *tokenizerFile) scores(tokens []string) ([]float32, error) {
	pairs, err := t.merges()
	if err != nil {
		return nil, err
	}
	rank := map[string]int{}
	for _, p := range pairs {
		if _, ok := rank[p[0]+p[1]]; !ok {
			rank[p[0]+p[1]] = len(rank)
		}
	}
	scores := make([]float32, len(tokens))
	for id, token := range tokens {
		made, ok := rank[token]
		if !ok {
			made = len(rank) + id
		}
		scores[id] = -float32(made)
	}
	all, err := implied(tokens, scores, t.Model.Vocab)
	if err != nil {
		return nil, err
	}
	have := make(map[[2]string]bool, len(pairs))
	for _, p := range pairs {
		have[p] = true
	}
	for _, p := range all {
		if !have[p] {
			return nil, fmt.Errorf("its tokens %q and %q make a third without a merge, which scores cannot say", clip(p[0]), clip(p[1]))
		}
	}
	if len(all) != len(have) {
		return nil, fmt.Errorf("it has %d merges where its tokens imply %d, which scores cannot say", len(have), len(all))
	}
	return scores, nil
}

// marks reports whether a text begins with a ▁ that it did not have. Metaspace
// puts none before a text that begins with a space, or after an added token: this
// format has one way for all.
func (t *tokenizerFile) marks() (prefix bool, err error) {
	normalizer, pre := essence(t.Normalizer), essence(t.Pre)
	is := func(v any, spelling string) bool { return reflect.DeepEqual(v, essence([]byte(spelling))) }
	switch m, _ := pre.(map[string]any); {
	case m["type"] == "Metaspace" && normalizer == nil && m["split"] == false && m["replacement"] == "▁":
		return m["prepend_scheme"] != "never", nil
	case pre != nil && !is(pre, afterSpaces):
		return false, fmt.Errorf("its pre_tokenizer, %s, cannot be said in this format beside a vocabulary of characters", clip(string(t.Pre)))
	case is(normalizer, markFirst):
		return true, nil
	case is(normalizer, markSpaces):
		return false, nil
	}
	return false, fmt.Errorf("its normalizer, %s, cannot be said in this format beside a vocabulary of characters", clip(string(t.Normalizer)))
}

// afterSpaces cuts after every space, where the normalizer has left none.
const afterSpaces = `{"type":"Split","pattern":{"String":" "},"behavior":"MergedWithPrevious","invert":false}`
