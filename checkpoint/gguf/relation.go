package gguf

import (
	"fmt"
	"reflect"
)

// A relation ties some keys of config.json to some notes, and to what tensors
// there are. It is read in both directions.
type relation interface {
	read(n *noter, c config) // notes to config.json
	write(s *scribe)         // config.json to notes
}

// count is a whole number.
type count struct {
	note, key string
	or        any // where one is missing: a number, or the key of one; nil where it must be there
	unsaid    int // where config.json alone does not say it; 0 for nothing
}

func (r count) read(n *noter, c config) {
	if r.or == nil {
		c[r.key] = n.need(r.note)
		return
	}
	missing, ok := r.or.(int)
	if !ok {
		missing = c[r.or.(string)].(int)
	}
	c[r.key] = n.count(r.note, missing)
}

func (r count) write(s *scribe) {
	missing := r.unsaid
	switch or := r.or.(type) {
	case nil:
		if s.config[r.key] == nil && missing == 0 {
			s.fail("there is no %s", r.key)
		}
	case string:
		missing = s.count(or, 0)
	case int:
		missing = or
	}
	s.note(r.note, uint32(s.count(r.key, missing)))
}

// epsilon is what a norm adds to a mean square. The two sides have their own
// opinions of what it is where nobody says it.
type epsilon struct{ note, key string }

func (r epsilon) read(n *noter, c config) { c[r.key] = n.real(r.note, 1e-5) }

func (r epsilon) write(s *scribe) {
	usual := 1e-6
	if s.model == "GPT2LMHeadModel" || s.model == "Phi3ForCausalLM" {
		usual = 1e-5
	}
	s.note(r.note, float32(s.real(r.key, usual)))
}

// fixed is what all files of an architecture mean and none says.
type fixed struct {
	key   string
	value any
}

// tanhGELU are the names of one function.
var tanhGELU = map[any]bool{"gelu_new": true, "gelu_pytorch_tanh": true}

func (r fixed) read(_ *noter, c config) { c[r.key] = r.value }

func (r fixed) write(s *scribe) {
	if v, ok := s.config[r.key]; ok && v != nil && !reflect.DeepEqual(v, r.value) && !(isText(v) && tanhGELU[v] && tanhGELU[r.value]) {
		s.fail("%s is %v: files of the architecture %s cannot say it", r.key, v, s.arch)
	}
}

func isText(v any) bool {
	_, ok := v.(string)
	return ok
}

// vocab is the number of rows of the embedding.
type vocab struct{ tensor string }

func (r vocab) read(n *noter, c config) {
	t, ok := n.file.Info(r.tensor)
	if !ok || len(t.Shape) != 2 {
		n.fail(fmt.Errorf("there is no matrix token_embd.weight"))
		return
	}
	c["vocab_size"] = t.Shape[0]
}

func (r vocab) write(s *scribe) { count{note: "vocab_size", key: "vocab_size"}.write(s) }

// present is a key that says whether there is a tensor: the file has it or not.
type present struct {
	key, tensor string
	absent      bool // the key says that there is none
}

func (r present) read(n *noter, c config) { c[r.key] = n.file.has(r.tensor) != r.absent }

func (r present) write(*scribe) {}

// heads is how many there are, and how large: "head_dim", unless all of them
// together are as wide as a row.
type heads struct {
	part bool // a part of a head may turn, "partial_rotary_factor"
}

func (heads) count() count { return count{note: "attention.head_count", key: "num_attention_heads"} }

func (heads) kvCount() count {
	return count{note: "attention.head_count_kv", key: "num_key_value_heads", or: "num_attention_heads"}
}

func (r heads) read(n *noter, c config) {
	r.count().read(n, c)
	r.kvCount().read(n, c)
	h, w := c["num_attention_heads"].(int), c["hidden_size"].(int)
	if h < 1 {
		n.fail(fmt.Errorf("%s.attention.head_count is 0, which cannot be", n.arch))
		return
	}
	dim := n.count("attention.key_length", w/h)
	c["head_dim"] = dim
	if v := n.count("attention.value_length", dim); v != dim {
		n.fail(fmt.Errorf("heads have %d rows for keys and %d for values: they must be the same", dim, v))
	}
	turned := n.count("rope.dimension_count", dim)
	switch {
	case turned == dim:
	case r.part && turned > 0 && turned < dim:
		c["partial_rotary_factor"] = float64(turned) / float64(dim)
	default:
		n.fail(fmt.Errorf("of the %d rows of a head %d turn: all must", dim, turned))
	}
	if experts := n.count("expert_count", 0); experts > 0 {
		n.fail(fmt.Errorf("a mixture of %d experts is not read", experts))
	}
}

func (r heads) write(s *scribe) {
	r.count().write(s)
	r.kvCount().write(s)
	s.heads = s.count("num_attention_heads", 0)
	s.kvHeads = s.count("num_key_value_heads", s.heads)
	if s.heads < 1 {
		s.fail("num_attention_heads is 0, which cannot be")
		return
	}
	dim := s.count("head_dim", s.count("hidden_size", 0)/s.heads)
	turned := dim
	if part := s.part(); part != 1 {
		if turned = int(float64(dim) * part); !r.part || turned < 1 || turned > dim {
			s.fail("partial_rotary_factor is %g: files of the architecture %s cannot say it", part, s.arch)
		}
	}
	s.note("attention.key_length", uint32(dim))
	s.note("attention.value_length", uint32(dim))
	s.note("rope.dimension_count", uint32(turned))
}

// part is the share of a head that turns, where either generation says it.
func (s *scribe) part() float64 {
	if v, ok := s.rope("").number("partial_rotary_factor"); ok {
		return v
	}
	return s.real("partial_rotary_factor", 1)
}

// limit is the c of c·tanh(z/c), null for none.
type limit struct {
	note, key string
	usual     float64 // where nobody says it; 0 for none
}

func (r limit) read(n *noter, c config) {
	c[r.key] = nil
	if v := n.real(r.note, r.usual); v != 0 {
		c[r.key] = v
	}
}

func (r limit) write(s *scribe) {
	v, said := s.config[r.key]
	switch {
	case said && v == nil && r.usual != 0:
		s.fail("%s is null: files of the architecture %s cannot say it", r.key, s.arch)
	case said && v != nil || r.usual != 0:
		s.note(r.note, float32(s.real(r.key, r.usual)))
	}
}
