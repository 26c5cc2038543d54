// Package golden holds models against what the original implementation said of
// the same weights.
//
// A folder has the model as transformers saves it, its configuration in the
// words of an older generation (config.old.json), and golden.json, which
// bench/golden/models.py made.
package golden

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rotor-lm/rotor/cache"
	"github.com/rotor-lm/rotor/checkpoint"
	"github.com/rotor-lm/rotor/generate"
	"github.com/rotor-lm/rotor/hub"
	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/tensor"
)

// File is a golden.json.
type File struct {
	MadeBy string `json:"made_by"`
	Texts  []Text `json:"texts"`
}

// Text is what the original says of one text.
type Text struct {
	IDs    []int32     `json:"ids"`
	Logits [][]float32 `json:"logits"` // [T][V]
	Greedy []int32     `json:"greedy"` // the tokens that follow
}

// Tolerance is how far a logit may be from the original's.
const Tolerance = 1e-4

// Read reads the golden.json of a folder.
func Read(t testing.TB, dir string) File {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	var f File
	if err := json.Unmarshal(data, &f); err != nil {
		t.Fatal(err)
	}
	if len(f.Texts) == 0 || f.MadeBy == "" {
		t.Fatalf("%s: golden.json says nothing, or not who made it", dir)
	}
	return f
}

// Model checks the model in dir: both generations of its configuration, its
// logits, texts packed and alone, and decoding with a cache.
func Model(t *testing.T, dir string) {
	f := Read(t, dir)
	m, err := hub.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = m.Close() }()
	t.Run("logits", func(t *testing.T) { Logits(t, m, f) })
	t.Run("older config", func(t *testing.T) { Logits(t, older(t, dir), f) })
	t.Run("packed", func(t *testing.T) { packed(t, m, f) })
	t.Run("parts", func(t *testing.T) { parts(t, m, f) })
	t.Run("greedy", func(t *testing.T) { greedy(t, m, f) })
}

// Logits compares the logits of each text, run alone.
func Logits(t *testing.T, m model.Model, f File) {
	for i, x := range f.Texts {
		near(t, fmt.Sprint("text ", i), run(m, x.IDs), x.Logits)
	}
}

func near(t *testing.T, what string, y *tensor.Tensor, want [][]float32) {
	t.Helper()
	if y.Rows() != len(want) || y.Cols() != len(want[0]) {
		t.Fatalf("%s: logits %v, want [%d %d]", what, y.Shape, len(want), len(want[0]))
	}
	worst := 0.0
	for i, row := range want {
		for j, w := range row {
			d := math.Abs(float64(y.Row(i)[j]) - float64(w))
			if !(d <= Tolerance) {
				t.Fatalf("%s: logit %d of row %d is %g, the original's %g", what, j, i, y.Row(i)[j], w)
			}
			worst = max(worst, d)
		}
	}
	t.Logf("%s: within %.1e", what, worst)
}

// run returns the logits of texts that share a pass.
func run(m model.Model, texts ...[]int32) *tensor.Tensor {
	p := nn.Pass{Tape: tensor.NoGrad(0)}
	for i, ids := range texts {
		p.Tokens = append(p.Tokens, ids...)
		p.Add(len(ids), 0, int32(i), 0)
	}
	return model.Logits(m, &p)
}

// older is the model that config.old.json describes, with the weights of dir.
func older(t *testing.T, dir string) model.Model {
	config, err := os.ReadFile(filepath.Join(dir, "config.old.json"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := model.New(config)
	if err != nil {
		t.Fatal(err)
	}
	src, err := checkpoint.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = src.Close() })
	if _, err := checkpoint.Load(nn.Params(m), src, checkpoint.Options{}); err != nil {
		t.Fatal(err)
	}
	return m
}

// packed compares each text in a shared pass with the same text alone, to the bit.
func packed(t *testing.T, m model.Model, f File) {
	var texts [][]int32
	for _, x := range f.Texts {
		texts = append(texts, x.IDs)
	}
	all, row := run(m, texts...), 0
	for i, ids := range texts {
		alone := run(m, ids)
		for j := range ids {
			if !slices.Equal(all.Row(row), alone.Row(j)) {
				t.Fatalf("text %d, row %d: %v packed, %v alone", i, j, all.Row(row), alone.Row(j))
			}
			row++
		}
	}
}

// parts reads each text in passes of a few rows, with a cache, and compares each
// row with one pass over the whole. A part says how long the whole will be: there
// are encodings that turn by other angles in a longer text.
func parts(t *testing.T, m model.Model, f File) {
	for i, x := range f.Texts {
		want := run(m, x.IDs)
		for _, n := range []int{1, 4, 11} {
			live, err := nn.Rewrite(m, cache.Install(cache.New(0)))
			if err != nil {
				t.Fatal(err)
			}
			for at := 0; at < len(x.IDs); at += n {
				ids := x.IDs[at:min(at+n, len(x.IDs))]
				p := nn.Pass{Tape: tensor.NoGrad(0), Tokens: ids}
				p.Add(len(ids), int32(at), 0, 0)
				p.Spans[0].Text = int32(len(x.IDs))
				y := model.Logits(live, &p)
				for j := range ids {
					for k, w := range want.Row(at + j) {
						if d := math.Abs(float64(y.Row(j)[k] - w)); !(d <= 2e-5) {
							t.Fatalf("text %d in parts of %d: logit %d of row %d is %g, in one pass %g", i, n, k, at+j, y.Row(j)[k], w)
						}
					}
				}
			}
		}
	}
}

// greedy continues all texts at once, with a cache.
func greedy(t *testing.T, m model.Model, f File) {
	positions := m.Info().Context // texts go on beyond what the model was made for, where it can
	for _, x := range f.Texts {
		positions = max(positions, len(x.IDs)+len(x.Greedy))
	}
	g, err := generate.New(m, generate.Options{Rows: 10, Sequences: 2, Context: positions})
	if err != nil {
		t.Fatal(err)
	}
	var prompts [][]int32
	for _, x := range f.Texts {
		prompts = append(prompts, x.IDs)
	}
	have, err := g.All(context.Background(), generate.Each(prompts, generate.Request{Max: len(f.Texts[0].Greedy)}))
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range f.Texts {
		if len(x.Greedy) != 20 || !slices.Equal(have[i].IDs, x.Greedy) {
			t.Errorf("text %d goes on with %v, the original with %v", i, have[i].IDs, x.Greedy)
		}
	}
}
