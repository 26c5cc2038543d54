package nn_test

import (
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/internal/gradcheck"
	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/position"
	"github.com/rotor-lm/rotor/tensor"
)

// Three small methods, each of which changes another kind of site. They stand
// here to prove the mechanism; package peft has the real ones.

// scaling lets the keys and values of attention be scaled: y ⊙ l.
type scaling struct{ nn.Keep }

func (scaling) Layer(path string, l nn.Layer) nn.Layer {
	if p, ok := l.(nn.Projection); ok && (strings.HasSuffix(path, "k_proj") || strings.HasSuffix(path, "v_proj")) {
		out, _ := p.Dims()
		s := &scaled{p, tensor.New(out).Learn()}
		for i := range s.L.Data {
			s.L.Data[i] = 1
		}
		return s
	}
	return l
}

type scaled struct {
	nn.Projection `w:""`
	L             *tensor.Tensor `w:"l"` // [out]
}

func (s *scaled) Forward(p *nn.Pass, x *tensor.Tensor) *tensor.Tensor {
	return op.MulRow(s.Projection.Forward(p, x), s.L)
}

// prefixes gives every attention m keys and values before time zero.
type prefixes struct {
	nn.Keep
	m, heads, dim int
}

func (r prefixes) Memory(path string, next nn.Memory) nn.Memory {
	noise := func(name string) *tensor.Tensor {
		t := tensor.New(r.m, r.heads, r.dim)
		stream := (&nn.Pass{Seed: 3}).Stream(path + name)
		for i := range t.Data {
			t.Data[i] = float32(op.Random(stream, uint64(i))%1000)/1000 - .5
		}
		return t.Learn()
	}
	return &prefix{Next: next, K: noise("k"), V: noise("v")}
}

type prefix struct {
	Next nn.Memory      `w:""`
	K    *tensor.Tensor `w:"prefix_key"`   // [m, G, D]
	V    *tensor.Tensor `w:"prefix_value"` // [m, G, D]

	adapter int32
}

func (m *prefix) Extend(p *nn.Pass, k, v *tensor.Tensor) op.Keys {
	keys := m.Next.Extend(p, k, v)
	own := op.Span{Len: m.K.Shape[0], Pos: -int32(m.K.Shape[0]), Adapter: m.adapter}
	keys.More = append(keys.More, op.Part{K: m.K, V: m.V, Spans: []op.Span{own}, Adapter: true})
	return keys
}

// soft adds m rows to the vocabulary.
type soft struct {
	nn.Keep
	m, width int
}

func (r soft) Embedder(_ string, e nn.Embedder) nn.Embedder {
	more := tensor.New(r.m, r.width)
	for i := range more.Data {
		more.Data[i] = float32(i%7)/7 - .5
	}
	return &longer{e.(*nn.Embedding), more.Learn()}
}

type longer struct {
	Base *nn.Embedding  `w:""`
	More *tensor.Tensor `w:"prompt"` // [m, C]
}

func (l *longer) Embed(p *nn.Pass) *tensor.Tensor {
	return op.Embed(p.Tape, p.Tokens, l.Base.Weight, l.More)
}

// prompted puts the tokens vocab … vocab+m−1 in front of every text.
func prompted(m int) func(p *nn.Pass, labels []int32) []int32 {
	return func(p *nn.Pass, labels []int32) []int32 {
		old := *p
		p.Places, p.Tokens = op.Places{}, nil
		var out []int32
		for _, s := range old.Spans {
			for i := range m {
				p.Tokens, out = append(p.Tokens, int32(vocab+i)), append(out, nn.Ignore)
			}
			p.Tokens = append(p.Tokens, old.Tokens[s.Row:s.Row+s.Len]...)
			out = append(out, labels[s.Row:s.Row+s.Len]...)
			p.Places.Add(m+s.Len, 0, s.Seq, 0)
		}
		return out
	}
}

// Each toy learns, alone: the base's weights are the same to the bit.
func TestToysLearn(t *testing.T) {
	for name, c := range map[string]struct {
		r    nn.Rewriter
		edit func(p *nn.Pass, labels []int32) []int32
		new  []string
	}{
		"layer":    {scaling{}, nil, []string{"model.layers.0.self_attn.k_proj.l", "model.layers.1.self_attn.v_proj.l"}},
		"memory":   {prefixes{m: 3, heads: 2, dim: 8}, nil, []string{"model.layers.0.self_attn.prefix_key", "model.layers.1.self_attn.prefix_value"}},
		"embedder": {soft{m: 4, width: 32}, prompted(4), []string{"model.embed_tokens.prompt"}},
	} {
		base := build(t, llama)
		m := rewrite(t, base, c.r)
		var learns []string
		for n, x := range nn.Params(m) {
			if x.Learns() {
				learns = append(learns, n)
			}
		}
		for _, n := range c.new {
			if !slices.Contains(learns, n) {
				t.Errorf("%s: %s is not among %q", name, n, learns)
			}
		}
		before, said := values(base), logits(base)
		first, last := learn(m, c.edit, 25)
		if !(last < .9*first) {
			t.Errorf("%s: the loss went from %g to %g", name, first, last)
		}
		if !maps.EqualFunc(before, values(base), slices.Equal) || !slices.Equal(said, logits(base)) {
			t.Errorf("%s: the base has changed", name)
		}
	}
}

// All three at once, and one over the other.
func TestToysStack(t *testing.T) {
	base := build(t, llama)
	m := rewrite(t, rewrite(t, rewrite(t, base, scaling{}), prefixes{m: 2, heads: 2, dim: 8}), soft{m: 2, width: 32})
	first, last := learn(m, prompted(2), 25)
	if !(last < .9*first) {
		t.Errorf("the loss went from %g to %g", first, last)
	}
}

// A scale of one, a prompt that is not asked for and a prefix of another
// adapter change nothing.
func TestToysAtRest(t *testing.T) {
	base := build(t, llama)
	if d := distance(logits(base), logits(rewrite(t, base, scaling{}))); d != 0 {
		t.Errorf("a scale of one: %g", d)
	}
	if d := distance(logits(base), logits(rewrite(t, base, soft{m: 3, width: 32}))); d != 0 {
		t.Errorf("an unused prompt: %g", d)
	}
	m := rewrite(t, base, prefixes{m: 3, heads: 2, dim: 8})
	if d := distance(logits(base), logits(m)); d < 1e-3 {
		t.Errorf("a prefix does nothing: %g", d)
	}
	p := newPass(tensor.NoGrad(0), 7)
	p.Spans[0].Adapter = -1
	if d := distance(logits(base), model.Logits(m, p).Data); d > 1e-5 {
		t.Errorf("a prefix of another adapter: %g", d)
	}
}

// A prefix in grouped-query attention equals attention over the joined keys,
// written at length.
func TestPrefixLonghand(t *testing.T) {
	const heads, groups, d, m = 4, 2, 3, 2
	places := op.Places{}
	places.Add(3, 0, 0, 0)
	places.Add(2, 0, 1, 0)
	attend := func(tape *tensor.Tape, x ...*tensor.Tensor) *tensor.Tensor {
		p := &nn.Pass{Tape: tape, Places: places}
		memory := &prefix{Next: nn.ThisPass{}, K: x[3], V: x[4]}
		return nn.Attend(p, x[0], x[1], x[2], memory, position.None{}, op.Score{Mask: op.Mask{Window: 2}})
	}
	tape := tensor.NoGrad(0)
	fill := func(n int, shape ...int) *tensor.Tensor {
		x := tensor.New(shape...)
		for i := range x.Data {
			x.Data[i] = float32(math.Sin(float64(i*n + n)))
		}
		return x
	}
	x := []*tensor.Tensor{fill(3, 5, heads, d), fill(5, 5, groups, d), fill(7, 5, groups, d), fill(11, m, groups, d), fill(13, m, groups, d)}
	in := make([]*tensor.Tensor, len(x))
	for i := range x {
		in[i] = tape.Wrap(x[i].Data, x[i].Shape...)
	}
	y := attend(tape, in...)
	at := func(x *tensor.Tensor, row, head, i int) float64 {
		return float64(x.Data[(row*x.Shape[1]+head)*x.Shape[2]+i])
	}
	for row := range 5 {
		seen := []int{row}
		if row != 0 && row != 3 { // the window of two, inside the sequence
			seen = []int{row - 1, row}
		}
		for h := range heads {
			g := h / (heads / groups)
			var scores, total float64
			out := [d]float64{}
			add := func(k, v *tensor.Tensor, j int) {
				s := 0.0
				for i := range d {
					s += at(x[0], row, h, i) * at(k, j, g, i)
				}
				scores = math.Exp(s / math.Sqrt(d))
				total += scores
				for i := range d {
					out[i] += scores * at(v, j, g, i)
				}
			}
			for j := range m { // no window hides the prefix
				add(x[3], x[4], j)
			}
			for _, j := range seen {
				add(x[1], x[2], j)
			}
			for i := range d {
				if have := float64(y.Row(row)[h*d+i]); math.Abs(have-out[i]/total) > 1e-5 {
					t.Fatalf("row %d head %d: %g, want %g", row, h, have, out[i]/total)
				}
			}
		}
	}
	gradcheck.Case{
		Name: "prefix", F: attend, Weights: []int{3, 4},
		Shapes: [][]int{{5, heads, d}, {5, groups, d}, {5, groups, d}, {m, groups, d}, {m, groups, d}},
	}.Run(t)
}
