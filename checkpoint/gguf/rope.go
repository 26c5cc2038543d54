package gguf

import (
	"fmt"
	"maps"
	"math"

	"github.com/rotor-lm/rotor/checkpoint"
)

// rope is the rotary encoding: its base, and how it was stretched to longer
// texts. What llama.cpp does with factors, one a pair of coordinates, lies in
// tensors of their own: θ_i becomes θ_i/f_i.
type rope struct {
	factors bool   // the architecture has a place for them
	local   string // the key of a base of its own in the layers with a window; "" where there is none
}

// maxFactors bounds the tensors of factors.
const maxFactors = 1 << 15

// takeFactors reads the tensors of factors, which no model has.
func (f *File) takeFactors() error {
	if f.arch == nil {
		return nil
	}
	f.factors = map[string][]float32{}
	for _, stem := range []string{"rope_freqs", "rope_factors_long", "rope_factors_short"} {
		name := stem + ".weight"
		t, ok := f.tensors[name]
		if !ok {
			continue
		}
		if t.Len() > maxFactors || len(t.Shape) != 1 {
			return fmt.Errorf("tensor %q has a shape of %d, want a vector of at most %d", name, t.Shape, maxFactors)
		}
		x := make([]float32, t.Len())
		if err := f.ReadF32(name, x); err != nil {
			return err
		}
		for i, v := range x {
			if !(v > 0) || math.IsInf(float64(v), 0) {
				return fmt.Errorf("tensor %q: factor %d is %g, which cannot be", name, i, v)
			}
		}
		f.factors[stem] = x
		delete(f.tensors, name)
	}
	names := f.names[:0]
	for _, name := range f.names {
		if f.has(name) {
			names = append(names, name)
		}
	}
	f.names = names
	return nil
}

func (r rope) read(n *noter, c config) {
	if len(n.file.factors) > 0 && !r.factors {
		n.fail(fmt.Errorf("a file of the architecture %s has no factors of a rotary encoding, and this has", n.arch))
	}
	base := n.real("rope.freq_base", 10000)
	c["rope_theta"] = base
	if r.local != "" {
		c[r.local] = n.real("rope.freq_base_swa", 10000)
	}
	if s := r.scaling(n, c, base); s != nil {
		c["rope_scaling"] = map[string]any(s)
	}
}

// scaling is "rope_scaling" in the words of config.json, nil for none.
func (r rope) scaling(n *noter, c config, base float64) config {
	kind := n.text("rope.scaling.type", "none")
	factors := n.file.factors
	switch {
	case factors["rope_factors_long"] != nil || factors["rope_factors_short"] != nil || kind == "longrope":
		return longrope(n, c)
	case factors["rope_freqs"] != nil:
		return frequencies(factors["rope_freqs"], c, base)
	case kind == "none":
		if f := n.real("rope.scale_linear", 0); f != 0 && f != 1 { // of older files
			return config{"rope_type": "linear", "factor": f}
		}
	case kind == "linear":
		return config{"rope_type": "linear", "factor": n.real("rope.scaling.factor", 1)}
	case kind == "yarn":
		return yarn(n, c)
	default:
		n.fail(fmt.Errorf("%s.rope.scaling.type %q is not read; none, linear, yarn and longrope are", n.arch, clip(kind)))
	}
	return nil
}

// yarn: llama.cpp's attn_factor is times the usual amplitude, 0.1·ln f + 1, and
// config.json's attention_factor takes its place.
func yarn(n *noter, c config) config {
	s := config{
		"rope_type": "yarn", "factor": n.real("rope.scaling.factor", 1),
		"original_max_position_embeddings": n.count("rope.scaling.original_context_length", c["max_position_embeddings"].(int)),
	}
	for key, note := range betas {
		if n.has(note) {
			s[key] = n.real(note, 0)
		}
	}
	f := s["factor"].(float64)
	if a := n.real("rope.scaling.attn_factor", 1) * n.real("rope.scaling.yarn_attn_factor", 1); a != 1 && f > 0 {
		s["attention_factor"] = a * (0.1*math.Log(f) + 1)
	}
	return s
}

var betas = map[string]string{"beta_fast": "rope.scaling.yarn_beta_fast", "beta_slow": "rope.scaling.yarn_beta_slow"}

func longrope(n *noter, c config) config {
	long, short := n.file.factors["rope_factors_long"], n.file.factors["rope_factors_short"]
	if long == nil || short == nil {
		n.fail(fmt.Errorf("its rotary encoding is longrope, and it lacks rope_factors_long.weight or rope_factors_short.weight"))
		return nil
	}
	trained := n.count("rope.scaling.original_context_length", c["max_position_embeddings"].(int))
	c["original_max_position_embeddings"] = trained
	s := config{"rope_type": "longrope", "long_factor": long, "short_factor": short, "original_max_position_embeddings": trained}
	if n.has("rope.scaling.attn_factor") {
		s["attention_factor"] = n.real("rope.scaling.attn_factor", 1)
	}
	return s
}

// frequencies finds the words for factors that stand alone: Llama 3's, with the
// parameters that all its models have but for the factor, or else a longrope
// that makes no difference between short texts and long.
func frequencies(factors []float32, c config, base float64) config {
	s := config{
		"rope_type": "llama3", "factor": float64(factors[len(factors)-1]),
		"low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192,
	}
	list := llama3(s, base, c["head_dim"].(int))
	same := len(list) == len(factors)
	for i := range list {
		same = same && math.Abs(float64(list[i]/factors[i])-1) < 1e-4
	}
	if same {
		return s
	}
	return config{
		"rope_type": "longrope", "long_factor": factors, "short_factor": factors, "attention_factor": 1.0,
		"original_max_position_embeddings": c["max_position_embeddings"],
	}
}

// llama3 are the factors of that kind: θ_i/f_i is Dubey et al.'s θ_i.
func llama3(s config, base float64, dim int) []float32 {
	factor, _ := s.number("factor")
	low, _ := s.number("low_freq_factor")
	high, _ := s.number("high_freq_factor")
	trained, _ := s.number("original_max_position_embeddings")
	list := make([]float32, min(dim/2, maxFactors))
	for i := range list {
		turns := trained / (2 * math.Pi * math.Pow(base, float64(2*i)/float64(dim)))
		smooth := max(0, min(1, (turns-low)/(high-low)))
		list[i] = float32(1 / ((1-smooth)/factor + smooth))
	}
	return list
}

// rope finds what config.json says of the encoding, in either generation's
// words. layers names the kind of layers where these have parameters of their own.
func (s *scribe) rope(layers string) config {
	c := config{}
	for _, key := range []string{"rope_scaling", "rope_parameters"} {
		if m, ok := s.config[key].(map[string]any); ok {
			maps.Copy(c, m)
		}
	}
	if layers != "" {
		if m, ok := c[layers].(map[string]any); ok {
			return m
		}
	}
	return c
}

func (r rope) write(s *scribe) {
	p := s.rope("full_attention")
	theta := func(c config, key string, usual float64) float64 {
		if v, ok := c.number("rope_theta"); ok {
			return v
		}
		return s.real(key, usual)
	}
	usual := 10000.0
	if r.local != "" {
		usual = 1e6
		own := config{}
		if _, nested := s.rope("")["sliding_attention"]; nested {
			own = s.rope("sliding_attention")
		}
		s.note("rope.freq_base_swa", float32(theta(own, r.local, 10000)))
	}
	base := theta(p, "rope_theta", usual)
	s.note("rope.freq_base", float32(base))
	kind, _ := p["rope_type"].(string)
	if old, ok := p["type"].(string); ok && kind == "" {
		kind = old
	}
	r.writeKind(s, p, kind, base)
}

func (r rope) writeKind(s *scribe, p config, kind string, base float64) {
	need := func(key string) float64 {
		v, ok := p.number(key)
		if !ok || !(v > 0) {
			s.fail("rotary encoding %s needs a %s", kind, key)
		}
		return v
	}
	trained := func() float64 {
		if v, ok := s.config.number("original_max_position_embeddings"); ok {
			return v
		}
		if v, ok := p.number("original_max_position_embeddings"); ok {
			return v
		}
		return float64(s.count("max_position_embeddings", 0))
	}
	switch kind {
	case "", "default":
	case "linear":
		s.note("rope.scaling.type", "linear")
		s.note("rope.scaling.factor", float32(need("factor")))
	case "yarn":
		f := need("factor")
		s.note("rope.scaling.type", "yarn")
		s.note("rope.scaling.factor", float32(f))
		s.note("rope.scaling.original_context_length", uint32(trained()))
		for _, key := range sorted(betas) {
			if v, ok := p.number(key); ok {
				s.note(betas[key], float32(v))
			}
		}
		if a, ok := p.number("attention_factor"); ok {
			s.note("rope.scaling.attn_factor", float32(a/(0.1*math.Log(f)+1)))
		}
		for _, key := range []string{"mscale", "mscale_all_dim", "truncate"} {
			if v := p[key]; v != nil && v != true {
				s.fail("rotary encoding yarn with %s has no form in this format", key)
			}
		}
	case "llama3":
		q := maps.Clone(p)
		q["original_max_position_embeddings"] = trained()
		for _, key := range []string{"factor", "low_freq_factor", "high_freq_factor"} {
			need(key)
		}
		r.addFactors(s, "rope_freqs", llama3(q, base, s.headDim()))
	case "longrope", "su":
		r.writeLong(s, p, trained())
	default:
		s.fail("rotary encoding %q has no form in this format", clip(kind))
	}
}

func (r rope) writeLong(s *scribe, p config, trained float64) {
	s.note("rope.scaling.type", "longrope")
	s.note("rope.scaling.original_context_length", uint32(trained))
	f, ok := p.number("factor")
	if !ok {
		f = float64(s.count("max_position_embeddings", 0)) / trained
	}
	a, ok := p.number("attention_factor")
	if !ok {
		if a = 1; f > 1 {
			a = math.Sqrt(1 + math.Log(f)/math.Log(trained))
		}
	}
	s.note("rope.scaling.attn_factor", float32(a))
	if trained < float64(s.count("max_position_embeddings", 0)) {
		s.lost = append(s.lost, "how long a text is in the choice between long_factor and short_factor, for which it takes the size of its context")
	}
	for _, which := range []string{"long", "short"} {
		list, _ := p[which+"_factor"].([]any)
		x := make([]float32, len(list))
		for i, v := range list {
			f, _ := number(v)
			x[i] = float32(f)
		}
		r.addFactors(s, "rope_factors_"+which, x)
	}
}

// headDim is the width of a head.
func (s *scribe) headDim() int {
	if s.heads < 1 {
		return 0
	}
	return s.count("head_dim", s.count("hidden_size", 0)/s.heads)
}

func (r rope) addFactors(s *scribe, stem string, x []float32) {
	if !r.factors {
		s.fail("files of the architecture %s have no place for the factors of a rotary encoding", s.arch)
		return
	}
	if len(x) == 0 {
		s.fail("the list of factors of the rotary encoding is missing")
		return
	}
	s.extra = append(s.extra, Tensor{
		Name: stem + ".weight", Shape: []int{len(x)}, DType: checkpoint.F32,
		Rows: Values(x),
	})
}
