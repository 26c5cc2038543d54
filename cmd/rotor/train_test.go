package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/peft"
	"github.com/rotor-lm/rotor/train"
)

// answers makes a JSONL file of n questions with their answers.
func answers(t *testing.T, n int) string {
	t.Helper()
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"prompt":"the sea is %d","completion":" wide and deep"}`+"\n", i)
	}
	return write(t, "data.jsonl", b.String())
}

// lines decodes the events of a run, one object a line.
func lines(t *testing.T, o outcome) (events []map[string]any) {
	t.Helper()
	for _, line := range strings.Split(strings.TrimSpace(o.stdout), "\n") {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("not an object: %v: %s", err, line)
		}
		events = append(events, v)
	}
	return events
}

// A model learns from the command line, and what comes of it is an adapter
// that shows, generates, evaluates and merges.
func TestTrainThenUse(t *testing.T) {
	dir, data := tiny(t, llamaConfig, 1, false), answers(t, 24)
	out := filepath.Join(t.TempDir(), "run")
	ev := lines(t, rotor(t, done, "train", "--model", dir, "--data", data, "--out", out, "--steps", "12", "--lr", "0.02",
		"--rank", "4", "--targets", "q_proj,v_proj", "--validation", "4", "--eval-every", "6", "--json"))
	first, last := ev[0], ev[len(ev)-1]
	if first["event"] != "start" || last["event"] != "done" {
		t.Fatalf("the run begins with %v and ends with %v", first, last)
	}
	var losses []float64
	evals := 0
	for _, v := range ev {
		switch v["event"] {
		case "step":
			losses = append(losses, v["loss"].(float64))
		case "eval":
			evals++
		}
	}
	if len(losses) != 12 || evals != 2 || !(losses[11] < losses[0]-0.1) {
		t.Errorf("%d evaluations, losses %v", evals, losses)
	}
	for _, name := range []string{"train.yaml", "metrics.jsonl", "loss.svg", "adapter", "best"} {
		if _, err := os.Stat(filepath.Join(out, name)); err != nil {
			t.Error(err)
		}
	}
	adapter := filepath.Join(out, "adapter")
	if last["result"] != adapter {
		t.Errorf("result is %v", last["result"])
	}
	shown := object[struct {
		Kind, Type string
		Parameters int
		Method     struct{ Rank int }
	}](t, rotor(t, done, "show", adapter, "--json"))
	if shown.Kind != "adapter" || shown.Type != "LORA" || shown.Parameters != 2*4*(32+32+32+16) || shown.Method.Rank != 4 {
		t.Errorf("shown as %+v", shown)
	}
	score := func(args ...string) float64 {
		v := object[struct{ Perplexity, Accuracy, Loss float64 }](t, rotor(t, done, append([]string{"eval", data, "--json", "--model"}, args...)...))
		if d := math.Exp(v.Loss) - v.Perplexity; math.Abs(d) > 1e-6*v.Perplexity || v.Accuracy < 0 || v.Accuracy > 1 {
			t.Errorf("scores do not agree: %+v", v)
		}
		return v.Perplexity
	}
	if before, after := score(dir), score(dir, "--adapter", adapter); !(after < 0.9*before) {
		t.Errorf("perplexity was %g and is %g", before, after)
	}
	useAdapter(t, dir, adapter)
	mergeIntoBlocks(t, dir, adapter, data)
}

// useAdapter wants one sum of the model and its adapter, however it is computed.
func useAdapter(t *testing.T, dir, adapter string) {
	t.Helper()
	logits := func(args ...string) [][]float32 {
		return object[logitsAnswer](t, rotor(t, done, append([]string{"logits", "--ids", "5,6,7", "--json", "--model"}, args...)...)).Logits
	}
	base, adapted, merged := logits(dir), logits(dir, "--adapter", adapter), logits(dir, "--adapter", adapter, "--merge")
	if d := apart(base, adapted); d < 1e-3 {
		t.Errorf("the adapter moves logits by %g only", d)
	}
	if d := apart(adapted, merged); d > 1e-4 {
		t.Errorf("merging moves logits by %g", d)
	}
	folder := filepath.Join(t.TempDir(), "merged")
	m := object[struct {
		Tensors  int
		MaxError float64 `json:"max_error"`
	}](t, rotor(t, done, "adapter", "merge", "--model", dir, "--adapter", adapter, "--out", folder, "--json"))
	if m.Tensors != 20 || m.MaxError > 1e-4 {
		t.Errorf("have %+v", m)
	}
	if d := apart(adapted, logits(folder)); d > 1e-4 {
		t.Errorf("the merged folder is %g away", d)
	}
	// Two on the base are one on the model that the other was merged into.
	if d := apart(logits(dir, "--adapter", adapter, "--adapter", adapter), logits(folder, "--adapter", adapter)); d > 1e-4 {
		t.Errorf("a stack is %g away from one on the merged model", d)
	}
	refuses(t, failed, []string{folder}, "adapter", "merge", "--model", dir, "--adapter", adapter, "--out", folder)
	refuses(t, wrongUsage, []string{"--adapter"}, "adapter", "merge", "--model", dir, "--out", folder+"2")
	// An adapter for another base.
	other := strings.Replace(llamaConfig, `"hidden_size":32`, `"hidden_size":64`, 1)
	refuses(t, failed, []string{adapter, "does not fit", "q_proj"}, "logits", "--model", tiny(t, other, 1, true), "--adapter", adapter, "--ids", "1")
	refuses(t, failed, []string{adapter, "does not fit"}, "generate", "--model", tiny(t, gpt2Config, 1, true), "--adapter", adapter, "--ids", "1")
	refuses(t, failed, []string{"adapter_config.json"}, "logits", "--model", dir, "--adapter", dir, "--ids", "1")
}

func apart(a, b [][]float32) (worst float64) {
	for i := range a {
		for j := range a[i] {
			worst = max(worst, float64(a[i][j]-b[i][j]), float64(b[i][j]-a[i][j]))
		}
	}
	return worst
}

// The file that --print-config writes repeats the command line: the same bytes come out.
func TestPrintConfigRepeats(t *testing.T) {
	dir, data := tiny(t, llamaConfig, 1, false), answers(t, 12)
	tmp := t.TempDir()
	flags := []string{"--model", dir, "--data", data, "--rank", "3", "--targets", ".*_proj", "--alpha", "6", "--dropout", "0.1", "--epochs", "2", "--seed", "5", "--lr", "0.01", "--batch", "4"}
	a, b := filepath.Join(tmp, "a"), filepath.Join(tmp, "b")
	o := rotor(t, done, append([]string{"train", "--print-config", "--out", a}, flags...)...)
	config := write(t, "run.yaml", o.stdout)
	if again := rotor(t, done, "train", "--print-config", "--config", config); again.stdout != o.stdout {
		t.Errorf("the file of the file is\n%s\nand was\n%s", again.stdout, o.stdout)
	}
	rotor(t, done, append([]string{"train", "--out", a}, flags...)...)
	rotor(t, done, "train", "--config", config, "--out", b, "--threads", "1")
	if !bytes.Equal(read(t, filepath.Join(a, "adapter", "adapter_model.safetensors")), read(t, filepath.Join(b, "adapter", "adapter_model.safetensors"))) {
		t.Error("the two adapters differ")
	}
	v := object[map[string]any](t, rotor(t, done, "train", "--print-config", "--config", config, "--rank", "9", "--json"))
	if v["rank"] != 9. || v["seed"] != 5. {
		t.Errorf("a flag over a file gives %v", v)
	}
}

// A signal saves and exits 130, and --resume ends where the undisturbed run does.
func TestInterruptAndResume(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no signals to send")
	}
	dir := tiny(t, llamaConfig, 1, false)
	data := write(t, "long.jsonl", strings.Repeat(`{"text":"`+strings.Repeat("the sea is wide ", 12)+`"}`+"\n", 24))
	tmp := t.TempDir()
	whole, cut := filepath.Join(tmp, "whole"), filepath.Join(tmp, "cut")
	args := []string{"train", "--model", dir, "--data", data, "--steps", "25", "--batch", "24", "--save-every", "1000", "--dropout", "0.1", "--lr", "0.01"}
	rotor(t, done, append(args, "--out", whole)...)
	cmd := exec.Command(program, append(args, "--out", cut, "--json")...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	events := bufio.NewScanner(stdout)
	for events.Scan() && !strings.Contains(events.Text(), `"step":2,`) {
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	for events.Scan() {
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != interrupted || !strings.Contains(stderr.String(), "--resume") {
		t.Fatalf("exit code %d, want %d: %s", code, interrupted, stderr.String())
	}
	rotor(t, done, "train", "--resume", "--out", cut)
	for _, name := range []string{"adapter/adapter_model.safetensors", "metrics.jsonl"} {
		if !bytes.Equal(read(t, filepath.Join(whole, name)), read(t, filepath.Join(cut, name))) {
			t.Errorf("%s is not that of the undisturbed run", name)
		}
	}
}

// A run over another is refused unless it is asked for, and loses nothing.
func TestTrainRefuses(t *testing.T) {
	dir, data := tiny(t, llamaConfig, 1, false), answers(t, 8)
	out := filepath.Join(t.TempDir(), "run")
	base := []string{"train", "--model", dir, "--data", data, "--out", out, "--steps", "2"}
	rotor(t, done, base...)
	kept := read(t, filepath.Join(out, "adapter", "adapter_model.safetensors"))
	refuses(t, failed, []string{out, "--resume", "--force"}, base...)
	if !bytes.Equal(kept, read(t, filepath.Join(out, "adapter", "adapter_model.safetensors"))) {
		t.Error("a refused run changed what was there")
	}
	rotor(t, done, append(base, "--force")...)

	fresh := []string{"train", "--model", dir, "--out", filepath.Join(t.TempDir(), "x"), "--data"}
	line := func(third string) string {
		good := `{"prompt":"the","completion":" sea"}` + "\n"
		return write(t, "bad.jsonl", good+good+third+"\n"+good)
	}
	refuses(t, failed, []string{"bad.jsonl:3"}, append(fresh, line(`{"prompt":"the","completion":`))...)
	refuses(t, failed, []string{"bad.jsonl:3"}, append(fresh, line(``))...)
	refuses(t, failed, []string{"bad.jsonl:3", "completion"}, append(fresh, line(`{"prompt":"the"}`))...)
	refuses(t, failed, []string{"bad.jsonl:3"}, "show", line(`[1]`))
	refuses(t, failed, []string{"prompt"}, append(fresh, write(t, "x.jsonl", `{"question":"a","reply":"b"}`+"\n"))...)
	refuses(t, failed, []string{"no record"}, append(fresh, write(t, "empty.jsonl", ""))...)
	refuses(t, failed, []string{"mute.jsonl:1", "assistant"}, append(fresh, write(t, "mute.jsonl", `{"messages":[{"role":"user","content":"the sea"}]}`+"\n"))...)
	refuses(t, failed, []string{"raise the length"}, append(fresh, data, "--length", "2")...)
	refuses(t, failed, []string{"tokenizer"}, "train", "--model", tiny(t, llamaConfig, 1, true), "--data", data, "--out", out+"2")

	refuses(t, wrongUsage, []string{"--model", "--data"}, "train", "--out", out)
	refuses(t, wrongUsage, []string{"--rnk", "--rank"}, "train", "--rnk", "3")
	refuses(t, wrongUsage, []string{"run.yaml:2", "lrr", `"lr"`}, "train", "--config", write(t, "run.yaml", "model: m\nlrr: 1\n"))
	refuses(t, wrongUsage, []string{"run.yaml:2", "rank"}, "train", "--config", write(t, "run.yaml", "method: full\nrank: 1\n"))
	refuses(t, wrongUsage, []string{"--lr", "fast"}, "train", "--model", dir, "--data", data, "--lr", "fast")
	refuses(t, wrongUsage, []string{"method", "lora"}, "train", "--model", dir, "--data", data, "--method", "lore")
	refuses(t, wrongUsage, []string{"broken.yaml"}, "train", "--config", write(t, "broken.yaml", "model: [1\n"))
}

// A folder that cannot be written to is found before the work, and nothing is lost.
func TestFolderThatCannotBeWritten(t *testing.T) {
	dir, data := tiny(t, llamaConfig, 1, false), answers(t, 8)
	file := write(t, "file", "precious")
	inside := filepath.Join(file, "run") // a file stands where a folder must be
	refuses(t, failed, []string{"file"}, "train", "--model", dir, "--data", data, "--out", inside, "--steps", "1")
	refuses(t, failed, []string{"file"}, "train", "--model", dir, "--data", data, "--out", file, "--steps", "1")
	refuses(t, failed, []string{"file"}, "bench", "weights", "--shape", "tiny", "--out", inside)
	if string(read(t, file)) != "precious" {
		t.Error("the file was written over")
	}
	if os.Getuid() != 0 && runtime.GOOS != "windows" { // root may write anywhere
		locked := t.TempDir()
		if err := os.Chmod(locked, 0o500); err != nil {
			t.Fatal(err)
		}
		refuses(t, failed, []string{locked, "permission"}, "train", "--model", dir, "--data", data, "--out", filepath.Join(locked, "run"), "--steps", "1")
	}
}

// The label mask is shown: in brackets where there is no colour.
func TestTrainShowsTheMask(t *testing.T) {
	dir, data := tiny(t, llamaConfig, 1, false), answers(t, 8)
	o := rotor(t, done, "train", "--model", dir, "--data", data, "--show", "2")
	if strings.Count(o.stdout, "⟦ wide and deep<|end|>⟧") != 2 || !strings.Contains(o.stdout, "learned (") {
		t.Errorf("shown is\n%s", o.stdout)
	}
	ev := lines(t, rotor(t, done, "train", "--model", dir, "--data", data, "--show", "2", "--json"))
	if len(ev) != 2 || !strings.HasPrefix(ev[0]["text"].(string), "the sea is 0") {
		t.Errorf("as JSON: %v", ev)
	}
	d := object[dataInfo](t, rotor(t, done, "show", data, "--model", dir, "--json"))
	if d.Examples != 8 || strings.Join(d.Columns, " ") != "completion prompt" || d.Tokens == nil || d.Tokens.Labels == 0 || d.Learned != 8*len(" wide and deep") {
		t.Errorf("have %+v", d)
	}
	if o := rotor(t, done, "show", data); !strings.Contains(o.stdout, "completion, prompt") {
		t.Errorf("people see\n%s", o.stdout)
	}
}

// Plain lines where the output is piped: nothing moves.
func TestProgressIsPlainWhenPiped(t *testing.T) {
	dir, data := tiny(t, llamaConfig, 1, false), answers(t, 8)
	o := rotor(t, done, "train", "--model", dir, "--data", data, "--out", filepath.Join(t.TempDir(), "run"), "--steps", "3")
	for _, want := range []string{"step 1/3  loss ", "step 3/3  loss ", "tokens/s", "% of peak", "left", "numbers learn", "next: rotor generate"} {
		if !strings.Contains(o.stdout, want) {
			t.Errorf("no %q in\n%s", want, o.stdout)
		}
	}
	if strings.ContainsAny(o.stdout, "\r\x1b") {
		t.Errorf("control characters in %q", o.stdout)
	}
}

// Full fine-tuning and training from scratch make models of their own.
func TestTrainWholeModels(t *testing.T) {
	dir, data := tiny(t, llamaConfig, 1, false), answers(t, 8)
	for _, method := range []string{"full", "scratch"} {
		out := filepath.Join(t.TempDir(), method)
		rotor(t, done, "train", "--model", dir, "--data", data, "--out", out, "--method", method, "--steps", "2")
		g := object[generated](t, rotor(t, done, "generate", "--model", filepath.Join(out, "model"), "--prompt", "the sea", "--max-tokens", "3", "--greedy", "--json"))
		if len(g.IDs) == 0 {
			t.Errorf("%s: generated %+v", method, g)
		}
	}
}

// What comes next is said of the result that the evaluations prefer.
func TestProgressNamesTheBest(t *testing.T) {
	for _, c := range []struct {
		best []bool
		want string
	}{
		{nil, "--adapter run/adapter"},
		{[]bool{true, true}, "--adapter run/adapter"},
		{[]bool{true, false, false}, "--adapter run/best"},
		{[]bool{true, false, true}, "--adapter run/adapter"},
	} {
		var out bytes.Buffer
		p := progress{env: &env{Stdout: &out}, config: train.Config{Model: "m", Out: "run", Options: &peft.LoRA{}}}
		for _, best := range c.best {
			if err := p.show(train.Eval{Best: best}); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.show(train.Done{Out: "run"}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(filepath.ToSlash(out.String()), c.want+" --prompt") {
			t.Errorf("after evaluations %v it says\n%s", c.best, out.String())
		}
	}
}

// A run that gets no better ends before its last step and says where the best
// is; and one whose data was changed does not go on unless it is told to.
func TestTrainStopsEarly(t *testing.T) {
	dir, data := tiny(t, llamaConfig, 1, false), answers(t, 24)
	out := filepath.Join(t.TempDir(), "run")
	args := []string{
		"train", "--model", dir, "--data", data, "--out", out, "--steps", "20", "--rank", "2", "--validation", "4",
		"--eval-every", "1", "--early-stopping", "2", "--min-delta", "50",
	}
	o := rotor(t, done, args...)
	if !strings.Contains(o.stdout, "stopped after step 3: 2 evaluations in a row are no better; the best, ") || !strings.Contains(o.stdout, filepath.Join(out, "best")) {
		t.Errorf("it says\n%s", o.stdout)
	}
	if text := rotor(t, done, append(args, "--print-config")...).stdout; !strings.Contains(text, "early-stopping: 2\n") || !strings.Contains(text, "min-delta: 50") {
		t.Errorf("the settings are\n%s", text)
	}
	stopped := false
	for _, e := range lines(t, rotor(t, done, "train", "--resume", "--out", out, "--json")) {
		stopped = stopped || e["event"] == "stopped" && e["step"] == 3.0
	}
	if !stopped {
		t.Error("no event says that it has stopped")
	}
	if err := os.WriteFile(data, []byte(strings.Replace(string(read(t, data)), "wide", "vast", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	refuses(t, failed, []string{"the data", "--changed-data", "--force"}, "train", "--resume", "--out", out)
	rotor(t, done, "train", "--resume", "--changed-data", "--out", out)
	refuses(t, wrongUsage, []string{"--resume"}, append(args, "--changed-data", "--force")...)
	refuses(t, wrongUsage, []string{"early-stopping", "validation"}, "train", "--model", dir, "--data", data, "--out", out, "--early-stopping", "2")
}
