package peft

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/tensor"
)

// plan decides what happens at every site, with PEFT's rules of matching.
func (c *LoRA) plan(m model.Model) (map[string]action, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	all, err := sites(m)
	if err != nil {
		return nil, err
	}
	rules, err := c.rules()
	if err != nil {
		return nil, err
	}
	plan := map[string]action{}
	for _, s := range all {
		if rules.saved(s.path) {
			plan[s.path] = action{save: true}
			continue
		}
		a := action{bias: c.Bias == "all" && hasBias(s.at)}
		if rules.target(m, s) {
			if !adaptable(s.at) {
				return nil, fmt.Errorf("peft: lora: %s is a %s: only projections and embeddings can have an update beside them; there are %s", s.path, kind(s.at), projections(all))
			}
			a.rank = int(value(rules.rank, s.path, float64(c.rank())))
			a.scale = c.scale(a.rank, value(rules.alpha, s.path, c.Alpha))
			a.bias = a.bias || c.Bias == "lora_only" && hasBias(s.at)
		}
		if a != (action{}) {
			plan[s.path] = a
		}
	}
	return plan, rules.unused(all, plan)
}

func (c *LoRA) rank() int {
	if c.Rank == 0 {
		return defaultRank
	}
	return c.Rank
}

func (c *LoRA) scale(rank int, alpha float64) float32 {
	if alpha == 0 {
		alpha = float64(c.rank())
	}
	if c.RSLoRA {
		return float32(alpha / math.Sqrt(float64(rank)))
	}
	return float32(alpha / float64(rank))
}

type loraRules struct {
	c           *LoRA
	match, not  func(path string) bool
	rank, alpha []compiled
	inside      []*regexp.Regexp // paths that begin with what is saved whole
	layer       []*regexp.Regexp // finds the number of a block in a path
}

func (c *LoRA) rules() (*loraRules, error) {
	r := &loraRules{c: c}
	var err error
	if r.match, err = c.Targets.matcher(); err != nil {
		return nil, err
	}
	if r.not, err = c.Exclude.matcher(); err != nil {
		return nil, err
	}
	if r.rank, err = c.RankPattern.compile(); err != nil {
		return nil, err
	}
	if r.alpha, err = c.AlphaPattern.compile(); err != nil {
		return nil, err
	}
	for _, name := range c.Save {
		re, err := compile(name, `\A(?:.*\.)?(?:`, `)(?:\..*)?\z`)
		if err != nil {
			return nil, err
		}
		r.inside = append(r.inside, re)
	}
	for _, p := range c.LayersPattern {
		re, err := compile(p, `\A(?:.*?\.)??(?:`, `)\.(\d+)\.`)
		if err != nil {
			return nil, err
		}
		r.layer = append(r.layer, re)
	}
	if len(r.layer) == 0 {
		r.layer = append(r.layer, regexp.MustCompile(`\A.*?\.[^.]*\.(\d+)\.`))
	}
	return r, nil
}

// saved is PEFT's test: the end of the path, in the middle of a word too.
func (r *loraRules) saved(path string) bool {
	return slices.ContainsFunc(r.c.Save, func(name string) bool { return strings.HasSuffix(path, name) })
}

func (r *loraRules) target(m model.Model, s site) bool {
	for _, re := range r.inside {
		if re.MatchString(s.path) {
			return false
		}
	}
	if r.not(s.path) {
		return false
	}
	t := r.c.Targets
	if t.All || t.IsZero() {
		_, ok := s.at.(nn.Projection)
		return ok && !isHead(m, s.at) && r.layerWanted(s.path)
	}
	if !r.match(s.path) {
		return false
	}
	return t.Regexp != "" || slices.Contains(t.Names, s.path) || r.layerWanted(s.path)
}

func (r *loraRules) layerWanted(path string) bool {
	if len(r.c.Layers) == 0 {
		return true
	}
	for _, re := range r.layer {
		if m := re.FindStringSubmatch(path); m != nil {
			n, err := strconv.Atoi(m[len(m)-1])
			return err == nil && slices.Contains(r.c.Layers, n)
		}
	}
	return false
}

// unused reports names that found nothing, which is how a misspelt one shows.
func (r *loraRules) unused(all []site, plan map[string]action) error {
	t := r.c.Targets
	hit := func(f func(path string, a action) bool) bool {
		for path, a := range plan {
			if f(path, a) {
				return true
			}
		}
		return false
	}
	for _, name := range t.Names {
		if !r.c.file && !hit(func(path string, a action) bool { return a.rank > 0 && ends(path, name) }) {
			return fmt.Errorf("peft: lora: target %q matches nothing; there are %s", name, projections(all))
		}
	}
	if !hit(func(_ string, a action) bool { return a.rank > 0 }) {
		return fmt.Errorf("peft: lora: targets %q match nothing; there are %s", t, projections(all))
	}
	for _, name := range r.c.Save {
		if !hit(func(path string, a action) bool { return a.save && strings.HasSuffix(path, name) }) {
			return fmt.Errorf("peft: lora: modules_to_save %q matches nothing; there are %s", name, names(all, func(site) bool { return true }))
		}
	}
	for path, a := range plan {
		for outer, b := range plan {
			if b.save && (a.save || a.rank > 0 || a.bias) && strings.HasPrefix(path, outer+".") {
				return fmt.Errorf("peft: lora: %s lies in %s, which is already saved whole", path, outer)
			}
		}
	}
	return nil
}

// projections lists the names that targets can have, without block numbers.
func projections(all []site) string {
	return names(all, func(s site) bool { return adaptable(s.at) })
}

func names(all []site, want func(site) bool) string {
	var list []string
	for _, s := range all {
		name := lastName(s.path)
		if want(s) && !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return strings.Join(list, ", ")
}

// lastName is the end of a path from its last number on: "attn.c_proj".
func lastName(path string) string {
	parts := strings.Split(path, ".")
	for i := len(parts) - 1; i >= 0; i-- {
		if _, err := strconv.Atoi(parts[i]); err == nil {
			return strings.Join(parts[i+1:], ".")
		}
	}
	return parts[len(parts)-1]
}

// adaptable reports whether an update can stand beside what is at a site.
func adaptable(at any) bool {
	switch at := at.(type) {
	case nn.Projection:
		return true
	case nn.Embedder:
		return table(at) != nil
	}
	return false
}

func kind(at any) string {
	if _, ok := at.(nn.Embedder); ok {
		return "kind of embedding that is not one table"
	}
	return "layer"
}

// hasBias reports whether a layer has a bias of its own.
func hasBias(at any) bool {
	if _, ok := at.(nn.Layer); !ok {
		return false
	}
	for name := range nn.Params(at) {
		if name == biasName {
			return true
		}
	}
	return false
}

const biasName = "bias"

// table is the one tensor of a plain embedding [V, C], or nil.
func table(e nn.Embedder) *tensor.Tensor {
	var found *tensor.Tensor
	for _, t := range nn.Params(e) {
		if found != nil || len(t.Shape) != 2 {
			return nil
		}
		found = t
	}
	return found
}
