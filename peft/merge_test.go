package peft_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/checkpoint"
	"github.com/rotor-lm/rotor/hub"
	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/peft"
	"github.com/rotor-lm/rotor/tensor"
)

func TestMergedEqualsUnmerged(t *testing.T) {
	g := readGolden(t)
	for name, c := range g.Cases {
		base := open(t, c.Base)
		before := run(base, g.IDs)
		m := apply(t, base, filepath.Join("testdata", name), peft.Options{})
		merged, err := peft.Merge(m, 0)
		if err != nil {
			t.Fatal(err)
		}
		if d := distance(run(m, g.IDs), run(merged, g.IDs)); d > 1e-4 {
			t.Errorf("%s: merging moves logits by %g", name, d)
		}
		if d := distance(before, run(base, g.IDs)); d != 0 {
			t.Errorf("%s: merging moved the base by %g", name, d)
		}
		plain := 0
		for n, x := range nn.Params(merged) {
			plain++
			if strings.Contains(n, "lora") || strings.Contains(n, "modules_to_save") || x.Learns() {
				t.Errorf("%s: %s is left", name, n)
			}
		}
		if want := strings.HasPrefix(name, "tied-") || name == "conv-lora-only"; peft.Untied(base, merged) != want {
			t.Errorf("%s: untied is %t", name, !want)
		}
	}
}

func TestMergeRefusesCompany(t *testing.T) {
	m := adapt(t, tiny(t, tinyLlama, false), &peft.LoRA{}, peft.Options{})
	m = adapt(t, m, &peft.LoRA{}, peft.Options{Adapter: 1})
	if _, err := peft.Merge(m, 0); err == nil || !strings.Contains(err.Error(), "carries adapter 1 too") {
		t.Errorf("want a refusal, have %v", err)
	}
	// Two under one number are one sum.
	m = adapt(t, tiny(t, tinyLlama, false), &peft.LoRA{}, peft.Options{Seed: 1})
	m = adapt(t, m, &peft.LoRA{Targets: peft.Select("q_proj"), Rank: 2}, peft.Options{Seed: 2})
	stir(m, .1)
	merged, err := peft.Merge(m, 0)
	if err != nil {
		t.Fatal(err)
	}
	if d := distance(logits(m, text), logits(merged, text)); d > 1e-4 {
		t.Errorf("two adapters merged are %g away", d)
	}
}

func TestSaveMerged(t *testing.T) {
	g := readGolden(t)
	for name, c := range g.Cases {
		base := open(t, c.Base)
		m := apply(t, base, filepath.Join("testdata", name), peft.Options{})
		for _, d := range []checkpoint.DType{"", checkpoint.BF16, checkpoint.F16} {
			if d != "" && name != "tied-lora" && name != "conv" {
				continue
			}
			dir := filepath.Join(t.TempDir(), "merged")
			r, err := peft.SaveMerged(t.Context(), dir, base, m, peft.MergeOptions{DType: d})
			if err != nil {
				t.Fatal(name, err)
			}
			back, err := hub.Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			if e := distance(run(m, g.IDs), run(back, g.IDs)); d == "" && (e > 1e-4 || r.MaxError > 1e-4) || e > .3 {
				t.Errorf("%s: %s: the reloaded model is %g away (reported %g)", name, d, e, r.MaxError)
			}
			if back.Info().Tied == r.Untied && base.Info().Tied {
				t.Errorf("%s: the configuration says tied %t, untied was %t", name, back.Info().Tied, r.Untied)
			}
			if _, err := os.Stat(filepath.Join(dir, "generation_config.json")); err != nil {
				t.Error(err)
			}
			if _, err := peft.SaveMerged(t.Context(), dir, base, m, peft.MergeOptions{}); err == nil || !strings.Contains(err.Error(), "already there") {
				t.Errorf("%s: overwrote: %v", name, err)
			}
			_ = back.Close()
		}
	}
}

func TestSaveMergedFull(t *testing.T) {
	base := open(t, "llama-tied")
	m := adapt(t, base, peft.Full{}, peft.Options{})
	stir(m, .05)
	dir := filepath.Join(t.TempDir(), "full")
	r, err := peft.SaveMerged(t.Context(), dir, base, m, peft.MergeOptions{})
	if err != nil || r.Untied || r.Tensors != 20 {
		t.Fatal(r, err)
	}
	if _, err := peft.SaveMerged(t.Context(), dir, base, m, peft.MergeOptions{Replace: true, DType: checkpoint.BF16}); err != nil {
		t.Fatal(err)
	}
	config, err := os.ReadFile(filepath.Join(dir, "config.json"))
	if err != nil || !bytes.Contains(config, []byte(`"bfloat16"`)) {
		t.Errorf("the configuration does not tell the type: %v", err)
	}
}

// liar computes something else when it is asked as the model that it claims to
// be: merging must notice, and leave nothing behind.
type tensorT = *tensor.Tensor

type liar struct {
	model.Model `w:""`
	Extra       nn.Layer
}

func (l *liar) Output() nn.Projection { return &loud{l.Model.Output()} }

type loud struct{ nn.Projection }

func (l *loud) Forward(p *nn.Pass, x tensorT) tensorT {
	return op.Scale(l.Projection.Forward(p, x), 1.5)
}

func TestSaveMergedNoticesADifference(t *testing.T) {
	base := open(t, "llama")
	m := adapt(t, base, &peft.LoRA{}, peft.Options{})
	dir := filepath.Join(t.TempDir(), "merged")
	if _, err := peft.SaveMerged(t.Context(), dir, base, &liar{Model: m}, peft.MergeOptions{}); err == nil || !strings.Contains(err.Error(), "logits differ") {
		t.Errorf("want a refusal, have %v", err)
	}
	if list, _ := os.ReadDir(filepath.Dir(dir)); len(list) != 0 {
		t.Errorf("left behind: %v", list)
	}
}
