package peft

import (
	"fmt"
	"math"

	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/tensor"
)

func init() {
	Register("lora", "W·x + s·B·A·x beside frozen projections, s = alpha/rank", func() Method { return new(LoRA) })
}

// LoRA adds a low-rank update beside frozen projections and trains only that.
//
//	y = W·x + s·B·A·x      A [r, in] random, B [out, r] zero
//	s = α/r, or α/√r with RSLoRA
//
// B starts at zero, so the adapted model starts as the base model; A is uniform
// in ±1/√in. Any Projection will do for W; over a quantised one this is QLoRA.
//
// Hu et al., LoRA: Low-Rank Adaptation of Large Language Models, 2021.
// arXiv:2106.09685, eq. 3.
// Kalajdzievski, A Rank Stabilization Scaling Factor for Fine-Tuning with LoRA,
// 2023. arXiv:2312.03732, eq. 4, for RSLoRA.
type LoRA struct {
	Rank          int      `json:"rank" help:"r, the rank of an update" default:"8"`
	Alpha         float64  `json:"alpha" help:"an update counts alpha/rank times; 0 is the rank" default:"0"`
	Dropout       float64  `json:"dropout" help:"share of an update's inputs that are silenced while training" default:"0"`
	Targets       Selector `json:"targets" help:"which projections: names between commas, a regular expression for the whole path, or all-linear" default:"all-linear"`
	Exclude       Selector `json:"exclude" help:"which of them not"`
	RankPattern   Pattern  `json:"rank_pattern" help:"ranks of some sites, {expression: rank}"`
	AlphaPattern  Pattern  `json:"alpha_pattern" help:"alphas of some sites, {expression: alpha}"`
	RSLoRA        bool     `json:"rslora" help:"an update counts alpha/√rank times" default:"false"`
	Bias          string   `json:"bias" help:"which biases learn: none, all, or lora_only" default:"none"`
	Save          []string `json:"modules_to_save" help:"layers that learn whole, by the ends of their paths"`
	Layers        []int    `json:"layers_to_transform" help:"numbers of the blocks whose projections are targets; none said is all"`
	LayersPattern []string `json:"layers_pattern" help:"the names that these numbers follow in a path"`

	file bool // as a file says, whose tensors tell what is meant: a name may match nothing
}

const defaultRank = 8

// Adapt puts the updates beside the targets.
func (c *LoRA) Adapt(base model.Model, o Options) (model.Model, error) {
	plan, err := c.plan(base)
	if err != nil {
		return nil, err
	}
	return nn.Rewrite(base, &loraRewrite{plan: plan, dropout: float32(c.Dropout), o: o, done: map[string]bool{}})
}

// action is what happens at one site.
type action struct {
	rank  int
	scale float32
	save  bool // the whole layer learns
	bias  bool // its bias learns
}

// loraRewrite carries out a plan. What it meets first at a path is the
// innermost; wrappers of earlier adapters around it stay as they are.
type loraRewrite struct {
	nn.Keep
	plan    map[string]action
	dropout float32
	o       Options
	done    map[string]bool
}

func (w *loraRewrite) take(path string) (action, bool) {
	a, ok := w.plan[path]
	if !ok || w.done[path] {
		return a, false
	}
	w.done[path] = true
	return a, true
}

func (w *loraRewrite) Layer(path string, l nn.Layer) nn.Layer {
	a, ok := w.take(path)
	if !ok {
		return l
	}
	if a.save {
		return ownLayer(l, w.o, everything)
	}
	if a.bias {
		l = ownLayer(l, w.o, onlyBias)
	}
	if a.rank == 0 {
		return l
	}
	base := l.(nn.Projection)
	out, in := base.Dims()
	return &lora{
		Base:  base,
		A:     w.o.born(func(t *tensor.Tensor) { uniform(t, w.o.Seed, path+".lora_A.weight") }, a.rank, in),
		B:     w.o.born(zero, out, a.rank),
		scale: a.scale, dropout: w.dropout, adapter: w.o.Adapter, stream: streamOf(path),
	}
}

func (w *loraRewrite) Embedder(path string, e nn.Embedder) nn.Embedder {
	a, ok := w.take(path)
	switch {
	case !ok:
		return e
	case a.save:
		return ownEmbedder(e, w.o)
	}
	return newLoraEmbedding(e, path, a, w.o)
}

// uniform fills A [r, in] as a linear layer is born: Kaiming's bound with a
// negative slope of √5 is 1/√in.
//
// He et al., Delving Deep into Rectifiers, 2015. arXiv:1502.01852, eq. 14.
func uniform(a *tensor.Tensor, seed uint64, name string) {
	bound := 1 / math.Sqrt(float64(a.Cols()))
	stream := op.Random(seed, streamOf(name))
	for i := range a.Data {
		u := float64(op.Random(stream, uint64(i))>>11) / (1 << 53) // in [0, 1)
		a.Data[i] = float32(bound * (2*u - 1))
	}
}

// streamOf turns a path into the number of its random streams.
func streamOf(path string) uint64 { return (&nn.Pass{}).Stream(path) }

// lora is a projection with an update beside it, s·B·A·x for the rows that
// carry its adapter.
type lora struct {
	Base nn.Projection  `w:""`              // the frozen one, under its own name
	A    *tensor.Tensor `w:"lora_A.weight"` // [r, in]
	B    *tensor.Tensor `w:"lora_B.weight"` // [out, r]

	scale, dropout float32
	adapter        int32
	stream         uint64
}

func (l *lora) Dims() (out, in int) { return l.Base.Dims() }

// Forward is one operation if the base can say what it does as one, else the
// base's own answer plus the update.
func (l *lora) Forward(p *nn.Pass, x *tensor.Tensor) *tensor.Tensor {
	if a := l.Affine(p); a != nil {
		return op.Linear(x, p.Places, a)
	}
	a := tensor.Make[op.Affine](p.Tape)
	a.W, a.Bias, a.InOut = nil, nil, false
	a.Terms = append(a.Terms[:0], l.term(p))
	return op.Add(l.Base.Forward(p, x), op.Linear(x, p.Places, a))
}

// Affine adds the update to what the base says of itself.
func (l *lora) Affine(p *nn.Pass) *op.Affine {
	b, ok := l.Base.(nn.Affine)
	if !ok {
		return nil
	}
	a := b.Affine(p)
	if a != nil {
		a.Terms = append(a.Terms, l.term(p))
	}
	return a
}

func (l *lora) term(p *nn.Pass) op.LowRank {
	return op.LowRank{
		A: l.A, B: l.B, Scale: l.scale, Adapter: l.adapter,
		Dropout: l.dropout, Stream: op.Random(p.Seed, l.stream),
	}
}

// check refuses options that cannot be meant.
func (c *LoRA) check() error {
	switch {
	case c.Rank < 0 || c.Rank > 1<<16:
		return fmt.Errorf("peft: lora: rank %d: want 1 or more", c.Rank)
	case c.Dropout < 0 || c.Dropout >= 1:
		return fmt.Errorf("peft: lora: dropout %g: want 0 or more, and less than 1", c.Dropout)
	case c.Bias != "" && c.Bias != "none" && c.Bias != "all" && c.Bias != "lora_only":
		return fmt.Errorf("peft: lora: bias %q: want none, all or lora_only", c.Bias)
	}
	for _, r := range c.RankPattern {
		if r.Value < 1 || r.Value > 1<<16 || r.Value != math.Trunc(r.Value) {
			return fmt.Errorf("peft: lora: rank_pattern gives %q rank %g: want 1 or more", r.Match, r.Value)
		}
	}
	return nil
}
