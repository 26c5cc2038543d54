package chat

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/jinja"
)

// real is what real.py wrote.
type real struct {
	Cases     map[string]conversation
	Templates map[string]struct {
		SHA256  string
		Tokens  map[string]string
		Results map[string]struct {
			Text           *string
			Error, Message string
		}
	}
}

type conversation struct {
	Messages []Message
	Tools    json.RawMessage
	Generate bool
	Set      *jinja.Map
}

func (c conversation) value(t testing.TB) Conversation {
	t.Helper()
	v := Conversation{Messages: c.Messages, Set: c.Set}
	if c.Tools != nil {
		var err error
		if v.Tools, err = jinja.Decode(c.Tools); err != nil {
			t.Fatal(err)
		}
	}
	return v
}

func readReal(t testing.TB) real {
	t.Helper()
	text, err := os.ReadFile("testdata/real.json")
	if err != nil {
		t.Fatal(err)
	}
	var r real
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// open is a template of real.json: one of the repository, or one that fetch
// brought.
func (r real) open(t testing.TB, name string) *Template {
	t.Helper()
	file := name + ".jinja"
	text, err := os.ReadFile(filepath.Join("testdata", "templates", file))
	if errors.Is(err, fs.ErrNotExist) {
		dir := os.Getenv("ROTOR_TEMPLATES")
		if dir == "" {
			t.Skip("the licence of this template keeps it out of the repository: testdata/fetch brings it, and ROTOR_TEMPLATES names its folder")
		}
		text, err = os.ReadFile(filepath.Join(dir, file))
	}
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(text)
	if hex.EncodeToString(sum[:]) != r.Templates[name].SHA256 {
		t.Fatalf("%s is not the template of which real.json tells", file)
	}
	tokens := Tokens{
		Named: r.Templates[name].Tokens, Stops: []string{r.Templates[name].Tokens["eos_token"]},
		Added: []string{"<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|start_header_id|>", "<end_of_turn>", "<start_of_turn>"},
	}
	tpl, err := New(file, map[string]string{"default": string(text)}, tokens)
	if err != nil {
		t.Fatal(err)
	}
	return tpl
}

// The templates of real models write what transformers has them write, and refuse
// what they refuse there, in the same words.
func TestRealTemplates(t *testing.T) {
	r := readReal(t)
	for name, want := range r.Templates {
		t.Run(name, func(t *testing.T) {
			tpl := r.open(t, name)
			for title, c := range r.Cases {
				text, err := tpl.Render(c.value(t), c.Generate)
				w := want.Results[title]
				switch {
				case w.Text == nil && err == nil:
					t.Errorf("%s: %q, and transformers has %s", title, text, w.Error)
				case w.Text == nil && !strings.Contains(err.Error(), w.Message):
					t.Errorf("%s: %v, and transformers says %s", title, err, w.Message)
				case w.Text != nil && (err != nil || text != *w.Text):
					t.Errorf("%s: %v\n%q, want\n%q", title, err, text, *w.Text)
				}
			}
		})
	}
}
