package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// said is one line of rotor chat --json.
type said struct {
	Role, Content, Reason   string
	Tokens, Reused, Dropped int
	Prompt                  int `json:"prompt_tokens"`
	Note, Error             string
}

func chatLines(t *testing.T, o outcome) (list []said) {
	t.Helper()
	for line := range strings.Lines(o.stdout) {
		var s said
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			t.Fatalf("not an object: %v: %s", err, line)
		}
		list = append(list, s)
	}
	return list
}

// chatModel is a tiny model with a template of its own, whose turns end with <|end|>.
func chatModel(t *testing.T, template string) string {
	t.Helper()
	dir := tiny(t, llamaConfig, 5, false)
	if template != "" {
		if err := os.WriteFile(filepath.Join(dir, "chat_template.jinja"), []byte(template), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const seaTemplate = `{% for m in messages %}{{ m.role }}: {{ m.content }}{{ mood if mood }}<|end|>
{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}`

func talkTo(t *testing.T, code int, dir, input string, args ...string) []said {
	t.Helper()
	return chatLines(t, rotorOn(t, code, input, append([]string{"chat", "--model", dir, "--json", "--max-tokens", "8"}, args...)...))
}

// An answer is what the model says to the text that its template writes; a second
// turn reads only what is new, and says what a fresh conversation would.
func TestChat(t *testing.T) {
	dir := chatModel(t, seaTemplate)
	got := talkTo(t, done, dir, "the sea\nthe ship\n", "--greedy")
	if len(got) != 2 || got[0].Role != "assistant" || got[0].Reused != 0 || got[1].Reused < got[0].Prompt {
		t.Fatalf("have %+v", got)
	}
	text := "user: the sea<|end|>\nassistant: "
	for i, a := range got {
		g := object[generated](t, rotor(t, done, "generate", "--model", dir, "--prompt", text, "--greedy", "--max-tokens", "8", "--json"))
		if g.Text != a.Content || g.Reason != a.Reason || len(g.IDs) != a.Tokens {
			t.Errorf("turn %d: %+v, and the model continues with %+v", i+1, a, g)
		}
		text += a.Content + "<|end|>\nuser: the ship<|end|>\nassistant: "
	}
	// People see the answers alone.
	o := rotorOn(t, done, "the sea\nthe ship\n", "chat", "--model", dir, "--greedy", "--max-tokens", "8")
	if o.stdout != got[0].Content+"\n"+got[1].Content+"\n" || strings.Contains(o.stdout, "\x1b") {
		t.Errorf("people see %q", o.stdout)
	}
	// One question needs no input.
	one := chatLines(t, rotor(t, done, "chat", "--model", dir, "the sea", "--greedy", "--max-tokens", "8", "--json"))
	if len(one) != 1 || one[0].Content != got[0].Content {
		t.Errorf("one question: %+v", one)
	}
	// A line goes on after a backslash.
	two := talkTo(t, done, dir, "the sea\\\nthe ship\n", "--greedy")
	want := object[generated](t, rotor(t, done, "generate", "--model", dir, "--prompt", "user: the sea\nthe ship<|end|>\nassistant: ", "--greedy", "--max-tokens", "8", "--json"))
	if len(two) != 1 || two[0].Content != want.Text {
		t.Errorf("two lines: %+v, want %q", two, want.Text)
	}
}

// What the system says, variables of the template and the form itself are in the
// text.
func TestChatForm(t *testing.T) {
	for name, c := range map[string]struct {
		template, prompt string
		args             []string
	}{
		"system":   {seaTemplate, "system: wide<|end|>\nuser: sea<|end|>\nassistant: ", []string{"--system", "wide"}},
		"variable": {seaTemplate, "user: seadeep<|end|>\nassistant: ", []string{"--set", "mood=deep"}},
		"chatml":   {"", "<|im_start|>user\nsea<|im_end|>\n<|im_start|>assistant\n", nil},
	} {
		dir := chatModel(t, c.template)
		want := object[generated](t, rotor(t, done, "generate", "--model", dir, "--prompt", c.prompt, "--greedy", "--max-tokens", "8", "--json"))
		got := talkTo(t, done, dir, "sea\n", append(c.args, "--greedy")...)
		if len(got) != 1 || !strings.HasPrefix(want.Text, got[0].Content) || got[0].Prompt != len(tinyTokenizer().Encode(c.prompt)) {
			t.Errorf("%s: %+v, want %q", name, got, want.Text)
		}
	}
}

// generate --chat asks as chat does, one prompt or a file of them.
func TestGenerateChat(t *testing.T) {
	dir := chatModel(t, seaTemplate)
	for _, args := range [][]string{nil, {"--system", "wide"}} {
		want := talkTo(t, done, dir, "the sea\n/reset\nthe ship\n", append(args, "--greedy")...)
		flags := append([]string{"generate", "--model", dir, "--chat", "--greedy", "--max-tokens", "8"}, args...)
		one := object[generated](t, rotor(t, done, append(flags, "--prompt", "the sea", "--json")...))
		o := rotor(t, done, append(flags, "--prompts", write(t, "q.txt", "the sea\nthe ship\n"), "--json")...)
		if many := chatTexts(t, o); one.Text != want[0].Content || len(many) != 2 || many[0] != want[0].Content || many[1] != want[2].Content {
			t.Errorf("%v: %q and %q, want %+v", args, one.Text, many, want)
		}
		if people := rotor(t, done, append(flags, "--prompt", "the sea")...); people.stdout != want[0].Content+"\n" {
			t.Errorf("people see %q", people.stdout)
		}
	}
	refuses(t, wrongUsage, []string{"--chat"}, "generate", "--model", dir, "--system", "x", "--prompt", "y")
	refuses(t, failed, []string{"tokenizer"}, "generate", "--model", tiny(t, llamaConfig, 5, true), "--chat", "--prompt", "y")
}

func chatTexts(t *testing.T, o outcome) (texts []string) {
	t.Helper()
	for _, v := range lines(t, o) {
		text, _ := v["text"].(string)
		texts = append(texts, text)
	}
	return texts
}

// Sampling depends on the seed and the turn.
func TestChatSamples(t *testing.T) {
	dir := chatModel(t, seaTemplate)
	input := "the sea\n/retry\n/undo\nthe sea\n"
	a, b := talkTo(t, done, dir, input, "--seed", "3", "--temperature", "1"), talkTo(t, done, dir, input, "--seed", "3", "--temperature", "1", "--threads", "1")
	if fmt.Sprint(a) != fmt.Sprint(b) {
		t.Errorf("the same seed says %+v and %+v", a, b)
	}
	if len(a) != 4 || a[0].Content == a[1].Content || a[1].Reused != a[1].Prompt-1 || a[3].Prompt != a[0].Prompt {
		t.Errorf("have %+v", a)
	}
	// generation_config.json says how the model likes to be asked.
	if err := os.WriteFile(filepath.Join(dir, "generation_config.json"), []byte(`{"do_sample": false}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, want := talkTo(t, done, dir, "the sea\n"), talkTo(t, done, dir, "the sea\n", "--greedy"); got[0].Content != want[0].Content {
		t.Errorf("asked not to sample: %+v, want %+v", got, want)
	}
}

// A conversation is saved as a line that can be trained on, and gone on with.
func TestChatSaves(t *testing.T) {
	dir := chatModel(t, seaTemplate)
	path := filepath.Join(t.TempDir(), "talk.jsonl")
	first := talkTo(t, done, dir, "the sea\n/save "+path+"\nthe ship\n/save "+path+"\n/history\n", "--greedy", "--system", "wide")
	var record struct {
		Messages []struct{ Role, Content string }
	}
	if err := json.Unmarshal(read(t, path), &record); err != nil || len(record.Messages) != 5 || record.Messages[0].Content != "wide" || record.Messages[4].Content != first[2].Content {
		t.Errorf("saved %+v, %v", record, err)
	}
	again := talkTo(t, done, dir, "/load "+path+"\nmore\n", "--greedy")
	flag := talkTo(t, done, dir, "/undo\nthe ship\nmore\n", "--greedy", "--load", path)
	if last := flag[len(flag)-1]; again[1].Content != last.Content || flag[2].Content != first[2].Content || len(first) != 4+5 {
		t.Errorf("%+v, %+v, at first %+v", again, flag, first)
	}
	o := rotor(t, done, "train", "--model", dir, "--data", path, "--out", "x", "--show", "1")
	if want := "assistant: ⟦" + record.Messages[2].Content + "<|end|>⟧"; !strings.Contains(o.stdout, want) || !strings.Contains(o.stdout, "through the model's own template (chat_template.jinja)") {
		t.Errorf("shown as\n%s\nwant %s", o.stdout, want)
	}
	// Another conversation does not take its place.
	if got := talkTo(t, failed, dir, "/save "+path+"\n"); len(got) != 1 || !strings.Contains(got[0].Error, "already there") {
		t.Errorf("over another: %+v", got)
	}
}

// The stack of adapters changes under a conversation that goes on.
func TestChatAdapter(t *testing.T) {
	dir := chatModel(t, seaTemplate)
	out := filepath.Join(t.TempDir(), "run")
	rotor(t, done, "train", "--model", dir, "--data", answers(t, 8), "--out", out, "--steps", "6", "--lr", "0.05", "--rank", "2")
	adapter := filepath.Join(out, "adapter")
	got := talkTo(t, done, dir, "sea\n/reset\n/adapter "+adapter+"\nsea\n/reset\n/adapter none\nsea\n/adapter\n", "--greedy")
	with := talkTo(t, done, dir, "sea\n", "--greedy", "--adapter", adapter)
	if len(got) != 8 || got[0].Content == got[3].Content || got[3].Content != with[0].Content || got[6].Content != got[0].Content || got[7].Note != "the model stands alone" {
		t.Errorf("have %+v, with the adapter %+v", got, with)
	}
	bad := talkTo(t, failed, dir, "/adapter "+t.TempDir()+"\nsea\n", "--greedy")
	if len(bad) != 2 || !strings.Contains(bad[0].Error, "adapter_config.json") || bad[1].Content != got[0].Content {
		t.Errorf("a folder without an adapter: %+v", bad)
	}
}

// Where the context is full the oldest turns go, and what the system says stays; a
// turn that alone is too long is refused, and the conversation goes on.
func TestChatContext(t *testing.T) {
	dir := chatModel(t, seaTemplate)
	input := strings.Repeat("the sea is wide and the sea is deep\n", 6) + strings.Repeat("long ", 60) + "\nsea\n/history\n"
	got := talkTo(t, failed, dir, input, "--greedy", "--context", "96", "--system", "wide")
	dropped, notes, errors, roles := 0, 0, 0, 0
	for _, s := range got {
		switch {
		case s.Error != "":
			errors++
			if !strings.Contains(s.Error, "--context") || !strings.Contains(s.Error, "96") {
				t.Errorf("error %q", s.Error)
			}
		case s.Note != "":
			notes++
		case s.Prompt > 0:
			if s.Prompt+s.Tokens > 96 || s.Dropped < dropped {
				t.Errorf("have %+v", s)
			}
			dropped = s.Dropped
		default:
			roles++
		}
	}
	if dropped < 4 || dropped%2 != 0 || notes < 2 || errors != 1 || roles != 1+7*2 {
		t.Errorf("%d messages dropped, %d notes, %d errors, %d messages of history: %+v", dropped, notes, errors, roles, got)
	}
	// What is left is what a conversation without the dropped turns would be.
	last := got[5+notesBefore(got, 6)]
	if last.Reason == "" {
		t.Errorf("the sixth answer is %+v", last)
	}
}

func notesBefore(list []said, answers int) (n int) {
	for _, s := range list {
		if s.Prompt > 0 {
			if answers--; answers == 0 {
				return n
			}
		} else {
			n++
		}
	}
	return n
}

func TestChatRefuses(t *testing.T) {
	dir := chatModel(t, seaTemplate)
	refuses(t, wrongUsage, []string{"--set mood", "enable_thinking=false"}, "chat", "--model", dir, "--set", "mood")
	refuses(t, wrongUsage, []string{"--max-tokens"}, "chat", "--model", dir, "--max-tokens", "0")
	refuses(t, wrongUsage, []string{"top-p"}, "chat", "--model", dir, "--top-p", "3")
	refuses(t, failed, []string{"no such file"}, "chat", "--model", dir, "--tools", "nothing.json")
	refuses(t, failed, []string{"list of tools"}, "chat", "--model", dir, "--tools", write(t, "tools.json", "{}"))
	if o := rotor(t, wrongUsage, "chat", "--model", dir, "--tools", write(t, "tools.json", `[{"name":"x"}]`)); !strings.Contains(o.stderr, "no form for tools") {
		t.Errorf("tools for a template without: %s", o.stderr)
	}
	refuses(t, failed, []string{"messages is no list"}, "chat", "--model", dir, "--load", write(t, "x.jsonl", `{"text":"x"}`))
	refuses(t, failed, []string{"tokenizer"}, "chat", "--model", tiny(t, llamaConfig, 5, true))
	for name, c := range map[string][2]string{
		"broken":     {"{% if %}", "line 1, column 7"},
		"endless":    {"{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}", "steps"},
		"cyclic":     {"{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "calls itself"},
		"unbounded":  {"{{ 'a' * 1000000000000 }}", "bytes"},
		"refuses":    {"{{ raise_exception('no roles today') }}", "no roles today"},
		"no such":    {"{{ messages[9].content.x }}", "line 1"},
		"unfinished": {"{% for m in messages %}", "end of template"},
	} {
		o := refuses(t, failed, []string{c[1], "chat_template.jinja"}, "chat", "--model", chatModel(t, c[0]), "sea")
		if rss := peakOf(o); rss > 256<<20 {
			t.Errorf("%s took %d MB", name, rss>>20)
		}
	}
	got := talkTo(t, failed, dir, "/sav x\n/save\n/undo\n/help me\n\n//slash\n/exit\nnot read\n", "--greedy")
	if len(got) != 5 || !strings.Contains(got[0].Error, "nearest is /save") || !strings.Contains(got[1].Error, "name of a file") ||
		!strings.Contains(got[2].Error, "no question") || !strings.Contains(got[3].Error, "nothing behind") || got[4].Role != "assistant" {
		t.Errorf("have %+v", got)
	}
}

// An interrupt stops an answer and not the program; two at the prompt do.
func TestChatInterrupt(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot be interrupted there from outside")
	}
	dir := chatModel(t, "") // ChatML: random weights never end a turn
	cmd := exec.Command(program, "chat", "--model", dir, "--greedy", "--max-tokens", "500000", "--context", "1000000")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	text := make(chan byte, 1<<20)
	go func() {
		r := bufio.NewReader(out)
		for {
			b, err := r.ReadByte()
			if err != nil {
				close(text)
				return
			}
			text <- b
		}
	}()
	wait := func(what string, holds func(b byte) bool) {
		t.Helper()
		limit := time.After(time.Minute)
		for {
			select {
			case b, ok := <-text:
				if !ok {
					t.Fatalf("%s: the program ended: %s", what, stderr.String())
				}
				if holds(b) {
					return
				}
			case <-limit:
				t.Fatalf("%s: nothing within a minute", what)
			}
		}
	}
	for turn := range 2 {
		fmt.Fprintln(in, "the sea")
		n := 0
		wait("an answer", func(byte) bool { n++; return n > 20 })
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		quiet := time.NewTimer(2 * time.Second) // the line end of the answer, and then nothing
		for stopped := false; !stopped; {
			select {
			case _, ok := <-text:
				if !ok {
					t.Fatalf("turn %d: the interrupt ended the program: %s", turn, stderr.String())
				}
				quiet.Reset(time.Second)
			case <-quiet.C:
				stopped = true
			}
		}
	}
	for range 2 {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		time.Sleep(300 * time.Millisecond)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Fatal("two interrupts at the prompt do not end the program")
	}
	if code := cmd.ProcessState.ExitCode(); code != interrupted || strings.Count(stderr.String(), "stopped") != 2 || !strings.Contains(stderr.String(), "interrupt again") {
		t.Errorf("exit code %d, and it said %s", code, stderr.String())
	}
}

// A template is shown at work: on its own, or with the tokens of a model.
func TestShowTemplate(t *testing.T) {
	type shown struct {
		Kind, Name, Prompt, Why                    string
		Ends                                       []string
		Own, System, Tools, Thinking, Marks, Every bool
		Segments                                   []struct {
			Text  string
			Learn bool
		}
	}
	dir := chatModel(t, seaTemplate)
	v := object[shown](t, rotor(t, done, "show", dir, "--template", "--json"))
	if v.Kind != "template" || !v.Own || !v.System || v.Tools || v.Thinking || v.Marks || !v.Every || fmt.Sprint(v.Ends) != "[<|end|>]" ||
		v.Prompt != "assistant: " || len(v.Segments) != 5 || v.Segments[1].Text != "5<|end|>" || !v.Segments[1].Learn || v.Segments[0].Learn {
		t.Errorf("have %+v", v)
	}
	if o := rotor(t, done, "show", dir, "--template"); !strings.Contains(o.stdout, "assistant: ⟦10<|end|>⟧") {
		t.Errorf("people see\n%s", o.stdout)
	}
	if o := rotor(t, done, "show", dir); !strings.Contains(o.stdout, "the model's own template (chat_template.jinja)") {
		t.Errorf("the model is shown as\n%s", o.stdout)
	}
	alone := write(t, "x.jinja", "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system') }}{% endif %}{{ m.content if loop.last or m.role == 'user' }}{{ bos_token }}{{ tools | tojson if tools }}{% endfor %}")
	v = object[shown](t, rotor(t, done, "show", alone, "--json"))
	if v.System || !v.Tools || v.Every || !strings.Contains(v.Why, "writes the past anew") || len(v.Ends) != 0 {
		t.Errorf("alone: %+v", v)
	}
	v = object[shown](t, rotor(t, done, "show", alone, "--model", dir, "--json"))
	if len(v.Ends) != 1 {
		t.Errorf("with a model: %+v", v)
	}
	if v := object[shown](t, rotor(t, done, "show", chatModel(t, ""), "--template", "--json")); v.Own || !strings.HasPrefix(v.Name, "ChatML") || !v.Marks {
		t.Errorf("without a template: %+v", v)
	}
	broken := chatModel(t, "{% if %}")
	if o := rotor(t, done, "show", broken); !strings.Contains(o.stdout, "line 1, column 7") {
		t.Errorf("a model with a broken template is shown as\n%s", o.stdout)
	}
	refuses(t, failed, []string{"line 1, column 7"}, "show", broken, "--template")
	refuses(t, failed, []string{"1048576"}, "show", write(t, "x.jinja", strings.Repeat("x", 3<<20)))
	refuses(t, failed, []string{"steps"}, "show", write(t, "x.jinja", "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"))
}
