package hub_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/chat"
	"github.com/rotor-lm/rotor/checkpoint/gguf"
	"github.com/rotor-lm/rotor/hub"
)

// The template of a GGUF file is that of its notes, with the tokens that they name.
func TestChatOfGGUF(t *testing.T) {
	path := tinyGGUF(t, func(n *gguf.Note) {
		if n.Key == "tokenizer.chat_template" {
			n.Value = "{{ bos_token }}{% for m in messages %}{{ m.content }}{% endfor %}{{ eos_token }}"
		}
	})
	m, err := hub.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	tok, err := m.Tokenizer()
	if err != nil {
		t.Fatal(err)
	}
	for name, open := range map[string]func() (*chat.Template, error){
		"model": func() (*chat.Template, error) { return m.Chat(tok) },
		"file":  func() (*chat.Template, error) { return hub.Chat(path, tok) },
	} {
		form, err := open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := form.Render(chat.Conversation{Messages: []chat.Message{chat.Say("user", "ab")}}, false)
		if text != "<|end|>ab<|end|>" || err != nil || !form.Own() || !slices.Equal(form.Ends(), []string{"<|end|>"}) {
			t.Errorf("%s: %q, %v, ends %q", name, text, err, form.Ends())
		}
	}
	broken := tinyGGUF(t, func(n *gguf.Note) {
		if n.Key == "tokenizer.chat_template" {
			n.Value = "{% for m in messages %}"
		}
	})
	if _, err := hub.Chat(broken, tok); err == nil || !strings.Contains(err.Error(), broken) || !strings.Contains(err.Error(), "line 1, column 24") {
		t.Errorf("error %v", err)
	}
}

// In a folder the tokens that a template knows are those that its tokenizer's
// files name, as a text or as an object; null names none.
func TestChatOfFolder(t *testing.T) {
	dir := t.TempDir()
	tok, err := hub.Tokenizer(tinyGGUF(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := tok.Save(dir); err != nil {
		t.Fatal(err)
	}
	put := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("tokenizer_config.json", `{"bos_token": null, "eos_token": {"content": "<|end|>"}, "pad_token": "a", "add_bos_token": true}`)
	put("special_tokens_map.json", `{"pad_token": "b", "image_token": "ab"}`)
	put("chat_template.jinja", "{{ bos_token }}|{{ eos_token }}|{{ pad_token }}|{{ image_token }}|{{ add_bos_token }}")
	for _, ref := range []string{dir, filepath.Join(dir, "tokenizer.json")} {
		form, err := hub.Chat(ref, tok)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := form.Render(chat.Conversation{}, false); text != "|<|end|>|a|ab|" || err != nil {
			t.Errorf("%s: %q, %v", ref, text, err)
		}
	}
	put("special_tokens_map.json", `[]`)
	if _, err := hub.Chat(dir, tok); err == nil || !strings.Contains(err.Error(), "special_tokens_map.json") {
		t.Errorf("error %v", err)
	}
}
