package position

import (
	"encoding/json"
	"math"
	"math/cmplx"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/tensor"
)

// turned is x, the coordinates of one head, at a position.
func turned(r *Rotary, x []float32, pos int32) []float32 {
	t := tensor.NoGrad(0)
	q := t.Wrap(slices.Clone(x), 1, 1, len(x))
	y, _, v := r.Rotate(q, q, q, op.Places{Pos: []int32{pos}})
	if v != q {
		panic("values are turned")
	}
	return slices.Clone(y.Data)
}

func dot(a, b []float32) (sum float64) {
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}

// The numbers of RoFormer's rotation, d = 4, base 10000, neighbours paired,
// computed from eq. 34 in float64.
func TestRotationGolden(t *testing.T) {
	r := NewRotary(4, 10000, 1).Pairs()
	q, k := []float32{1, 2, 3, 4}, []float32{.5, -1, 2, .25}
	for _, c := range []struct {
		x    []float32
		pos  int32
		want []float64
	}{
		{q, 3, []float64{-1.272233, -1.838865, 2.878668, 4.088187}},
		{k, 7, []float64{1.033938, -.425409, 1.977616, .389273}},
		{q, 0, []float64{1, 2, 3, 4}},
	} {
		for i, v := range turned(r, c.x, c.pos) {
			if math.Abs(float64(v)-c.want[i]) > 2e-6 {
				t.Errorf("%v at %d: coordinate %d is %g, want %g", c.x, c.pos, i, v, c.want[i])
			}
		}
	}
	for _, c := range []struct {
		m, n int32
		want float64
	}{{3, 7, 6.751184}, {0, 4, 6.751184}, {100, 104, 6.751184}, {5, 5, 5.5}} {
		if s := dot(turned(r, q, c.m), turned(r, k, c.n)); math.Abs(s-c.want) > 2e-5 {
			t.Errorf("score of %d and %d is %g, want %g", c.m, c.n, s, c.want)
		}
	}
}

// The long-term decay of the paper's appendix, from the angles that are used:
//
//	F(m) = 2/d·Σ_{j=1}^{d/2} |Σ_{i<j} e^{i·m·θ_i}|
func TestDecayGolden(t *testing.T) {
	r := NewRotary(128, 10000, 1)
	want := map[int]float64{0: 32.5, 1: 31.5382, 4: 22.6040, 16: 15.7750, 64: 10.0899, 128: 9.2729, 256: 6.5431}
	for m, w := range want {
		var s complex128
		f := 0.0
		for _, theta := range r.inverse {
			s += cmplx.Exp(complex(0, float64(m)*float64(theta)))
			f += cmplx.Abs(s)
		}
		if f /= float64(len(r.inverse)); math.Abs(f-w) > 5e-4 {
			t.Errorf("F(%d) is %g, want %g", m, f, w)
		}
	}
}

func random(seed uint64, n int) []float32 {
	rng := rand.New(rand.NewPCG(seed, 9))
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	return x
}

func rotaries() map[string]*Rotary {
	return map[string]*Rotary{
		"halves": NewRotary(16, 10000, 1),
		"pairs":  NewRotary(16, 500, 1).Pairs(),
		"linear": NewRotary(16, 10000, 3.5),
	}
}

// What the encoding is for: a score knows the distance and nothing else, and no
// head grows or shrinks.
func TestScoresDependOnDistance(t *testing.T) {
	for name, r := range rotaries() {
		for seed := range uint64(20) {
			q, k := random(seed, 16), random(seed+100, 16)
			for _, d := range []int32{0, 1, 5, 40} {
				want := dot(turned(r, q, d), turned(r, k, 0))
				for _, j := range []int32{1, 7, 100, 600} {
					if s := dot(turned(r, q, j+d), turned(r, k, j)); math.Abs(s-want) > 2e-3 {
						t.Fatalf("%s: score at %d and %d is %g, at %d and 0 %g", name, j+d, j, s, d, want)
					}
				}
			}
			if a, b := dot(q, q), dot(turned(r, q, 77), turned(r, q, 77)); math.Abs(a-b) > 1e-4 {
				t.Fatalf("%s: squared length %g became %g", name, a, b)
			}
		}
		if slices.Equal(turned(r, random(1, 16), 3), turned(r, random(1, 16), 4)) {
			t.Errorf("%s: positions 3 and 4 are alike", name)
		}
	}
}

// Position f·t of a text that was interpolated by f is position t.
func TestInterpolation(t *testing.T) {
	plain, wide := NewRotary(32, 10000, 1), NewRotary(32, 10000, 4)
	for pos := range int32(100) {
		x := random(uint64(pos), 32)
		a, b := turned(plain, x, pos), turned(wide, x, 4*pos)
		for i := range a {
			if math.Abs(float64(a[i]-b[i])) > 1e-4 {
				t.Fatalf("position %d: %g, interpolated %g", pos, a[i], b[i])
			}
		}
	}
}

// Rows of a prefix stand before time zero and are not turned, alone or beside others.
func TestBeforeTimeZero(t *testing.T) {
	for name, r := range rotaries() {
		x := random(3, 16)
		for _, pos := range []int32{-1, -40} {
			if !slices.Equal(turned(r, x, pos), x) {
				t.Errorf("%s: position %d is turned", name, pos)
			}
		}
		tape := tensor.NoGrad(0)
		q := tape.Wrap(slices.Concat(x, x, x), 3, 1, 16)
		y, k, _ := r.Rotate(q, q, q, op.Places{Pos: []int32{-2, 9, -1}})
		if !slices.Equal(y.Data, k.Data) || !slices.Equal(y.Row(0), x) || !slices.Equal(y.Row(1), turned(r, x, 9)) || !slices.Equal(y.Row(2), x) {
			t.Errorf("%s: rows at −2, 9 and −1 are not what each is alone", name)
		}
	}
}

// The table grows under its readers; what was far is the same when it comes near.
func TestTableGrows(t *testing.T) {
	x := random(5, 16)
	late := turned(NewRotary(16, 10000, 1), x, 5000)
	r := NewRotary(16, 10000, 1)
	done := make(chan bool)
	for g := range 4 {
		go func() {
			for pos := range int32(600) {
				turned(r, x, pos*int32(g+1))
			}
			done <- true
		}()
	}
	for range 4 {
		<-done
	}
	if !slices.Equal(turned(r, x, 5000), late) {
		t.Error("position 5000 depends on what was asked before")
	}
}

func TestRope(t *testing.T) {
	same := func(what string, a, b *Rotary) {
		t.Helper()
		if !slices.Equal(a.inverse, b.inverse) {
			t.Errorf("%s: angles %v, want %v", what, a.inverse, b.inverse)
		}
	}
	for _, c := range []struct {
		theta float64
		text  string
		want  *Rotary
	}{
		{0, ``, NewRotary(8, 10000, 1)},
		{500, `null`, NewRotary(8, 500, 1)},
		{500, `{"type": "linear", "factor": 2}`, NewRotary(8, 500, 2)},
		{500, `{"rope_type": "linear", "factor": 8.0}`, NewRotary(8, 500, 8)},
		{0, `{"rope_type": "default", "rope_theta": 1000000.0}`, NewRotary(8, 1e6, 1)},
		{7, `{"rope_type": "linear", "factor": 4, "rope_theta": 99}`, NewRotary(8, 99, 4)},
	} {
		r, err := Rope(RopeConfig{Dim: 8, Theta: c.theta, Context: 2048}, json.RawMessage(c.text))
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		same(c.text, r, c.want)
	}
	for text, want := range map[string]string{
		`{"rope_type": "spiral"}`:                        `"spiral" is not known; there are default, dynamic, linear, llama3, longrope, su, yarn`,
		`{"type": "helix", "factor": 2}`:                 `"helix" is not known; there are default`,
		`{"rope_type": "linear"}`:                        "factor",
		`{"rope_type": "linear", "factor": -1}`:          "factor",
		`{"rope_type": "llama3", "factor": 8}`:           "low_freq_factor",
		`{"rope_type": "yarn"}`:                          "factor",
		`{"rope_type": "default", "rope_theta": -5}`:     "base -5",
		`{"rope_type": "default", "rope_theta": 1e-300}`: "base 1e-300",
		`{"rope_type": "default", "rope_theta": "high"}`: "RoPE parameters",
		`[1, 2]`: "RoPE parameters",
		`{"rope_type": "default", "partial_rotary_factor": 0.4}`:                               "partial_rotary_factor",
		`{"rope_type": "default", "partial_rotary_factor": 1.5}`:                               "partial_rotary_factor",
		`{"rope_type": "dynamic"}`:                                                             "factor",
		`{"rope_type": "longrope", "short_factor": [1, 1, 1, 1]}`:                              "long_factor",
		`{"rope_type": "longrope", "short_factor": [1], "long_factor": [1, 1, 1, 1]}`:          "short_factor",
		`{"rope_type": "longrope", "short_factor": [1, 1, 1, 0], "long_factor": [1, 1, 1, 1]}`: "short_factor 3 is 0",
		`{"rope_type": "longrope", "short_factor": "x", "long_factor": [1, 1, 1, 1]}`:          "short_factor",
		`{"full_attention": {"rope_type": "default"}, "factor": "x"}`:                          "RoPE parameters",
	} {
		if _, err := Rope(RopeConfig{Dim: 8, Context: 2048}, json.RawMessage(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", text, err, want)
		}
	}
	for _, dim := range []int{0, -2, 7} {
		if _, err := Rope(RopeConfig{Dim: dim, Context: 2048}, nil); err == nil {
			t.Errorf("heads of %d coordinates turn", dim)
		}
	}
}

func TestNoneIsTheIdentity(t *testing.T) {
	x := tensor.NoGrad(0).New(2, 3, 4)
	var n None
	q, k, v := n.Rotate(x, x, x, op.Places{Pos: []int32{0, 1}})
	if n.Embed(x, []int32{0, 1}) != x || q != x || k != x || v != x {
		t.Error("None does something")
	}
}

func TestLearned(t *testing.T) {
	l := &Learned{Weight: tensor.From([]float32{1, 2, 10, 20, 100, 200}, 3, 2)}
	x := tensor.NoGrad(0).New(2, 2)
	copy(x.Data, []float32{1, 1, 2, 2})
	if y := l.Embed(x, []int32{2, 0}); !slices.Equal(y.Data, []float32{101, 201, 3, 4}) {
		t.Errorf("rows %v", y.Data)
	}
	defer func() {
		if recover() == nil {
			t.Error("position 3 of 3 was read")
		}
	}()
	l.Embed(x, []int32{0, 3})
}

func TestCatalogue(t *testing.T) {
	var names []string
	for name, formula := range All() {
		if formula == "" {
			t.Errorf("%s has no formula", name)
		}
		names = append(names, name)
	}
	for _, name := range []string{"learned", "none", "rotary"} {
		if !slices.Contains(names, name) {
			t.Errorf("the catalogue %v lacks %s", names, name)
		}
	}
	if !slices.IsSorted(names) {
		t.Errorf("the catalogue %v is not sorted", names)
	}
}

// The angles and amplitudes of released configurations are those that
// transformers computes (bench/golden/rope.py), for texts of every length.
func TestRopeGolden(t *testing.T) {
	data, err := os.ReadFile("testdata/rope.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Config struct {
			Source  string
			Width   int             `json:"hidden_size"`
			Heads   int             `json:"num_attention_heads"`
			HeadDim int             `json:"head_dim"`
			Context int             `json:"max_position_embeddings"`
			Trained int             `json:"original_max_position_embeddings"`
			Theta   float64         `json:"rope_theta"`
			Scaling json.RawMessage `json:"rope_scaling"`
		}
		Length    int
		Inverse   []float64
		Amplitude float64
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	kinds := map[string]bool{}
	for _, x := range cases {
		c := x.Config
		if c.HeadDim == 0 {
			c.HeadDim = c.Width / c.Heads
		}
		r, err := Rope(RopeConfig{Dim: c.HeadDim, Theta: c.Theta, Context: c.Context, Trained: c.Trained}, c.Scaling)
		if err != nil {
			t.Errorf("%s: %v", c.Source, err)
			continue
		}
		kinds[c.Source] = true
		a := r.angles
		if r.growth != nil {
			a = r.growth.of(r.growth.regime(x.Length))
		}
		for i, want := range x.Inverse {
			if have := float64(a.inverse[i]); math.Abs(have-want) > 2e-6*want {
				t.Errorf("%s, %d positions: angle %d is %g, want %g", c.Source, x.Length, i, have, want)
				break
			}
		}
		if len(a.inverse) != len(x.Inverse) || math.Abs(a.amplitude-x.Amplitude) > 1e-6 {
			t.Errorf("%s, %d positions: %d angles with amplitude %g, want %d with %g", c.Source, x.Length, len(a.inverse), a.amplitude, len(x.Inverse), x.Amplitude)
		}
	}
	if len(kinds) < 9 {
		t.Fatalf("only %d configurations", len(kinds))
	}
}
