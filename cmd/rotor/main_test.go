package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rotor-lm/rotor/hub"
	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/tokenizer"
)

// program is the binary under test: these tests run it as a user does.
var program string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "rotor")
	if err != nil {
		panic(err)
	}
	program = filepath.Join(dir, "rotor.exe")
	if out, err := exec.Command("go", "build", "-tags", tags(), "-o", program, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the program under test: %v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// tags are the build tags of this test, which the program gets too.
func tags() string {
	info, _ := debug.ReadBuildInfo()
	for _, s := range info.Settings {
		if s.Key == "-tags" {
			return s.Value
		}
	}
	return ""
}

// outcome is what a run of the program left.
type outcome struct {
	code           int
	stdout, stderr string
	state          *os.ProcessState
}

// rotor runs the binary and wants the exit code.
func rotor(t *testing.T, code int, args ...string) outcome {
	t.Helper()
	return rotorOn(t, code, "", args...)
}

// rotorOn is rotor with a text on standard input.
func rotorOn(t *testing.T, code int, stdin string, args ...string) outcome {
	t.Helper()
	cmd := exec.Command(program, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	o := outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String(), cmd.ProcessState}
	if o.code != code {
		t.Fatalf("rotor %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), o.code, code, o.stdout, o.stderr)
	}
	if strings.Contains(o.stderr, "goroutine ") {
		t.Fatalf("rotor %s panics:\n%s", strings.Join(args, " "), o.stderr)
	}
	return o
}

// refuses wants a run to fail with one clear line that has all the words.
func refuses(t *testing.T, code int, words []string, args ...string) outcome {
	t.Helper()
	o := rotor(t, code, args...)
	if o.stdout != "" {
		t.Errorf("rotor %s: wrote to standard output: %q", strings.Join(args, " "), o.stdout)
	}
	if lines := strings.Count(o.stderr, "\n"); lines != 1 || !strings.HasPrefix(o.stderr, "rotor: ") {
		t.Errorf("rotor %s: want one line of error, have %q", strings.Join(args, " "), o.stderr)
	}
	for _, w := range words {
		if !strings.Contains(o.stderr, w) {
			t.Errorf("rotor %s: error does not say %q: %s", strings.Join(args, " "), w, o.stderr)
		}
	}
	return o
}

// object decodes the one JSON object that a run must have printed.
func object[T any](t *testing.T, o outcome) T {
	t.Helper()
	var v T
	dec := json.NewDecoder(strings.NewReader(o.stdout))
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("not a JSON object: %v\n%s", err, o.stdout)
	}
	if rest := strings.TrimSpace(o.stdout[dec.InputOffset():]); rest != "" {
		t.Fatalf("more than one object on standard output: %q", rest)
	}
	return v
}

const sea = `the sea is wide and the sea is deep and the ship is small
a ship that sails the sea by night sails by the stars
`

// vocab is the size of the tokenizer in tiny model folders.
const vocab = 288

var tinyTokenizer = sync.OnceValue(func() *tokenizer.Tokenizer {
	tok, err := tokenizer.Train(context.Background(), slices.Values([]string{strings.Repeat(sea, 4)}),
		tokenizer.TrainOptions{VocabSize: vocab, Special: []string{"<|end|>", "<|im_start|>", "<|im_end|>"}, EOS: "<|end|>"})
	if err != nil {
		panic(err)
	}
	return tok
})

const llamaConfig = `{"architectures":["LlamaForCausalLM"],"model_type":"llama","vocab_size":288,"hidden_size":32,"intermediate_size":48,
"num_hidden_layers":2,"num_attention_heads":4,"num_key_value_heads":2,"max_position_embeddings":512,"rms_norm_eps":1e-5,
"hidden_act":"silu","rope_theta":10000.0,"tie_word_embeddings":true,"initializer_range":0.2}`

const gpt2Config = `{"architectures":["GPT2LMHeadModel"],"model_type":"gpt2","vocab_size":288,"n_embd":32,"n_layer":2,"n_head":4,"n_positions":64,
"layer_norm_epsilon":1e-5,"activation_function":"gelu_new","initializer_range":0.2}`

// tiny makes a model folder with random weights, and with a tokenizer unless bare.
func tiny(t *testing.T, config string, seed uint64, bare bool) string {
	t.Helper()
	m, err := model.New([]byte(config))
	if err != nil {
		t.Fatal(err)
	}
	model.Init(m, seed)
	o := hub.SaveOptions{}
	if !bare {
		o.Tokenizer = t.TempDir()
		if err := tinyTokenizer().Save(o.Tokenizer); err != nil {
			t.Fatal(err)
		}
	}
	dir := filepath.Join(t.TempDir(), "model")
	if err := hub.Save(t.Context(), dir, []byte(config), m, o); err != nil {
		t.Fatal(err)
	}
	return dir
}

// write puts a file into a new folder and returns its path.
func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
