package train_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rotor-lm/rotor/hub"
	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/peft"
	"github.com/rotor-lm/rotor/tokenizer"
	"github.com/rotor-lm/rotor/train"
)

// The test binary is also the program that the tests of kills kill.
func TestMain(m *testing.M) {
	if file := os.Getenv("ROTOR_TEST_TRAIN"); file != "" {
		if err := child(file); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func child(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	s, err := train.Read(f, file)
	if err != nil {
		return err
	}
	c, err := s.Config()
	if err != nil {
		return err
	}
	for _, err := range train.Run(context.Background(), c, train.Resume) {
		if err != nil {
			return err
		}
	}
	return nil
}

const config = `{"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 300, "hidden_size": 32,
"intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
"max_position_embeddings": 64, "rms_norm_eps": 1e-5, "rope_theta": 10000, "tie_word_embeddings": true}`

// job makes a model, data and settings in a folder of the test's.
func job(t *testing.T, set map[string]string) (train.Config, string) {
	t.Helper()
	dir := t.TempDir()
	var lines []string
	for i := range 40 {
		lines = append(lines, fmt.Sprintf(`{"prompt": "count from %d: ", "completion": "%d %d %d"}`, i, i+1, i+2, i+3))
	}
	text := strings.Join(lines, "\n")
	write(t, filepath.Join(dir, "data.jsonl"), text+"\n")
	tok, err := tokenizer.Train(context.Background(), slices.Values([]string{text}), tokenizer.TrainOptions{VocabSize: 300, Special: []string{"<|endoftext|>"}, EOS: "<|endoftext|>"})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "tok"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := tok.Save(filepath.Join(dir, "tok")); err != nil {
		t.Fatal(err)
	}
	m, err := model.New([]byte(config))
	if err != nil {
		t.Fatal(err)
	}
	model.Init(m, 3)
	if err := hub.Save(t.Context(), filepath.Join(dir, "model"), []byte(config), m, hub.SaveOptions{Tokenizer: filepath.Join(dir, "tok")}); err != nil {
		t.Fatal(err)
	}
	s := train.Settings{}
	all := map[string]string{
		"model": filepath.Join(dir, "model"), "data": filepath.Join(dir, "data.jsonl"), "out": filepath.Join(dir, "out"),
		"steps": "12", "batch": "4", "lr": "1e-2", "rank": "2", "dropout": "0.1", "validation": "8", "eval-every": "4", "save-every": "3",
	}
	for k, v := range set {
		all[k] = v
	}
	for k, v := range all {
		if err := s.Set(k, v); err != nil {
			t.Fatal(err)
		}
	}
	c, err := s.Config()
	if err != nil {
		t.Fatal(err)
	}
	return c, dir
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// run does a job and returns its losses.
func run(t *testing.T, ctx context.Context, c train.Config, mode int) (losses []float64, err error) {
	t.Helper()
	for e, err := range train.Run(ctx, c, mode) {
		if err != nil {
			return losses, err
		}
		if s, ok := e.(train.Step); ok {
			losses = append(losses, s.Loss)
		}
	}
	return losses, nil
}

func result(t *testing.T, c train.Config) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, dir := range []string{c.Result(), filepath.Join(c.Out, "best"), c.Out} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if e.IsDir() || e.Name() == "train.yaml" { // it names the folder
				continue
			}
			data, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			rel, _ := filepath.Rel(c.Out, filepath.Join(dir, e.Name()))
			files[rel] = strings.ReplaceAll(string(data), c.Out, "OUT")
			if e.Name() == "state.safetensors" { // its header has the settings, which name the folder
				files[rel] = string(data[8+binary.LittleEndian.Uint64(data):])
			}
		}
	}
	if len(files) < 6 {
		t.Fatalf("only %d files in the result", len(files))
	}
	return files
}

func equal(t *testing.T, have, want map[string]string) {
	t.Helper()
	for name, w := range want {
		if h := have[name]; h != w {
			at := 0
			for at < min(len(h), len(w)) && h[at] == w[at] {
				at++
			}
			t.Fatalf("%s differs from byte %d of %d, %d", name, at, len(h), len(w))
		}
	}
}

func TestLearns(t *testing.T) {
	for _, method := range []string{"lora", "full", train.Scratch} {
		t.Run(method, func(t *testing.T) {
			set := map[string]string{"method": method, "steps": "40"}
			if method != "lora" {
				set = map[string]string{"method": method, "steps": "40"}
			}
			c, _ := jobWithout(t, set, method != "lora")
			losses, err := run(t, context.Background(), c, train.Fresh)
			if err != nil {
				t.Fatal(err)
			}
			if first, last := losses[0], losses[len(losses)-1]; !(last < first-.1) {
				t.Errorf("the loss went from %g to %g", first, last)
			}
		})
	}
}

// jobWithout is job, without the options of LoRA where they are not wanted.
func jobWithout(t *testing.T, set map[string]string, noLoRA bool) (train.Config, string) {
	if !noLoRA {
		return job(t, set)
	}
	c, dir := job(t, nil)
	s := train.Settings{}
	for k, v := range map[string]string{"model": c.Model, "data": c.Data, "out": c.Out, "batch": "4", "lr": "1e-2", "validation": "8", "eval-every": "10", "method": set["method"], "steps": set["steps"]} {
		if err := s.Set(k, v); err != nil {
			t.Fatal(err)
		}
	}
	c, err := s.Config()
	if err != nil {
		t.Fatal(err)
	}
	return c, dir
}

// The same job gives the same bits on one thread and on two, and however its
// steps are divided into passes it is the same to rounding.
func TestThreads(t *testing.T) {
	defer kernel.SetThreads(kernel.Threads())
	var results []map[string]string
	for _, n := range []int{1, 2} {
		kernel.SetThreads(n)
		c, _ := job(t, nil)
		if _, err := run(t, context.Background(), c, train.Fresh); err != nil {
			t.Fatal(err)
		}
		results = append(results, result(t, c))
	}
	delete(results[0], "best/adapter_config.json") // name the base, whose folder differs
	delete(results[0], "adapter/adapter_config.json")
	equal(t, results[1], results[0])
}

func TestMicroBatches(t *testing.T) {
	var all [][]float64
	for _, rows := range []string{"0", "24", "48"} {
		c, _ := job(t, map[string]string{"rows": rows, "batch": "8", "dropout": "0.3", "targets": "q_proj,v_proj,down_proj,lm_head"})
		losses, err := run(t, context.Background(), c, train.Fresh)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, losses)
	}
	for i, l := range all[0] {
		if math.Abs(l-all[1][i]) > 1e-4 || math.Abs(l-all[2][i]) > 1e-4 {
			t.Errorf("step %d: loss %g in passes of 256 rows, %g of 24 and %g of 48", i+1, l, all[1][i], all[2][i])
		}
	}
}

// Gradients that are summed over batches are those of one batch of their size.
func TestAccumulation(t *testing.T) {
	var all []map[string]string
	for _, set := range []map[string]string{{"batch": "4"}, {"batch": "2", "accumulate": "2"}, {"batch": "1", "accumulate": "4"}} {
		c, _ := job(t, set)
		if _, err := run(t, context.Background(), c, train.Fresh); err != nil {
			t.Fatal(err)
		}
		r := result(t, c)
		delete(r, "best/adapter_config.json") // name the base, whose folder differs
		delete(r, "adapter/adapter_config.json")
		all = append(all, r)
	}
	equal(t, all[1], all[0])
	equal(t, all[2], all[0])
}

// What is kept as the best is the model of the step that was.
func TestBest(t *testing.T) {
	c, _ := job(t, map[string]string{"eval-every": "1", "lr": "0.3", "steps": "16", "schedule": "constant", "clip": "0", "seed": "2"}) // soon too far
	best, last, n := math.Inf(1), 0.0, 0
	var kept []byte
	for e, err := range train.Run(context.Background(), c, train.Fresh) {
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := e.(train.Eval); ok {
			if last = e.Loss; e.Best != (last < best) {
				t.Errorf("step %d: loss %g after %g, the best: %v", e.N, last, best, e.Best)
			}
			if e.Best {
				best, n = last, e.N
			}
		}
		if s, ok := e.(train.Step); ok && s.N == n+1 { // the first event after the evaluation of step n
			if kept, err = os.ReadFile(filepath.Join(c.Out, "best", "adapter_model.safetensors")); err != nil && n > 0 {
				t.Fatal(err)
			}
		}
	}
	if n == 0 || n == 16 || !(last > best) {
		t.Fatalf("the best of 16 steps is number %d: this shows nothing", n)
	}
	now, err := os.ReadFile(filepath.Join(c.Out, "best", "adapter_model.safetensors"))
	if err != nil || string(now) != string(kept) {
		t.Errorf("the best has changed since step %d: %v", n, err)
	}
	// To its steps alone the same job comes with the same weights.
	c.Out, c.Steps = c.Out+"2", n
	if _, err := run(t, context.Background(), c, train.Fresh); err != nil {
		t.Fatal(err)
	}
	if short, err := os.ReadFile(filepath.Join(c.Result(), "adapter_model.safetensors")); err != nil || string(short) != string(now) {
		t.Errorf("a run of %d steps ends with other weights than the best: %v", n, err)
	}
}

// A run that is cancelled saves, says so, and goes on to the same bits: also
// where an evaluation was due, in the middle and at the end.
func TestInterruptAndResume(t *testing.T) {
	c, _ := job(t, nil)
	if _, err := run(t, context.Background(), c, train.Fresh); err != nil {
		t.Fatal(err)
	}
	want, out := result(t, c), c.Out
	for _, at := range []int{5, 4, 12} {
		c.Out = fmt.Sprint(out, at)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		var stopped *train.Interrupted
		for e, err := range train.Run(ctx, c, train.Fresh) {
			if s, ok := e.(train.Step); ok && s.N == at {
				cancel()
			}
			if err != nil && !errors.As(err, &stopped) {
				t.Fatal(err)
			}
		}
		if stopped == nil || stopped.N != at {
			t.Fatalf("cancelled at step %d: %v", at, stopped)
		}
		if _, err := run(t, context.Background(), c, train.Fresh); err == nil || !strings.Contains(err.Error(), "--resume") {
			t.Errorf("a second run over the first: %v", err)
		}
		losses, err := run(t, context.Background(), c, train.Resume)
		if err != nil || len(losses) != 12-at {
			t.Fatalf("resumed with %d steps: %v", len(losses), err)
		}
		equal(t, result(t, c), want)
	}
	c.LR *= 2
	if _, err := run(t, context.Background(), c, train.Resume); err == nil || !strings.Contains(err.Error(), "lr was") {
		t.Errorf("resumed with another lr: %v", err)
	}
}

// A step of many passes ends between two of them, has done nothing, and is done
// anew on resuming.
func TestInterruptedStep(t *testing.T) {
	c, _ := job(t, map[string]string{"rows": "64", "batch": "8", "save-every": "100"})
	if _, err := run(t, context.Background(), c, train.Fresh); err != nil {
		t.Fatal(err)
	}
	want := result(t, c)
	for _, polls := range []int{1, 2, 21, 22} { // in the first step, and in some later one
		c.Out += "2"
		ctx := &countdown{Context: context.Background(), left: polls}
		_, err := run(t, ctx, c, train.Fresh)
		var stopped *train.Interrupted
		if !errors.As(err, &stopped) {
			t.Fatalf("%d: %v", polls, err)
		}
		losses, err := run(t, context.Background(), c, train.Resume)
		if err != nil || len(losses) != 12-stopped.N {
			t.Fatalf("resumed after step %d with %d steps: %v", stopped.N, len(losses), err)
		}
		equal(t, result(t, c), want)
	}
}

// countdown is a context that ends once it has been asked so often, data aside.
type countdown struct {
	context.Context
	left int
}

func (c *countdown) Err() error {
	if pc, _, _, ok := runtime.Caller(1); ok && !strings.Contains(runtime.FuncForPC(pc).Name(), "/train.") {
		return nil
	}
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// A run over an earlier one leaves nothing of it that could pass for its own.
func TestForce(t *testing.T) {
	c, _ := jobWithout(t, map[string]string{"method": "full", "steps": "10"}, true)
	if _, err := run(t, context.Background(), c, train.Fresh); err != nil {
		t.Fatal(err)
	}
	best := filepath.Join(c.Out, "best")
	if _, err := os.Stat(best); err != nil {
		t.Fatal(err)
	}
	c.Validation = 0
	if _, err := run(t, context.Background(), c, train.Force); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(best); !os.IsNotExist(err) {
		t.Errorf("the best of the earlier run is still there: %v", err)
	}
	c.Model = best
	if err := os.CopyFS(best, os.DirFS(c.Result())); err != nil {
		t.Fatal(err)
	}
	if _, err := run(t, context.Background(), c, train.Force); err == nil || !strings.Contains(err.Error(), "another --out") {
		t.Errorf("a run over its own model: %v", err)
	}
	if _, err := os.Stat(filepath.Join(best, "config.json")); err != nil {
		t.Error(err)
	}
}

// Killed at any moment and resumed, a run gives the bits of one that was not.
func TestKill(t *testing.T) {
	kills := 50
	switch {
	case testing.Short():
		kills = 5
	case os.Getenv("ROTOR_LONG") != "":
		kills = 500
	}
	c, dir := job(t, map[string]string{"save-every": "1", "eval-every": "2"})
	began := time.Now()
	whole := c
	launch(t, whole, dir, -1)
	took := time.Since(began)
	want := result(t, whole)
	rng := rand.New(rand.NewPCG(1, 2))
	for done, runs := 0, 0; done < kills; runs++ {
		c.Out = filepath.Join(dir, fmt.Sprint("killed", runs))
		for { // until it gets through, killed or not
			if killed := launch(t, c, dir, time.Duration(rng.Float64()*1.2*float64(took))); !killed {
				break
			}
			if done++; done >= kills {
				launch(t, c, dir, -1)
				break
			}
		}
		equal(t, result(t, c), want)
	}
}

// launch runs a job in a process of its own and kills it after a while, unless
// that is negative. It reports whether the kill came in time.
func launch(t *testing.T, c train.Config, dir string, after time.Duration) bool {
	t.Helper()
	yaml, err := c.YAML()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "job.yaml")
	write(t, file, string(yaml))
	var stderr strings.Builder
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "ROTOR_TEST_TRAIN="+file)
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if after >= 0 {
		timer := time.AfterFunc(after, func() { cmd.Process.Kill() })
		defer timer.Stop()
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) && !exit.Exited() {
		return true
	}
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	return false
}

// A run whose numbers leave their range stops, says where, and leaves the last
// good state.
func TestNotFinite(t *testing.T) {
	c, _ := job(t, map[string]string{"lr": "1e30", "clip": "0", "save-every": "1", "schedule": "constant", "warmup": "0"})
	_, err := run(t, context.Background(), c, train.Fresh)
	var bad *train.NotFinite
	if !errors.As(err, &bad) || bad.Step < 2 || bad.Tensor == "" {
		t.Fatalf("want an error that names step and tensor, have %v", err)
	}
	if !strings.Contains(err.Error(), fmt.Sprintf("step %d", bad.Step)) || !strings.Contains(err.Error(), "state.safetensors") {
		t.Errorf("the error does not help: %v", err)
	}
	if _, err := os.Stat(filepath.Join(c.Out, "state.safetensors")); err != nil {
		t.Error(err)
	}
}

func TestSettings(t *testing.T) {
	c, _ := job(t, map[string]string{"targets": "q_proj,v_proj", "rank-pattern": "{q_proj: 4}", "schedule": "linear"})
	yaml, err := c.YAML()
	if err != nil {
		t.Fatal(err)
	}
	s, err := train.Read(strings.NewReader(string(yaml)), "job.yaml")
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.Config()
	if err != nil {
		t.Fatalf("%v in\n%s", err, yaml)
	}
	if second, _ := again.YAML(); string(second) != string(yaml) {
		t.Errorf("written\n%s\nread and written\n%s", yaml, second)
	}
	for _, bad := range []struct{ yaml, want string }{
		{"model: a\nlearnig-rate: 1\n", "job.yaml:2"},
		{"model: a\nrnak: 4\n", `did you mean "rank"`},
		{"batch: many\n", "want a whole number"},
		{"batch: 1\nbatch: 2\n", "batch"},
		{"method: lora2\n", "there are full, lora, scratch"},
		{"method: full\nrank: 4\n", "rank"},
		{"schedule: sometimes\n", "constant, linear, cosine"},
		{"lr: -1\n", "lr"},
		{"layers-to-transform: [a]\n", "want a list"},
		{"- a\n- b\n", "job.yaml"},
		{"model: [\n", "job.yaml"},
	} {
		s, err := train.Read(strings.NewReader(bad.yaml), "job.yaml")
		if err == nil {
			_, err = s.Config()
		}
		if err == nil || !strings.Contains(err.Error(), bad.want) {
			t.Errorf("%q: want an error with %q, have %v", bad.yaml, bad.want, err)
		}
	}
}

// Lists and names with values may stand in a flag as people write them, and the
// order of names is kept on every way: the first pattern that matches counts.
func TestSettingsFromFlags(t *testing.T) {
	want := peft.Pattern{{Match: `.*\.1\..*q_proj`, Value: 4}, {Match: "q_proj", Value: 2}, {Match: "k_proj", Value: 8}}
	s := train.Settings{}
	for key, text := range map[string]string{
		"map": "prompt=question, completion=answer", "modules_to_save": "lm_head,norm", "layers-to-transform": "2",
		"rank-pattern":  `.*\.1\..*q_proj=4,q_proj=2,k_proj=8`,
		"alpha-pattern": `{".*\\.1\\..*q_proj": 4, q_proj: 2, k_proj: 8}`,
	} {
		if err := s.Set(key, text); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // as it was set, and as it was written and read
		c, err := s.Config()
		if err != nil {
			t.Fatal(err)
		}
		o := c.Options.(*peft.LoRA)
		if !slices.Equal(o.RankPattern, want) || !slices.Equal(o.AlphaPattern, want) || !slices.Equal(o.Save, []string{"lm_head", "norm"}) || !slices.Equal(o.Layers, []int{2}) {
			t.Errorf("options %+v", o)
		}
		if len(c.Map) != 2 || c.Map["prompt"] != "question" || c.Map["completion"] != "answer" {
			t.Errorf("map %v", c.Map)
		}
		yaml, err := c.YAML()
		if err != nil {
			t.Fatal(err)
		}
		if s, err = train.Read(strings.NewReader(string(yaml)), "job.yaml"); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Set("map", "prompt"); err == nil || !strings.Contains(err.Error(), "a=b") {
		t.Errorf("a name without a value: %v", err)
	}
}

func FuzzSettings(f *testing.F) {
	for _, s := range []string{"model: a\nlr: 1e-3\n", "targets: [q_proj]\nrank_pattern: {a: 1}", "map: {prompt: q}\n", "a: &x [*x]", "\x00", "? a : b", "<<: {a: 1}"} {
		f.Add(s)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		if s, err := train.Read(strings.NewReader(text), "f"); err == nil {
			if c, err := s.Config(); err == nil {
				_, _ = c.YAML()
			}
		}
	})
}
