package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/hub"
	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/tensor"
)

func TestVersion(t *testing.T) {
	v := object[struct{ Version, Kernel string }](t, rotor(t, done, "version", "--json"))
	if v.Version == "" || v.Kernel == "" {
		t.Errorf("have %+v", v)
	}
}

func TestShow(t *testing.T) {
	dir := tiny(t, llamaConfig, 1, false)
	v := object[struct {
		Kind, Architecture string
		Layers, Parameters int
		Types              map[string]int
		Tokenizer          struct{ Vocab int }
		Tensors            []struct{ Name string }
	}](t, rotor(t, done, "show", dir, "--json", "--tensors"))
	want := vocab*32 + 32 + 2*(32*32*2+32*16*2+3*32*48+2*32)
	if v.Kind != "model" || v.Architecture != "LlamaForCausalLM" || v.Layers != 2 || v.Parameters != want || v.Tokenizer.Vocab != vocab || len(v.Tensors) != 20 || v.Types["F32"] != 20 {
		t.Errorf("have %+v, want %d parameters", v, want)
	}
	if o := rotor(t, done, "show", dir, "--tensors"); !strings.Contains(o.stdout, "model.layers.1.self_attn.q_proj.weight") {
		t.Errorf("no tensor in\n%s", o.stdout)
	}
	w := object[struct {
		Kind       string
		Parameters int
	}](t, rotor(t, done, "show", dir+"/model.safetensors", "--json"))
	if w.Kind != "weights" || w.Parameters != want {
		t.Errorf("have %+v", w)
	}
	k := object[struct {
		Kind  string
		Vocab int
	}](t, rotor(t, done, "show", dir+"/tokenizer.json", "--json"))
	if k.Kind != "tokenizer" || k.Vocab != vocab {
		t.Errorf("have %+v", k)
	}
	refuses(t, failed, []string{"config.json"}, "show", t.TempDir())
	refuses(t, failed, []string{"no such file"}, "show", dir+"/nothing")
}

func TestTokenize(t *testing.T) {
	dir := tiny(t, llamaConfig, 1, false)
	text := "the sea — 海 is\nwide"
	type encoding struct {
		IDs     []int32
		Tokens  []string
		Offsets [][2]int
		Text    string
	}
	o := rotorOn(t, done, text, "tokenize", "--model", dir, "--json")
	enc := object[encoding](t, o)
	if want := tinyTokenizer().Encode(text); !slices.Equal(enc.IDs, want) || len(enc.Tokens) != len(want) || len(enc.Offsets) != len(want) {
		t.Errorf("have %+v, want ids %v", enc, want)
	}
	if last := enc.Offsets[len(enc.Offsets)-1]; last[1] != len([]rune(text)) {
		t.Errorf("the last token ends at %d, and the text at character %d", last[1], len([]rune(text)))
	}
	for name, in := range map[string]string{"object": o.stdout, "words": fmt.Sprint(enc.IDs)} {
		if back := object[encoding](t, rotorOn(t, done, in, "tokenize", "--model", dir, "--json", "--decode")); back.Text != text {
			t.Errorf("%s: back comes %q", name, back.Text)
		}
	}
	if o := rotor(t, done, "tokenize", "-m", dir, "the sea"); !strings.Contains(o.stdout, "Ġsea") || strings.Contains(o.stdout, "\x1b") {
		t.Errorf("piped output is %q", o.stdout)
	}
	refuses(t, wrongUsage, []string{"100000", "287"}, "tokenize", "-m", dir, "--decode", "100000")
	refuses(t, wrongUsage, []string{`"x"`, "1,2,3"}, "tokenize", "-m", dir, "--decode", "1,x")
}

type logitsAnswer struct {
	IDs    []int32
	Logits [][]float32
}

// The logits that the binary prints are those that the library computes, to
// the last bit, for each architecture and with any number of threads.
func TestLogits(t *testing.T) {
	for name, config := range map[string]string{"llama": llamaConfig, "gpt2": gpt2Config} {
		t.Run(name, func(t *testing.T) {
			dir := tiny(t, config, 2, true)
			m, err := hub.Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			ids := []int32{5, 0, 287, 5}
			p := &nn.Pass{Tape: tensor.NoGrad(4), Tokens: ids}
			p.Add(4, 0, 0, 0)
			want := model.Logits(m, p)
			for _, threads := range []string{"1", "2"} {
				have := object[logitsAnswer](t, rotor(t, done, "logits", "--model", dir, "--ids", "5,0,287,5", "--json", "--threads", threads))
				if !slices.Equal(have.IDs, ids) || len(have.Logits) != 4 {
					t.Fatalf("ids %v, %d rows", have.IDs, len(have.Logits))
				}
				for i, row := range have.Logits {
					if !slices.Equal(row, want.Row(i)) {
						t.Errorf("%s threads: row %d differs from the library's", threads, i)
					}
				}
			}
		})
	}
	dir := tiny(t, llamaConfig, 2, false)
	a := object[logitsAnswer](t, rotor(t, done, "logits", "--model", dir, "--text", "the sea", "--json"))
	if !slices.Equal(a.IDs, tinyTokenizer().Encode("the sea")) || math.IsNaN(float64(a.Logits[0][0])) {
		t.Errorf("ids %v", a.IDs)
	}
	if o := rotor(t, done, "logits", "--model", dir, "--text", "the sea"); strings.Count(o.stdout, "%") != 10 {
		t.Errorf("people see\n%s", o.stdout)
	}
	refuses(t, wrongUsage, []string{"288", "287"}, "logits", "--model", dir, "--ids", "288")
	refuses(t, wrongUsage, []string{"--ids"}, "logits", "--model", dir, "--ids", "1", "--text", "x")
	refuses(t, wrongUsage, []string{"--text", "--ids"}, "logits", "--model", dir)
	gpt2 := tiny(t, gpt2Config, 2, true)
	refuses(t, wrongUsage, []string{"65", "64"}, "logits", "--model", gpt2, "--ids", strings.Repeat("1,", 65))
}
