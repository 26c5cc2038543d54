package export

import (
	"context"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"runtime/debug"
	"slices"

	"github.com/rotor-lm/rotor/checkpoint"
	"github.com/rotor-lm/rotor/checkpoint/gguf"
	"github.com/rotor-lm/rotor/hub"
	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/tensor"
)

// Difference is how far the logits of two models are apart, on the same tokens.
type Difference struct {
	Rows  int     `json:"rows"`
	Size  float64 `json:"size"`          // of the largest logit
	Max   float64 `json:"max_error"`     // the largest difference
	RMS   float64 `json:"rms_error"`     // the root of the mean square
	KL    float64 `json:"kl_divergence"` // Σ p·log(p/q), the mean over rows, in nats
	Agree float64 `json:"agreement"`     // share of rows whose likeliest token is the same
}

// Tolerance is how far logits may move, as a share of the largest, when weights
// are rounded to a type; 0 for blocks, of which nobody can say.
var Tolerance = map[checkpoint.DType]float64{checkpoint.F32: 1e-3, checkpoint.F16: 2e-2, checkpoint.BF16: 1e-1}

// Compare holds logits [T, V] of one model against those of another.
func Compare(x, y []float32, vocab int) Difference {
	d := Difference{Rows: len(x) / vocab, Size: 1}
	squares := 0.0
	for i := range x {
		e := math.Abs(float64(x[i]) - float64(y[i]))
		if e > d.Max || e != e {
			d.Max = e
		}
		d.Size = max(d.Size, math.Abs(float64(x[i])))
		squares += e * e
	}
	d.RMS = math.Sqrt(squares / float64(len(x)))
	for t := range d.Rows {
		p, q := x[t*vocab:][:vocab], y[t*vocab:][:vocab]
		np, nq := float64(kernel.LogSumExp(p)), float64(kernel.LogSumExp(q))
		for i := range p {
			lp, lq := float64(p[i])-np, float64(q[i])-nq
			d.KL += math.Exp(lp) * (lp - lq) / float64(d.Rows)
		}
		if first(p) == first(q) {
			d.Agree += 1 / float64(d.Rows)
		}
	}
	return d
}

// first is the place of the largest number.
func first(x []float32) (at int) {
	for i, v := range x {
		if v > x[at] {
			at = i
		}
	}
	return at
}

// sampleText is what models are compared on, where there is a tokenizer.
const sampleText = "The lighthouse keeper climbed the hundred and twelve steps every evening, lit the lamp, and wrote the weather down. " +
	"In 1893 the ship came back without her mast. What had happened? Nobody on the island asked, and she told them only in spring."

// sample are the tokens on which models are compared: those that were given, a
// text in the model's tokens, or tokens from all over the vocabulary.
func sample(m *hub.Model, ids []int32) ([]int32, error) {
	info := m.Info()
	for _, id := range ids {
		if id < 0 || int(id) >= info.Vocab {
			return nil, fmt.Errorf("export: token %d is not in the vocabulary, which goes from 0 to %d", id, info.Vocab-1)
		}
	}
	if len(ids) > 0 && info.HardLimit && len(ids) > info.Context {
		return nil, fmt.Errorf("export: %d tokens to compare on: the model has %d positions", len(ids), info.Context)
	}
	if len(ids) > 0 {
		return ids, nil
	}
	if tok, err := m.Tokenizer(); err == nil {
		ids = tok.Wrap(tok.Encode(sampleText))
	}
	if len(ids) < 2 || slices.Max(ids) >= int32(info.Vocab) {
		ids = Scattered(info)
	}
	return ids[:min(len(ids), info.Context)], nil
}

// Scattered are tokens from all over the vocabulary.
func Scattered(info model.Info) []int32 {
	ids := make([]int32, min(16, info.Context))
	for i := range ids {
		ids[i] = int32(op.Random(1, uint64(i)) % uint64(info.Vocab))
	}
	return ids
}

// logitsOf opens a model, asks it, and closes it.
func logitsOf(ref string, ids []int32) ([]float32, error) {
	m, err := hub.Open(ref)
	if err != nil {
		return nil, err
	}
	x := Logits(m, ids, -1)
	m.Model, err = nil, m.Close()
	debug.FreeOSMemory() // another model comes next: the two are never there at once
	return x, err
}

// Logits are those of every token, for rows that carry an adapter.
func Logits(m model.Model, ids []int32, adapter int32) []float32 {
	p := nn.Pass{Tape: tensor.NoGrad(0), Tokens: ids}
	p.Add(len(ids), 0, 0, adapter)
	return slices.Clone(model.Logits(m, &p).Data)
}

// look reads what was written at path, a file or a folder, before it takes its place.
func (w *writing) look(path string) error {
	if w.tell == nil {
		return errStopped
	}
	if err := w.weigh(path); err != nil {
		return err
	}
	if err := w.compareTensors(path); err != nil {
		return fmt.Errorf("export: reading what was written: %w: nothing was kept", err)
	}
	if w.Logits == nil {
		return nil
	}
	if err := w.ctx.Err(); err != nil {
		return context.Cause(w.ctx)
	}
	after, err := logitsOf(path, w.IDs)
	if err != nil {
		return fmt.Errorf("export: opening what was written: %w", err)
	}
	d := Compare(w.before, after, len(after)/len(w.IDs))
	w.report.Difference = &d
	if most := w.tolerance(); !(d.Max <= most*d.Size) {
		return fmt.Errorf("export: the logits of the written model differ by %.3g, more than rounding explains: nothing was kept", d.Max)
	}
	return nil
}

// tolerance is that of the coarsest type; a file that cannot say everything may
// answer as it likes.
func (w *writing) tolerance() (most float64) {
	for d := range w.report.Types {
		t, ok := Tolerance[d]
		if !ok || w.lost {
			return math.MaxFloat64 // blocks: it must be a number
		}
		most = max(most, t)
	}
	return most
}

// weigh adds up the bytes that were written.
func (w *writing) weigh(path string) error {
	return filepath.WalkDir(path, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			w.report.Bytes += info.Size()
		}
		return err
	})
}

// differs is a relative error that no format makes of a tensor: it is another one.
const differs = 0.7

// compareTensors reads every tensor again and holds it against its source.
func (w *writing) compareTensors(path string) error {
	src, err := checkpoint.Open(path)
	if err != nil {
		return err
	}
	defer src.Close()
	w.report.Types = map[checkpoint.DType]*Error{}
	for _, t := range w.Tensors {
		if w.ctx.Err() != nil {
			return context.Cause(w.ctx)
		}
		if _, ok := src.Info(t.Name); !ok {
			return fmt.Errorf("tensor %q is not there", t.Name)
		}
		if err := w.compare(t, src); err != nil {
			return fmt.Errorf("tensor %q: %w", t.Name, err)
		}
		checkpoint.Release(src, t.Name)
		if t.Done != nil {
			t.Done()
		}
	}
	return nil
}

func (w *writing) compare(t gguf.Tensor, src checkpoint.Source) error {
	info, _ := src.Info(t.Name)
	if !slices.Equal(info.Shape, t.Shape) {
		return fmt.Errorf("its shape is %d, want %d", info.Shape, t.Shape)
	}
	d := info.DType
	if f, ok := src.(*gguf.File); ok {
		stored, _ := f.Stored(t.Name)
		d = stored.DType
	}
	cols, n := 1, info.Len()
	if len(t.Shape) > 0 {
		cols = t.Shape[len(t.Shape)-1]
	}
	step := max((1<<20)/cols, 1) * cols
	x, y := make([]float32, min(step, n)), make([]float32, min(step, n))
	rows := checkpoint.Rows(src, t.Name)
	var squares, total float64
	for at := 0; at < n; at += step {
		if w.ctx.Err() != nil {
			return context.Cause(w.ctx)
		}
		x, y := x[:min(step, n-at)], y[:min(step, n-at)]
		if err := t.Rows(x, at); err != nil {
			return err
		}
		if err := rows(y, at); err != nil {
			return err
		}
		for i := range x {
			e := float64(x[i]) - float64(y[i])
			squares += e * e
			total += float64(x[i]) * float64(x[i])
		}
	}
	rms := math.Sqrt(squares / max(total, math.SmallestNonzeroFloat64))
	if !(rms <= differs) {
		return fmt.Errorf("it is not the one that was written: it differs by %.3g of its size", rms)
	}
	w.enter(d, t.Name, rms, squares, total)
	return nil
}

// enter adds the error of a tensor to that of its type.
func (w *writing) enter(d checkpoint.DType, name string, rms, squares, total float64) {
	e := w.report.Types[d]
	if e == nil {
		e = &Error{}
		w.report.Types[d] = e
	}
	e.Tensors++
	e.squares, e.total = e.squares+squares, e.total+total
	e.RMS = math.Sqrt(e.squares / max(e.total, math.SmallestNonzeroFloat64))
	if rms > e.Most || e.Worst == "" {
		e.Most, e.Worst = rms, name
	}
}
