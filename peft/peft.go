// Package peft fine-tunes a model by rewriting it: a method is one file that
// says what stands at which site of the adapted model, and registers itself.
// The base model is not touched, and shares its frozen tensors with what is
// made of it.
//
// Adapters are read and written in the format of the PEFT library.
package peft

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/tensor"
)

// Method is a way to fine-tune, with its options.
type Method interface {
	// Adapt returns a model that shares what is frozen with base, which is not
	// touched. Its trainable tensors are those that Trainable yields.
	Adapt(base model.Model, o Options) (model.Model, error)
}

// Options are what Adapt wants to know besides the method's own.
type Options struct {
	Seed    uint64 // of the random numbers that new tensors are born with
	Adapter int32  // the number in op.Span of the rows that the adapter is for
	Frozen  bool   // nothing learns: the adapter is to be used, not trained

	hollow bool // new tensors have no elements yet: a file will fill them
}

// born makes a new tensor, to be filled by birth unless a file will fill it.
func (o Options) born(birth func(t *tensor.Tensor), shape ...int) *tensor.Tensor {
	t := tensor.Hollow(shape...)
	if !o.hollow {
		t.Fill(make([]float32, t.Len()), nil)
		birth(t)
	}
	if !o.Frozen {
		t.Learn()
	}
	return t
}

func zero(*tensor.Tensor) {}

type entry struct {
	summary string
	build   func() Method
}

var registry = map[string]entry{}

// Register adds a method to the catalogue, from its own file. build returns a
// pointer to the method's options at their zero values, ready to be decoded
// into from JSON or YAML.
func Register(name, summary string, build func() Method) {
	if _, twice := registry[name]; twice {
		panic("peft: " + name + " is registered twice")
	}
	registry[name] = entry{summary, build}
}

// All yields the name of every method and what it does, by name.
func All() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, name := range slices.Sorted(maps.Keys(registry)) {
			if !yield(name, registry[name].summary) {
				return
			}
		}
	}
}

// New returns the method of that name with its options at their zero values.
func New(name string) (Method, error) {
	e, ok := registry[name]
	if !ok {
		return nil, fmt.Errorf("peft: method %q is not known; there are %s", name, strings.Join(slices.Sorted(maps.Keys(registry)), ", "))
	}
	return e.build(), nil
}

// Trainable yields the tensors of m that learn, under their names.
func Trainable(m any) iter.Seq2[string, *tensor.Tensor] {
	return func(yield func(string, *tensor.Tensor) bool) {
		for name, t := range nn.Params(m) {
			if t.Learns() && !yield(name, t) {
				return
			}
		}
	}
}

// site is one named place of a model, as a Rewriter sees it.
type site struct {
	path string
	at   any // nn.Layer or nn.Embedder
}

// sites lists the layers and embedders of a model. Where several stand at one
// path, one wrapped around the other, it lists the innermost. Copies that
// belong to an earlier adapter are not sites.
func sites(m model.Model) ([]site, error) {
	c := &collector{seen: map[string]bool{}}
	_, err := nn.Rewrite(m, c)
	return c.list, err
}

type collector struct {
	nn.Keep
	list []site
	seen map[string]bool
}

func (c *collector) add(path string, at any) {
	if !c.seen[path] && !strings.Contains(path, ".modules_to_save") {
		c.seen[path] = true
		c.list = append(c.list, site{path, at})
	}
}

func (c *collector) Layer(path string, l nn.Layer) nn.Layer {
	c.add(path, l)
	return l
}

func (c *collector) Embedder(path string, e nn.Embedder) nn.Embedder {
	c.add(path, e)
	return e
}

// isHead reports whether the layer at a site is the output head of m. The walk
// hands out copies, which share their tensors.
func isHead(m model.Model, l any) bool {
	_, ok := l.(nn.Projection)
	return ok && first(l) != nil && first(l) == first(m.Output())
}

func first(m any) *tensor.Tensor {
	for _, t := range nn.Params(m) {
		return t
	}
	return nil
}
