package peft_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/checkpoint"
	"github.com/rotor-lm/rotor/checkpoint/safetensors"
	"github.com/rotor-lm/rotor/hub"
	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/peft"
	"github.com/rotor-lm/rotor/tensor"
)

// golden is what the PEFT library computed: bench/golden/peft_lora.py made it.
type golden struct {
	IDs    []int32                `json:"ids"`
	Logits map[string][][]float32 `json:"logits"`
	Cases  map[string]struct {
		Base      string    `json:"base"`
		Trainable []string  `json:"trainable"`
		Losses    []float64 `json:"losses"`
	} `json:"cases"`
	Batches   [][]example `json:"batches"`
	Optimizer struct{ LR, Beta1, Beta2, Eps, Decay float32 }
}

type example struct {
	IDs    []int32 `json:"ids"`
	Prompt int     `json:"prompt"`
}

func readGolden(t *testing.T) golden {
	t.Helper()
	data, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

func open(t *testing.T, name string) *hub.Model {
	t.Helper()
	m, err := hub.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

func apply(t *testing.T, base model.Model, dir string, o peft.Options) model.Model {
	t.Helper()
	m, r, err := peft.Apply(base, dir, o)
	if err != nil {
		t.Fatal(err)
	}
	if r.Matched == 0 || len(r.Missing)+len(r.Unexpected) > 0 {
		t.Fatalf("%s: %s", dir, r)
	}
	return m
}

func run(m model.Model, ids []int32) []float32 {
	p := nn.Pass{Tape: tensor.NoGrad(0), Tokens: ids}
	p.Places.Add(len(ids), 0, 0, 0)
	return slices.Clone(model.Logits(m, &p).Data)
}

func TestLogitsEqualPEFT(t *testing.T) {
	g := readGolden(t)
	for name, want := range g.Logits {
		base := g.Cases[name].Base
		if base == "" {
			base = name
		}
		m := model.Model(open(t, base))
		if base != name {
			m = apply(t, m, filepath.Join("testdata", name), peft.Options{Frozen: true})
		}
		if d := distance(slices.Concat(want...), run(m, g.IDs)); d > 1e-4 {
			t.Errorf("%s: logits are %g from PEFT's", name, d)
		}
	}
}

// What Rotor writes has the names, shapes, values and configuration that PEFT
// wrote, as far as the configuration changes what is computed.
func TestSaveEqualsPEFT(t *testing.T) {
	g := readGolden(t)
	for name, c := range g.Cases {
		from, to := filepath.Join("testdata", name), filepath.Join(t.TempDir(), name)
		a, err := peft.Open(from)
		if err != nil {
			t.Fatal(err)
		}
		m, _, err := a.Apply(open(t, c.Base), peft.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if c.Trainable != nil && len(names(m)) != len(c.Trainable) {
			t.Errorf("%s: %d tensors learn, in PEFT %d", name, len(names(m)), len(c.Trainable))
		}
		if err := peft.Save(to, a.Method, m, peft.SaveOptions{Base: "some/model"}); err != nil {
			t.Fatal(err)
		}
		compareWeights(t, name, weights(t, from), weights(t, to))
		compareConfigs(t, name, config(t, from), config(t, to))
		if d := distance(run(m, g.IDs), run(apply(t, open(t, c.Base), to, peft.Options{}), g.IDs)); d != 0 {
			t.Errorf("%s: written and read it differs by %g", name, d)
		}
	}
}

func weights(t *testing.T, dir string) checkpoint.Source {
	t.Helper()
	src, err := safetensors.Open(filepath.Join(dir, peft.WeightsFile))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = src.Close() })
	return src
}

func compareWeights(t *testing.T, name string, want, have checkpoint.Source) {
	for _, n := range have.Names() {
		if _, ok := want.Info(n); !ok {
			t.Errorf("%s: %s is not in PEFT's file", name, n)
		}
	}
	for _, n := range want.Names() {
		w, _ := want.Info(n)
		h, ok := have.Info(n)
		if !ok {
			if !strings.HasSuffix(n, ".base_layer.weight") { // the base's own matrix is left out
				t.Errorf("%s: %s is missing", name, n)
			}
			continue
		}
		a, err := want.Raw(n)
		b, err2 := have.Raw(n)
		if err != nil || err2 != nil || w.String() != h.String() || string(a) != string(b) {
			t.Errorf("%s: %s is not %s, or holds other numbers", name, h, w)
		}
	}
}

func config(t *testing.T, dir string) map[string]any {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, peft.ConfigFile))
	if err != nil {
		t.Fatal(err)
	}
	var c map[string]any
	if err := json.Unmarshal(data, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func compareConfigs(t *testing.T, name string, want, have map[string]any) {
	for key, v := range have {
		w, known := want[key]
		if !known {
			t.Errorf("%s: PEFT has no key %s", name, key)
		}
		if key == "base_model_name_or_path" || key == "init_lora_weights" {
			continue
		}
		if fmt.Sprint(sorted(v)) != fmt.Sprint(sorted(w)) {
			t.Errorf("%s: %s is %v, in PEFT %v", name, key, v, w)
		}
	}
}

// sorted is v with its order taken out where PEFT has a set, and one name that
// stands for a list of one.
func sorted(v any) any {
	switch list := v.(type) {
	case []any:
		var s []string
		for _, x := range list {
			s = append(s, fmt.Sprint(x))
		}
		slices.Sort(s)
		return strings.Join(s, " ")
	}
	return v
}

// TestPEFTReadsOurs asks the library itself, where a Python that has it is
// named by ROTOR_PYTHON.
func TestPEFTReadsOurs(t *testing.T) {
	python := os.Getenv("ROTOR_PYTHON")
	if python == "" {
		t.Skip("ROTOR_PYTHON names no Python with torch, transformers and peft")
	}
	g, dir := readGolden(t), t.TempDir()
	script, err := filepath.Abs("../bench/golden/check_peft.py")
	if err != nil {
		t.Fatal(err)
	}
	var args []string
	for _, c := range ours {
		m := open(t, c.base)
		a := adapt(t, m, &c.lora, peft.Options{Seed: 1})
		stir(a, .1)
		to := filepath.Join(dir, c.name)
		if err := peft.Save(to, &c.lora, a, peft.SaveOptions{Base: c.base}); err != nil {
			t.Fatal(err)
		}
		logits, err := json.Marshal(map[string]any{"ids": g.IDs, "logits": run(a, g.IDs)})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to+".json", logits, 0o644); err != nil {
			t.Fatal(err)
		}
		base, err := filepath.Abs(filepath.Join("testdata", c.base))
		if err != nil {
			t.Fatal(err)
		}
		args = append(args, base, to, to+".json")
	}
	out, err := exec.Command(python, append([]string{script}, args...)...).CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
}

var ours = []struct {
	name, base string
	lora       peft.LoRA
}{
	{"all", "llama", peft.LoRA{Rank: 4, Alpha: 8}},
	{"everything", "llama", peft.LoRA{
		Rank: 3, Alpha: 5, RSLoRA: true, Targets: peft.Select("q_proj,down_proj,embed_tokens"), Save: []string{"norm", "lm_head"},
		RankPattern:  peft.Pattern{{Match: `layers\.0.*q_proj`, Value: 5}},
		AlphaPattern: peft.Pattern{{Match: "down_proj", Value: 2}},
	}},
	{"layers", "llama-tied", peft.LoRA{Rank: 2, Layers: []int{1}, Targets: peft.Select("k_proj,mlp.up_proj")}},
	{"tied", "llama-tied", peft.LoRA{Rank: 2, Targets: peft.Select(`.*q_proj|lm_head`), Save: []string{"embed_tokens"}}},
	{"bias", "gpt2", peft.LoRA{Rank: 2, Bias: "all"}},
	{"lora-only", "gpt2", peft.LoRA{Rank: 2, Targets: peft.Select("attn.c_proj"), Bias: "lora_only", Save: []string{"lm_head"}}},
	{"fused", "phi3", peft.LoRA{Rank: 3, Alpha: 5}},
	{"fused-part", "phi3", peft.LoRA{Rank: 2, Targets: peft.Select("gate_up_proj,layers.1.self_attn.qkv_proj,lm_head"), Save: []string{"embed_tokens"}}},
	{"capped", "gemma2", peft.LoRA{Rank: 3, Alpha: 5, Save: []string{"pre_feedforward_layernorm"}}},
	{"scaled", "gemma2", peft.LoRA{Rank: 2, Targets: peft.Select("embed_tokens,o_proj")}},
}

// The same weights, data and optimizer give PEFT's gradients and losses.
func TestTrainingEqualsPEFT(t *testing.T) {
	g := readGolden(t)
	for _, name := range []string{"train-llama", "train-gpt2", "train-phi3", "train-gemma2"} {
		c := g.Cases[name]
		m := apply(t, open(t, c.Base), filepath.Join("testdata", name), peft.Options{})
		moments := map[*tensor.Tensor][2][]float32{}
		for _, x := range peft.Trainable(m) {
			moments[x] = [2][]float32{make([]float32, x.Len()), make([]float32, x.Len())}
		}
		tape := tensor.NewTape(0)
		for step, texts := range g.Batches {
			loss := backward(tape, m, texts)
			if math.Abs(loss-c.Losses[step]) > 1e-3 {
				t.Errorf("%s: step %d: loss %g, PEFT's %g", name, step, loss, c.Losses[step])
			}
			if step == 0 {
				compareGradients(t, name, m)
			}
			for _, x := range peft.Trainable(m) {
				o := g.Optimizer
				power := float64(step + 1)
				kernel.AdamW(x.Data, x.Grad, moments[x][0], moments[x][1], kernel.AdamWStep{
					LR: o.LR, Beta1: o.Beta1, Beta2: o.Beta2, Eps: o.Eps, Decay: o.Decay,
					Correct1: float32(1 - math.Pow(float64(o.Beta1), power)), Correct2: float32(1 - math.Pow(float64(o.Beta2), power)),
				})
				clear(x.Grad)
			}
		}
	}
}

// backward runs one packed pass and returns its mean loss.
func backward(tape *tensor.Tape, m model.Model, texts []example) float64 {
	tape.Reset()
	p := nn.Pass{Tape: tape}
	var labels []int32
	n := 0
	for i, e := range texts {
		p.Tokens = append(p.Tokens, e.IDs...)
		p.Places.Add(len(e.IDs), 0, int32(i), 0)
		for j := range e.IDs {
			if j+1 < len(e.IDs) && j+1 >= e.Prompt {
				labels = append(labels, e.IDs[j+1])
				n++
			} else {
				labels = append(labels, nn.Ignore)
			}
		}
	}
	loss := nn.CrossEntropy(&p, m.Rows(&p), m.Output(), labels, 1/float32(n))
	tape.Backward(loss, 1)
	return float64(loss.Data[0])
}

func compareGradients(t *testing.T, name string, m model.Model) {
	src, err := safetensors.Open(filepath.Join("testdata", name, "gradients.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = src.Close() }()
	n, worst := 0, 0.0
	for path, x := range peft.Trainable(m) {
		want := make([]float32, x.Len())
		if err := src.ReadF32("base_model.model."+path, want); err != nil {
			t.Fatal(err)
		}
		var diff, norm float64
		for i, w := range want {
			diff += math.Pow(float64(w-x.Grad[i]), 2)
			norm += math.Pow(float64(w), 2)
		}
		if norm == 0 {
			t.Fatalf("%s: %s has no gradient in PEFT", name, path)
		}
		worst = max(worst, math.Sqrt(diff/norm))
		n++
	}
	if n != len(src.Names()) || worst > 1e-3 {
		t.Errorf("%s: %d gradients, PEFT's %d; the worst is %g away, relatively", name, n, len(src.Names()), worst)
	}
	t.Logf("%s: gradients are within %.2g of PEFT's, relatively", name, worst)
}
