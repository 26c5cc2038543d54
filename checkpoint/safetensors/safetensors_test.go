package safetensors

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rotor-lm/rotor/checkpoint"
	"github.com/rotor-lm/rotor/internal/mapped"
)

// golden are the values that the reference implementation wrote, widened.
func golden(t *testing.T) map[string][]float64 {
	t.Helper()
	text, err := os.ReadFile("testdata/mixed.json")
	if err != nil {
		t.Fatal(err)
	}
	var want map[string][]float64
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	return want
}

func TestReadsTheReference(t *testing.T) {
	for _, path := range []string{"testdata/mixed.safetensors", "testdata/sharded", "testdata/sharded/model.safetensors.index.json"} {
		src, err := checkpoint.Open(path) // as a program would: the format has registered itself
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range golden(t) {
			info, ok := src.Info(name)
			if !ok || info.Len() != len(want) {
				t.Fatalf("%s: %v, want %d elements", path, info, len(want))
			}
			have := make([]float32, info.Len())
			if err := src.ReadF32(name, have); err != nil {
				t.Fatal(err)
			}
			checkpoint.Release(src, name)
			for i, w := range want {
				if math.Float32bits(have[i]) != math.Float32bits(float32(w)) {
					t.Errorf("%s: %s[%d] is %g, want %g", path, name, i, have[i], w)
				}
			}
			if err := src.ReadF32(name, make([]float32, len(want)+1)); err == nil {
				t.Errorf("%s: read into too many", name)
			}
		}
		if n := len(src.Names()); n != 14 {
			t.Errorf("%s: %d tensors, want 14", path, n)
		}
		if m := src.(checkpoint.Describer).Metadata(); m["format"] != "pt" {
			t.Errorf("%s: metadata %v", path, m)
		}
		if info, _ := src.Info("i64"); info.DType != "I64" || !slices.Equal(info.Shape, []int{2, 2}) || info.Bytes != 32 {
			t.Errorf("%s: %v", path, info)
		}
		if err := src.ReadF32("i64", make([]float32, 4)); err == nil {
			t.Error("whole numbers were read as weights")
		}
		if _, err := src.Raw("nobody"); err == nil {
			t.Error("a tensor that is not there was read")
		}
		if err := src.Close(); err != nil {
			t.Error(err)
		}
	}
}

func copies(t *testing.T, src checkpoint.Source) []Tensor {
	t.Helper()
	var list []Tensor
	for _, name := range src.Names() {
		c, err := Copy(src, name)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, c)
	}
	return list
}

func TestWritesWhatTheReferenceWrites(t *testing.T) {
	want, err := os.ReadFile("testdata/mixed.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	src, err := Open("testdata/mixed.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	list := copies(t, src)
	slices.Reverse(list) // the order in which they come is nothing to the file
	var have bytes.Buffer
	if err := Write(&have, list, map[string]string{"format": "pt"}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have.Bytes(), want) {
		t.Errorf("not the bytes of the reference implementation:\n%q\n%q", have.Bytes(), want)
	}
}

// What is narrowed to two bytes is what PyTorch makes of it.
func TestNarrowsAsTheReference(t *testing.T) {
	src, err := Open("testdata/mixed.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	for _, c := range []struct{ from, to string }{{"f32", "bf16"}, {"f32", "f16"}, {"edge.f32", "edge.bf16"}, {"edge.f32", "edge.f16"}} {
		x := make([]float32, 64)
		info, _ := src.Info(c.from)
		x = x[:info.Len()]
		if err := src.ReadF32(c.from, x); err != nil {
			t.Fatal(err)
		}
		to, _ := src.Info(c.to)
		path := filepath.Join(t.TempDir(), "x.safetensors")
		if err := Create(path, []Tensor{Floats("x", info.Shape, x, to.DType)}, nil); err != nil {
			t.Fatal(err)
		}
		back, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		have, _ := back.Raw("x")
		want, _ := src.Raw(c.to)
		if !bytes.Equal(have, want) {
			t.Errorf("%s as %s: % x, want % x", c.from, to.DType, have, want)
		}
		back.Close()
	}
}

func TestShards(t *testing.T) {
	src, err := Open("testdata/mixed.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	for _, max := range []int64{0, 1, 64, 100, 1 << 20} {
		dir := t.TempDir()
		if err := WriteFolder(t.Context(), dir, copies(t, src), map[string]string{"format": "pt"}, max); err != nil {
			t.Fatal(err)
		}
		back, err := checkpoint.Open(dir)
		if err != nil {
			t.Fatalf("at most %d bytes: %v", max, err)
		}
		for _, name := range src.Names() {
			have, err := back.Raw(name)
			want, _ := src.Raw(name)
			if err != nil || !bytes.Equal(have, want) {
				t.Errorf("at most %d bytes: %s: %v", max, name, err)
			}
		}
		if len(back.Names()) != len(src.Names()) {
			t.Errorf("at most %d bytes: %d tensors", max, len(back.Names()))
		}
		shards := len(back.(*File).shards)
		if one := max == 0 || max == 1<<20; one != (shards == 1) {
			t.Errorf("at most %d bytes: %d files", max, shards)
		}
		back.Close()
	}
}

// The reference implementation reads what Rotor writes, in one file and in
// several. It needs Python with safetensors and torch, so it must be asked for:
//
//	ROTOR_PYTHON=python3 go test -run TestReferenceReads ./checkpoint/safetensors
func TestReferenceReads(t *testing.T) {
	python := os.Getenv("ROTOR_PYTHON")
	if python == "" {
		t.Skip("ROTOR_PYTHON is not set")
	}
	src, err := Open("testdata/mixed.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	for _, max := range []int64{0, 100} {
		dir := t.TempDir()
		if err := WriteFolder(t.Context(), dir, copies(t, src), map[string]string{"format": "pt"}, max); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(python, "testdata/golden.py", "--check", dir).CombinedOutput()
		if err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		t.Logf("%s", out)
	}
}

// The way of systems without mapping reads the same bytes.
func TestReadViewEqualsMapped(t *testing.T) {
	const path = "testdata/mixed.safetensors"
	src, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	v := mapped.Read(file)
	defer v.Close()
	for _, name := range src.Names() {
		p := src.where[name]
		have, err := v.Bytes(int64(p.shard.base+p.begin), p.Bytes)
		want, _ := src.Raw(name)
		if err != nil || !bytes.Equal(have, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWriterRefuses(t *testing.T) {
	x := []float32{1, 2}
	for name, list := range map[string][]Tensor{
		"twice":     {Floats("x", []int{2}, x, "F32"), Floats("x", []int{2}, x, "F32")},
		"shape":     {Floats("x", []int{3}, x, "F32")},
		"negative":  {Floats("x", []int{-1, -2}, x, "F32")},
		"type":      {Floats("x", []int{2}, x, "I32")},
		"no type":   {Floats("x", []int{2}, x, "")},
		"too large": {Floats("x", []int{2}, []float32{1, 65520}, "F16")},
		"no name":   {Floats("", []int{2}, x, "F32")},
		"reserved":  {Floats("__metadata__", []int{2}, x, "F32")},
	} {
		path := filepath.Join(t.TempDir(), "x")
		if err := Create(path, list, nil); err == nil {
			t.Errorf("%s: no error", name)
		} else {
			t.Log(err)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s: a file was left", name)
		}
	}
}
