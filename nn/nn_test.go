package nn_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/model"
	_ "github.com/rotor-lm/rotor/model/gpt2"
	_ "github.com/rotor-lm/rotor/model/llama"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/tensor"
)

const (
	vocab = 61
	llama = `{"architectures": ["LlamaForCausalLM"], "vocab_size": 61, "hidden_size": 32, "intermediate_size": 48,
		"num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "initializer_range": 0.25}`
	tiedLlama = `{"architectures": ["LlamaForCausalLM"], "vocab_size": 61, "hidden_size": 32, "intermediate_size": 48,
		"num_hidden_layers": 1, "num_attention_heads": 2, "tie_word_embeddings": true, "initializer_range": 0.25}`
	mistral = `{"architectures": ["MistralForCausalLM"], "vocab_size": 61, "hidden_size": 32, "intermediate_size": 48,
		"num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 1, "sliding_window": 5, "initializer_range": 0.25}`
	gpt2 = `{"architectures": ["GPT2LMHeadModel"], "vocab_size": 61, "n_embd": 32, "n_layer": 2, "n_head": 4,
		"n_positions": 128, "initializer_range": 0.25}`
)

func build(t testing.TB, config string) model.Model {
	t.Helper()
	m, err := model.New([]byte(config))
	if err != nil {
		t.Fatal(err)
	}
	model.Init(m, 9)
	return m
}

func rewrite[M any](t testing.TB, m M, r nn.Rewriter) M {
	t.Helper()
	out, err := nn.Rewrite(m, r)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// newPass packs texts of given lengths, each a sequence of its own.
func newPass(tape *tensor.Tape, lengths ...int) *nn.Pass {
	p := &nn.Pass{Tape: tape, Seed: 4}
	for seq, n := range lengths {
		p.Places.Add(n, 0, int32(seq), 0)
		for i := range n {
			p.Tokens = append(p.Tokens, int32(op.Random(uint64(seq), uint64(i))%vocab))
		}
	}
	return p
}

func values(m any) map[string][]float32 {
	all := map[string][]float32{}
	for name, t := range nn.Params(m) {
		all[name] = t.Values()
	}
	return all
}

func distance(a, b []float32) float64 {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	worst := 0.0
	for i := range a {
		worst = max(worst, math.Abs(float64(a[i])-float64(b[i])))
	}
	return worst
}

// next labels every row with the token after it, and no row at a text's end.
func next(p *nn.Pass) (labels []int32, n int) {
	labels = slices.Repeat([]int32{nn.Ignore}, len(p.Tokens))
	for _, s := range p.Spans {
		for i := s.Row; i < s.Row+s.Len-1; i++ {
			labels[i] = p.Tokens[i+1]
			n++
		}
	}
	return labels, n
}

// trainer takes steps of AdamW on whatever learns.
type trainer struct {
	tape    *tensor.Tape
	weights []*tensor.Tensor
	m, v    [][]float32
	step    int
}

func newTrainer(m any) *trainer {
	t := &trainer{tape: tensor.NewTape(0)}
	for _, w := range nn.Params(m) {
		if w.Learns() {
			t.weights = append(t.weights, w)
			t.m, t.v = append(t.m, make([]float32, w.Len())), append(t.v, make([]float32, w.Len()))
		}
	}
	return t
}

func (t *trainer) update(rate float32) {
	t.step++
	for i, w := range t.weights {
		kernel.AdamW(w.Data, w.Grad, t.m[i], t.v[i], kernel.AdamWStep{
			LR: rate, Beta1: .9, Beta2: .99, Eps: 1e-8,
			Correct1: float32(1 - math.Pow(.9, float64(t.step))), Correct2: float32(1 - math.Pow(.99, float64(t.step))),
		})
		clear(w.Grad)
	}
}

// learn trains m on two texts for some steps and returns first and last loss.
func learn(m model.Model, edit func(p *nn.Pass, labels []int32) []int32, steps int) (first, last float64) {
	t := newTrainer(m)
	for i := range steps {
		t.tape.Reset()
		p := newPass(t.tape, 9, 6)
		labels, n := next(p)
		if edit != nil {
			labels = edit(p, labels)
		}
		loss := nn.CrossEntropy(p, m.Rows(p), m.Output(), labels, 1/float32(n))
		last = float64(loss.Data[0])
		if i == 0 {
			first = last
		}
		t.tape.Backward(loss, 1)
		t.update(.02)
	}
	return first, last
}

func TestParamsNames(t *testing.T) {
	var names []string
	for name := range nn.Params(build(t, tiedLlama)) {
		names = append(names, name)
	}
	want := []string{
		"model.embed_tokens.weight",
		"model.layers.0.input_layernorm.weight",
		"model.layers.0.self_attn.q_proj.weight",
		"model.layers.0.self_attn.k_proj.weight",
		"model.layers.0.self_attn.v_proj.weight",
		"model.layers.0.self_attn.o_proj.weight",
		"model.layers.0.post_attention_layernorm.weight",
		"model.layers.0.mlp.gate_proj.weight",
		"model.layers.0.mlp.up_proj.weight",
		"model.layers.0.mlp.down_proj.weight",
		"model.norm.weight", // and no head: it is the embedding
	}
	if !slices.Equal(names, want) {
		t.Errorf("have %q", names)
	}
	n := 0
	for range nn.Params(build(t, llama)) {
		if n++; n == 4 {
			break
		}
	}
	if n != 4 {
		t.Error("the walk does not stop")
	}
}

func TestTagOnHiddenFieldPanics(t *testing.T) {
	defer func() {
		if r := recover(); r == nil || !strings.Contains(fmt.Sprint(r), "weight of nn_test.hidden") {
			t.Errorf("want a panic that names the field, have %v", r)
		}
	}()
	for range nn.Params(&hidden{tensor.New(1)}) {
		break
	}
}

type hidden struct {
	weight *tensor.Tensor `w:"weight"`
}

// visits notes the sites in the order of the walk.
type visits struct {
	nn.Keep
	paths []string
}

func (v *visits) Layer(path string, l nn.Layer) nn.Layer {
	v.paths = append(v.paths, path)
	return l
}

func (v *visits) Embedder(path string, e nn.Embedder) nn.Embedder {
	v.paths = append(v.paths, path)
	return e
}

func (v *visits) Memory(path string, m nn.Memory) nn.Memory {
	v.paths = append(v.paths, path+" memory")
	return m
}

func TestRewriteVisitsLeavesFirst(t *testing.T) {
	v := &visits{}
	rewrite(t, build(t, tiedLlama), v)
	want := []string{
		"model.embed_tokens",
		"model.layers.0.input_layernorm",
		"model.layers.0.self_attn.q_proj", "model.layers.0.self_attn.k_proj", "model.layers.0.self_attn.v_proj", "model.layers.0.self_attn.o_proj",
		"model.layers.0.self_attn memory",
		"model.layers.0.self_attn",
		"model.layers.0.post_attention_layernorm",
		"model.layers.0.mlp.gate_proj", "model.layers.0.mlp.up_proj", "model.layers.0.mlp.down_proj",
		"model.layers.0.mlp",
		"model.norm",
		"lm_head",
	}
	if !slices.Equal(v.paths, want) {
		t.Errorf("have %q", v.paths)
	}
}

func TestRewriteShares(t *testing.T) {
	for _, config := range []string{llama, tiedLlama, gpt2} {
		m := build(t, config)
		before := map[*tensor.Tensor]string{}
		for name, x := range nn.Params(m) {
			before[x] = name
		}
		copied := rewrite(t, m, nn.Keep{})
		if copied == m {
			t.Error("the copy is the model itself")
		}
		n := 0
		for name, x := range nn.Params(copied) {
			n++
			if before[x] != name {
				t.Errorf("%s is not shared", name)
			}
		}
		if n != len(before) {
			t.Errorf("%d tensors of %d are left", n, len(before))
		}
		doubled := rewrite(t, m, everyLayer{})
		if again := rewrite(t, m, nn.Keep{}); distance(logits(m), logits(again)) != 0 || distance(logits(m), logits(doubled)) == 0 {
			t.Error("the rewriting of one copy shows in another, or nowhere")
		}
	}
}

// everyLayer doubles what projections say.
type everyLayer struct{ nn.Keep }

func (everyLayer) Layer(_ string, l nn.Layer) nn.Layer {
	if p, ok := l.(nn.Projection); ok {
		return &doubled{p}
	}
	return l
}

type doubled struct {
	nn.Projection `w:""`
}

func (d *doubled) Forward(p *nn.Pass, x *tensor.Tensor) *tensor.Tensor {
	return op.Scale(d.Projection.Forward(p, x), 2)
}

func logits(m model.Model) []float32 {
	p := newPass(tensor.NoGrad(0), 7)
	return slices.Clone(model.Logits(m, p).Data)
}

// What stands at two sites is one thing before and one thing after.
func TestRewriteRemembersByPointer(t *testing.T) {
	shared := nn.NewLinear(2, 2, false)
	m := &pair{A: shared, B: shared, W: shared.Weight}
	r := rewrite(t, m, everyLayer{})
	if r.A != r.B {
		t.Error("two sites of one layer became two layers")
	}
	if r.W != shared.Weight || first(r.A) != r.W {
		t.Error("a shared tensor came apart")
	}
	c := nn.MapTensors(m, func(_ string, x *tensor.Tensor) *tensor.Tensor { return tensor.New(x.Shape...) })
	if c.W == m.W || first(c.A) != c.W || c.A != c.B {
		t.Error("MapTensors replaced a shared tensor twice, or not")
	}
	tied := build(t, tiedLlama)
	clone := nn.MapTensors(tied, func(_ string, x *tensor.Tensor) *tensor.Tensor { return x.Clone() })
	if first(clone.Output()) == first(tied.Output()) || first(clone.Output()) != first(clone) {
		t.Error("a tied head came apart")
	}
}

type pair struct {
	A nn.Projection  `w:"a"`
	B nn.Projection  `w:"b"`
	W *tensor.Tensor `w:"w"`
}

func first(m any) *tensor.Tensor {
	for _, x := range nn.Params(m) {
		return x
	}
	return nil
}

// norms puts a plain layer, or nothing, where a projection must stand.
type norms struct {
	nn.Keep
	at   string
	with nn.Layer
}

func (n norms) Layer(path string, l nn.Layer) nn.Layer {
	if path == n.at {
		return n.with
	}
	return l
}

func TestReplacementThatDoesNotFit(t *testing.T) {
	m := build(t, llama)
	const at = "model.layers.1.mlp.up_proj"
	for _, with := range []nn.Layer{nn.NewRMSNorm(32, 1e-6), nil} {
		_, err := nn.Rewrite(m, norms{at: at, with: with})
		if err == nil || !strings.Contains(err.Error(), at) || !strings.Contains(err.Error(), "nn.Projection") {
			t.Errorf("want an error that names %s, have %v", at, err)
		}
	}
	if _, err := nn.Rewrite(m, norms{at: "model.norm", with: nn.NewLinear(32, 32, false)}); err != nil {
		t.Errorf("a projection is a layer: %v", err)
	}
}

func TestStreams(t *testing.T) {
	a, again, b := nn.Pass{Seed: 1}, nn.Pass{Seed: 1}, nn.Pass{Seed: 2}
	if a.Stream("x") != again.Stream("x") || a.Stream("x") == a.Stream("y") || a.Stream("x") == b.Stream("x") {
		t.Error("a stream is not a function of seed and path, and of both")
	}
}
