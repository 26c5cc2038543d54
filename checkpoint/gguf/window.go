package gguf

import "fmt"

// window is how many rows a row sees back, in all layers; null for all of them.
// llama.cpp heeds it in no architecture that has it here; of Phi-3 it wants to be
// told that there is none.
type window struct {
	model string // of several that an architecture has, the one that has it; "" where it is the only one
	kind  string // its "model_type"
}

func (r window) read(n *noter, c config) {
	w := n.count("attention.sliding_window", 0)
	switch {
	case w > 0 && r.model != "":
		c["architectures"], c["model_type"], c["sliding_window"] = []string{r.model}, r.kind, w
	case w > 0:
		c["sliding_window"] = w
	case r.model == "":
		c["sliding_window"] = nil
	}
}

func (r window) write(s *scribe) {
	w := s.count("sliding_window", 0)
	if r.model != "" && (w == 0 || r.model != s.model) {
		return
	}
	s.note("attention.sliding_window", uint32(w))
	if w > 0 && w < s.count("max_position_embeddings", w) {
		s.lost = append(s.lost, fmt.Sprintf("sliding_window %d, which this program reads from it", w))
	}
}

// lostWindow is a window that config.json can have and the file cannot: in it,
// every row sees all before it.
type lostWindow struct{ use string } // the key that turns it on

func (r lostWindow) read(_ *noter, c config) {
	c[r.use] = false
}

func (r lostWindow) write(s *scribe) {
	if w := s.count("sliding_window", 0); s.config[r.use] == true && w > 0 {
		s.lost = append(s.lost, fmt.Sprintf("sliding_window %d", w))
	}
}

// windows is a window in all layers but every n-th.
type windows struct {
	every int // n, where nobody says it
	wide  int // the window, where nobody says it
}

const (
	near = "sliding_attention"
	far  = "full_attention"
)

func (r windows) read(n *noter, c config) {
	c["sliding_window"] = n.count("attention.sliding_window", r.wide)
	layers := c["num_hidden_layers"].(int)
	if layers > 1<<12 {
		n.fail(fmt.Errorf("%s.block_count is %d, which cannot be", n.arch, layers))
		return
	}
	kinds := pattern(layers, r.every)
	key := n.arch + ".attention.sliding_window_pattern"
	switch p := n.notes[key].(type) {
	case nil:
	case []bool:
		if len(p) != layers {
			n.fail(fmt.Errorf("%s has %d entries for %d layers", key, len(p), layers))
			return
		}
		for i, windowed := range p {
			kinds[i] = kindOf(windowed)
		}
	default:
		every := n.count("attention.sliding_window_pattern", r.every)
		if every < 1 {
			n.fail(fmt.Errorf("%s is %d, which cannot be", key, every))
			return
		}
		kinds = pattern(layers, every)
	}
	c["layer_types"] = kinds
}

func kindOf(windowed bool) string {
	if windowed {
		return near
	}
	return far
}

func pattern(layers, every int) []string {
	kinds := make([]string, layers)
	for i := range kinds {
		kinds[i] = kindOf((i+1)%every != 0)
	}
	return kinds
}

func (r windows) write(s *scribe) {
	layers := s.count("num_hidden_layers", 0)
	every := s.count("sliding_window_pattern", r.every)
	if every < 1 || layers > 1<<12 {
		s.fail("sliding_window_pattern is %d in %d layers, which cannot be", every, layers)
		return
	}
	kinds := pattern(layers, every)
	if list, ok := s.config["layer_types"].([]any); ok {
		if len(list) != layers {
			s.fail("layer_types has %d entries for %d layers", len(list), layers)
			return
		}
		for i, v := range list {
			kinds[i], _ = v.(string)
		}
	}
	usual := pattern(layers, r.every)
	flags, same := make([]bool, layers), true
	for i, k := range kinds {
		flags[i] = k == near
		same = same && k == usual[i]
	}
	s.note("attention.sliding_window", uint32(s.count("sliding_window", r.wide)))
	if !same {
		s.note("attention.sliding_window_pattern", flags)
	}
}
