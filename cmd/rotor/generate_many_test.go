package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

type numbered struct {
	Index  int
	Prompt string
	generated
	Score *float64
	Beams []generated
}

func continued(t *testing.T, o outcome) (list []numbered) {
	t.Helper()
	for line := range strings.Lines(o.stdout) {
		var n numbered
		if err := json.Unmarshal([]byte(line), &n); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		list = append(list, n)
	}
	return list
}

// The answers to a file of prompts are those that each prompt gets alone, in
// the order of the file, whatever kind of file it is.
func TestGeneratePrompts(t *testing.T) {
	dir := tiny(t, llamaConfig, 3, false)
	texts := []string{"the sea", "a ship that sails the sea by night", "x", "the stars and the sea is deep"}
	var jsonl, csv, txt strings.Builder
	csv.WriteString("prompt\n")
	for _, s := range texts {
		line, _ := json.Marshal(map[string]string{"prompt": s})
		jsonl.Write(append(line, '\n'))
		csv.WriteString(s + "\n")
		txt.WriteString(s + "\n\n")
	}
	how := []string{"--max-tokens", "9", "--greedy", "--json"}
	var want []generated
	for _, s := range texts {
		want = append(want, object[generated](t, rotor(t, done, append([]string{"generate", "--model", dir, "--prompt", s}, how...)...)))
	}
	check := func(o outcome) {
		t.Helper()
		have := continued(t, o)
		if len(have) != len(texts) {
			t.Fatalf("%d answers to %d prompts", len(have), len(texts))
		}
		for i, h := range have {
			if h.Index != i || h.Prompt != texts[i] || !slices.Equal(h.IDs, want[i].IDs) || h.Text != want[i].Text || h.Reason != want[i].Reason {
				t.Errorf("prompt %d: %+v, alone %+v", i, h, want[i])
			}
		}
	}
	for _, file := range []string{write(t, "p.jsonl", jsonl.String()), write(t, "p.csv", csv.String()), write(t, "p.txt", txt.String())} {
		check(rotor(t, done, append([]string{"generate", "--model", dir, "--prompts", file}, how...)...))
	}
	check(rotorOn(t, done, txt.String(), append([]string{"generate", "--model", dir, "--prompts", "-"}, how...)...))
	ids := write(t, "ids.jsonl", `{"ids":[1,2,3]}`+"\n"+`{"ids":[4]}`+"\n")
	have := continued(t, rotor(t, done, "generate", "--model", dir, "--prompts", ids, "--greedy", "--max-tokens", "4", "--json"))
	alone := object[generated](t, rotor(t, done, "generate", "--model", dir, "--ids", "1,2,3", "--greedy", "--max-tokens", "4", "--json"))
	if len(have) != 2 || !slices.Equal(have[0].IDs, alone.IDs) {
		t.Errorf("ids: %+v, alone %+v", have, alone)
	}
	if o := rotor(t, done, "generate", "--model", dir, "--prompts", write(t, "p.txt", "the sea\nx\n"), "--greedy", "--max-tokens", "9"); !strings.HasPrefix(o.stdout, "the sea"+want[0].Text+"\nx"+want[2].Text) {
		t.Errorf("people see %q", o.stdout)
	}
}

func TestGeneratePromptsRefuses(t *testing.T) {
	dir := tiny(t, llamaConfig, 3, false)
	for says, file := range map[string]string{
		"holds no prompt":         write(t, "p.txt", "\n\n"),
		"holds no record":         write(t, "p.jsonl", ""),
		"want a column ids":       write(t, "p.jsonl", `{"answer":"x"}`),
		"p.jsonl:2: prompt: want": write(t, "p.jsonl", `{"prompt":"x"}`+"\n"+`{"prompt":5}`),
		"ids: want a list":        write(t, "p.jsonl", `{"ids":[1.5]}`),
		"token 999":               write(t, "p.jsonl", `{"ids":[999]}`),
		"at least one token":      write(t, "p.jsonl", `{"ids":[]}`),
		"no such file":            dir + "/none.txt",
		"does not say what":       write(t, "p.xyz", "x"),
	} {
		refuses(t, failed, []string{says}, "generate", "--model", dir, "--prompts", file)
	}
	refuses(t, wrongUsage, []string{"--prompts", "--prompt"}, "generate", "--model", dir, "--prompts", "x.txt", "--prompt", "y")
}

func TestGenerateBeams(t *testing.T) {
	dir := tiny(t, llamaConfig, 3, false)
	args := func(more ...string) []string {
		return append([]string{"generate", "--model", dir, "--max-tokens", "8", "--json"}, more...)
	}
	four := object[numbered](t, rotor(t, done, args("--prompt", "the sea", "--beams", "4", "--return", "3")...))
	if four.Score == nil || len(four.Beams) != 3 || !slices.Equal(four.Beams[0].IDs, four.IDs) {
		t.Errorf("have %+v", four)
	}
	one := object[generated](t, rotor(t, done, args("--prompt", "the sea", "--beams", "1")...))
	if greedy := object[generated](t, rotor(t, done, args("--prompt", "the sea", "--greedy")...)); !slices.Equal(one.IDs, greedy.IDs) {
		t.Errorf("one beam says %v, and greedy %v", one.IDs, greedy.IDs)
	}
	many := continued(t, rotor(t, done, args("--prompts", write(t, "p.txt", "x\nthe sea\n"), "--beams", "4")...))
	if len(many) != 2 || !slices.Equal(many[1].IDs, four.IDs) || *many[1].Score != *four.Score {
		t.Errorf("in a file: %+v, alone %+v", many, four)
	}
	if o := rotor(t, done, "generate", "--model", dir, "--prompt", "the sea", "--beams", "2", "--return", "2", "--max-tokens", "3"); strings.Count(o.stdout, "the sea") != 2 {
		t.Errorf("people see %q", o.stdout)
	}
	for says, flags := range map[string][]string{
		"belong to a beam search": {"--return", "2"},
		"does not sample":         {"--beams", "2", "--top-p", "0.9"},
		"knows no --stop":         {"--beams", "2", "--stop", "x"},
		"--return is 3":           {"--beams", "2", "--return", "3"},
		"5000 beams":              {"--beams", "5000"},
		"early-stopping":          {"--beams", "2", "--early-stopping", "soon"},
	} {
		refuses(t, wrongUsage, []string{says}, append([]string{"generate", "--model", dir, "--prompt", "x"}, flags...)...)
	}
}
