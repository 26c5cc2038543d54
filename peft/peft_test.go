package peft_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/model"
	_ "github.com/rotor-lm/rotor/model/gpt2"
	_ "github.com/rotor-lm/rotor/model/llama"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/peft"
	"github.com/rotor-lm/rotor/tensor"
)

const tinyLlama = `{"architectures": ["LlamaForCausalLM"], "vocab_size": 61, "hidden_size": 24, "intermediate_size": 40,
	"num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "tie_word_embeddings": %t}`

const tinyGPT2 = `{"architectures": ["GPT2LMHeadModel"], "vocab_size": 61, "n_embd": 24, "n_layer": 2, "n_head": 4, "n_positions": 32}`

func tiny(t *testing.T, config string, args ...any) model.Model {
	t.Helper()
	m, err := model.New([]byte(fmt.Sprintf(config, args...)))
	if err != nil {
		t.Fatal(err)
	}
	model.Init(m, 7)
	for name, x := range nn.Params(m) { // norms and biases that do something
		if len(x.Shape) == 1 {
			for i := range x.Data {
				x.Data[i] += float32(i%5)/20 - float32(len(name)%3)/30
			}
		} else {
			for i := range x.Data {
				x.Data[i] *= 8 // so that attention and the activations are not flat
			}
		}
	}
	return m
}

func adapt(t *testing.T, m model.Model, method peft.Method, o peft.Options) model.Model {
	t.Helper()
	a, err := method.Adapt(m, o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func logits(m model.Model, spans ...op.Span) []float32 {
	p := nn.Pass{Tape: tensor.NoGrad(0)}
	for _, s := range spans {
		p.Places.Add(s.Len, s.Pos, s.Seq, s.Adapter)
		for i := range s.Len {
			p.Tokens = append(p.Tokens, int32((int(s.Seq)*17+i*7+3)%61))
		}
	}
	return slices.Clone(model.Logits(m, &p).Data)
}

var text = op.Span{Len: 9}

func distance(a, b []float32) float64 {
	worst := 0.0
	for i := range a {
		worst = max(worst, math.Abs(float64(a[i])-float64(b[i])))
	}
	return worst
}

// stir gives every trainable tensor other values, as training would.
func stir(m any, by float32) {
	k := 0
	for _, x := range peft.Trainable(m) {
		for i := range x.Data {
			x.Data[i] += by * float32(math.Sin(float64(k)))
			k++
		}
	}
}

func names(m any) []string {
	var list []string
	for name := range peft.Trainable(m) {
		list = append(list, name)
	}
	return list
}

func TestLoRAAtBirthIsTheBase(t *testing.T) {
	for _, m := range []model.Model{tiny(t, tinyLlama, false), tiny(t, tinyLlama, true), tiny(t, tinyGPT2)} {
		want := logits(m, text)
		a := adapt(t, m, &peft.LoRA{Rank: 3, Bias: "all", Save: []string{"lm_head", "norm", "ln_1"}[:1]}, peft.Options{Seed: 5})
		if d := distance(want, logits(a, text)); d != 0 {
			t.Errorf("%s: the adapted model begins %g from its base", m.Info().Architecture, d)
		}
		stir(a, .1)
		if d := distance(want, logits(a, text)); d < 1e-3 {
			t.Errorf("%s: the adapter does nothing: %g", m.Info().Architecture, d)
		}
		if d := distance(want, logits(m, text)); d != 0 {
			t.Errorf("%s: the base changed by %g", m.Info().Architecture, d)
		}
	}
}

func TestTargets(t *testing.T) {
	llama, gpt2 := tiny(t, tinyLlama, false), tiny(t, tinyGPT2)
	for _, c := range []struct {
		m    model.Model
		lora peft.LoRA
		want int    // trainable tensors
		has  string // one of them
		err  string
	}{
		{llama, peft.LoRA{}, 28, "model.layers.1.mlp.down_proj.lora_B.weight", ""},
		{llama, peft.LoRA{Targets: peft.Select("all-linear")}, 28, "model.layers.0.self_attn.o_proj.lora_A.weight", ""},
		{llama, peft.LoRA{Targets: peft.Select("q_proj, v_proj")}, 8, "model.layers.1.self_attn.v_proj.lora_A.weight", ""},
		{llama, peft.LoRA{Targets: peft.Select(`.*layers\.1\..*(gate|up)_proj`)}, 4, "model.layers.1.mlp.up_proj.lora_A.weight", ""},
		{llama, peft.LoRA{Targets: peft.Select(`(gate|up)_proj`)}, 0, "", `match nothing; there are embed_tokens, self_attn.q_proj`},
		{llama, peft.LoRA{Exclude: peft.Select(`mlp.down_proj,q_proj`)}, 20, "model.layers.0.self_attn.k_proj.lora_A.weight", ""},
		{llama, peft.LoRA{Layers: []int{1}}, 14, "model.layers.1.self_attn.k_proj.lora_A.weight", ""},
		{llama, peft.LoRA{Layers: []int{0}, LayersPattern: []string{"layers"}, Targets: peft.Select("k_proj")}, 2, "model.layers.0.self_attn.k_proj.lora_A.weight", ""},
		{llama, peft.LoRA{Targets: peft.Select("q_proj,c_attn")}, 0, "", `target "c_attn" matches nothing`},
		{llama, peft.LoRA{Targets: peft.Select("q_proj"), Save: []string{"head"}}, 5, "lm_head.modules_to_save.weight", ""},
		{llama, peft.LoRA{Targets: peft.Select("q_proj"), Save: []string{"tail"}}, 0, "", `modules_to_save "tail" matches nothing`},
		{llama, peft.LoRA{Targets: peft.Select("q_proj"), Save: []string{"norm"}}, 9, "model.layers.0.post_attention_layernorm.modules_to_save.weight", ""},
		{llama, peft.LoRA{Targets: peft.Select("mlp")}, 0, "", `only projections and embeddings`},
		{llama, peft.LoRA{Targets: peft.Select("embed_tokens,q_proj")}, 6, "model.embed_tokens.lora_embedding_A", ""},
		{llama, peft.LoRA{Targets: peft.Select("lm_head")}, 2, "lm_head.lora_A.weight", ""},
		{llama, peft.LoRA{Targets: peft.Select("(?!q)x")}, 0, "", `RE2`},
		{llama, peft.LoRA{Targets: peft.Select("q_proj,down_proj"), Save: []string{"mlp"}}, 0, "", `target "down_proj" matches nothing`},
		{llama, peft.LoRA{Save: []string{"mlp"}}, 22, "model.layers.1.mlp.modules_to_save.down_proj.weight", ""},
		{llama, peft.LoRA{Rank: -1}, 0, "", `rank -1`},
		{llama, peft.LoRA{Dropout: 1}, 0, "", `dropout 1`},
		{llama, peft.LoRA{Bias: "some"}, 0, "", `bias "some"`},
		{gpt2, peft.LoRA{}, 16, "transformer.h.1.mlp.c_proj.lora_B.weight", ""},
		{gpt2, peft.LoRA{Targets: peft.Select("attn.c_proj"), Bias: "lora_only"}, 6, "transformer.h.0.attn.c_proj.modules_to_save.bias", ""},
		{gpt2, peft.LoRA{Targets: peft.Select("c_attn"), Bias: "all"}, 4 + 2*6 + 1, "transformer.ln_f.modules_to_save.bias", ""},
	} {
		a, err := c.lora.Adapt(c.m, peft.Options{})
		if c.err != "" || err != nil {
			if err == nil || c.err == "" || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%+v: want error %q, have %v", c.lora, c.err, err)
			}
			continue
		}
		list := names(a)
		if len(list) != c.want || !slices.Contains(list, c.has) {
			t.Errorf("%+v: want %d tensors with %s, have %d: %q", c.lora, c.want, c.has, len(list), list)
		}
	}
}

func TestPatterns(t *testing.T) {
	c := peft.LoRA{
		Rank: 4, Alpha: 8, Targets: peft.Select("q_proj,k_proj"),
		RankPattern:  peft.Pattern{{Match: `layers\.1\.self_attn\.q_proj`, Value: 2}, {Match: "q_proj", Value: 6}},
		AlphaPattern: peft.Pattern{{Match: "k_proj", Value: 1}},
	}
	a := adapt(t, tiny(t, tinyLlama, false), &c, peft.Options{})
	want := map[string]int{"0.self_attn.q": 6, "1.self_attn.q": 2, "0.self_attn.k": 4, "1.self_attn.k": 4}
	for name, x := range peft.Trainable(a) {
		for part, r := range want {
			if strings.Contains(name, part) && strings.Contains(name, "lora_A") && x.Rows() != r {
				t.Errorf("%s has rank %d, want %d", name, x.Rows(), r)
			}
		}
	}
}

// The numbers that A is born with depend on the seed and the name alone, and
// fill the range that PEFT's do.
func TestBirth(t *testing.T) {
	m := tiny(t, tinyLlama, false)
	one := adapt(t, m, &peft.LoRA{Rank: 4, Targets: peft.Select("q_proj")}, peft.Options{Seed: 1})
	two := adapt(t, m, &peft.LoRA{Rank: 4, Targets: peft.Select("q_proj,v_proj")}, peft.Options{Seed: 1})
	three := adapt(t, m, &peft.LoRA{Rank: 4, Targets: peft.Select("q_proj")}, peft.Options{Seed: 2})
	const name = "model.layers.1.self_attn.q_proj.lora_A.weight"
	a, b, c := find(one, name), find(two, name), find(three, name)
	if distance(a.Data, b.Data) != 0 || distance(a.Data, c.Data) == 0 {
		t.Error("the birth of A does not depend on seed and name alone")
	}
	bound, top, mean := 1/math.Sqrt(24), 0.0, 0.0
	for _, x := range a.Data {
		top, mean = max(top, math.Abs(float64(x))), mean+float64(x)/float64(len(a.Data))
	}
	if top > bound || top < .9*bound || math.Abs(mean) > bound/4 {
		t.Errorf("A fills ±%g with mean %g, want ±%g", top, mean, bound)
	}
}

func find(m any, name string) *tensor.Tensor {
	for n, x := range nn.Params(m) {
		if n == name {
			return x
		}
	}
	return nil
}

// Adapters with numbers of their own serve one pass.
func TestMixedAdapters(t *testing.T) {
	for _, base := range []model.Model{tiny(t, tinyLlama, false), tiny(t, tinyLlama, true), tiny(t, tinyGPT2)} {
		methods := []*peft.LoRA{
			{Rank: 3, Bias: "all", Save: []string{"lm_head"}},
			{Rank: 2, Alpha: 5, Save: []string{"ln_1"}, Targets: peft.Select(`(.*_proj|.*c_.*|.*wte|.*embed_tokens)`)},
			{Rank: 4, RSLoRA: true, Bias: "lora_only", Save: []string{"embed_tokens"}},
		}
		if base.Info().Architecture == "GPT2LMHeadModel" {
			methods[2].Save[0] = "wte"
		} else {
			methods[1].Save[0] = "norm"
		}
		all := base
		var single [][]float32
		for i, c := range methods {
			o := peft.Options{Seed: uint64(i), Adapter: int32(i)}
			before := names(all)
			all = adapt(t, all, c, o)
			fresh := adapt(t, base, c, o)
			stir(fresh, .1)
			for name, x := range peft.Trainable(fresh) { // the same numbers in the stack
				for n, y := range peft.Trainable(all) {
					if n == name && len(x.Data) == len(y.Data) && y.Grad == nil && !marked[y] {
						copy(y.Data, x.Data)
						marked[y] = true
					}
				}
			}
			if len(names(all)) != len(before)+len(names(fresh)) {
				t.Fatalf("stacking adapter %d gave %d tensors, want %d + %d", i, len(names(all)), len(before), len(names(fresh)))
			}
			single = append(single, logits(fresh, op.Span{Len: 5, Seq: int32(i), Adapter: int32(i)}))
		}
		single = append(single, logits(base, op.Span{Len: 5, Seq: 3}))
		mixed := logits(all, op.Span{Len: 5, Seq: 2, Adapter: 2}, op.Span{Len: 5, Seq: 0, Adapter: 0}, op.Span{Len: 5, Seq: 3, Adapter: -1}, op.Span{Len: 5, Seq: 1, Adapter: 1})
		want := slices.Concat(single[2], single[0], single[3], single[1])
		if d := distance(mixed, want); d > 1e-4 {
			t.Errorf("%s: the mixed pass is %g from separate ones", base.Info().Architecture, d)
		}
	}
}

var marked = map[*tensor.Tensor]bool{}

func TestFull(t *testing.T) {
	for _, m := range []model.Model{tiny(t, tinyLlama, true), tiny(t, tinyLlama, false), tiny(t, tinyGPT2)} {
		want := logits(m, text)
		a := adapt(t, m, peft.Full{}, peft.Options{})
		if d := distance(want, logits(a, text)); d > 1e-5 { // packed or not, sums may differ in order
			t.Errorf("full begins %g from its base", d)
		}
		n := 0
		for range nn.Params(m) {
			n++
		}
		if len(names(a)) != n {
			t.Errorf("%d tensors of %d learn", len(names(a)), n)
		}
		stir(a, .1)
		if d := distance(want, logits(m, text)); d != 0 {
			t.Errorf("the base changed by %g", d)
		}
	}
}

func TestCatalogue(t *testing.T) {
	for name, summary := range peft.All() {
		if m, err := peft.New(name); err != nil || m == nil || summary == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := peft.New("lore"); err == nil || !strings.Contains(err.Error(), "full, lora") {
		t.Errorf("want the list of methods, have %v", err)
	}
}
