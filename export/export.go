// Package export writes models for other programs: as a folder of safetensors,
// which transformers opens, or as a GGUF file, which llama.cpp opens.
//
// A model goes through it tensor by tensor, a piece of a few megabytes at a time,
// so that one larger than the memory can be converted. What was written is read
// again before it takes its place: every tensor against the one that it came
// from, and the logits of both models against each other. A difference that
// rounding does not explain is an error, and nothing is kept.
package export

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rotor-lm/rotor/checkpoint"
	"github.com/rotor-lm/rotor/checkpoint/gguf"
	"github.com/rotor-lm/rotor/checkpoint/safetensors"
	"github.com/rotor-lm/rotor/hub"
	"github.com/rotor-lm/rotor/internal/atomicfile"
	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
)

// The formats that there are.
const (
	GGUF        = "gguf"
	Safetensors = "safetensors"
)

// Options say how a model is written. The zero value keeps the type of every
// tensor and refuses to replace what is there.
type Options struct {
	Format    string           // GGUF or Safetensors; empty for what the name of the file says
	Type      checkpoint.DType // of the matrices; empty keeps what there is. See Options.choose
	Output    checkpoint.DType // of the head, where it is to be another
	Embedding checkpoint.DType // of the embedding, where it is not the head
	ShardSize int64            // bytes of weights in one file at most; zero means 5 GB for safetensors and no bound for GGUF
	Replace   bool             // take the place of what is there
	IDs       []int32          // the tokens on which both models are compared; none for a choice of ours
	NoLogits  bool             // do not compare logits: neither model is then held in memory
}

// Event is a Tensor that was written, a Warning or, last, a Report.
type Event interface{ event() }

// Tensor is one that was written.
type Tensor struct {
	N      int              `json:"n"` // from 1
	Of     int              `json:"of"`
	Name   string           `json:"tensor"`
	From   checkpoint.DType `json:"from"`
	Type   checkpoint.DType `json:"type"`
	Shape  []int            `json:"shape"`
	Reason string           `json:"reason,omitempty"` // why it is not of the type that was asked for
}

// Warning says in what another program will differ.
type Warning string

// Report tells what was written, and how far it is from what was read.
type Report struct {
	Path       string                        `json:"path"`
	Format     string                        `json:"format"`
	Bytes      int64                         `json:"bytes"` // of all files
	Tensors    int                           `json:"tensors"`
	Types      map[checkpoint.DType]*Error   `json:"types"`
	Reasons    map[checkpoint.DType][]string `json:"reasons,omitempty"` // why tensors are of a type that was not asked for
	Difference *Difference                   `json:"logits,omitempty"`  // nil where they were not compared
}

// Error is what came of the tensors of one type.
type Error struct {
	Tensors int     `json:"tensors"`
	RMS     float64 `json:"rms"`   // √(Σ(x−y)²/Σx²) over all of them
	Worst   string  `json:"worst"` // the tensor with the greatest
	Most    float64 `json:"most"`  // of one tensor

	squares, total float64
}

func (Tensor) event()  {}
func (Warning) event() {}
func (Report) event()  {}

// Model is what is written: a configuration, tensors under Hugging Face's names
// and in the order of its files, and what stands beside them.
type Model struct {
	Config  []byte
	Tensors []gguf.Tensor
	Read    func(name string) ([]byte, error) // tokenizer.json and the like
	Tied    bool                              // the head is the embedding

	// Logits of the model as it is, for comparing; nil for none.
	Logits func(ids []int32) ([]float32, error)
}

// Convert writes the model of a reference in another format, or with other types,
// and yields what it does. ctx ends it within a piece of a tensor.
func Convert(ctx context.Context, in, out string, o Options) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		e, err := prepare(in, &o)
		if err == nil {
			defer e.src.Close()
			err = e.write(ctx, out, o, func(ev Event) bool { return yield(ev, nil) })
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(nil, err)
		}
	}
}

// errStopped is that of a consumer who wants no more events.
var errStopped = errors.New("stopped")

// opened is a Model whose tensors lie in an open checkpoint.
type opened struct {
	Model
	src checkpoint.Source
}

func prepare(in string, o *Options) (*opened, error) {
	m, err := hub.Examine(in)
	if err != nil {
		return nil, err
	}
	e := &opened{Model: Model{Config: m.Config, Read: m.ReadFile, Tied: m.Info().Tied}}
	if !o.NoLogits {
		if o.IDs, err = sample(m, o.IDs); err != nil {
			return nil, err
		}
		e.Logits = func(ids []int32) ([]float32, error) { return logitsOf(in, ids) }
	}
	if e.src, err = checkpoint.Open(m.Dir); err != nil {
		return nil, err
	}
	for name := range nn.Params(m.Model) {
		t, err := gguf.Stock(e.src, name)
		if err != nil {
			return nil, errors.Join(err, e.src.Close())
		}
		e.Tensors = append(e.Tensors, t)
	}
	return e, nil
}

// Write writes a model, checks it, and tells what it does until tell wants no more.
func (m *Model) write(ctx context.Context, out string, o Options, tell func(Event) bool) error {
	if o.Format = strings.ToLower(o.Format); o.Format == "" {
		o.Format = FormatOf(out)
	}
	for _, d := range []checkpoint.DType{o.Type, o.Output, o.Embedding} {
		if d == "" {
			continue
		}
		if _, err := ParseType(o.Format, string(d)); err != nil {
			return fmt.Errorf("export: %w", err)
		}
	}
	w := &writing{Model: m, Options: o, ctx: ctx, tell: tell, report: Report{Path: filepath.Clean(out), Format: o.Format, Tensors: len(m.Tensors)}}
	if err := w.vacant(out); err != nil {
		return err
	}
	if m.Logits != nil {
		var err error
		if w.before, err = m.Logits(o.IDs); err != nil {
			return err
		}
	}
	var err error
	switch o.Format {
	case GGUF:
		err = w.gguf(out)
	case Safetensors:
		err = w.folder(out)
	default:
		return fmt.Errorf("export: format %q is not known; there are %s and %s", o.Format, GGUF, Safetensors)
	}
	if err != nil {
		return err
	}
	if !tell(w.report) {
		return errStopped
	}
	return nil
}

// Write is [Convert] of a model that the caller has made.
func Write(ctx context.Context, m *Model, out string, o Options) (Report, error) {
	var r Report
	err := m.write(ctx, out, o, func(ev Event) bool {
		if last, ok := ev.(Report); ok {
			r = last
		}
		return true
	})
	return r, err
}

// FormatOf is the format that the name of a file or folder says.
func FormatOf(out string) string {
	if strings.HasSuffix(out, ".gguf") {
		return GGUF
	}
	return Safetensors
}

// writing is the state of one export.
type writing struct {
	*Model
	Options
	ctx    context.Context
	tell   func(Event) bool
	report Report
	before []float32 // logits of the model as it is
	n      int       // tensors that were written
	lost   bool      // llama.cpp does not heed all that config.json says
}

// vacant refuses early what would be refused after all the work.
func (w *writing) vacant(out string) error {
	st, err := os.Stat(out)
	switch {
	case err != nil:
		return nil
	case w.single() && st.IsDir():
		return fmt.Errorf("export: %s is a folder: name the file to write, or give a shard size for a folder of several: %w", out, atomicfile.ErrExists)
	case w.single() && !w.Replace:
		return fmt.Errorf("export: %s is already there: choose another name, or say that it may be replaced (--force): %w", out, atomicfile.ErrExists)
	case !w.single() && !st.IsDir():
		return fmt.Errorf("export: %s is a file, and a folder is to be written: choose another name: %w", out, atomicfile.ErrExists)
	}
	return nil
}

// single reports whether one file is written, and not a folder.
func (w *writing) single() bool { return w.Format == GGUF && w.ShardSize == 0 }

func (w *writing) gguf(out string) error {
	notes, tensors, lost, err := gguf.Translate(w.Config, w.Tensors, w.Read)
	if err != nil {
		return err
	}
	notes = append(notes, gguf.Note{Key: "general.name", Value: strings.TrimSuffix(filepath.Base(out), ".gguf")})
	if n, ok := fileType(w.Type); ok {
		notes = append(notes, gguf.Note{Key: "general.file_type", Value: n})
	}
	notes = append(notes, gguf.Note{Key: "general.quantization_version", Value: uint32(2)})
	for i := range tensors {
		w.settle(&tensors[i], len(tensors))
	}
	w.lost = len(lost) > 0
	for _, text := range lost {
		if !w.tell(Warning("llama.cpp does not heed " + text + ": there the model answers otherwise where it counts")) {
			return errStopped
		}
	}
	if w.single() {
		return atomicfile.Checked(out, w.Replace,
			func(f io.Writer) error { return gguf.Write(w.ctx, until{w, f}, notes, tensors) }, w.look)
	}
	fill := func(dir string) error {
		if err := gguf.CreateSplit(w.ctx, dir, filepath.Base(filepath.Clean(out)), notes, tensors, w.ShardSize); err != nil {
			return err
		}
		return w.look(dir)
	}
	if w.Replace {
		return atomicfile.ReplaceDir(out, fill, "*.gguf")
	}
	return atomicfile.CreateDir(out, fill)
}

// settle gives a tensor its type, and tells when it has been written.
func (w *writing) settle(t *gguf.Tensor, of int) {
	e := Tensor{Of: of, Name: t.Name, From: t.DType, Shape: t.Shape}
	e.Type, e.Reason = w.choose(t.Name, t.Shape, t.DType, w.Tied)
	if t.DType != e.Type {
		t.DType, t.Raw = e.Type, nil
	}
	w.because(e)
	done := t.Done
	t.Done = func() {
		if done != nil {
			done()
		}
		w.n++
		e.N = w.n
		if !w.tell(e) {
			w.tell = nil
		}
	}
}

// because remembers why a tensor is of its type.
func (w *writing) because(e Tensor) {
	if e.Reason == "" || slices.Contains(w.report.Reasons[e.Type], e.Reason) {
		return
	}
	if w.report.Reasons == nil {
		w.report.Reasons = map[checkpoint.DType][]string{}
	}
	w.report.Reasons[e.Type] = append(w.report.Reasons[e.Type], e.Reason)
}

// until ends a file where no more events are wanted.
type until struct {
	*writing
	io.Writer
}

func (u until) Write(p []byte) (int, error) {
	if u.tell == nil {
		return 0, errStopped
	}
	return u.Writer.Write(p)
}

// folder writes config.json, the weights and the files of the tokenizer.
func (w *writing) folder(out string) error {
	fill := func(dir string) error {
		list, err := w.plain()
		if err != nil {
			return err
		}
		if err := hub.WriteBeside(dir, w.Read); err != nil {
			return err
		}
		max := w.ShardSize
		if max == 0 {
			max = 5e9
		}
		// transformers asks for the format by this name.
		if err := safetensors.WriteFolder(w.ctx, dir, list, map[string]string{"format": "pt"}, max); err != nil {
			return err
		}
		if err := w.config(dir); err != nil {
			return err
		}
		return w.look(dir)
	}
	if w.Replace {
		return atomicfile.ReplaceDir(out, fill, hub.Written()...)
	}
	return atomicfile.CreateDir(out, fill)
}

// plain are the tensors in types that safetensors has.
func (w *writing) plain() ([]safetensors.Tensor, error) {
	var list []safetensors.Tensor
	for i, t := range w.Tensors {
		e := Tensor{Of: len(w.Tensors), Name: t.Name, From: t.DType, Shape: t.Shape, Type: w.Type}
		if _, blocks := t.DType.Blocks(); e.Type == "" && blocks {
			e.Type, e.Reason = checkpoint.F32, "blocks have no place in this format: unpacked"
		} else if e.Type == "" {
			e.Type = t.DType
		}
		if e.Type.Size() == 0 || w.Output != "" || w.Embedding != "" {
			return nil, fmt.Errorf("export: a folder of safetensors holds all weights as one of %s", strings.Join(Types(Safetensors), ", "))
		}
		w.because(e)
		rows := t.Rows
		w.Tensors[i].DType = e.Type
		list = append(list, safetensors.Rows(t.Name, t.Shape, e.Type, func(dst []float32, at int) error {
			if w.tell == nil {
				return errStopped
			}
			if err := rows(dst, at); err != nil {
				return err
			}
			if n := (checkpoint.Info{Shape: t.Shape}).Len(); at+len(dst) == n {
				if t.Done != nil {
					t.Done()
				}
				w.n++
				e.N = w.n
				if !w.tell(e) {
					w.tell = nil
				}
			}
			return nil
		}))
	}
	return list, nil
}

// config writes config.json as it is for the types of the weights.
func (w *writing) config(dir string) error {
	size, most := map[checkpoint.DType]int{}, checkpoint.F32
	for _, t := range w.Tensors {
		size[t.DType] += (checkpoint.Info{Shape: t.Shape}).Len()
	}
	for d, n := range size {
		if n > size[most] {
			most = d
		}
	}
	text, err := hub.Typed(w.Config, most)
	if err != nil {
		return err
	}
	if _, err := model.New(text); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "config.json"), text, 0o644)
}
