package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

type generated struct {
	IDs    []int32
	Text   string
	Reason string
}

// Greedy generation is the argmax of the logits, a token at a time.
func TestGenerateGreedy(t *testing.T) {
	for name, config := range map[string]string{"llama": llamaConfig, "gpt2": gpt2Config} {
		dir := tiny(t, config, 3, true)
		have := object[generated](t, rotor(t, done, "generate", "--model", dir, "--ids", "1,2,3", "--max-tokens", "6", "--greedy", "--json"))
		ids := "1,2,3"
		var want []int32
		for range 6 {
			rows := object[logitsAnswer](t, rotor(t, done, "logits", "--model", dir, "--ids", ids, "--json")).Logits
			last := rows[len(rows)-1]
			want = append(want, int32(slices.Index(last, slices.Max(last))))
			ids += fmt.Sprintf(",%d", want[len(want)-1])
		}
		if !slices.Equal(have.IDs, want) || have.Reason != "length" || have.Text != "" {
			t.Errorf("%s: have %+v, want %v", name, have, want)
		}
	}
}

// Sampling is a function of the seed, and of nothing else.
func TestGenerateSamples(t *testing.T) {
	dir := tiny(t, llamaConfig, 3, false)
	run := func(args ...string) generated {
		return object[generated](t, rotor(t, done, append([]string{"generate", "--model", dir, "--prompt", "the sea", "--max-tokens", "20", "--json"}, args...)...))
	}
	a, b, c := run("--seed", "1"), run("--seed", "1", "--threads", "1"), run("--seed", "2")
	if !slices.Equal(a.IDs, b.IDs) || slices.Equal(a.IDs, c.IDs) {
		t.Errorf("seed 1: %v and %v; seed 2: %v", a.IDs, b.IDs, c.IDs)
	}
	if one, greedy := run("--top-k", "1", "--seed", "9"), run("--greedy"); !slices.Equal(one.IDs, greedy.IDs) {
		t.Errorf("top-k 1 is %v, and greedy %v", one.IDs, greedy.IDs)
	}
	if want := tinyTokenizer().Text(a.IDs); a.Text != want && a.Reason == "length" {
		t.Errorf("text is %q, and that of the ids %q", a.Text, want)
	}
	// A stop string ends the text before it.
	stop := a.Text[len(a.Text)/2 : len(a.Text)/2+1]
	s := run("--seed", "1", "--stop", stop)
	if s.Reason != "stop" || s.Text != a.Text[:strings.Index(a.Text, stop)] {
		t.Errorf("with stop %q: %+v, and without %q", stop, s, a.Text)
	}
	if o := rotor(t, done, "generate", "--model", dir, "--prompt", "the sea", "--max-tokens", "20", "--seed", "1"); strings.TrimSuffix(o.stdout, "\n") != "the sea"+a.Text {
		t.Errorf("people see %q", o.stdout)
	}
	refuses(t, wrongUsage, []string{"greedy", "temperature"}, "generate", "--model", dir, "--prompt", "x", "--greedy", "--temperature", "0.5")
	refuses(t, wrongUsage, []string{"top-p"}, "generate", "--model", dir, "--prompt", "x", "--top-p", "2")
	refuses(t, wrongUsage, []string{"--max-tokens"}, "generate", "--model", dir, "--prompt", "x", "--max-tokens", "0")
	refuses(t, failed, []string{"tokenizer"}, "generate", "--model", tiny(t, llamaConfig, 3, true), "--ids", "1", "--stop", "x")
}

func TestGenerateRefusesWhatDoesNotFit(t *testing.T) {
	dir := tiny(t, gpt2Config, 3, true)
	refuses(t, failed, []string{"64"}, "generate", "--model", dir, "--ids", strings.TrimSuffix(strings.Repeat("1,", 64), ","))
	refuses(t, wrongUsage, []string{"--prompt", "--ids"}, "generate", "--model", dir)
}
