package main

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/checkpoint"
	"github.com/rotor-lm/rotor/checkpoint/gguf"
)

type converted struct {
	Path, Format   string
	Bytes, Tensors int
	Types          map[string]struct {
		Tensors int
		RMS     float64
	}
	Logits *struct {
		Max   float64 `json:"max_error"`
		Agree float64 `json:"agreement"`
	}
}

func logitsOfRef(t *testing.T, args ...string) [][]float32 {
	t.Helper()
	return object[logitsAnswer](t, rotor(t, done, append([]string{"logits", "--ids", "5,6,7", "--json", "--model"}, args...)...)).Logits
}

// A folder becomes a file and a folder again, and the model stays the same.
func TestConvert(t *testing.T) {
	dir, out := tiny(t, llamaConfig, 1, false), t.TempDir()
	file, back := filepath.Join(out, "m.gguf"), filepath.Join(out, "back")
	r := object[converted](t, rotor(t, done, "convert", dir, file, "--type", "q8_0", "--json"))
	if r.Path != file || r.Format != "gguf" || r.Types["Q8_0"].Tensors == 0 || r.Logits == nil || r.Tensors != 20 {
		t.Errorf("reported %+v", r)
	}
	if st, err := os.Stat(file); err != nil || st.Size() != int64(r.Bytes) {
		t.Errorf("%d bytes, %v", st.Size(), err)
	}
	r = object[converted](t, rotor(t, done, "convert", file, back, "--json"))
	if r.Format != "safetensors" || r.Types["F32"].RMS != 0 {
		t.Errorf("reported %+v", r)
	}
	if d := apart(logitsOfRef(t, file), logitsOfRef(t, back)); d > 1e-5 {
		t.Errorf("the folder is %g away from the file", d)
	}
	for _, ref := range []string{dir, file, back} {
		o := rotorOn(t, done, "ab ba", "tokenize", "--model", ref, "--json")
		if want := rotorOn(t, done, "ab ba", "tokenize", "--model", dir, "--json"); o.stdout != want.stdout {
			t.Errorf("%s: tokens %s, want %s", ref, o.stdout, want.stdout)
		}
	}
	o := rotor(t, done, "convert", dir, file, "--type", "F16", "--force", "--no-logits")
	for _, want := range []string{"F16", "were not compared", "off by"} {
		if !strings.Contains(o.stdout, want) {
			t.Errorf("no %q in %s", want, o.stdout)
		}
	}
	parts := filepath.Join(out, "parts")
	rotor(t, done, "convert", dir, parts, "--format", "gguf", "--shard-size", "9KB")
	if d := apart(logitsOfRef(t, dir), logitsOfRef(t, parts)); d > 1e-5 {
		t.Errorf("in parts it is %g away", d)
	}
	before, _ := os.ReadDir(out)
	refuses(t, failed, []string{file, "--force"}, "convert", dir, file)
	refuses(t, wrongUsage, []string{"NF4", "Q4_K"}, "convert", dir, filepath.Join(out, "x.gguf"), "--type", "NF4")
	refuses(t, wrongUsage, []string{"q4_0", "BF16"}, "convert", dir, filepath.Join(out, "x"), "--type", "q4_0")
	refuses(t, wrongUsage, []string{"lots", "500MB"}, "convert", dir, parts+"2", "--shard-size", "lots")
	refuses(t, failed, []string{"nothing"}, "convert", filepath.Join(out, "nothing"), filepath.Join(out, "x"))
	if after, _ := os.ReadDir(out); len(after) != len(before) {
		t.Errorf("%v is left, was %v", after, before)
	}
}

// mergeIntoBlocks merges an adapter into the model in blocks: not unless it is asked for.
func mergeIntoBlocks(t *testing.T, dir, adapter, text string) {
	t.Helper()
	out := t.TempDir()
	base, to := filepath.Join(out, "base.gguf"), filepath.Join(out, "merged.gguf")
	rotor(t, done, "convert", dir, base, "--type", "q8_0")
	merge := func(args ...string) []string {
		return append([]string{"adapter", "merge", "--model", base, "--adapter", adapter, "--out"}, args...)
	}
	refuses(t, failed, []string{"Q8_0", "--requantize", "--dtype F16"}, merge(to)...)
	refuses(t, failed, []string{"--requantize"}, merge(filepath.Join(out, "folder"))...)
	refuses(t, failed, []string{".gguf"}, merge(filepath.Join(out, "folder"), "--requantize", "keep")...)
	refuses(t, failed, []string{"one of the two"}, merge(to, "--requantize", "keep", "--dtype", "F16")...)
	refuses(t, wrongUsage, []string{"--dtype F16"}, merge(to, "--requantize", "F16")...)
	refuses(t, failed, []string{"no-such-text"}, merge(to, "--requantize", "keep", "--text", "no-such-text.txt")...)
	if left, _ := os.ReadDir(out); len(left) != 1 {
		t.Errorf("what was refused left %v", left)
	}
	m := object[struct {
		Before, After float64
		Tokens        int                `json:"perplexity_tokens"`
		MaxError      float64            `json:"max_error"`
		Types         map[string]float64 `json:"weight_error"`
	}](t, rotor(t, done, merge(to, "--requantize", "keep", "--text", text, "--json")...))
	o := rotor(t, done, merge(to, "--requantize", "keep", "--text", text, "--replace")...)
	for _, want := range []string{"before", "after", "agreement", "in Q8_0 are off by"} {
		if !strings.Contains(o.stdout, want) {
			t.Errorf("no %q in %s", want, o.stdout)
		}
	}
	if m.Tokens == 0 || !(m.MaxError > 0) || !(m.Types["Q8_0"] > 0) || m.Types["Q8_0"] > 0.02 {
		t.Errorf("reported %+v", m)
	}
	if d := apart(logitsOfRef(t, base, "--adapter", adapter), logitsOfRef(t, to)); d > 0.2 {
		t.Errorf("merged into blocks it is %g away", d)
	}
	// What the adapter did not touch has its blocks as they were.
	if a, b := rawOf(t, base, "model.layers.0.mlp.up_proj.weight"), rawOf(t, to, "model.layers.0.mlp.up_proj.weight"); !slices.Equal(a, b) {
		t.Error("a matrix that was not touched was encoded again")
	}
	if a, b := rawOf(t, base, "model.layers.0.self_attn.q_proj.weight"), rawOf(t, to, "model.layers.0.self_attn.q_proj.weight"); slices.Equal(a, b) {
		t.Error("the matrix that was merged is as it was")
	}
	rotor(t, done, merge(filepath.Join(out, "f16.gguf"), "--dtype", "F16")...)
	if d := apart(logitsOfRef(t, base, "--adapter", adapter), logitsOfRef(t, filepath.Join(out, "f16.gguf"))); d > 0.01 {
		t.Errorf("merged as F16 it is %g away", d)
	}
	rotor(t, done, merge(filepath.Join(out, "q4.gguf"), "--requantize", "q4_0")...)
	rotor(t, done, merge(filepath.Join(out, "folder"), "--dtype", "F32")...)
	if d := apart(logitsOfRef(t, base, "--adapter", adapter), logitsOfRef(t, filepath.Join(out, "folder"))); d > 1e-4 {
		t.Errorf("merged as F32 it is %g away", d)
	}
}

func rawOf(t *testing.T, path, name string) []byte {
	t.Helper()
	src, err := checkpoint.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	raw, err := src.Raw(name)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clone(raw)
}

// A broken GGUF file is refused by every command that reads one, in one line that
// names it, at no cost in memory, and nothing is half written.
func TestBrokenGGUF(t *testing.T) {
	out := t.TempDir()
	path := filepath.Join(out, "good.gguf")
	rotor(t, done, "convert", tiny(t, llamaConfig, 1, false), path, "--type", "q8_0", "--no-logits")
	good := read(t, path)
	le := binary.LittleEndian
	at := func(find string, off int, v uint64, size int) []byte {
		b := slices.Clone(good)
		i := strings.Index(string(b), find)
		if i < 0 {
			t.Fatalf("no %q", find)
		}
		i += len(find) + off
		if find == "" {
			i = off
		}
		if size == 8 {
			le.PutUint64(b[i:], v)
		} else {
			le.PutUint32(b[i:], uint32(v))
		}
		return b
	}
	data := answers(t, 4)
	tensor := "blk.0.attn_k.weight" // then u32 dimensions, two u64, u32 type, u64 offset
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"wrong magic":         {append([]byte("GGML"), good[4:]...), "GGUF"},
		"empty":               {nil, "cut short"},
		"2⁶³ tensors":         {at("", 8, 1<<63, 8), "tensors cannot be"},
		"2⁶³ notes":           {at("", 16, 1<<63, 8), "notes cannot be"},
		"2⁶³ in a string":     {at("general.architecture", 4, 1<<63, 8), "string"},
		"string over end":     {at("general.architecture", 4, uint64(len(good)), 8), "string"},
		"array of 2⁶³":        {at("tokenizer.ggml.tokens", 8, 1<<63, 8), "array"},
		"overlapping":         {at(tensor, 4+16+4, 0, 8), "overlap"},
		"misaligned":          {at(tensor, 4+16+4, 8, 8), "no multiple of 32"},
		"beyond the end":      {at(tensor, 4+16+4, 1<<40, 8), "cut short"},
		"dimension of 2⁶³":    {at(tensor, 4, 1<<63, 8), "cannot be"},
		"unknown type":        {at(tensor, 4+16, 999, 4), "type 999"},
		"width of a float":    {at("llama.embedding_length", 0, 6, 4), "llama.embedding_length"},
		"layers of a float":   {at("llama.block_count", 0, 6, 4), "llama.block_count"},
		"tokens of numbers":   {at("tokenizer.ggml.token_type", 4, 4, 4), "token_type"},
		"another layer count": {at("llama.block_count", 4, 3, 4), "model.layers.2"},
		"truncated header":    {good[:300], "cut short"},
		"truncated weights":   {good[:len(good)-64], "cut short"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			bad := filepath.Join(dir, "bad.gguf")
			if err := os.WriteFile(bad, c.data, 0o644); err != nil {
				t.Fatal(err)
			}
			for _, args := range [][]string{
				{"show", bad},
				{"convert", bad, filepath.Join(dir, "out")},
				{"convert", bad, filepath.Join(dir, "out.gguf"), "--type", "q4_0"},
				{"generate", "--model", bad, "--prompt", "the sea"},
				{"chat", "--model", bad, "the sea"},
				{"train", "--model", bad, "--data", data, "--out", filepath.Join(dir, "run")},
			} {
				o := refuses(t, failed, []string{"bad.gguf", c.want}, args...)
				if rss := peakOf(o); rss > 64<<20 {
					t.Errorf("%v took %d MB", args, rss>>20)
				}
			}
			if left, _ := os.ReadDir(dir); len(left) != 1 {
				t.Errorf("left %v", left)
			}
		})
	}
	if _, err := gguf.Open(path); err != nil {
		t.Errorf("the file from which these are made: %v", err)
	}
}

// Show tells of a GGUF file what it holds, under the file's own names.
func TestShowGGUF(t *testing.T) {
	dir, out := tiny(t, llamaConfig, 1, false), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "chat_template.jinja"), []byte("{{ messages[0] }}\nand more"), 0o644); err != nil {
		t.Fatal(err)
	}
	file, parts := filepath.Join(out, "m.gguf"), filepath.Join(out, "parts")
	rotor(t, done, "convert", dir, file, "--type", "q8_0")
	rotor(t, done, "convert", dir, parts, "--format", "gguf", "--shard-size", "9KB")
	type shown struct {
		Kind, Architecture string
		Bytes              int64
		Tensors            []tensorInfo
		Metadata           map[string]any
		Tokenizer          struct{ Vocab int }
	}
	blob := filepath.Join(out, "sha256-0") // as in Ollama's store, under a name that does not tell
	if err := os.Link(file, blob); err != nil {
		t.Fatal(err)
	}
	for _, ref := range []string{file, parts, blob} {
		s := object[shown](t, rotor(t, done, "show", ref, "--tensors", "--json"))
		tokens, _ := s.Metadata["tokenizer.ggml.tokens"].(map[string]any)
		if s.Kind != "model" || s.Architecture != "LlamaForCausalLM" || len(s.Tensors) != 20 || s.Tokenizer.Vocab == 0 ||
			s.Metadata["llama.block_count"] != 2.0 || tokens["type"] != "string" || tokens["length"] == nil {
			t.Errorf("%s: %+v", ref, s)
		}
		var sum int64
		for _, x := range s.Tensors {
			if sum += x.Bytes; !strings.HasPrefix(x.Name, "blk.") && !strings.HasPrefix(x.Name, "token") && !strings.HasPrefix(x.Name, "output") {
				t.Errorf("tensor %s", x.Name)
			}
		}
		if sum != s.Bytes {
			t.Errorf("%d bytes, the tensors have %d", s.Bytes, sum)
		}
	}
	o := rotor(t, done, "show", file)
	for _, want := range []string{"llama.embedding_length", "chat template\n{{ messages[0] }}\nand more", "Q8_0"} {
		if !strings.Contains(o.stdout, want) {
			t.Errorf("no %q in %s", want, o.stdout)
		}
	}
	// An architecture that cannot be run can be looked at.
	other := filepath.Join(out, "other.gguf")
	err := gguf.Create(t.Context(), other, []gguf.Note{{Key: "general.architecture", Value: "whale"}},
		[]gguf.Tensor{{Name: "fin", Shape: []int{2, 3}, DType: "F32", Rows: gguf.Values(make([]float32, 6))}})
	if err != nil {
		t.Fatal(err)
	}
	if o := rotor(t, done, "show", other, "--tensors"); !strings.Contains(o.stdout, "whale") || !strings.Contains(o.stdout, "fin") {
		t.Errorf("shown as %s", o.stdout)
	}
	refuses(t, failed, []string{"whale"}, "convert", other, filepath.Join(out, "x.gguf"))
}
