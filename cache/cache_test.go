package cache_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/cache"
	"github.com/rotor-lm/rotor/model"
	_ "github.com/rotor-lm/rotor/model/all"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/tensor"
)

var configs = map[string]string{
	"llama": `{"architectures": ["LlamaForCausalLM"], "vocab_size": 60, "hidden_size": 32, "intermediate_size": 48,
		"num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2, "initializer_range": 0.3}`,
	"mistral": `{"architectures": ["MistralForCausalLM"], "vocab_size": 60, "hidden_size": 32, "intermediate_size": 48,
		"num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 1, "sliding_window": 7, "initializer_range": 0.3}`,
	"gpt2": `{"architectures": ["GPT2LMHeadModel"], "vocab_size": 60, "n_embd": 32, "n_layer": 2, "n_head": 4,
		"n_positions": 256, "initializer_range": 0.3}`,
	"phi3": `{"architectures": ["Phi3ForCausalLM"], "vocab_size": 60, "hidden_size": 32, "intermediate_size": 48,
		"num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "initializer_range": 0.3, "original_max_position_embeddings": 50,
		"rope_scaling": {"type": "longrope", "short_factor": [1, 1, 1.5, 2], "long_factor": [2, 3, 5, 8]}}`,
	"dynamic": `{"architectures": ["LlamaForCausalLM"], "vocab_size": 60, "hidden_size": 32, "intermediate_size": 48, "max_position_embeddings": 30,
		"num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2, "initializer_range": 0.3, "rope_scaling": {"type": "dynamic", "factor": 4}}`,
	"gemma2": `{"architectures": ["Gemma2ForCausalLM"], "vocab_size": 60, "hidden_size": 32, "intermediate_size": 48, "head_dim": 12, "sliding_window": 9,
		"num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2, "initializer_range": 0.3, "query_pre_attn_scalar": 10}`,
	"gemma3": `{"architectures": ["Gemma3ForCausalLM"], "vocab_size": 60, "hidden_size": 32, "intermediate_size": 48, "head_dim": 12, "sliding_window": 9,
		"num_hidden_layers": 4, "num_attention_heads": 4, "num_key_value_heads": 2, "initializer_range": 0.3, "query_pre_attn_scalar": 10, "sliding_window_pattern": 2}`,
}

func build(t testing.TB, name string) model.Model {
	t.Helper()
	m, err := model.New([]byte(configs[name]))
	if err != nil {
		t.Fatal(err)
	}
	model.Init(m, 3)
	return m
}

func installed(t testing.TB, m model.Model, limit int) (model.Model, *cache.Cache) {
	t.Helper()
	kv := cache.New(limit)
	live, err := nn.Rewrite(m, cache.Install(kv))
	if err != nil {
		t.Fatal(err)
	}
	return live, kv
}

func tokens(seed uint64, n int) []int32 {
	rng := rand.New(rand.NewPCG(seed, 1))
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = int32(rng.IntN(60))
	}
	return ids
}

// piece is some tokens of a sequence, at a position.
type piece struct {
	seq, pos int32
	ids      []int32
}

type runner struct {
	m     model.Model
	p     nn.Pass
	whole int32 // how long the texts will be, where that counts
}

func newRunner(m model.Model) *runner { return &runner{m: m, p: nn.Pass{Tape: tensor.NoGrad(0)}} }

// run returns the logits of every row.
func (r *runner) run(pieces ...piece) *tensor.Tensor {
	r.p.Tape.Reset()
	r.p.Clear()
	r.p.Tokens = r.p.Tokens[:0]
	for _, x := range pieces {
		r.p.Tokens = append(r.p.Tokens, x.ids...)
		r.p.Add(len(x.ids), x.pos, x.seq, 0)
		r.p.Spans[len(r.p.Spans)-1].Text = r.whole
	}
	return model.Logits(r.m, &r.p)
}

// near compares to 1e-5 of the size of the logits.
func near(t *testing.T, what string, have, want []float32) {
	t.Helper()
	exact := true
	for i := range want {
		if d := have[i] - want[i]; d > 1e-5 || d < -1e-5 {
			t.Fatalf("%s: logit %d is %g, in one pass %g", what, i, have[i], want[i])
		} else if d != 0 {
			exact = false
		}
	}
	if !exact {
		t.Logf("%s: equal within 1e-5, not to the bit", what)
	}
}

// However a text is cut into passes, its rows are those of one pass.
func TestCachedEqualsOnePass(t *testing.T) {
	for name := range configs {
		t.Run(name, func(t *testing.T) {
			m := build(t, name)
			ids := tokens(1, 100)
			want := newRunner(m).run(piece{0, 0, ids})
			for _, cut := range []int{1, 7, 64} {
				live, _ := installed(t, m, 0)
				r := newRunner(live)
				r.whole = int32(len(ids)) // two kinds of RoPE turn by angles of the whole text's length
				for at := 0; at < len(ids); {
					n := cut
					if at == 0 {
						n = 100 % cut // so that the first is of another length
						if n == 0 {
							n = cut
						}
					}
					n = min(n, len(ids)-at)
					y := r.run(piece{5, int32(at), ids[at : at+n]})
					for i := range n {
						near(t, fmt.Sprintf("passes of %d, row %d", cut, at+i), y.Row(i), want.Row(at+i))
					}
					at += n
				}
			}
		})
	}
}

// Sequences that come, grow, fork, go back and go, several in a pass, each see
// themselves alone.
func TestManySequences(t *testing.T) {
	m := build(t, "llama")
	live, kv := installed(t, m, 0)
	r, alone := newRunner(live), newRunner(m)
	rng := rand.New(rand.NewPCG(4, 4))
	const n = 9
	texts := make([][]int32, n)
	for step := range 60 {
		var pass []piece
		for i := range texts {
			switch rng.IntN(12) {
			case 0:
				kv.Free(int32(i))
				texts[i] = nil
			case 1:
				from := rng.IntN(n)
				if from != i && !slices.ContainsFunc(pass, func(p piece) bool { return int(p.seq) == from }) {
					kv.Fork(int32(i), int32(from))
					texts[i] = slices.Clone(texts[from])
				}
			case 2:
				texts[i] = texts[i][:len(texts[i])/2]
			case 3:
				kv.Reserve(int32(i), len(texts[i])+50)
			}
			if k := rng.IntN(12); k > 0 {
				ids := tokens(uint64(step*n+i), k)
				pass = append(pass, piece{int32(i), int32(len(texts[i])), ids})
				texts[i] = append(slices.Clone(texts[i]), ids...)
			}
		}
		y := r.run(pass...)
		row := 0
		for _, p := range pass {
			want := alone.run(piece{0, 0, texts[p.seq]})
			near(t, fmt.Sprintf("step %d, sequence %d", step, p.seq), y.Row(row+len(p.ids)-1), want.Row(want.Rows()-1))
			row += len(p.ids)
			if kv.Len(p.seq) != len(texts[p.seq]) {
				t.Fatalf("sequence %d has %d rows, want %d", p.seq, kv.Len(p.seq), len(texts[p.seq]))
			}
		}
	}
	kv.Reset()
	before := kv.Bytes()
	for i := range n {
		ids := tokens(uint64(i), 5)
		near(t, "after Reset", r.run(piece{int32(i), 0, ids}).Data, alone.run(piece{0, 0, ids}).Data)
	}
	if kv.Bytes() != before {
		t.Errorf("after Reset the cache grew from %d to %d bytes", before, kv.Bytes())
	}
}

// prefix is a memory with rows of its own, as an adapter has them.
type prefix struct {
	Next nn.Memory      `w:""`
	K, V *tensor.Tensor `w:"-"`
}

func (m *prefix) Extend(p *nn.Pass, k, v *tensor.Tensor) op.Keys {
	keys := m.Next.Extend(p, k, v)
	n := m.K.Shape[0]
	keys.More = append(keys.More, op.Part{K: m.K, V: m.V, Adapter: true, Spans: []op.Span{{Len: n, Pos: int32(-n)}}})
	return keys
}

type prefixes struct{ nn.Keep }

func (prefixes) Memory(path string, m nn.Memory) nn.Memory {
	pre := &prefix{Next: m, K: tensor.New(4, 2, 8), V: tensor.New(4, 2, 8)}
	for i := range pre.K.Data {
		pre.K.Data[i] = float32(op.Random(uint64(len(path)), uint64(i))>>40)/(1<<23) - 1
		pre.V.Data[i] = float32(op.Random(99, uint64(i))>>40)/(1<<23) - 1
	}
	return pre
}

func TestBeneathAnotherMemory(t *testing.T) {
	plain := build(t, "llama")
	m, err := nn.Rewrite(plain, prefixes{})
	if err != nil {
		t.Fatal(err)
	}
	ids := tokens(8, 40)
	want := newRunner(m).run(piece{0, 0, ids})
	if slices.Equal(want.Data, newRunner(plain).run(piece{0, 0, ids}).Data) {
		t.Fatal("the prefix changes nothing")
	}
	live, kv := installed(t, m, 0)
	if kv.Layers() != 3 {
		t.Fatalf("the cache stands in %d layers", kv.Layers())
	}
	r := newRunner(live)
	for i := range ids {
		near(t, fmt.Sprint("row ", i), r.run(piece{0, int32(i), ids[i : i+1]}).Row(0), want.Row(i))
	}
}

// A cache takes the place of an older one, and is untouched by what the older does.
func TestInstallTwice(t *testing.T) {
	m := build(t, "gpt2")
	first, _ := installed(t, m, 0)
	second, kv := installed(t, first, 0)
	newRunner(first).run(piece{0, 0, tokens(1, 9)})
	if kv.Len(0) != 0 || kv.Layers() != 2 {
		t.Fatalf("%d rows in %d layers", kv.Len(0), kv.Layers())
	}
	near(t, "second", newRunner(second).run(piece{0, 0, tokens(2, 9)}).Data, newRunner(m).run(piece{0, 0, tokens(2, 9)}).Data)
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	k, v := tensor.NoGrad(0).New(16, 2, 8), tensor.NoGrad(0).New(16, 2, 8)
	kv := cache.New(512)
	mem := cache.Install(kv).Memory("model.layers.0.self_attn", nn.ThisPass{})
	p := nn.Pass{}
	pos := int32(0)
	extend := func() {
		p.Clear()
		for i := range 16 {
			p.Add(1, pos, int32(i), 0)
		}
		mem.Extend(&p, k, v)
		pos++
	}
	for i := range 16 {
		kv.Reserve(int32(i), 300)
	}
	extend()
	before := kv.Bytes()
	if n := testing.AllocsPerRun(200, extend); n != 0 {
		t.Errorf("%g allocations a pass", n)
	}
	if kv.Bytes() != before {
		t.Errorf("the cache grew from %d to %d bytes within what was reserved", before, kv.Bytes())
	}
}

func TestMisusePanics(t *testing.T) {
	for name, f := range map[string]func(r *runner){
		"goes on at position 7":   func(r *runner) { r.run(piece{0, 0, tokens(1, 3)}); r.run(piece{0, 7, tokens(1, 1)}) },
		"the limit is 64":         func(r *runner) { r.run(piece{0, 0, tokens(1, 65)}) },
		"numbers are from 0 to":   func(r *runner) { r.run(piece{-1, 0, tokens(1, 3)}) },
		"cannot use a memory of ": func(r *runner) { r.p.Tape = tensor.NewTape(0); r.run(piece{0, 0, tokens(1, 3)}) },
	} {
		m := build(t, "gpt2")
		if strings.HasPrefix(name, "cannot") {
			m = model.Model(learning(m))
		}
		live, _ := installed(t, m, 64)
		func() {
			defer func() {
				if r := fmt.Sprint(recover()); !strings.Contains(r, name) {
					t.Errorf("panics with %q, want %q", r, name)
				}
			}()
			f(newRunner(live))
		}()
	}
}

func learning(m model.Model) model.Model {
	return nn.MapTensors(m, func(_ string, t *tensor.Tensor) *tensor.Tensor { return t.Clone().Learn() })
}
