package main

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// weightsFile makes a safetensors file of a header and so many bytes of data.
func weightsFile(header string, data int) string {
	return string(binary.LittleEndian.AppendUint64(nil, uint64(len(header)))) + header + strings.Repeat("\x00", data)
}

// A broken file of weights is refused by every command that reads one, in one
// line that names it, and costs no memory.
func TestBrokenWeights(t *testing.T) {
	entry := func(dtype, shape, from, to string) string {
		return `{"dtype":"` + dtype + `","shape":[` + shape + `],"data_offsets":[` + from + `,` + to + `]}`
	}
	good := read(t, filepath.Join(tiny(t, llamaConfig, 1, true), "model.safetensors"))
	for name, content := range map[string]string{
		"empty":             "",
		"seven bytes":       "\x00\x00\x00\x00\x00\x00\x00",
		"truncated header":  string(good[:100]),
		"truncated data":    string(good[:len(good)-1]),
		"trailing data":     string(good) + "x",
		"header of 2⁶²":     "\x00\x00\x00\x00\x00\x00\x00\x40{}",
		"header of 2³²":     "\x00\x00\x00\x00\x01\x00\x00\x00{}",
		"header of 99 MB":   "\x00\xb0\xe6\x05\x00\x00\x00\x00{}",
		"no JSON":           weightsFile("hello", 0),
		"overlapping":       weightsFile(`{"a":`+entry("F32", "2", "0", "8")+`,"b":`+entry("F32", "2", "4", "12")+`}`, 12),
		"a hole":            weightsFile(`{"a":`+entry("F32", "2", "0", "8")+`,"b":`+entry("F32", "2", "12", "20")+`}`, 20),
		"twice":             weightsFile(`{"a":`+entry("F32", "2", "0", "8")+`,"a":`+entry("F32", "2", "8", "16")+`}`, 16),
		"mis-sized":         weightsFile(`{"a":`+entry("F32", "3", "0", "8")+`}`, 8),
		"backwards":         weightsFile(`{"a":`+entry("F32", "2", "8", "0")+`}`, 8),
		"product overflows": weightsFile(`{"a":`+entry("F32", "4294967296,4294967296,4", "0", "0")+`}`, 0),
		"negative":          weightsFile(`{"a":`+entry("F32", "-2", "0", "8")+`}`, 8),
		"unknown type":      weightsFile(`{"a":`+entry("F33", "2", "0", "8")+`}`, 8),
	} {
		t.Run(name, func(t *testing.T) {
			dir := tiny(t, llamaConfig, 1, true)
			path := filepath.Join(dir, "model.safetensors")
			if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
			for _, args := range [][]string{{"show", path}, {"show", dir}, {"logits", "--model", dir, "--ids", "1"}} {
				o := refuses(t, failed, []string{"model.safetensors"}, args...)
				if rss := peakOf(o); rss > 64<<20 {
					t.Errorf("%v took %d MB", args, rss>>20)
				}
			}
		})
	}
}

// A checkpoint must fit the model of its config.json in every name, shape and type.
func TestStrictWeights(t *testing.T) {
	dir := tiny(t, llamaConfig, 1, true)
	config := filepath.Join(dir, "config.json")
	for name, change := range map[string][3]string{
		"shape":        {`"hidden_size": 32`, `"hidden_size": 64`, "model.embed_tokens.weight"},
		"missing":      {`"num_hidden_layers": 2`, `"num_hidden_layers": 3`, "model.layers.2."},
		"unexpected":   {`"num_hidden_layers": 2`, `"num_hidden_layers": 1`, "model.layers.1."},
		"architecture": {`LlamaForCausalLM`, `LammaForCausalLM`, "LlamaForCausalLM"},
		"absurd":       {`"hidden_size": 32`, `"hidden_size": 99999999999`, "hidden_size"},
		"broken":       {`{`, `{{`, "config.json"},
	} {
		t.Run(name, func(t *testing.T) {
			old := read(t, config)
			defer os.WriteFile(config, old, 0o644)
			changed := strings.Replace(string(old), change[0], change[1], 1)
			if changed == string(old) {
				t.Fatalf("config.json does not have %s:\n%s", change[0], old)
			}
			if err := os.WriteFile(config, []byte(changed), 0o644); err != nil {
				t.Fatal(err)
			}
			o := refuses(t, failed, []string{change[2]}, "logits", "--model", dir, "--ids", "1")
			if rss := peakOf(o); rss > 64<<20 {
				t.Errorf("took %d MB", rss>>20)
			}
		})
	}
	ints := write(t, "ints.safetensors", weightsFile(`{"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}`, 8))
	rotor(t, done, "show", ints) // can be listed
	if err := os.WriteFile(filepath.Join(dir, "model.safetensors"), read(t, ints), 0o644); err != nil {
		t.Fatal(err)
	}
	refuses(t, failed, []string{"model.embed_tokens.weight"}, "logits", "--model", dir, "--ids", "1")
}

// The type of a weight must be one that can be computed with.
func TestWrongType(t *testing.T) {
	dir := tiny(t, llamaConfig, 1, true)
	path := filepath.Join(dir, "model.safetensors")
	data := read(t, path)
	// I32 has the size of F32: only the type is wrong.
	if err := os.WriteFile(path, []byte(strings.Replace(string(data), `"F32"`, `"I32"`, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	refuses(t, failed, []string{"I32"}, "logits", "--model", dir, "--ids", "1")
}

func TestFolderWithoutTokenizer(t *testing.T) {
	dir := tiny(t, llamaConfig, 1, true)
	refuses(t, failed, []string{dir, "tokenizer"}, "logits", "--model", dir, "--text", "x")
	refuses(t, failed, []string{dir, "tokenizer"}, "tokenize", "--model", dir, "x")
	rotor(t, done, "logits", "--model", dir, "--ids", "1,2")
	if o := rotor(t, done, "show", dir); !strings.Contains(o.stdout, "none in this folder") {
		t.Errorf("shown as\n%s", o.stdout)
	}
}

// A tokenizer that makes tokens for which the model has no rows belongs to another
// model; added tokens that no text has do no harm, and a text that has one is refused.
func TestVocabularyThatDoesNotFit(t *testing.T) {
	texts := write(t, "texts.txt", sea)
	small := tiny(t, strings.Replace(llamaConfig, `"vocab_size":288`, `"vocab_size":260`, 1), 1, false)
	for _, args := range [][]string{
		{"generate", "--model", small, "--prompt", "the sea", "--max-tokens", "2"},
		{"eval", "--model", small, texts},
		{"train", "--model", small, "--data", texts, "--out", filepath.Join(t.TempDir(), "out"), "--steps", "1"},
		{"show", small},
	} {
		refuses(t, failed, []string{"288 tokens", "ends at 259"}, args...)
	}

	extra := tiny(t, llamaConfig, 1, false)
	path := filepath.Join(extra, "tokenizer.json")
	old := string(read(t, path))
	changed := strings.Replace(old, `"added_tokens": [`, `"added_tokens": [{"id":288,"content":"<picture>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true},`, 1)
	if changed == old {
		t.Fatalf("no added_tokens in %.300s", old)
	}
	if err := os.WriteFile(path, []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
	rotor(t, 0, "generate", "--model", extra, "--prompt", "the sea", "--max-tokens", "2")
	refuses(t, wrongUsage, []string{"token 288"}, "generate", "--model", extra, "--prompt", "a <picture>", "--max-tokens", "2")
	marked := write(t, "marked.txt", sea+"<picture>\n"+sea)
	refuses(t, failed, []string{"token 288"}, "eval", "--model", extra, marked)
	out := filepath.Join(t.TempDir(), "out")
	refuses(t, failed, []string{"token 288", "<picture>", "ends at 287"}, "train", "--model", extra, "--data", marked, "--out", out, "--steps", "1")
	if _, err := os.Stat(out); err == nil {
		t.Error("a refused run left its folder")
	}
}

// A tokenizer that has lost its merges would take every text apart into letters:
// it is refused, in a folder and in a GGUF file.
func TestTokenizerWithoutMerges(t *testing.T) {
	dir, out := tiny(t, llamaConfig, 1, false), t.TempDir()
	file := filepath.Join(out, "m.gguf")
	rotor(t, done, "convert", dir, file, "--no-logits")
	change := func(path, old, new string) {
		t.Helper()
		data := string(read(t, path))
		if !strings.Contains(data, old) {
			t.Fatalf("%s has no %q", path, old)
		}
		if err := os.WriteFile(path, []byte(strings.Replace(data, old, new, 1)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	change(file, "tokenizer.ggml.merges", "tokenizer.ggml.nerges")
	change(filepath.Join(dir, "tokenizer.json"), `"merges":`, `"merges": [], "ignored":`)
	refuses(t, failed, []string{"tokenizer.json"}, "tokenize", "--model", dir, "the sea")
	refuses(t, failed, []string{"m.gguf", "merges"}, "tokenize", "--model", file, "the sea")
	for _, ref := range []string{dir, file} {
		refuses(t, failed, nil, "generate", "--model", ref, "--prompt", "the sea")
		run := filepath.Join(out, "run")
		refuses(t, failed, nil, "train", "--model", ref, "--data", answers(t, 4), "--out", run)
		if _, err := os.Stat(run); err == nil {
			t.Error("a refused run left its folder")
		}
	}
}

// A template in a GGUF file is a stranger's program too.
func TestTemplateInGGUF(t *testing.T) {
	out := t.TempDir()
	for name, c := range map[string][2]string{
		"endless": {"{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}", "steps"},
		"cyclic":  {"{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "calls itself"},
		"large":   {"{{ 'a' * 1000000000000 }}", "bytes"},
		"broken":  {"{% if %}", "line 1, column 7"},
	} {
		file := filepath.Join(out, name+".gguf")
		rotor(t, done, "convert", chatModel(t, c[0]), file, "--no-logits")
		o := refuses(t, failed, []string{name + ".gguf", c[1]}, "chat", "--model", file, "the sea")
		if rss := peakOf(o); rss > 256<<20 {
			t.Errorf("%s took %d MB", name, rss>>20)
		}
	}
}
