package main

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rotor-lm/rotor/nn"
)

// The answer of bench train has exactly the keys that scripts rely on.
func TestBenchTrain(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "random")
	rotor(t, done, "bench", "weights", "--shape", "tiny", "--out", folder)
	for _, args := range [][]string{
		{"--shape", "tiny", "--batch", "2", "--seq", "32"},
		{"--shape", "tiny", "--lengths", "12,80,31,7", "--batch", "2", "--answer-share", "0.33"},
		{"--shape", "tiny", "--method", "full", "--steps", "2", "--batch", "2", "--seq", "32"},
		{"--model", folder, "--batch", "2", "--seq", "32", "--targets", "all-linear"},
	} {
		o := rotor(t, done, append([]string{"bench", "train", "--json"}, args...)...)
		v := object[map[string]float64](t, o)
		want := []string{"first_forward_s", "first_step_s", "peak_rss_bytes", "share_of_peak", "tokens_per_s"}
		if have := slices.Sorted(maps.Keys(v)); !slices.Equal(have, want) {
			t.Errorf("%v: keys %v", args, have)
		}
		for k, x := range v {
			if !(x > 0) {
				t.Errorf("%v: %s is %v", args, k, x)
			}
		}
		if v["first_forward_s"] >= v["first_step_s"] {
			t.Errorf("%v: the first step ends at %v, and begins at %v", args, v["first_step_s"], v["first_forward_s"])
		}
	}
	refuses(t, wrongUsage, []string{"smollm2-135", "smollm2-135m"}, "bench", "train", "--shape", "smollm2-135")
	refuses(t, wrongUsage, []string{"bf16"}, "bench", "train", "--precision", "bf16")
	refuses(t, wrongUsage, []string{"--answer-share"}, "bench", "train", "--answer-share", "0")
	refuses(t, failed, []string{folder}, "bench", "weights", "--shape", "tiny", "--out", folder)
}

// The answer of bench generate has exactly the keys that scripts rely on.
func TestBenchGenerate(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "random")
	rotor(t, done, "bench", "weights", "--shape", "tiny", "--out", folder)
	for _, batch := range []string{"1", "3"} {
		v := object[map[string]float64](t, rotor(t, done, "bench", "generate", "--model", folder, "--prompt-tokens", "20", "--tokens", "5", "--batch", batch, "--json"))
		want := []string{"decode_tokens_per_s", "first_token_s", "load_s", "peak_rss_bytes", "prefill_tokens_per_s"}
		if have := slices.Sorted(maps.Keys(v)); !slices.Equal(have, want) {
			t.Errorf("keys %v", have)
		}
		for k, x := range v {
			if !(x > 0) {
				t.Errorf("batch %s: %s is %v", batch, k, x)
			}
		}
	}
	refuses(t, wrongUsage, []string{"--tokens"}, "bench", "generate", "--model", folder, "--tokens", "1")
	refuses(t, failed, []string{"nowhere"}, "bench", "generate", "--model", "nowhere")
}

func TestBenchPeakAndGemm(t *testing.T) {
	p := object[map[string]any](t, rotor(t, done, "bench", "peak", "--seconds", "0.05", "--json"))
	if p["one_core_gflops"].(float64) <= 0 || p["all_cores_gflops"].(float64) <= 0 {
		t.Errorf("have %v", p)
	}
	g := object[struct {
		Products []gemmRate
		Weighted []gemmShare
	}](t, rotor(t, done, "bench", "gemm", "--shape", "tiny", "--rows", "64", "--seconds", "0.001", "--json"))
	if len(g.Weighted) == 0 || len(g.Products) != 25*len(g.Weighted) || !(g.Weighted[0].Share > 0) {
		t.Errorf("%d products, weighted %+v", len(g.Products), g.Weighted)
	}
}

// The matrices that bench gemm measures are those that the model has.
func TestShapes(t *testing.T) {
	for name, s := range shapes {
		m, err := s.hollow()
		if err != nil {
			t.Fatal(err)
		}
		want := 0
		for _, x := range nn.Params(m) {
			if len(x.Shape) > 1 {
				want += x.Len()
			}
		}
		if !s.Tied {
			want -= s.Vocab * s.Width // the embedding is looked up
		}
		have := 0
		for _, p := range s.products() {
			have += p.Out * p.In * p.Count
		}
		if have != want {
			t.Errorf("%s: products have %d numbers, and the model's matrices %d", name, have, want)
		}
		if !json.Valid(s.config()) {
			t.Errorf("%s: config.json is none", name)
		}
	}
}
