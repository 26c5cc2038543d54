package chat

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/jinja"
)

func talk(turns ...string) (list []Message) {
	for i, text := range turns {
		list = append(list, Say([]string{"user", "assistant"}[i%2], text))
	}
	return list
}

// learned is what the segments are to teach, and given what they join to.
func learned(segments []Segment) (learned []string, text string) {
	for _, s := range segments {
		text += s.Text
		if s.Learn {
			learned = append(learned, s.Text)
		}
	}
	return learned, text
}

func TestChatML(t *testing.T) {
	c := Conversation{Messages: append([]Message{Say("system", "Be brief.")}, talk("Hi", "Hello", "Bye", "Ciao")...)}
	want := []Segment{
		{"<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n", false},
		{"Hello<|im_end|>", true},
		{"\n<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n", false},
		{"Ciao<|im_end|>", true},
		{"\n", false},
	}
	got, err := ChatML.Segments(c, false)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	want = []Segment{{want[0].Text + want[1].Text + want[2].Text, false}, want[3], want[4]}
	if got, err := ChatML.Segments(c, true); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("the last alone: %+v, %v, want %+v", got, err, want)
	}
	if text, err := ChatML.Render(Conversation{Messages: talk("Hi")}, true); text != "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	if ChatML.Own() {
		t.Error("ChatML is the own template of no model")
	}
	call := Say("assistant", "")
	call.Set("tool_calls", jinja.List{"x"})
	for _, m := range []Message{call, {jinja.NewMap("role", "user", "content", nil)}} {
		if _, err := ChatML.Render(Conversation{Messages: []Message{m}}, false); err == nil || !strings.Contains(err.Error(), "ChatML has no form") {
			t.Errorf("error %v", err)
		}
	}
}

// The answers are learned with the token that ends them, and nothing else is:
// whether a template marks them or not.
func TestSegments(t *testing.T) {
	const plain = `{% for m in messages %}<|{{ m.role }}|>{{ m.content | trim }}{% if m.role == 'assistant' %}</s>{% endif %}
{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}`
	const marked = `{% for m in messages %}<|{{ m.role }}|>{% if m.role == 'assistant' %}{% generation %}{{ m.content | trim }}</s>{% endgeneration %}{% else %}{{ m.content | trim }}{% endif %}
{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}`
	const always = plain + `<|assistant|>`                                                                                                 // as the template of Llama 3 was at first
	const never = `{% for m in messages %}{{ m.role }}: {{ m.content }}{{ "\n" }}{% endfor %}{{ "assistant: " if add_generation_prompt }}` // ends no answer
	for name, c := range map[string]struct {
		source string
		want   []string
	}{
		"plain":  {plain, []string{"Hello</s>", "Ciao</s>"}},
		"marked": {marked, []string{"Hello</s>", "Ciao</s>"}},
		"always": {strings.Replace(always, "{% if add_generation_prompt %}<|assistant|>{% endif %}", "", 1), []string{"Hello</s>", "Ciao</s>"}},
		"never":  {never, []string{"  Hello ", " Ciao"}},
	} {
		tpl, err := New("x", map[string]string{"default": c.source}, Tokens{Added: []string{"</s>"}})
		if err != nil {
			t.Fatal(err)
		}
		if name == "never" != (len(tpl.Ends()) == 0) {
			t.Errorf("%s: a turn ends with %q", name, tpl.Ends())
		}
		segments, err := tpl.Segments(Conversation{Messages: talk("Hi ", " Hello ", " Bye", "Ciao", "not learned")}, false)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, text := learned(segments)
		for i := range c.want {
			c.want[i] = strings.TrimSpace(c.want[i])
			got[i] = strings.TrimSpace(got[i])
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: learns %q of %q", name, got, text)
		}
		if whole, _ := tpl.Render(Conversation{Messages: talk("Hi ", " Hello ", " Bye", "Ciao")}, false); text != whole {
			t.Errorf("%s: segments join to %q, and the text is %q", name, text, whole)
		}
		if _, err := tpl.Segments(Conversation{Messages: talk("Hi")}, false); err == nil || !strings.Contains(err.Error(), "no answer") {
			t.Errorf("%s: without an answer: %v", name, err)
		}
	}
}

// What the assistant says is learned in the form of each model, and the same where
// the template marks it.
func TestSegmentsOfRealTemplates(t *testing.T) {
	r := readReal(t)
	for name, end := range map[string]string{
		"smollm2": "<|im_end|>", "qwen2_5": "<|im_end|>", "llama3": "<|eot_id|>", "llama3_1": "<|eot_id|>", "gemma3": "<end_of_turn>",
	} {
		t.Run(name, func(t *testing.T) {
			for _, title := range []string{"several turns", "system and several turns"} {
				segments, err := r.open(t, name).Segments(r.Cases[title].value(t), false)
				if got, _ := learned(segments); err != nil || !reflect.DeepEqual(got, []string{"Hello!" + end, "Ciao." + end}) {
					t.Errorf("%s: learns %q, %v", title, got, err)
				}
			}
		})
	}
	source, err := os.ReadFile("testdata/templates/smollm2.jinja")
	if err != nil {
		t.Fatal(err)
	}
	const said = "message['content'] + '<|im_end|>'"
	marked := strings.Replace(string(source), said, "'' }}{% if message['role'] == 'assistant' %}{% generation %}{{ "+said+" }}{% endgeneration %}{% else %}{{ "+said+" }}{% endif %}{{ ''", 1)
	tpl, err := New("marked", map[string]string{"default": marked}, Tokens{Added: []string{"<|im_end|>"}})
	if err != nil || !tpl.Tracks() {
		t.Fatalf("%v in %s", err, marked)
	}
	c := r.Cases["system and several turns"].value(t)
	got, err := tpl.Segments(c, false)
	want, err2 := r.open(t, "smollm2").Segments(c, false)
	if err != nil || err2 != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("marked: %+v, %v, want %+v, %v", got, err, want, err2)
	}
}

// A call of a tool is an answer like any other; what the tool says is given. A
// template that would leave a call out is refused.
func TestSegmentsOfCalls(t *testing.T) {
	r := readReal(t)
	const rome = "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Rome\", \"unit\": \"°C\"}}\n</tool_call>\n<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Oslo\"}}\n</tool_call><|im_end|>"
	const add = "<tool_call>\n{\"name\": \"add\", \"arguments\": {\"a\": 1}}\n</tool_call><|im_end|>"
	for _, c := range []struct {
		name, title string
		want        []string
	}{
		{"qwen2_5", "calls", []string{rome, "Clear in Rome, rain in Oslo.<|im_end|>"}},
		{"qwen2_5", "thinking before a call", []string{add, "1<|im_end|>"}},
		{"qwen3", "thinking before a call", []string{"<think>\nhm\n</think>\n\n" + add, "<think>\nso\n</think>\n\n1<|im_end|>"}},
	} {
		segments, err := r.open(t, c.name).Segments(r.Cases[c.title].value(t), false)
		if got, _ := learned(segments); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s, %s: learns %q, %v, want %q", c.name, c.title, got, err, c.want)
		}
	}
	for title, want := range map[string]string{"calls": "has no form for tools", "calls without tools": "has no form for tool_calls, and message 2"} {
		if _, err := r.open(t, "smollm2").Segments(r.Cases[title].value(t), false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v", title, err)
		}
	}
}

// A template that writes the past anew cannot teach every answer, and says so.
// Qwen 3 drops what was thought before the last question; its last answer can be
// learned, and so can a conversation of one.
func TestUnstable(t *testing.T) {
	r := readReal(t)
	qwen := r.open(t, "qwen3")
	for title, last := range map[string]string{
		"thinking":      "<think>\nharder\n</think>\n\n6<|im_end|>",
		"several turns": "<think>\n\n</think>\n\nCiao.<|im_end|>",
	} {
		c := r.Cases[title].value(t)
		_, err := qwen.Segments(c, false)
		if err == nil || !strings.Contains(err.Error(), "writes the past anew") || !strings.Contains(err.Error(), "after message 2") || !strings.Contains(err.Error(), "--loss-on last") {
			t.Errorf("%s: error %v", title, err)
		}
		segments, err := qwen.Segments(c, true)
		if got, _ := learned(segments); err != nil || !reflect.DeepEqual(got, []string{last}) {
			t.Errorf("%s: the last alone is %q, %v", title, got, err)
		}
	}
	off := Conversation{Messages: talk("2+2?", "4"), Set: jinja.NewMap("enable_thinking", false)}
	segments, err := qwen.Segments(off, false)
	if got, _ := learned(segments); err != nil || !reflect.DeepEqual(got, []string{"4<|im_end|>"}) {
		t.Errorf("thinking off: learns %q, %v", got, err)
	}
	// A prompt for an answer that is no beginning of the answer.
	odd, err := New("x", map[string]string{"default": `{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}{{ "<bot>" if add_generation_prompt }}`}, Tokens{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := odd.Segments(Conversation{Messages: talk("你", "a")}, false); err == nil || !strings.Contains(err.Error(), `"<bot>", and later "[assistant]a"`) {
		t.Errorf("error %v", err)
	}
}

func files(m map[string]string) func(string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		if text, ok := m[name]; ok {
			return []byte(text), nil
		}
		return nil, fs.ErrNotExist
	}
}

// A template is found in each of its places, and ChatML is named where there is
// none.
func TestOpen(t *testing.T) {
	tokens := Tokens{Named: map[string]string{"bos_token": "<s>"}, Stops: []string{"</s>"}}
	tools := Conversation{Messages: talk("x"), Tools: jinja.List{}}
	for name, c := range map[string]struct {
		files       map[string]string
		plain, tool string
	}{
		"a file of its own": {map[string]string{"chat_template.jinja": "{{ bos_token }}J", "tokenizer_config.json": `{"chat_template":"C"}`}, "<s>J", "<s>J"},
		"the processor's":   {map[string]string{"chat_template.json": `{"chat_template":"P"}`, "tokenizer_config.json": `{"chat_template":"C"}`}, "P", "P"},
		"the tokenizer's":   {map[string]string{"tokenizer_config.json": `{"chat_template":"C{{ eos_token }}"}`}, "C", "C"},
		"several":           {map[string]string{"tokenizer_config.json": `{"chat_template":[{"name":"tool_use","template":"T"},{"name":"default","template":"D"}]}`}, "D", "T"},
		"none":              {map[string]string{"tokenizer_config.json": `{"chat_template":null}`}, "<|im_start|>user\nx<|im_end|>\n", "<|im_start|>user\nx<|im_end|>\n"},
		"nothing":           {nil, "<|im_start|>user\nx<|im_end|>\n", "<|im_start|>user\nx<|im_end|>\n"},
	} {
		tpl, err := Open(files(c.files), tokens)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		plain, err := tpl.Render(Conversation{Messages: talk("x")}, false)
		tool, err2 := tpl.Render(tools, false)
		if plain != c.plain || tool != c.tool || err != nil || err2 != nil {
			t.Errorf("%s: %q and %q, %v, %v", name, plain, tool, err, err2)
		}
		if own := !strings.HasPrefix(c.plain, "<|im"); tpl.Own() != own || own == strings.HasPrefix(tpl.Name, "ChatML") {
			t.Errorf("%s: it calls itself %s", name, tpl.Name)
		}
	}
	for name, c := range map[string][2]string{
		"chat_template.jinja":   {"{% if %}", "line 1, column 7"},
		"chat_template.json":    {"{", "chat_template.json"},
		"tokenizer_config.json": {`{"chat_template": 5}`, "neither a text nor a list"},
	} {
		if _, err := Open(files(map[string]string{name: c[0]}), tokens); err == nil || !strings.Contains(err.Error(), c[1]) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if _, err := Open(files(map[string]string{"tokenizer_config.json": `{"chat_template":[{"name":"rag","template":"T"}]}`}), tokens); err == nil || !strings.Contains(err.Error(), "default") {
		t.Errorf("error %v", err)
	}
	broken := errors.New("the disk is on fire")
	if _, err := Open(func(string) ([]byte, error) { return nil, broken }, tokens); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

// A message keeps its fields and their order.
func TestMessage(t *testing.T) {
	const text = `{"content": null, "role": "assistant", "tool_calls": [{"z": 1, "a": {"b": 2.0}}]}`
	var m Message
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	if m.Role() != "assistant" || m.Content() != "" {
		t.Errorf("%s says %q", m.Role(), m.Content())
	}
	if back, err := json.Marshal(m); err != nil || string(back) != strings.ReplaceAll(strings.ReplaceAll(text, ": ", ":"), ", ", ",") {
		t.Errorf("%s, %v", back, err)
	}
	for _, bad := range []string{`{"content":"x"}`, `{"role":5,"content":"x"}`, `[]`, `{"role":""}`} {
		if err := json.Unmarshal([]byte(bad), &m); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}
