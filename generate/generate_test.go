package generate_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rotor-lm/rotor/generate"
	"github.com/rotor-lm/rotor/model"
	_ "github.com/rotor-lm/rotor/model/all"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/sample"
	"github.com/rotor-lm/rotor/tensor"
	"github.com/rotor-lm/rotor/tokenizer"
)

const vocab = 300

var configs = map[string]string{
	"llama": `{"architectures": ["LlamaForCausalLM"], "vocab_size": 300, "hidden_size": 32, "intermediate_size": 48, "max_position_embeddings": 200,
		"num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "initializer_range": 0.4}`,
	"mistral": `{"architectures": ["MistralForCausalLM"], "vocab_size": 300, "hidden_size": 32, "intermediate_size": 48,
		"num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 1, "sliding_window": 7, "initializer_range": 0.4}`,
	"gpt2": `{"architectures": ["GPT2LMHeadModel"], "vocab_size": 300, "n_embd": 32, "n_layer": 2, "n_head": 4,
		"n_positions": 64, "initializer_range": 0.4}`,
	"dynamic": `{"architectures": ["LlamaForCausalLM"], "vocab_size": 300, "hidden_size": 32, "intermediate_size": 48, "max_position_embeddings": 16,
		"num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "initializer_range": 0.4, "rope_scaling": {"type": "dynamic", "factor": 4}}`,
	"phi3": `{"architectures": ["Phi3ForCausalLM"], "vocab_size": 300, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
		"num_attention_heads": 4, "num_key_value_heads": 2, "initializer_range": 0.4, "original_max_position_embeddings": 20,
		"rope_scaling": {"type": "longrope", "short_factor": [1, 1, 1.5, 2], "long_factor": [2, 3, 5, 8]}}`,
}

func build(t testing.TB, name string) model.Model {
	t.Helper()
	m, err := model.New([]byte(configs[name]))
	if err != nil {
		t.Fatal(err)
	}
	model.Init(m, 5)
	return m
}

func generator(t testing.TB, m model.Model, o generate.Options) *generate.Generator {
	t.Helper()
	g, err := generate.New(m, o)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func all(t testing.TB, g *generate.Generator, r ...generate.Request) []generate.Result {
	t.Helper()
	list, err := g.All(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func prompts(n, most int) [][]int32 {
	rng := rand.New(rand.NewPCG(uint64(n), 3))
	list := make([][]int32, n)
	for i := range list {
		list[i] = make([]int32, 1+rng.IntN(most))
		for j := range list[i] {
			list[i][j] = int32(rng.IntN(vocab))
		}
	}
	return list
}

func words(t testing.TB) *tokenizer.Tokenizer {
	t.Helper()
	tok, err := tokenizer.Train(context.Background(), slices.Values([]string{strings.Repeat("床前明月光，疑是地上霜。the cat sat on the mat. ", 4)}),
		tokenizer.TrainOptions{VocabSize: vocab, Special: []string{"<|end|>"}, EOS: "<|end|>"})
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// longhand runs the whole text through the model for every token.
func longhand(t *testing.T, m model.Model, r generate.Request) (ids []int32, logp []float32) {
	text := slices.Clone(r.Prompt)
	for step := range r.Max {
		p := nn.Pass{Tape: tensor.NoGrad(0), Tokens: text}
		p.Add(len(text), 0, 0, 0)
		y := model.Logits(m, &p)
		z := y.Row(y.Rows() - 1)
		id, err := new(sample.Sampler).Next(r.Sample, z, text, sample.Uniform(r.Seed, r.Stream, uint64(step)))
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for _, v := range z {
			sum += math.Exp(float64(v - z[id]))
		}
		text, logp = append(text, id), append(logp, float32(-math.Log(sum)))
	}
	return text[len(r.Prompt):], logp
}

// Whatever shares its passes, a text is what it would be alone and without a
// cache: greedy and sampled, in batches of any size, its prompt read in pieces.
func TestEqualsLonghand(t *testing.T) {
	for name := range configs {
		t.Run(name, func(t *testing.T) {
			m := build(t, name)
			requests := generate.Each(prompts(12, 30), generate.Request{Max: 12, LogProb: true, Seed: 8})
			for i := range requests {
				if i%3 > 0 {
					requests[i].Sample = sample.Options{Temperature: .9, TopP: .95, RepetitionPenalty: 1.1}
				}
				requests[i].Max += i % 4
			}
			var ids [12][]int32
			var logp [12][]float32
			for i, r := range requests {
				ids[i], logp[i] = longhand(t, m, r)
			}
			for k, o := range []generate.Options{{}, {Sequences: 3, Rows: 7}, {Sequences: 1, Rows: 1}, {Sequences: 12, Rows: 12}} {
				o.Context = max(m.Info().Context, 64) // some go on beyond what they were made for
				g := generator(t, m, o)
				for range max(1, 2-k) { // the second run finds a used cache
					for i, have := range all(t, g, requests...) {
						if !slices.Equal(have.IDs, ids[i]) {
							t.Fatalf("%+v, request %d: %v, longhand %v", o, i, have.IDs, ids[i])
						}
						if have.Reason != generate.Length {
							t.Errorf("request %d ended because of %q", i, have.Reason)
						}
						for j, want := range logp[i] {
							if math.Abs(float64(have.LogProbs[j]-want)) > 1e-4 {
								t.Fatalf("request %d, token %d: log-probability %g, longhand %g", i, j, have.LogProbs[j], want)
							}
						}
					}
				}
			}
		})
	}
}

func TestStopIDs(t *testing.T) {
	g := generator(t, build(t, "llama"), generate.Options{})
	r := generate.Request{Prompt: []int32{1, 2, 3}, Max: 30, Seed: 3, Sample: sample.Options{Temperature: 1}}
	full := all(t, g, r)[0]
	r.StopIDs = []int32{full.IDs[9], 299}
	at := slices.Index(full.IDs, full.IDs[9])
	if got := all(t, g, r)[0]; !slices.Equal(got.IDs, full.IDs[:at+1]) || got.Reason != generate.EOS {
		t.Errorf("stopped with %v (%s), want %v", got.IDs, got.Reason, full.IDs[:at+1])
	}
}

// The tokenizer's own end token ends a text, unless the request says otherwise.
func TestTokenizerStops(t *testing.T) {
	tok := words(t)
	end, _ := tok.EOS()
	g := generator(t, build(t, "llama"), generate.Options{Tokenizer: tok})
	// Over 3,000 tokens of a nearly uniform distribution bring an end token.
	r := generate.Request{Prompt: []int32{7}, Max: 150, Sample: sample.Options{Temperature: 30}}
	ended := 0
	for _, got := range all(t, g, generate.Each(slices.Repeat([][]int32{r.Prompt}, 20), r)...) {
		if at := slices.Index(got.IDs, end); at >= 0 {
			ended++
			if at != len(got.IDs)-1 || got.Reason != generate.EOS {
				t.Errorf("the end token is %d of %d, and the text ended because of %q", at, len(got.IDs), got.Reason)
			}
		}
	}
	r.StopIDs = []int32{}
	free := 0
	for _, got := range all(t, g, generate.Each(slices.Repeat([][]int32{r.Prompt}, 20), r)...) {
		if got.Reason != generate.Length || len(got.IDs) != 150 {
			t.Fatalf("%d tokens, %q, without stop tokens", len(got.IDs), got.Reason)
		}
		if slices.Contains(got.IDs, end) {
			free++
		}
	}
	if ended == 0 || ended != free {
		t.Errorf("%d texts ended, %d went on past an end token", ended, free)
	}
}

// Every piece of a text that holds together is found as a stop string, also
// where tokens divide it, and none of it is let out before.
func TestStopStrings(t *testing.T) {
	g := generator(t, build(t, "llama"), generate.Options{Tokenizer: words(t), Context: 1000})
	r := generate.Request{Prompt: []int32{40, 50}, Max: 80, Seed: 4, StopIDs: []int32{}, Sample: sample.Options{Temperature: 3}}
	full := all(t, g, r)[0]
	chars := []rune(full.Text)
	if len(chars) < 60 {
		t.Fatalf("only %d characters", len(chars))
	}
	for from := 0; from+4 < len(chars); from += 5 {
		for _, n := range []int{1, 2, 4} {
			r.Stop = []string{"not in there", string(chars[from : from+n])}
			want := full.Text[:strings.Index(full.Text, r.Stop[1])]
			got := ""
			var last generate.Event
			for e, err := range g.Run(context.Background(), []generate.Request{r}) {
				if err != nil {
					t.Fatal(err)
				}
				got += e.Text
				if !strings.HasPrefix(want, got) {
					t.Fatalf("stop %q: let out %q, want no more than %q", r.Stop[1], got, want)
				}
				last = e
			}
			if got != want || last.Reason != generate.Stop {
				t.Fatalf("stop %q: %q (%s), want %q", r.Stop[1], got, last.Reason, want)
			}
		}
	}
}

// The pieces of a stream are whole characters, and join to the text of all tokens.
func TestStreamIsWholeCharacters(t *testing.T) {
	tok := words(t)
	g := generator(t, build(t, "gpt2"), generate.Options{Tokenizer: tok})
	requests := generate.Each(prompts(12, 9), generate.Request{Max: 40, StopIDs: []int32{}, Stop: []string{"\x00\x00\x00"}, Sample: sample.Options{Temperature: 2}})
	ids, texts, pieces := make([][]int32, 12), make([]string, 12), 0
	for e, err := range g.Run(context.Background(), requests) {
		if err != nil {
			t.Fatal(err)
		}
		if !utf8.ValidString(e.Text) {
			t.Fatalf("piece %q is no text", e.Text)
		}
		if e.Text != "" {
			pieces++
		}
		ids[e.Request], texts[e.Request] = append(ids[e.Request], e.ID), texts[e.Request]+e.Text
	}
	for i := range ids {
		if want := tok.Text(ids[i]); texts[i] != want {
			t.Errorf("text %d is %q, of its tokens %q", i, texts[i], want)
		}
	}
	if pieces < 100 {
		t.Errorf("only %d pieces", pieces)
	}
}

func TestContextEnds(t *testing.T) {
	g := generator(t, build(t, "gpt2"), generate.Options{})
	for _, n := range []int{1, 60, 63} {
		got := all(t, g, generate.Request{Prompt: make([]int32, n)})[0]
		if len(got.IDs) != 64-n || got.Reason != generate.Context {
			t.Errorf("prompt of %d: %d tokens (%s), want %d", n, len(got.IDs), got.Reason, 64-n)
		}
	}
	got := all(t, g, generate.Request{Prompt: make([]int32, 60), Start: 2})[0]
	if len(got.IDs) != 2 {
		t.Errorf("from position 2: %d tokens, want 2", len(got.IDs))
	}
	// A rotary model may be taken past what it was made for.
	long := generator(t, build(t, "llama"), generate.Options{Context: 260})
	if got := all(t, long, generate.Request{Prompt: make([]int32, 199)})[0]; len(got.IDs) != 61 {
		t.Errorf("%d tokens in a context of 260", len(got.IDs))
	}
	if _, err := generate.New(build(t, "gpt2"), generate.Options{Context: 65}); err == nil {
		t.Error("a model of 64 learned positions got a context of 65")
	}
}

func TestRefuses(t *testing.T) {
	g := generator(t, build(t, "gpt2"), generate.Options{})
	good := generate.Request{Prompt: []int32{1}, Max: 1}
	for want, change := range map[string]func(r *generate.Request){
		"prompt 2 of 2 is empty":             func(r *generate.Request) { r.Prompt = nil },
		"the token 300":                      func(r *generate.Request) { r.Prompt = []int32{300} },
		"the token -1":                       func(r *generate.Request) { r.Prompt = []int32{-1} },
		"the context is 64":                  func(r *generate.Request) { r.Prompt = make([]int32, 64) },
		"wants -1 tokens":                    func(r *generate.Request) { r.Max = -1 },
		"needs a tokenizer":                  func(r *generate.Request) { r.Stop = []string{"x"} },
		"empty stop string":                  func(r *generate.Request) { r.Stop = []string{""} },
		"cannot be continued: sample: top-p": func(r *generate.Request) { r.Sample.TopP = 3 },
		"neither can be negative":            func(r *generate.Request) { r.Start = -1 },
		"after 1 tokens: sample: the logit of token 0 is NaN": func(r *generate.Request) {
			g = generator(t, broken(build(t, "gpt2")), generate.Options{})
		},
	} {
		bad := good
		change(&bad)
		got, err := g.All(context.Background(), []generate.Request{good, bad})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
		if len(got) != 2 {
			t.Errorf("%d results", len(got))
		}
	}
}

func broken(m model.Model) model.Model {
	return nn.MapTensors(m, func(name string, x *tensor.Tensor) *tensor.Tensor {
		x = x.Clone()
		if strings.Contains(name, "ln_f") {
			x.Data[0] = float32(math.NaN())
		}
		return x
	})
}

func TestContextCancels(t *testing.T) {
	g := generator(t, build(t, "llama"), generate.Options{})
	requests := generate.Each(prompts(8, 5), generate.Request{Max: 150})
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	reason := errors.New("enough")
	events, failed := 0, error(nil)
	for _, err := range g.Run(ctx, requests) {
		if failed = err; err != nil {
			break
		}
		if events++; events == 20 {
			cancel(reason)
		}
	}
	if !errors.Is(failed, reason) || events < 20 || events > 20+8 {
		t.Errorf("%d events, then %v", events, failed)
	}
	for range g.Run(context.Background(), requests) {
		break // whoever stops listening stops the run
	}
	if got := all(t, g, requests[:2]...); len(got[1].IDs) != 150 {
		t.Errorf("after two broken runs: %d tokens", len(got[1].IDs))
	}
}

func TestNothingToDo(t *testing.T) {
	if got := all(t, generator(t, build(t, "llama"), generate.Options{})); len(got) != 0 {
		t.Errorf("results %v of no requests", got)
	}
}

func ExampleGenerator_Run() {
	m, _ := model.New([]byte(configs["llama"]))
	model.Init(m, 5)
	g, _ := generate.New(m, generate.Options{})
	n := 0
	for e, err := range g.Run(context.Background(), []generate.Request{{Prompt: []int32{1, 2, 3}, Max: 4}}) {
		if err != nil {
			return
		}
		n++
		fmt.Printf("%d %q\n", n, e.Reason)
	}
	// Output:
	// 1 ""
	// 2 ""
	// 3 ""
	// 4 "length"
}
