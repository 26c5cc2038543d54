package data

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/chat"
	"github.com/rotor-lm/rotor/tokenizer"
)

// template is one whose turns end with "$", a token of letters.
func template(t *testing.T, source string) *chat.Template {
	t.Helper()
	tpl, err := chat.New("x.jinja", map[string]string{"default": source}, chat.Tokens{Added: []string{"$"}})
	if err != nil {
		t.Fatal(err)
	}
	return tpl
}

const turns = `{{ tools | tojson ~ " " if tools }}{{ mode }}{% for m in messages %}{{ m.role[0] }}:{{ m.content }}{{ m.tool_calls | tojson if m.tool_calls }}$
{% endfor %}{{ "a:" if add_generation_prompt }}`

// Conversations go through the model's own template, which says all: no token
// stands before its text, and none is added behind an answer that it ends.
func TestOwnTemplate(t *testing.T) {
	talk := `"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Yo"},{"role":"user","content":"?"},{"role":"assistant","content":"!"},{"role":"user","content":"bye"}]`
	for name, c := range map[string]struct{ line, loss, want string }{
		"answers":   {`{` + talk + `}`, "", "u:Hi$a:[Y][o][$]u:?$a:[!][$]"},
		"last":      {`{` + talk + `}`, "last", "u:Hi$a:Yo$u:?$a:[!][$]"},
		"all":       {`{` + talk + `}`, "all", "[u][:][H][i][$][a][:][Y][o][$][u][:][?][$][a][:][!][$][u][:][b][y][e][$]"},
		"tools":     {`{"tools":[{"z":1,"a":2.0}],` + talk + `}`, "last", `[{"z": 1, "a": 2.0}] u:Hi$a:Yo$u:?$a:[!][$]`},
		"as text":   {`{"tools":"[{\"z\":1,\"a\":2.0}]",` + talk + `}`, "last", `[{"z": 1, "a": 2.0}] u:Hi$a:Yo$u:?$a:[!][$]`},
		"no tools":  {`{"tools":null,` + talk + `}`, "last", `u:Hi$a:Yo$u:?$a:[!][$]`},
		"variables": {`{"chat_template_kwargs":{"mode":"m "},` + talk + `}`, "last", `m u:Hi$a:Yo$u:?$a:[!][$]`},
		"a call": {
			`{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"","tool_calls":[{"n":"f","a":{"q":1,"b":2}}]},{"role":"tool","content":"y"},{"role":"assistant","content":"z"}]}`, "",
			`u:x$a:[[][{]["][n]["][:][ ]["][f]["][,][ ]["][a]["][:][ ][{]["][q]["][:][ ][1][,][ ]["][b]["][:][ ][2][}][}][]][$]t:y$a:[z][$]`,
		},
	} {
		set, _ := split(t, load(t, write(t, "x.jsonl", c.line), letters{begins: true}, Options{Chat: template(t, turns), LossOn: c.loss}), Cut{})
		if got := strings.ReplaceAll(strings.ReplaceAll(marked(set.At(0, nil)), "[\n]", ""), "\n", ""); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if err := set.Check(); err != nil && c.loss != "all" {
			t.Errorf("%s: %v", name, err)
		}
		if st := set.Stats(); !strings.Contains(st.String(), "through the model's own template (x.jinja)") {
			t.Errorf("%s: %s", name, st)
		}
	}
}

func TestTemplateRefuses(t *testing.T) {
	talk := `{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Yo"},{"role":"user","content":"?"},{"role":"assistant","content":"!"}]}`
	for name, c := range map[string][3]string{
		"refuses":   {`{{ raise_exception("no such roles") }}`, talk, "x.jsonl:1: chat: the model's own template (x.jinja): the template refuses this: no such roles"},
		"endless":   {`{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}`, talk, "steps"},
		"forgets":   {`{% for m in messages %}{% if loop.last or m.role == "user" %}{{ m.content }}$ {% endif %}{% endfor %}`, talk, "writes the past anew"},
		"tools":     {turns, strings.Replace(talk, "{", `{"tools":"x",`, 1), "tools is no JSON"},
		"variables": {turns, strings.Replace(talk, "{", `{"chat_template_kwargs":5,`, 1), "chat_template_kwargs is no JSON object"},
	} {
		_, err := Load(context.Background(), write(t, "x.jsonl", c[1]), letters{}, Options{Chat: template(t, c[0])})
		if err == nil || !strings.Contains(err.Error(), c[2]) {
			t.Errorf("%s: %v; want %s", name, err, c[2])
		}
	}
	set, _ := split(t, load(t, write(t, "x.jsonl", talk), letters{}, Options{Chat: template(t, strings.ReplaceAll(turns, "$", ""))}), Cut{})
	if err := set.Check(); err == nil || !strings.Contains(err.Error(), "never end") {
		t.Errorf("a template that ends no turn: %v", err)
	}
}

// A conversation is encoded as one text, with the ids that the whole has, and a
// token is learned that has a part in an answer.
func TestTogether(t *testing.T) {
	tok, err := tokenizer.Train(context.Background(), slices.Values([]string{strings.Repeat("user: hello\n\n\nassistant: yes\n\n", 20)}),
		tokenizer.TrainOptions{VocabSize: 300, Special: []string{"<end>"}, EOS: "<end>"})
	if err != nil {
		t.Fatal(err)
	}
	source := `{% for m in messages %}{{ m.role }}: {{ m.content }}{{ "<end>" if m.role == "assistant" }}

{% endfor %}{{ "assistant: " if add_generation_prompt }}`
	tpl, err := chat.New("x.jinja", map[string]string{"default": source}, chat.Tokens{Stops: []string{"<end>"}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.jsonl")
	line := `{"messages":[{"role":"user","content":"hello\n"},{"role":"assistant","content":" yes 你"},{"role":"user","content":"hello"},{"role":"assistant","content":"yes"}]}`
	if err := os.WriteFile(path, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	set, _ := split(t, load(t, path, tok, Options{Chat: tpl}), Cut{})
	q := set.At(0, nil)
	want := tok.Encode("user: hello\n\n\nassistant:  yes 你<end>\n\nuser: hello\n\nassistant: yes<end>")
	if !slices.Equal(q.IDs, want) {
		t.Errorf("%q, want %q", tok.Decode(q.IDs), tok.Decode(want))
	}
	var learned []int32
	for i, l := range q.Learn {
		if l {
			learned = append(learned, q.IDs[i])
		}
	}
	if got := tok.Decode(learned); got != " yes 你<end> yes<end>" {
		t.Errorf("learns %q", got)
	}
}
