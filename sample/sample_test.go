package sample

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func logits(seed uint64, n int) []float32 {
	rng := rand.New(rand.NewPCG(seed, 2))
	z := make([]float32, n)
	for i := range z {
		z[i] = float32(3 * rng.NormFloat64())
	}
	return z
}

func distribution(t *testing.T, o Options, z []float32, history ...int32) map[int32]float64 {
	t.Helper()
	if err := o.Check(); err != nil {
		t.Fatal(err)
	}
	kept, err := new(Sampler).Distribution(o, z, history)
	if err != nil {
		t.Fatal(err)
	}
	p, sum := map[int32]float64{}, 0.0
	for _, c := range kept {
		p[c.ID] = c.P
		sum += c.P
	}
	if math.Abs(sum-1) > 1e-12 {
		t.Fatalf("probabilities sum to %g", sum)
	}
	return p
}

// reference is the definition, filter by filter, on a dense vector of
// probabilities where what is filtered out is −∞ among the logits.
func reference(o Options, z []float32, history []int32) []float64 {
	x := make([]float64, len(z))
	for i, v := range z {
		x[i] = float64(v)
		if o.RepetitionPenalty > 0 && slices.Contains(history, int32(i)) {
			if v < 0 {
				x[i] *= o.RepetitionPenalty
			} else {
				x[i] /= o.RepetitionPenalty
			}
		}
		x[i] /= o.Temperature
	}
	drop := func(gone func(i int) bool) {
		var out []int
		for i := range x {
			if gone(i) {
				out = append(out, i)
			}
		}
		for _, i := range out {
			x[i] = math.Inf(-1)
		}
	}
	if o.TopK > 0 {
		sorted := slices.Sorted(slices.Values(x))
		least := sorted[max(0, len(x)-o.TopK)]
		drop(func(i int) bool { return x[i] < least })
	}
	p := softmax(x)
	if o.TopP > 0 {
		drop(func(i int) bool { // the mass before it in descending order
			before := 0.0
			for j := range p {
				if p[j] > p[i] || p[j] == p[i] && j < i {
					before += p[j]
				}
			}
			return before > 0 && before >= o.TopP
		})
		p = softmax(x)
	}
	if o.MinP > 0 {
		most := slices.Max(p)
		drop(func(i int) bool { return p[i] < o.MinP*most })
	}
	return softmax(x)
}

func softmax(x []float64) []float64 {
	m, sum := slices.Max(x), 0.0
	p := make([]float64, len(x))
	for i, v := range x {
		p[i] = math.Exp(v - m)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

func TestFiltersAreTheirDefinition(t *testing.T) {
	for i, o := range []Options{
		{Temperature: 1},
		{Temperature: .3},
		{Temperature: 4},
		{Temperature: 1, TopK: 1},
		{Temperature: 1, TopK: 7},
		{Temperature: 1, TopK: 1000},
		{Temperature: 1, TopP: .9},
		{Temperature: 1, TopP: .01},
		{Temperature: 2, TopP: .999},
		{Temperature: 1, MinP: .1},
		{Temperature: 1, MinP: 1},
		{Temperature: 1, RepetitionPenalty: 1.3},
		{Temperature: 1, RepetitionPenalty: .7},
		{Temperature: 1.5, TopK: 20, TopP: .8, MinP: .05, RepetitionPenalty: 1.2},
	} {
		for seed := range uint64(20) {
			z, history := logits(seed, 100), []int32{3, 5, 5, 99, 3, 120}
			if seed%2 == 1 { // ties
				for j := range z {
					z[j] = float32(math.Round(float64(z[j])))
				}
			}
			have, want := distribution(t, o, z, history...), reference(o, z, history)
			for id, w := range want {
				if h := have[int32(id)]; math.Abs(h-w) > 1e-9 {
					t.Fatalf("options %d, seed %d, token %d: %g, by definition %g", i, seed, id, h, w)
				}
			}
		}
	}
}

// The identities: what keeps everything changes nothing, and the ends of each
// scale are greedy.
func TestIdentities(t *testing.T) {
	z := logits(1, 500)
	plain := distribution(t, Options{Temperature: 1}, z)
	if len(plain) != 500 {
		t.Fatalf("%d tokens kept of 500", len(plain))
	}
	for _, o := range []Options{{TopP: 1}, {TopK: 500}, {TopK: 5000}, {RepetitionPenalty: 1}} {
		o.Temperature = 1
		for id, p := range distribution(t, o, z, 1, 2, 3) {
			if p != plain[id] {
				t.Fatalf("%+v: token %d has %g, without %g", o, id, p, plain[id])
			}
		}
	}
	best, err := new(Sampler).Next(Options{}, z, nil, .99)
	if err != nil {
		t.Fatal(err)
	}
	if z[best] != slices.Max(z) {
		t.Fatalf("greedy chose %g of %g", z[best], slices.Max(z))
	}
	for _, o := range []Options{{Temperature: 1e-4}, {Temperature: 5e-324}, {Temperature: 9, TopK: 1}, {Temperature: 9, TopP: 1e-9}, {Temperature: 9, MinP: 1}} {
		for u := .005; u < 1; u += .01 {
			if id, err := new(Sampler).Next(o, z, nil, u); id != best || err != nil {
				t.Fatalf("%+v, u %g: %d (%v), greedy %d", o, u, id, err, best)
			}
		}
	}
}

// Greedy with a penalty avoids what has occurred.
func TestPenaltyAppliesToGreedy(t *testing.T) {
	z := []float32{5, 4.9, -1}
	o := Options{RepetitionPenalty: 1.1}
	if id, _ := new(Sampler).Next(o, z, []int32{0}, 0); id != 1 {
		t.Errorf("token %d after 0, want 1", id)
	}
	if id, _ := new(Sampler).Next(o, z, []int32{0, 1}, 0); id != 0 {
		t.Errorf("token %d after 0 and 1, want 0", id)
	}
}

// Samples fall as the distribution says: χ² of 50,000 draws.
func TestSamplesFollowTheDistribution(t *testing.T) {
	z := logits(6, 12)
	for _, o := range []Options{{Temperature: 1}, {Temperature: 3, TopK: 8}, {Temperature: 2, TopP: .9}} {
		want := distribution(t, o, z)
		count := map[int32]float64{}
		const n = 50000
		var s Sampler
		for i := range uint64(n) {
			id, err := s.Next(o, z, nil, Uniform(11, i%50, i/50))
			if err != nil {
				t.Fatal(err)
			}
			count[id]++
		}
		chi := 0.0
		for id, c := range count {
			if want[id] == 0 {
				t.Fatalf("token %d was filtered out and came", id)
			}
			chi += (c - n*want[id]) * (c - n*want[id]) / (n * want[id])
		}
		if limit := float64(len(want)) + 5*math.Sqrt(2*float64(len(want))); chi > limit {
			t.Errorf("%+v: χ² is %g for %d tokens", o, chi, len(want))
		}
	}
}

func TestUniform(t *testing.T) {
	seen := map[float64]bool{}
	for seed := range uint64(3) {
		for seq := range uint64(30) {
			for step := range uint64(30) {
				u := Uniform(seed, seq, step)
				if u < 0 || u >= 1 || seen[u] {
					t.Fatalf("u %g at %d, %d, %d", u, seed, seq, step)
				}
				seen[u] = true
				if u != Uniform(seed, seq, step) {
					t.Fatal("the same step gives two numbers")
				}
			}
		}
	}
}

func TestTies(t *testing.T) {
	z := []float32{1, 3, 3, 3, 0}
	if id, _ := new(Sampler).Next(Options{}, z, nil, 0); id != 1 {
		t.Errorf("greedy took %d of three equal tokens, want the first", id)
	}
	if p := distribution(t, Options{Temperature: 1, TopK: 2}, z); len(p) != 3 {
		t.Errorf("top-k 2 keeps %v, want all three that are equal", p)
	}
	if p := distribution(t, Options{Temperature: 1, TopP: .4}, z); len(p) != 2 || p[1] != .5 {
		t.Errorf("top-p 0.4 keeps %v, want the first two", p)
	}
}

func TestBrokenLogits(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, o := range []Options{{}, {Temperature: 1}, {Temperature: 1, TopK: 2}, {RepetitionPenalty: 2}} {
		for _, z := range [][]float32{{1, nan, 2}, {nan, 1, 2}, {1, 2, inf}, {-inf, -inf}, {}} {
			if id, err := new(Sampler).Next(o, z, nil, .5); err == nil {
				t.Errorf("%+v chose %d of %v", o, id, z)
			}
		}
		if id, err := new(Sampler).Next(o, []float32{-inf, 1, -inf}, nil, .5); err != nil || id != 1 {
			t.Errorf("%+v: masked tokens: %d %v", o, id, err)
		}
	}
	_, err := new(Sampler).Next(Options{}, []float32{1, nan}, nil, 0)
	if err == nil || !strings.Contains(err.Error(), "token 1 is NaN") {
		t.Errorf("the error does not say where: %v", err)
	}
}

func TestCheck(t *testing.T) {
	nan := math.NaN()
	for _, o := range []Options{
		{Temperature: -1},
		{Temperature: nan},
		{Temperature: math.Inf(1)},
		{TopK: -1},
		{TopP: 1.1},
		{TopP: -.1},
		{TopP: nan},
		{MinP: 2},
		{MinP: nan},
		{RepetitionPenalty: -1},
		{RepetitionPenalty: nan},
		{PresencePenalty: nan},
		{FrequencyPenalty: math.Inf(-1)},
	} {
		if o.Check() == nil {
			t.Errorf("%+v passes", o)
		}
	}
}

func TestAllocatesNothing(t *testing.T) {
	z, history := logits(3, 5000), []int32{1, 2, 3}
	o := Options{Temperature: .8, TopK: 100, TopP: .95, MinP: .01, RepetitionPenalty: 1.1, PresencePenalty: .1, FrequencyPenalty: .1}
	var s Sampler
	if n := testing.AllocsPerRun(20, func() { _, _ = s.Next(o, z, history, .7) }); n != 0 {
		t.Errorf("%g allocations a token", n)
	}
}

func BenchmarkNext(b *testing.B) {
	z := logits(3, 49152)
	for name, o := range map[string]Options{"greedy": {}, "plain": {Temperature: 1}, "topk": {Temperature: 1, TopK: 50}, "topp": {Temperature: 1, TopP: .95}} {
		b.Run(name, func(b *testing.B) {
			var s Sampler
			for i := range b.N {
				if _, err := s.Next(o, z, nil, Uniform(1, 1, uint64(i))); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Presence and frequency fall on what was sampled, as often as it was, and not
// on what was given; repetition falls on both, once.
func TestPresenceAndFrequency(t *testing.T) {
	z := []float32{1, 2, 3, 4, -1}
	history := []int32{3, 0, 0, 1, 0}
	s := Sampler{Given: 2}
	logp, err := s.LogProbs(Options{PresencePenalty: .5, FrequencyPenalty: .25}, z, history)
	if err != nil {
		t.Fatal(err)
	}
	logp = slices.Clone(logp)
	plain, err := new(Sampler).LogProbs(Options{}, z, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{.5 + 2*.25, .5 + .25, 0, 0, 0} {
		if d := plain[i] - logp[i]; math.Abs(d-want) > 1e-12 {
			t.Errorf("token %d is penalised by %g, want %g", i, d, want)
		}
	}
	if id, _ := s.Next(Options{PresencePenalty: 10, RepetitionPenalty: 2}, z, []int32{9, 9, 3}, 0); id != 2 {
		t.Errorf("greedy takes %d, want 2", id)
	}
}

// Log-probabilities sum to one, and the penalty of transformers falls on them.
func TestLogProbs(t *testing.T) {
	z := logits(4, 20)
	var s Sampler
	logp, err := s.LogProbs(Options{}, z, nil)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, l := range logp {
		sum += math.Exp(l)
	}
	if math.Abs(sum-1) > 1e-12 {
		t.Errorf("they sum to %g", sum)
	}
	before := logp[3]
	if logp, _ = s.LogProbs(Options{RepetitionPenalty: 1.5}, z, []int32{3, 3}); math.Abs(logp[3]-1.5*before) > 1e-12 {
		t.Errorf("%g became %g", before, logp[3])
	}
	for _, bad := range [][]float32{{}, {float32(math.NaN())}, {float32(math.Inf(1)), 1}} {
		if _, err := s.LogProbs(Options{}, bad, nil); err == nil {
			t.Errorf("%v has log-probabilities", bad)
		}
	}
}

// The tokens that the filters leave and their probabilities are those of
// transformers' own. bench/golden/filters.py asked it.
func TestFiltersEqualTransformers(t *testing.T) {
	data, err := os.ReadFile("testdata/filters.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Options
		Logits  []float32
		History []int32
		Want    map[string]float64
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) < 50 {
		t.Fatalf("only %d cases", len(cases))
	}
	for i, c := range cases {
		kept, err := new(Sampler).Distribution(c.Options, c.Logits, c.History)
		if err != nil {
			t.Fatal(err)
		}
		if len(kept) != len(c.Want) {
			t.Errorf("case %d, %+v: %d tokens are left, want %d", i, c.Options, len(kept), len(c.Want))
		}
		for _, k := range kept {
			if want := c.Want[strconv.Itoa(int(k.ID))]; math.Abs(k.P-want) > 1e-5 {
				t.Errorf("case %d, %+v: token %d has %g, want %g", i, c.Options, k.ID, k.P, want)
			}
		}
	}
}
