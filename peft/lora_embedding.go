package peft

import (
	"math"

	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/tensor"
)

// loraEmbedding is a table with an update beside it, a row a token:
//
//	y_t = E[token_t] + s·B·A[token_t]      A [V, r] zero, B [C, r] normal
//
// Files hold A the other way round, [r, V]. What is tied to the table, as an
// output head, does not see the update.
type loraEmbedding struct {
	Base nn.Embedder    `w:""`
	A    *tensor.Tensor `w:"lora_embedding_A"` // [V, r]
	B    *tensor.Tensor `w:"lora_embedding_B"` // [C, r]

	unit    *tensor.Tensor // [r, r], so that the update is a low-rank term of rows that A gives
	scale   float32
	adapter int32
}

func newLoraEmbedding(e nn.Embedder, path string, a action, o Options) nn.Embedder {
	vocab, width := table(e).Rows(), table(e).Cols()
	normal := func(t *tensor.Tensor) {
		stream := op.Random(o.Seed, streamOf(path+".lora_embedding_B"))
		for i := range t.Data {
			t.Data[i] = float32(gauss(stream, uint64(i)))
		}
	}
	l := &loraEmbedding{
		Base: e, A: o.born(zero, vocab, a.rank), B: o.born(normal, width, a.rank), unit: tensor.New(a.rank, a.rank),
		scale: a.scale, adapter: o.Adapter,
	}
	for i := range a.rank {
		l.unit.Row(i)[i] = 1
	}
	return l
}

func (l *loraEmbedding) Embed(p *nn.Pass) *tensor.Tensor {
	a := tensor.Make[op.Affine](p.Tape)
	a.W, a.Bias, a.InOut = nil, nil, false
	a.Terms = append(a.Terms[:0], op.LowRank{A: l.unit, B: l.B, Scale: l.scale, Adapter: l.adapter})
	return op.Add(l.Base.Embed(p), op.Linear(op.Embed(p.Tape, p.Tokens, l.A), p.Places, a))
}

// gauss is the i-th number of a stream of normally distributed ones.
//
// Box and Muller, A Note on the Generation of Random Normal Deviates, 1958.
func gauss(stream, i uint64) float64 {
	u := (float64(op.Random(stream, 2*i)>>11) + 1) / (1 << 53) // in (0, 1]
	v := float64(op.Random(stream, 2*i+1)>>11) / (1 << 53)
	return math.Sqrt(-2*math.Log(u)) * math.Cos(2*math.Pi*v)
}
