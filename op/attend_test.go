package op_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/rotor-lm/rotor/internal/gradcheck"
	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/tensor"
)

func clip(n int) func(int) int { return func(d int) int { return max(0, min(n-1, d+n/2)) } }

// setup is one way to attend: which rows, which keys, which score.
type setup struct {
	name    string
	heads   int
	groups  int
	q, keys op.Places
	prefix  int // rows of an adapter before time zero
	score   op.Score
	terms   string // of op.Relative, by letter: U V K Q W(value) B E
}

const (
	dim     = 4
	buckets = 5
)

func setups() []setup {
	var cached, tail op.Places // a sequence's tail against all its keys, two sequences
	cached.Add(6, 0, 4, 0)
	cached.Add(3, 0, 9, 0)
	tail.Add(2, 4, 4, 0)
	tail.Add(3, 0, 9, 0)
	var source, target op.Places // cross-attention: texts of other lengths, in another order
	source.Add(4, 0, 1, 0)
	source.Add(2, 0, 0, 0)
	target.Add(2, 0, 0, 0)
	target.Add(3, 0, 1, 0)
	base := []setup{
		{name: "causal", heads: 2, groups: 2, q: two, keys: two},
		{name: "grouped", heads: 4, groups: 2, q: two, keys: two},
		{name: "full", heads: 2, groups: 1, q: two, keys: two, score: op.Score{Mask: op.Mask{Full: true}}},
		{name: "window", heads: 2, groups: 2, q: two, keys: two, score: op.Score{Mask: op.Mask{Window: 2}}},
		{name: "cap", heads: 2, groups: 2, q: two, keys: two, score: op.Score{Cap: 1.5, Scale: .7}},
		{name: "cached", heads: 2, groups: 1, q: tail, keys: cached},
		{name: "cross", heads: 2, groups: 2, q: target, keys: source, score: op.Score{Mask: op.Mask{Full: true}}},
		{name: "prefix", heads: 4, groups: 2, q: mix, keys: mix, prefix: 3, score: op.Score{Mask: op.Mask{Window: 2}}},
	}
	for _, terms := range []string{"U", "VK", "Q", "W", "B", "E", "UVKQWBE"} {
		base = append(base, setup{name: "relative " + terms, heads: 2, groups: 1, q: two, keys: two, terms: terms})
	}
	return append(base,
		setup{name: "everything", heads: 4, groups: 2, q: mix, keys: mix, prefix: 2, terms: "UVKQWBE", score: op.Score{Cap: 2, Mask: op.Mask{Window: 3}}},
		setup{name: "relative cached", heads: 2, groups: 2, q: tail, keys: cached, terms: "UVKQWB"},
	)
}

func (s setup) shapes() [][]int {
	total := s.prefix + s.keys.Rows()
	list := [][]int{{s.q.Rows(), s.heads, dim}, {s.keys.Rows(), s.groups, dim}, {s.keys.Rows(), s.groups, dim}}
	if s.prefix > 0 {
		list = append(list, []int{s.prefix, s.groups, dim}, []int{s.prefix, s.groups, dim})
	}
	for _, c := range s.terms {
		switch c {
		case 'U', 'V':
			list = append(list, []int{s.heads, dim})
		case 'K', 'Q', 'W':
			list = append(list, []int{buckets, s.heads, dim})
		case 'B':
			list = append(list, []int{buckets, s.heads})
		case 'E':
			list = append(list, []int{s.q.Rows(), total, s.heads})
		}
	}
	return list
}

func (s setup) arguments(x []T) (T, op.Places, op.Keys, op.Score) {
	keys := op.Keys{Part: op.Part{K: x[1], V: x[2], Spans: s.keys.Spans}}
	rest := x[3:]
	if s.prefix > 0 {
		keys.More = []op.Part{{K: rest[0], V: rest[1], Adapter: true, Spans: []op.Span{{Len: s.prefix, Pos: int32(-s.prefix), Adapter: -1}}}}
		rest = rest[2:]
	}
	score := s.score
	if s.terms != "" {
		r := &op.Relative{Bucket: clip(buckets)}
		for i, c := range s.terms {
			*map[rune]**tensor.Tensor{'U': &r.U, 'V': &r.V, 'K': &r.Key, 'Q': &r.Query, 'W': &r.Value, 'B': &r.Bias, 'E': &r.Extra}[c] = rest[i]
		}
		score.Relative = r
	}
	return x[0], s.q, keys, score
}

func attendCases() (list []gradcheck.Case) {
	for _, s := range setups() {
		c := gradcheck.Case{Name: "Attend/" + s.name, Shapes: s.shapes(), Scale: .7, F: func(_ tape, x ...T) T {
			return op.Attend(s.arguments(x))
		}}
		for i := 3; i < len(c.Shapes); i++ {
			c.Weights = append(c.Weights, i)
		}
		list = append(list, c)
	}
	return list
}

// longhand is attention as the formula has it, pair by pair, in float64.
func longhand(q T, places op.Places, keys op.Keys, score op.Score) []float64 {
	heads, groups := q.Shape[1], keys.K.Shape[1]
	parts := append(append([]op.Part{}, keys.More...), keys.Part)
	at := func(x T, i ...int) float64 {
		k := 0
		for d, n := range i {
			k = k*x.Shape[d] + n
		}
		return float64(x.Data[k])
	}
	s := float64(score.Scale)
	if s == 0 {
		s = 1 / math.Sqrt(dim)
	}
	r := score.Relative
	var y []float64
	for _, qs := range places.Spans {
		for row := qs.Row; row < qs.Row+qs.Len; row++ {
			pos := int(qs.Pos) + row - qs.Row
			for h := range heads {
				g := h * groups / heads
				var weight []float64
				var value [][]float64
				column := 0
				for _, p := range parts {
					for _, ks := range p.Spans {
						for j := ks.Row; j < ks.Row+ks.Len; j++ {
							kpos := int(ks.Pos) + j - ks.Row
							d := pos - kpos
							sees := p.Adapter && ks.Adapter == qs.Adapter ||
								!p.Adapter && ks.Seq == qs.Seq && (score.Mask.Full || d >= 0) && (score.Mask.Window == 0 || d < score.Mask.Window)
							if !sees {
								continue
							}
							rel := r != nil && !p.Adapter
							z := 0.0
							v := make([]float64, dim)
							for c := range dim {
								qi, kj := at(q, row, h, c), at(p.K, j, g, c)
								v[c] = at(p.V, j, g, c)
								u := qi
								if rel && r.U != nil {
									u += at(r.U, h, c)
								}
								z += s * u * kj
								if !rel {
									continue
								}
								b := r.Bucket(d)
								if r.Key != nil {
									w := qi
									if r.V != nil {
										w += at(r.V, h, c)
									}
									z += s * w * at(r.Key, b, h, c)
								}
								if r.Query != nil {
									z += s * at(r.Query, b, h, c) * kj
								}
								if r.Value != nil {
									v[c] += at(r.Value, b, h, c)
								}
							}
							if rel && r.Bias != nil {
								z += at(r.Bias, r.Bucket(d), h)
							}
							if rel && r.Extra != nil {
								z += at(r.Extra, row, column+j, h)
							}
							if c := float64(score.Cap); c > 0 {
								z = c * math.Tanh(z/c)
							}
							weight, value = append(weight, math.Exp(z)), append(value, v)
						}
					}
					column += p.K.Shape[0]
				}
				sum, out := 0.0, make([]float64, dim)
				for _, w := range weight {
					sum += w
				}
				for i, w := range weight {
					for c := range dim {
						out[c] += w / sum * value[i][c]
					}
				}
				y = append(y, out...)
			}
		}
	}
	return y
}

func TestAttendLonghand(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, s := range setups() {
		t.Run(s.name, func(t *testing.T) {
			tp := tensor.NewTape(0)
			var x []T
			for _, shape := range s.shapes() {
				v := tensor.New(shape...)
				for i := range v.Data {
					v.Data[i] = float32(rng.NormFloat64())
				}
				x = append(x, tp.Leaf(v.Data, shape...))
			}
			q, p, keys, score := s.arguments(x)
			have, want := op.Attend(q, p, keys, score), longhand(q, p, keys, score)
			for i, w := range want {
				if math.Abs(float64(have.Data[i])-w) > 2e-5 {
					t.Fatalf("element %d: %g, by the formula %g", i, have.Data[i], w)
				}
			}
		})
	}
}

// Packed sequences longer than a tile give what each gives alone, to the bit,
// on any number of threads.
func TestAttendPackedEqualsSeparate(t *testing.T) {
	const heads, d = 3, 8
	rng := rand.New(rand.NewPCG(5, 6))
	lengths := []int{1, 150, 63, 200}
	var all op.Places
	for i, n := range lengths {
		all.Add(n, 0, int32(i), 0)
	}
	data := make([][]float32, 4) // q, k, v, dy
	for i := range data {
		data[i] = make([]float32, all.Rows()*heads*d)
		for j := range data[i] {
			data[i][j] = float32(rng.NormFloat64())
		}
	}
	run := func(p op.Places, from int) (y, dq, dk, dv []float32) {
		tp := tensor.NewTape(0)
		n := p.Rows()
		cut := func(x []float32) []float32 { return x[from*heads*d : (from+n)*heads*d] }
		q, k, v := tp.Leaf(cut(data[0]), n, heads, d), tp.Leaf(cut(data[1]), n, heads, d), tp.Leaf(cut(data[2]), n, heads, d)
		out := op.Attend(q, p, op.Keys{Part: op.Part{K: k, V: v, Spans: p.Spans}}, op.Score{})
		copy(out.WantGrad(), cut(data[3]))
		tp.Propagate()
		return out.Data, q.Grad, k.Grad, v.Grad
	}
	defer kernel.SetThreads(kernel.Threads())
	kernel.SetThreads(2)
	y, dq, dk, dv := run(all, 0)
	kernel.SetThreads(1)
	row := 0
	for _, n := range lengths {
		var one op.Places
		one.Add(n, 0, 0, 0)
		y1, dq1, dk1, dv1 := run(one, row)
		for i, pair := range [][2][]float32{{y, y1}, {dq, dq1}, {dk, dk1}, {dv, dv1}} {
			for j, want := range pair[1] {
				if have := pair[0][row*heads*d+j]; have != want {
					t.Fatalf("array %d of the sequence of %d rows, element %d: %g packed, %g alone", i, n, j, have, want)
				}
			}
		}
		row += n
	}
}
