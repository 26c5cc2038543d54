package eval

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/data"
	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/model"
	_ "github.com/rotor-lm/rotor/model/gpt2"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/tensor"
)

const vocab = 50

func build(t *testing.T, deviation string) model.Model {
	t.Helper()
	m, err := model.New([]byte(`{"architectures": ["GPT2LMHeadModel"], "vocab_size": 50, "n_embd": 16, "n_layer": 2, "n_head": 2,
		"n_positions": 100, "initializer_range": ` + deviation + `}`))
	if err != nil {
		t.Fatal(err)
	}
	model.Init(m, 2)
	return m
}

func random(n, most int) Tokens {
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	list := make(Tokens, n)
	for i := range list {
		list[i] = make([]int32, 1+rng.IntN(most))
		for j := range list[i] {
			list[i][j] = int32(rng.IntN(vocab))
		}
	}
	return list
}

// longhand is the definition: each text alone, in float64.
func longhand(m model.Model, texts Texts) (s Score) {
	var buf data.Sequence
	for i := range texts.Len() {
		x := texts.At(i, &buf)
		p := nn.Pass{Tape: tensor.NoGrad(0), Tokens: x.IDs}
		p.Add(len(x.IDs), 0, 0, 0)
		y := model.Logits(m, &p)
		for j := 1; j < len(x.IDs); j++ {
			if !x.Learn[j] {
				continue
			}
			z, sum, best := y.Row(j-1), 0.0, true
			for _, v := range z {
				sum += math.Exp(float64(v))
				best = best && v <= z[x.IDs[j]]
			}
			s.Loss += math.Log(sum) - float64(z[x.IDs[j]])
			if best {
				s.Accuracy++
			}
			s.Tokens++
		}
	}
	s.Loss, s.Accuracy, s.Texts = s.Loss/float64(s.Tokens), s.Accuracy/float64(s.Tokens), texts.Len()
	s.Perplexity = math.Exp(s.Loss)
	return s
}

func measure(t *testing.T, m model.Model, texts Texts, o Options) Score {
	t.Helper()
	s, err := Measure(context.Background(), m, texts, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func close(a, b Score) bool {
	return a.Tokens == b.Tokens && a.Texts == b.Texts && a.Accuracy == b.Accuracy && math.Abs(a.Loss-b.Loss) < 1e-5
}

func TestEqualsLonghand(t *testing.T) {
	m := build(t, "0.5")
	texts := random(40, 90)
	want := longhand(m, texts)
	if want.Accuracy == 0 || want.Tokens < 500 {
		t.Fatalf("nothing to compare: %+v", want)
	}
	var first Score
	for i, rows := range []int{0, 1, 100, 64, 5000} {
		got := measure(t, m, texts, Options{Rows: rows})
		if !close(got, want) {
			t.Errorf("passes of %d rows: %+v, longhand %+v", rows, got, want)
		}
		kernel.SetThreads(1)
		if one := measure(t, m, texts, Options{Rows: rows}); one != got {
			t.Errorf("on one thread: %+v, on all %+v", one, got)
		}
		kernel.SetThreads(0)
		if i == 0 {
			first = got
		}
	}
	// The loss of training is the same number.
	p := nn.Pass{Tape: tensor.NoGrad(0)}
	var labels []int32
	for i, ids := range texts {
		if len(ids) > 1 {
			p.Tokens, labels = append(p.Tokens, ids[:len(ids)-1]...), append(labels, ids[1:]...)
			p.Add(len(ids)-1, 0, int32(i), 0)
		}
	}
	trained := nn.CrossEntropy(&p, m.Rows(&p), m.Output(), labels, 1/float32(len(labels))).Data[0]
	if math.Abs(float64(trained)-first.Loss) > 1e-5 {
		t.Errorf("nn.CrossEntropy is %g, the loss %g", trained, first.Loss)
	}
}

// A model that knows nothing is as perplexed as a die of V sides.
func TestUniformModel(t *testing.T) {
	s := measure(t, build(t, "1e-9"), random(20, 50), Options{})
	if math.Abs(s.Perplexity-vocab) > 1e-3 {
		t.Errorf("perplexity %g, want %d", s.Perplexity, vocab)
	}
}

// Of a data set only the answers count.
func TestDataSet(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.jsonl")
	text := `{"prompt": "abc", "completion": "de"}` + "\n" + `{"prompt": "x", "completion": "yz"}` + "\n"
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	corpus, err := data.Load(context.Background(), path, bytes{}, data.Options{})
	if err != nil {
		t.Fatal(err)
	}
	set, _, err := corpus.Split(data.Cut{})
	if err != nil {
		t.Fatal(err)
	}
	m := build(t, "0.5")
	got, want := measure(t, m, set, Options{}), longhand(m, set)
	if !close(got, want) || got.Tokens >= 8 || got.Tokens < 4 {
		t.Errorf("%+v, longhand %+v", got, want)
	}
}

// bytes is a tokenizer of small letters.
type bytes struct{}

func (bytes) Encode(s string) []int32 {
	var ids []int32
	for _, c := range []byte(s) {
		ids = append(ids, int32(c%vocab))
	}
	return ids
}
func (bytes) Wrap(ids []int32) []int32 { return ids }
func (bytes) EOS() (int32, bool)       { return 0, true }

func TestEvents(t *testing.T) {
	m, texts := build(t, "0.5"), random(30, 40)
	var done []int
	for e, err := range Run(context.Background(), m, texts, Options{Rows: 100}) {
		if err != nil || e.Of != 30 {
			t.Fatal(e, err)
		}
		done = append(done, e.Texts)
	}
	if len(done) < 4 || !slices.IsSorted(done) || done[len(done)-1] != 30 {
		t.Errorf("events after %v texts", done)
	}
	ctx, cancel := context.WithCancel(context.Background())
	n := 0
	for _, err := range Run(ctx, m, texts, Options{Rows: 100}) {
		if n++; n == 2 {
			cancel()
		}
		if n == 3 && !errors.Is(err, context.Canceled) || n > 3 {
			t.Fatalf("event %d after the cancel: %v", n, err)
		}
	}
	cancel()
	for range Run(context.Background(), m, texts, Options{Rows: 10}) {
		break
	}
}

func TestRefuses(t *testing.T) {
	m := build(t, "0.5")
	nan := nn.MapTensors(m, func(name string, x *tensor.Tensor) *tensor.Tensor {
		x = x.Clone()
		x.Data[0] = float32(math.NaN())
		return x
	})
	for want, f := range map[string]func() (Score, error){
		"reaches to position 100":     func() (Score, error) { return Measure(context.Background(), m, Tokens{make([]int32, 102)}, Options{}) },
		"no token counts":             func() (Score, error) { return Measure(context.Background(), m, Tokens{{1}, {}}, Options{}) },
		"of 0 texts no token counts":  func() (Score, error) { return Measure(context.Background(), m, Tokens{}, Options{}) },
		"text 2 has the token 50":     func() (Score, error) { return Measure(context.Background(), m, Tokens{{1}, {1, 50}}, Options{}) },
		"is NaN: the model is broken": func() (Score, error) { return Measure(context.Background(), nan, Tokens{{1, 2}}, Options{}) },
		"reaches to position 100, and": func() (Score, error) {
			return Measure(context.Background(), m, Tokens{make([]int32, 99)}, Options{Start: 3})
		},
	} {
		if _, err := f(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if s, err := Measure(context.Background(), m, Tokens{make([]int32, 101)}, Options{}); err != nil || s.Tokens != 100 {
		t.Errorf("a text that just fits: %+v %v", s, err)
	}
}
