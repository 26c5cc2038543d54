package export_test

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/checkpoint"
	"github.com/rotor-lm/rotor/export"
	"github.com/rotor-lm/rotor/hub"
)

// convert runs a conversion to its end.
func convert(t *testing.T, in, out string, o export.Options) (r export.Report, tensors []export.Tensor, err error) {
	t.Helper()
	for ev, err := range export.Convert(t.Context(), in, out, o) {
		if err != nil {
			return r, tensors, err
		}
		switch ev := ev.(type) {
		case export.Tensor:
			tensors = append(tensors, ev)
		case export.Report:
			r = ev
		}
	}
	return r, tensors, nil
}

func must(t *testing.T, in, out string, o export.Options) export.Report {
	t.Helper()
	r, _, err := convert(t, in, out, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// values are all tensors of a checkpoint.
func values(t *testing.T, path string) map[string][]float32 {
	t.Helper()
	src, err := checkpoint.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	all := map[string][]float32{}
	for _, name := range src.Names() {
		info, _ := src.Info(name)
		x := make([]float32, info.Len())
		if err := src.ReadF32(name, x); err != nil {
			t.Fatal(err)
		}
		all[name] = x
	}
	return all
}

// unwritable are models of which the format cannot say something: what the error names.
var unwritable = map[string]string{"dynamic": "dynamic", "local-dynamic": "dynamic", "no-caps-bf16": "query_pre_attn_scalar"}

// folders are the tiny models of all architectures.
func folders(t *testing.T) []string {
	t.Helper()
	list, err := filepath.Glob("../model/*/testdata/*")
	if err != nil || len(list) < 10 {
		t.Fatalf("%d models, %v", len(list), err)
	}
	return slices.DeleteFunc(list, func(dir string) bool {
		_, refused := unwritable[filepath.Base(dir)]
		return refused
	})
}

// A model of every architecture survives the way into a GGUF file and back, as
// F32 bit for bit but for the 1 that Gemma's norms are greater by.
func TestThereAndBack(t *testing.T) {
	for _, dir := range folders(t) {
		t.Run(strings.TrimPrefix(dir, "../model/"), func(t *testing.T) {
			file, back := filepath.Join(t.TempDir(), "x.gguf"), filepath.Join(t.TempDir(), "back")
			r := must(t, dir, file, export.Options{Type: "F32"})
			if lost := strings.HasSuffix(dir, "qwen2-windows"); r.Difference == nil || !lost && r.Difference.Max > 1e-5*r.Difference.Size {
				t.Errorf("the file's logits: %+v", r.Difference)
			}
			r = must(t, file, back, export.Options{})
			if r.Format != export.Safetensors || r.Difference.Max > 1e-5*r.Difference.Size {
				t.Errorf("%s, logits %+v", r.Format, r.Difference)
			}
			want, got := values(t, dir), values(t, back)
			delete(want, "lm_head.weight") // which old files have beside a tied embedding
			for name, x := range want {
				y := got[name]
				if len(x) != len(y) {
					t.Fatalf("%s: %d values and %d", name, len(x), len(y))
				}
				for i := range x {
					if d := math.Abs(float64(x[i] - y[i])); d > 3e-7 || d > 0 && !strings.Contains(name, "norm") {
						t.Fatalf("%s: element %d was %g and is %g", name, i, x[i], y[i])
					}
				}
			}
		})
	}
}

const llama = "../model/llama/testdata/gqa-tied"

// Every type that can be written is written, read and near what it was; where a
// row is too short for its blocks, what is done instead is said.
func TestTypes(t *testing.T) {
	for _, name := range export.Types(export.GGUF) {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "x.gguf")
			r, tensors, err := convert(t, llama, file, export.Options{Type: checkpoint.DType(name)})
			if err != nil {
				t.Fatal(err)
			}
			if len(tensors) != r.Tensors || tensors[len(tensors)-1].N != r.Tensors {
				t.Errorf("%d tensors were told of, %d written", len(tensors), r.Tensors)
			}
			st, err := os.Stat(file)
			if err != nil || st.Size() != r.Bytes {
				t.Errorf("%d bytes, %v; the report says %d", st.Size(), err, r.Bytes)
			}
			for d, e := range r.Types {
				if e.RMS > 0.4 || e.Tensors == 0 {
					t.Errorf("%s: %+v", d, *e)
				}
			}
			for _, x := range tensors {
				want := checkpoint.DType(name)
				switch {
				case len(x.Shape) == 1:
					want = "F32"
				case strings.Contains(x.Name, "ffn_down") && x.Shape[1] == 40: // 40 is no whole block of anything
					want = map[bool]checkpoint.DType{true: want, false: "F16"}[want.Size() > 0]
				case x.Name == "token_embd.weight" && want.Size() == 0: // the head, of rows too short for Q6_K
					want = "Q8_0"
				case strings.HasSuffix(name, "_K"):
					want = map[string]checkpoint.DType{"Q2_K": "Q4_0", "Q3_K": "Q4_0", "Q4_K": "Q5_0", "Q5_K": "Q5_1", "Q6_K": "Q8_0"}[name]
				}
				if x.Type != want || (x.Type != checkpoint.DType(name) && len(x.Shape) > 1) != (x.Reason != "") {
					t.Errorf("%s %d: %s because %q, want %s", x.Name, x.Shape, x.Type, x.Reason, want)
				}
			}
		})
	}
}

// What is in blocks already is copied and not encoded again, whatever its order.
func TestBlocksAreCopied(t *testing.T) {
	dir := t.TempDir()
	one, two, other := filepath.Join(dir, "1.gguf"), filepath.Join(dir, "2.gguf"), filepath.Join(dir, "3.gguf")
	must(t, llama, one, export.Options{Type: "Q4_1"})
	for _, r := range []export.Report{must(t, one, two, export.Options{}), must(t, one, other, export.Options{Type: "Q4_1"})} {
		for d, e := range r.Types {
			if e.RMS != 0 {
				t.Errorf("%s is off by %g", d, e.RMS)
			}
		}
		if r.Difference.Max != 0 {
			t.Errorf("logits differ by %g", r.Difference.Max)
		}
	}
}

// The head and the embedding may be of types of their own.
func TestHeadAndEmbedding(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.gguf")
	_, tensors, err := convert(t, "../model/llama/testdata/sharded", file, export.Options{Type: "Q4_0", Output: "F16", Embedding: "Q5_1"})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]checkpoint.DType{}
	for _, x := range tensors {
		got[x.Name] = x.Type
	}
	if got["output.weight"] != "F16" || got["token_embd.weight"] != "Q5_1" || got["blk.0.attn_q.weight"] != "Q4_0" {
		t.Errorf("types %v", got)
	}
}

// In several files the model is the same, whichever of them is named.
func TestShards(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "parts")
	r := must(t, llama, dir, export.Options{Format: export.GGUF, Type: "F16", ShardSize: 8000})
	files, err := filepath.Glob(filepath.Join(dir, "parts-*-of-*.gguf"))
	if err != nil || len(files) < 3 {
		t.Fatalf("files %v, %v", files, err)
	}
	var sum int64
	for _, f := range files {
		st, err := os.Stat(f)
		if err != nil || st.Size() > 8000+4000 {
			t.Errorf("%s has %d bytes, %v", f, st.Size(), err)
		}
		sum += st.Size()
	}
	if sum != r.Bytes {
		t.Errorf("%d bytes, the report says %d", sum, r.Bytes)
	}
	want := values(t, dir)
	for _, f := range []string{files[0], files[len(files)-1]} {
		got := values(t, f)
		for name, x := range want {
			if !slices.Equal(got[name], x) {
				t.Errorf("%s: %s is another", f, name)
			}
		}
	}
	back := filepath.Join(t.TempDir(), "back")
	if r := must(t, files[1], back, export.Options{ShardSize: 6000}); r.Difference.Max != 0 {
		t.Errorf("back in a folder its logits differ by %g", r.Difference.Max)
	}
	if _, err := os.Stat(filepath.Join(back, "model.safetensors.index.json")); err != nil {
		t.Error(err)
	}
}

func empty(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) > 0 {
		t.Errorf("%v was left, %v", entries, err)
	}
}

// What cannot be done is said before anything is written.
func TestRefuses(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		in   string
		o    export.Options
		want string
	}{
		"NF4":                   {llama, export.Options{Format: "gguf", Type: "NF4"}, "cannot be written as gguf"},
		"blocks in safetensors": {llama, export.Options{Format: "safetensors", Type: "Q4_0"}, "cannot be written as safetensors"},
		"a head in safetensors": {llama, export.Options{Format: "safetensors", Type: "F16", Output: "F32"}, "all weights as one"},
		"another format":        {llama, export.Options{Format: "onnx", Type: "F16"}, "there are gguf and safetensors"},
		"no model":              {dir, export.Options{}, "config.json"},
		"tokens of others":      {llama, export.Options{IDs: []int32{4000}}, "vocabulary"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := convert(t, c.in, filepath.Join(dir, "out"), c.o); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			empty(t, dir)
		})
	}
	for name, want := range unwritable {
		found, _ := filepath.Glob("../model/*/testdata/" + name)
		for _, in := range found {
			if _, _, err := convert(t, in, filepath.Join(dir, "x.gguf"), export.Options{}); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", in, err)
			}
		}
	}
	empty(t, dir)
}

// What stands there is replaced only on request, and by nothing half done.
func TestReplace(t *testing.T) {
	dir := t.TempDir()
	file, folder := filepath.Join(dir, "x.gguf"), filepath.Join(dir, "x")
	for range 2 {
		must(t, llama, file, export.Options{Type: "F16", Replace: true})
		must(t, llama, folder, export.Options{Type: "BF16", Replace: true})
	}
	before, _ := os.ReadFile(file)
	if _, _, err := convert(t, llama, file, export.Options{}); err == nil || !strings.Contains(err.Error(), "--force") {
		t.Errorf("over a file: %v", err)
	}
	if _, _, err := convert(t, llama, folder, export.Options{}); err == nil || !strings.Contains(err.Error(), "--force") {
		t.Errorf("over a folder: %v", err)
	}
	if _, _, err := convert(t, llama, folder, export.Options{Format: "gguf", Replace: true}); err == nil || !strings.Contains(err.Error(), "is a folder") {
		t.Errorf("a file over a folder: %v", err)
	}
	if _, _, err := convert(t, llama, file, export.Options{Format: "safetensors", Replace: true}); err == nil || !strings.Contains(err.Error(), "is a file") {
		t.Errorf("a folder over a file: %v", err)
	}
	after, _ := os.ReadFile(file)
	if !slices.Equal(before, after) {
		t.Error("the file has changed")
	}
}

// Who wants no more gets no more: by the context, or by leaving the loop.
func TestEndsPromptly(t *testing.T) {
	for _, out := range []string{"x.gguf", "x"} {
		dir := t.TempDir()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		told, failed := 0, error(nil)
		for ev, err := range export.Convert(ctx, llama, filepath.Join(dir, out), export.Options{Type: "F16"}) {
			if failed = err; err == nil {
				told++
			}
			if _, ok := ev.(export.Tensor); ok {
				cancel()
			}
		}
		if !errors.Is(failed, context.Canceled) || told != 1 {
			t.Errorf("%s: %d events, then %v", out, told, failed)
		}
		empty(t, dir)
		for range export.Convert(t.Context(), llama, filepath.Join(dir, out), export.Options{Type: "F16"}) {
			break
		}
		empty(t, dir)
	}
}

// A model that does not answer as what was written is not kept.
func TestNoticesADifference(t *testing.T) {
	m, err := hub.Open(llama)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	dir := t.TempDir()
	e := export.Of(m, m.Model)
	e.Logits = func(ids []int32) ([]float32, error) {
		x := export.Logits(m, ids, -1)
		x[7] += 0.5
		return x, nil
	}
	_, err = export.Write(t.Context(), e, filepath.Join(dir, "x.gguf"), export.Options{Type: "F32", IDs: []int32{1, 2, 3}})
	if err == nil || !strings.Contains(err.Error(), "nothing was kept") {
		t.Errorf("error %v", err)
	}
	empty(t, dir)
}

// Compare measures what it says.
func TestCompare(t *testing.T) {
	ln := func(p ...float64) (x []float32) {
		for _, v := range p {
			x = append(x, float32(math.Log(v)))
		}
		return x
	}
	x, y := ln(0.5, 0.25, 0.25, 0.1, 0.1, 0.8), ln(0.25, 0.5, 0.25, 0.1, 0.1, 0.8)
	d := export.Compare(x, y, 3)
	if want := 0.25 * math.Log(2) / 2; math.Abs(d.KL-want) > 1e-6 || d.Agree != 0.5 || d.Rows != 2 {
		t.Errorf("%+v, want a divergence of %g", d, want)
	}
	if math.Abs(d.Max-math.Log(2)) > 1e-6 || math.Abs(d.RMS-math.Log(2)*math.Sqrt(1.0/3)) > 1e-6 {
		t.Errorf("%+v", d)
	}
	y[2] = float32(math.NaN())
	if d := export.Compare(x, y, 3); d.Max == d.Max {
		t.Errorf("what is no number passed: %+v", d)
	}
}
