package nn_test

import (
	"slices"
	"testing"

	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/peft"
	"github.com/rotor-lm/rotor/tensor"
)

func adapt(t testing.TB, m model.Model, c peft.Method) model.Model {
	t.Helper()
	a, err := c.Adapt(m, peft.Options{Seed: 2})
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range peft.Trainable(a) { // so that no gradient is zero from the start
		for i := range x.Data {
			x.Data[i] += float32(i%7)/70 - .03
		}
	}
	return a
}

// A packed ragged pass says of every text what a pass of its own does.
func TestPackedEqualsSeparate(t *testing.T) {
	lengths := []int{9, 1, 30, 17, 2}
	for _, config := range []string{llama, mistral, gpt2} {
		m := build(t, config)
		packed := model.Logits(m, newPass(tensor.NoGrad(0), lengths...))
		row := 0
		for seq, n := range lengths {
			p := newPass(tensor.NoGrad(0), lengths...)
			p.Tokens, p.Pos = p.Tokens[row:row+n], p.Pos[row:row+n]
			p.Spans = []op.Span{{Len: n, Seq: int32(seq)}}
			if d := distance(model.Logits(m, p).Data, packed.Data[row*vocab:(row+n)*vocab]); d > 1e-4 {
				t.Errorf("%s: text %d is %g away", m.Info().Architecture, seq, d)
			}
			row += n
		}
	}
}

// Gradients of a packed pass are the sum of those of its texts.
func TestPackedGradientsAreSums(t *testing.T) {
	lengths := []int{9, 2, 14}
	m := adapt(t, build(t, llama), &peft.LoRA{Rank: 3})
	whole := gradients(m, newPass(tensor.NewTape(0), lengths...))
	sum := map[string][]float32{}
	row := 0
	for _, n := range lengths {
		p := newPass(tensor.NewTape(0), lengths...)
		p.Tokens, p.Pos = p.Tokens[row:row+n], p.Pos[row:row+n]
		p.Spans = []op.Span{{Len: n}}
		for name, g := range gradients(m, p) {
			if sum[name] == nil {
				sum[name] = make([]float32, len(g))
			}
			kernel.Add(sum[name], sum[name], g)
		}
		row += n
	}
	for name, g := range whole {
		if d := distance(g, sum[name]); d > 1e-3 {
			t.Errorf("%s: %g away", name, d)
		}
	}
}

// gradients runs one pass both ways and returns, and clears, what it left.
func gradients(m model.Model, p *nn.Pass) map[string][]float32 {
	labels, _ := next(p)
	loss := nn.CrossEntropy(p, m.Rows(p), m.Output(), labels, 1)
	p.Tape.Backward(loss, 1)
	all := map[string][]float32{"loss": {loss.Data[0]}}
	for name, x := range peft.Trainable(m) {
		all[name] = slices.Clone(x.Grad)
		x.Grad = nil
	}
	return all
}

// Results are the same to the bit on any number of threads, dropout included.
func TestThreadsDoNotMatter(t *testing.T) {
	defer kernel.SetThreads(kernel.Threads())
	for _, config := range []string{llama, gpt2} {
		for _, c := range []peft.Method{&peft.LoRA{Rank: 3, Dropout: .2}, &peft.Full{}} {
			m := adapt(t, build(t, config), c)
			var want map[string][]float32
			for _, threads := range []int{1, 2, 3} {
				kernel.SetThreads(threads)
				have := gradients(m, newPass(tensor.NewTape(0), 70, 33, 40))
				have["logits"] = slices.Clone(model.Logits(m, newPass(tensor.NoGrad(0), 70, 33)).Data)
				if want == nil {
					want = have
				}
				for name, g := range want {
					if !slices.Equal(g, have[name]) {
						t.Errorf("%s %T: %s on %d threads is not what it is on one", m.Info().Architecture, c, name, threads)
					}
				}
			}
		}
	}
}

// After the first steps a training step allocates nothing.
func TestTrainingStepAllocatesNothing(t *testing.T) {
	for name, c := range map[string]peft.Method{
		"lora":    &peft.LoRA{Rank: 4},
		"dropout": &peft.LoRA{Rank: 4, Dropout: .1},
		"more":    &peft.LoRA{Rank: 4, Save: []string{"norm", "lm_head"}, Targets: peft.Select("q_proj,down_proj,embed_tokens")},
		"full":    &peft.Full{},
	} {
		m := adapt(t, build(t, llama), c)
		train := newTrainer(m)
		train.tape.RowBudget = 64
		p := newPass(train.tape, 30, 20)
		labels, n := next(p)
		step := func() {
			train.tape.Reset()
			loss := nn.CrossEntropy(p, m.Rows(p), m.Output(), labels, 1/float32(n))
			train.tape.Backward(loss, 1)
			train.update(1e-3)
		}
		step()
		step()
		if a := testing.AllocsPerRun(5, step); a > 0 {
			t.Errorf("%s: %g allocations a step", name, a)
		}
	}
}

// Frozen weights get no gradient, and nothing is remembered below the lowest
// adapter.
func TestNothingBelowTheLowestAdapter(t *testing.T) {
	base := build(t, llama)
	live := 0 // buffers that wait for the way back
	steps := func(c peft.Method) int {
		m := adapt(t, base, c)
		p := newPass(tensor.NewTape(0), 8)
		m.Rows(p)
		n := p.Tape.Steps()
		live = p.Tape.Mark()
		gradients(m, newPass(tensor.NewTape(0), 8))
		return n
	}
	frozen := newPass(tensor.NewTape(0), 8)
	base.Rows(frozen)
	if n := frozen.Tape.Steps(); n != 0 {
		t.Errorf("a frozen model has its tape remember %d operations", n)
	}
	inference := newPass(tensor.NoGrad(0), 8)
	base.Rows(inference)
	if n, want := frozen.Tape.Mark(), inference.Tape.Mark(); n != want {
		t.Errorf("a frozen model keeps %d buffers while training, want the %d of inference", n, want)
	}
	both := steps(&peft.LoRA{Rank: 2, Targets: peft.Select("q_proj,down_proj")})
	whole := live
	upper := steps(&peft.LoRA{Rank: 2, Targets: peft.Select("q_proj,down_proj"), Layers: []int{1}})
	if live > whole*2/3 {
		t.Errorf("adapters in the upper of two blocks keep %d buffers, in both %d", live, whole)
	}
	last := steps(&peft.LoRA{Rank: 2, Targets: peft.Select("down_proj"), Layers: []int{1}})
	if head := steps(&peft.LoRA{Rank: 2, Targets: peft.Select("lm_head")}); head != 0 {
		t.Errorf("an adapted head has the tape of the rows remember %d operations", head)
	}
	// The last projection, the sum after it, and the last norm.
	if last != 3 {
		t.Errorf("an adapter at the last projection: %d operations, want 3", last)
	}
	// A block from its queries on: product, heads, rotation, attention, output,
	// sum; norm, gate, up, SwiGLU, down, sum; and the last norm.
	if upper != 13 {
		t.Errorf("adapters in the upper block: %d operations, want 13", upper)
	}
	// With both, all of the upper block: its first norm, and keys and values as
	// queries, come to it.
	if both != 12+18+1 {
		t.Errorf("adapters in both blocks: %d operations, want 31", both)
	}
	for name, x := range nn.Params(base) {
		if x.Grad != nil {
			t.Errorf("%s is frozen and has a gradient", name)
		}
	}
}
