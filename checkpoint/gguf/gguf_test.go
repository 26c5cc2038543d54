package gguf

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/checkpoint"
	"github.com/rotor-lm/rotor/quant"
)

func floats(name string, shape []int, d checkpoint.DType, x ...float32) Tensor {
	return Tensor{Name: name, Shape: shape, DType: d, Rows: Values(x)}
}

func ramp(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(math.Sin(float64(i)))
	}
	return x
}

// everyKind has a note of every type.
var everyKind = []Note{
	{"general.architecture", "unheard-of"},
	{"a", uint8(200)},
	{"b", int8(-3)},
	{"c", uint16(65535)},
	{"d", int16(-300)},
	{"e", uint32(1 << 31)},
	{"f", int32(-1)},
	{"g", float32(1.5)},
	{"h", true},
	{"i", uint64(1 << 63)},
	{"j", int64(-1 << 63)},
	{"k", 1e300},
	{"l", []string{"one", "", "three\n"}},
	{"m", []int32{1, -2}},
	{"n", []bool{true, false}},
	{"o", []float32{}},
	{"p", []uint64{1, 2, 3}},
}

// What is written is read: every type of note, every type of element.
func TestRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.gguf")
	x := ramp(512)
	var tensors []Tensor
	for _, d := range []checkpoint.DType{checkpoint.F32, checkpoint.F16, checkpoint.BF16, checkpoint.F64} {
		tensors = append(tensors, floats(string(d), []int{2, 256}, d, x...))
	}
	for _, d := range blocks {
		if f, ok := d.Blocks(); ok && f.Encodes() {
			tensors = append(tensors, floats(f.Name, []int{2, 256}, d, x...))
		}
	}
	tensors = append(tensors, floats("short", []int{3}, checkpoint.F32, 1, 2, 3))
	if err := Create(t.Context(), path, everyKind, tensors); err != nil {
		t.Fatal(err)
	}
	src, err := checkpoint.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	f := src.(*File)
	for _, n := range everyKind {
		if !reflect.DeepEqual(f.Notes[n.Key], n.Value) {
			t.Errorf("note %s: %#v, want %#v", n.Key, f.Notes[n.Key], n.Value)
		}
	}
	if len(f.Notes) != len(everyKind) || len(f.Names()) != len(tensors) {
		t.Errorf("%d notes and %d tensors, want %d and %d", len(f.Notes), len(f.Names()), len(everyKind), len(tensors))
	}
	for _, want := range tensors {
		info, ok := f.Info(want.Name)
		if !ok || info.DType != want.DType || !slices.Equal(info.Shape, want.Shape) {
			t.Fatalf("%s: %v, want %s %d", want.Name, info, want.DType, want.Shape)
		}
		have, list := make([]float32, info.Len()), x
		if want.Name == "short" {
			list = []float32{1, 2, 3}
		}
		if err := f.ReadF32(want.Name, have); err != nil {
			t.Fatal(err)
		}
		for i := range have {
			if math.Abs(float64(have[i]-list[i])) > 0.35 { // Q2_K is the coarsest
				t.Fatalf("%s: element %d is %g, want %g", want.Name, i, have[i], list[i])
			}
		}
	}
}

// Rows of a head come apart into halves, as the definition of the conversion
// says: [H, 2, D/2, C] there, [H, D/2, 2, C] here.
func TestUnpair(t *testing.T) {
	got := unpair([]byte("aAbBcCdDeEfF"), 12, 2)
	if want := "abcABC" + "defDEF"; string(got) != want {
		t.Errorf("rows %q, want %q", got, want)
	}
	got = unpair([]byte("a1A1b2B2"), 4, 1)
	if want := "a1b2A1B2"; string(got) != want {
		t.Errorf("rows of two bytes: %q, want %q", got, want)
	}
}

func tokens() []Note {
	return []Note{
		{"tokenizer.ggml.model", "gpt2"},
		{"tokenizer.ggml.pre", "smollm"},
		{"tokenizer.ggml.tokens", []string{"<|end|>", "a", "b", "ab", "<x>"}},
		{"tokenizer.ggml.token_type", []int32{3, 1, 1, 1, 4}},
		{"tokenizer.ggml.merges", []string{"a b"}},
		{"tokenizer.ggml.bos_token_id", uint32(0)},
		{"tokenizer.ggml.eos_token_id", uint32(0)},
		{"tokenizer.ggml.add_bos_token", true},
		{"tokenizer.chat_template", "{{ messages }}"},
	}
}

func tinyNotes() []Note {
	return append([]Note{
		{"general.architecture", "llama"},
		{"llama.block_count", uint32(1)},
		{"llama.context_length", uint32(64)},
		{"llama.embedding_length", uint32(32)},
		{"llama.feed_forward_length", uint32(64)},
		{"llama.attention.head_count", uint32(4)},
		{"llama.attention.head_count_kv", uint32(2)},
		{"llama.attention.layer_norm_rms_epsilon", float32(1e-5)},
		{"llama.rope.freq_base", float32(5000)},
	}, tokens()...)
}

func tinyTensors() []Tensor {
	t := func(name string, shape ...int) Tensor {
		return floats(name, shape, "Q8_0", ramp(checkpoint.Info{Shape: shape}.Len())...)
	}
	list := []Tensor{
		t("token_embd.weight", 5, 32), t("blk.0.attn_q.weight", 32, 32), t("blk.0.attn_k.weight", 16, 32),
		t("blk.0.attn_v.weight", 16, 32), t("blk.0.attn_output.weight", 32, 32), t("blk.0.ffn_gate.weight", 64, 32),
		t("blk.0.ffn_up.weight", 64, 32), t("blk.0.ffn_down.weight", 32, 64), t("blk.0.attn_norm.weight", 32),
		t("blk.0.ffn_norm.weight", 32), t("output_norm.weight", 32),
	}
	for i := range list {
		if len(list[i].Shape) == 1 {
			list[i].DType = checkpoint.F32
		}
	}
	return list
}

func tiny(t *testing.T, notes []Note, tensors []Tensor) *File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tiny.gguf")
	if err := Create(t.Context(), path, notes, tensors); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// A llama file has the names, the rows and the config.json of a model folder.
func TestLlama(t *testing.T) {
	f := tiny(t, tinyNotes(), tinyTensors())
	raw, err := f.Raw("model.layers.0.self_attn.k_proj.weight")
	if err != nil {
		t.Fatal(err)
	}
	q8, _ := quant.Named("Q8_0")
	file := make([]byte, len(raw))
	q8.Encode(file, ramp(16*32))
	if want := unpair(file, 16, 2); !bytes.Equal(raw, want) {
		t.Error("the rows of k_proj are not in order")
	}
	data, err := f.ReadFile("config.json")
	if err != nil {
		t.Fatal(err)
	}
	var c map[string]any
	if err := json.Unmarshal(data, &c); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]any{
		"hidden_size": 32.0, "num_key_value_heads": 2.0, "head_dim": 8.0, "vocab_size": 5.0, "rope_theta": 5000.0,
		"tie_word_embeddings": true, "eos_token_id": 0.0, "attention_bias": false,
	} {
		if c[key] != want {
			t.Errorf("config.json: %s is %v, want %v", key, c[key], want)
		}
	}
	data, err = f.ReadFile("tokenizer_config.json")
	if err != nil || !strings.Contains(string(data), `"chat_template": "{{ messages }}"`) {
		t.Errorf("tokenizer_config.json: %s, %v", data, err)
	}
	if _, err := f.ReadFile("merges.txt"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("merges.txt: %v", err)
	}
}

// What the notes say wrong is said, where it is used.
func TestBadNotes(t *testing.T) {
	for name, c := range map[string]struct {
		key   string
		value any // nil removes the note
		file  string
		want  string
	}{
		"unknown architecture": {"general.architecture", "rwkv", "config.json", `"rwkv" is not known; there are gemma2`},
		"an adapter":           {"general.type", "adapter", "config.json", "no model"},
		"no width":             {"llama.embedding_length", nil, "config.json", "no note llama.embedding_length"},
		"width of words":       {"llama.embedding_length", "wide", "config.json", `the string "wide", want a whole number`},
		"negative layers":      {"llama.block_count", int32(-1), "config.json", "whole number"},
		"half a layer":         {"llama.block_count", float32(0.5), "config.json", "whole number"},
		"experts":              {"llama.expert_count", uint32(8), "config.json", "mixture of 8 experts"},
		"unknown stretching":   {"llama.rope.scaling.type", "spiral", "config.json", `"spiral" is not read; none, linear, yarn`},
		"longrope alone":       {"llama.rope.scaling.type", "longrope", "config.json", "rope_factors_long.weight"},
		"part of a head":       {"llama.rope.dimension_count", uint32(4), "config.json", "all must"},
		"infinite epsilon":     {"llama.attention.layer_norm_rms_epsilon", float32(math.Inf(1)), "config.json", "want a number"},
		"heads per layer":      {"llama.attention.head_count_kv", []int32{2, 3}, "open", "differs from layer to layer"},
		"odd heads":            {"llama.attention.head_count", uint32(7), "open", "pairs of rows of 7 heads"},
		"unigram":              {"tokenizer.ggml.model", "t5", "tokenizer.json", `"t5" is not read; gpt2`},
		"no scores":            {"tokenizer.ggml.model", "llama", "tokenizer.json", "no note tokenizer.ggml.scores"},
		"a separator":          {"tokenizer.ggml.add_sep_token", true, "tokenizer.json", "add_sep_token"},
		"no pattern":           {"tokenizer.ggml.pre", nil, "tokenizer.json", "how a text is cut"},
		"unknown pattern":      {"tokenizer.ggml.pre", "new", "tokenizer.json", `"new" is not known; there are a.x-4.0, codeshell`},
		"twice":                {"tokenizer.ggml.tokens", []string{"a", "a", "b", "ab", "<x>"}, "tokenizer.json", `tokens 0 and 1 are both "a"`},
		"tokens of numbers":    {"tokenizer.ggml.tokens", []int32{1}, "tokenizer.json", "want a []string"},
		"too few types":        {"tokenizer.ggml.token_type", []int32{1}, "tokenizer.json", "5 tokens have 1 types"},
		"three to merge":       {"tokenizer.ggml.merges", []string{"a b c"}, "tokenizer.json", "is not two tokens"},
		"no such bos":          {"tokenizer.ggml.bos_token_id", uint32(9), "tokenizer.json", "there are 5 tokens"},
		"which bos":            {"tokenizer.ggml.bos_token_id", nil, "tokenizer.json", "does not say which"},
		"template of numbers":  {"tokenizer.chat_template", uint32(9), "tokenizer_config.json", "want a string"},
		"a part":               {"split.count", uint16(3), "open", "by which the others are found"},
	} {
		t.Run(name, func(t *testing.T) {
			notes := slices.DeleteFunc(tinyNotes(), func(n Note) bool { return n.Key == c.key })
			if c.value != nil {
				notes = append(notes, Note{c.key, c.value})
			}
			path := filepath.Join(t.TempDir(), "x.gguf")
			if err := Create(t.Context(), path, notes, tinyTensors()); err != nil {
				t.Fatal(err)
			}
			f, err := Open(path)
			if err == nil {
				defer f.Close()
				_, err = f.ReadFile(c.file)
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want one line with %q", err, c.want)
			}
		})
	}
}

// A vector in blocks has no rows that could be put in order.
func TestRowsInsideBlocks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.gguf")
	bias := floats("blk.0.attn_q.bias", []int{32}, "Q8_0", ramp(32)...)
	if err := Create(t.Context(), path, tinyNotes(), append(tinyTensors(), bias)); err != nil {
		t.Fatal(err)
	}
	if f, err := Open(path); err == nil || !strings.Contains(err.Error(), "inside blocks of Q8_0") {
		t.Errorf("opened %v, %v", f, err)
	}
}

// A file that lies about itself is refused, with few words and little memory.
func TestHostile(t *testing.T) {
	good := func() []byte {
		b, err := head([]Note{{"k", "v"}}, []Tensor{floats("x", []int{2, 32}, "Q8_0"), floats("y", []int{4}, "F32")})
		if err != nil {
			t.Fatal(err)
		}
		return append(b, make([]byte, 96+32)...)
	}
	u64 := func(b []byte, at int, v uint64) []byte { order.PutUint64(b[at:], v); return b }
	u32 := func(b []byte, at int, v uint32) []byte { order.PutUint32(b[at:], v); return b }
	x := bytes.Index(good(), []byte("x")) // its dimensions: count at x+1, then x+5, x+13; type x+21; offset x+25
	cases := map[string]struct {
		data []byte
		want string
	}{
		"empty":             {nil, "cut short"},
		"wrong magic":       {append([]byte("ggml"), good()[4:]...), "no GGUF file"},
		"version 1":         {u32(good(), 4, 1), "version 1 is not read"},
		"version 9":         {u32(good(), 4, 9), "version 9 is not known"},
		"big-endian":        {u32(good(), 4, 3<<24), "big-endian"},
		"2⁶³ tensors":       {u64(good(), 8, 1<<63), "tensors cannot be"},
		"2⁶³ notes":         {u64(good(), 16, 1<<63), "notes cannot be"},
		"long key":          {u64(good(), 24, 1<<40), "a string of"},
		"key over the end":  {u64(good(), 24, 4000), "cut short"},
		"unknown note type": {u32(good(), 33, 77), "type 77"},
		"many dimensions":   {u32(good(), x+1, 5), "5 dimensions"},
		"no dimensions":     {u32(good(), x+1, 0), "0 dimensions"},
		"dimension 2⁶³":     {u64(good(), x+5, 1<<63), "cannot be"},
		"overflowing shape": {u64(u64(good(), x+5, 1<<40), x+13, 1<<40), "cannot be"},
		"dimension 0":       {u64(good(), x+5, 0), "cannot be"},
		"half a block":      {u64(good(), x+5, 48), "no whole blocks"},
		"unknown type":      {u32(good(), x+21, 999), "type 999 is not known"},
		"unread type":       {u32(good(), x+21, 17), "IQ2_XS is not read"},
		"offset over end":   {u64(good(), x+25, 1<<20), "cut short"},
		"offset 2⁶³":        {u64(good(), x+25, 1<<63), "cannot be"},
		"misaligned":        {u64(good(), x+25, 8), "no multiple of 32"},
		"weights cut short": {good()[:len(good())-40], "cut short"},
		"overlap":           {u64(good(), x+25, 96), "overlap"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "bad.gguf")
			if err := os.WriteFile(path, c.data, 0o644); err != nil {
				t.Fatal(err)
			}
			f, err := checkpoint.Open(path)
			if err == nil {
				f.Close()
				t.Fatal("it was opened")
			}
			if !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "bad.gguf") {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
	if _, err := readHeader(bytes.NewReader(good()), int64(len(good()))); err != nil {
		t.Errorf("the file from which these are made: %v", err)
	}
}

func TestWriterRefuses(t *testing.T) {
	one := floats("x", []int{32}, "Q4_0", ramp(32)...)
	with := func(f func(*Tensor)) []Tensor {
		t := one
		f(&t)
		return []Tensor{t}
	}
	for name, c := range map[string]struct {
		notes   []Note
		tensors []Tensor
	}{
		"a note twice":   {[]Note{{"a", true}, {"a", true}}, nil},
		"a strange note": {[]Note{{"a", struct{}{}}}, nil},
		"an int":         {[]Note{{"a", 7}}, nil},
		"twice":          {nil, []Tensor{one, one}},
		"no shape":       {nil, with(func(t *Tensor) { t.Shape = nil })},
		"half a block":   {nil, with(func(t *Tensor) { t.Shape = []int{2, 16} })},
		"another length": {nil, with(func(t *Tensor) { t.Shape = []int{64} })},
		"unwritten type": {nil, with(func(t *Tensor) { t.DType = "I32" })},
		"unknown type":   {nil, with(func(t *Tensor) { t.DType = "NF4" })},
		"not a number":   {nil, with(func(t *Tensor) { t.Rows = Values(append(ramp(31), float32(math.NaN()))) })},
	} {
		path := filepath.Join(t.TempDir(), "x.gguf")
		if err := Create(t.Context(), path, c.notes, c.tensors); err == nil {
			t.Errorf("%s: no error", name)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s: a file was left", name)
		}
	}
}

// memory is a file that was never on a disk.
type memory []byte

func (m memory) Bytes(at, n int64) ([]byte, error) { return m[at : at+n], nil }
func (m memory) Release(int64, int64)              {}
func (m memory) Close() error                      { return nil }

// Whatever the bytes, opening ends with an error or with tensors that can be read.
func FuzzOpen(f *testing.F) {
	add := func(notes []Note, tensors []Tensor) {
		var b bytes.Buffer
		if err := Write(f.Context(), &b, notes, tensors); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	add(everyKind, []Tensor{floats("x", []int{2, 32}, "Q4_0", ramp(64)...), floats("y", []int{3}, "F16", 1, 2, 3)})
	add(tinyNotes(), tinyTensors()[8:])
	add(pieces(), nil)
	add(pieces(Note{"tokenizer.ggml.add_space_prefix", false}, Note{"general.name", "phi-3"}), nil)
	for _, x := range smallOthers() {
		add(x.notes, x.tensors)
	}
	add(nil, nil)
	f.Fuzz(func(t *testing.T, data []byte) {
		file := &File{path: "x.gguf", shards: []shard{{"x.gguf", memory(data)}}}
		h, err := readHeader(bytes.NewReader(data), int64(len(data)))
		if err == nil {
			err = file.enter(h)
		}
		if err != nil {
			return
		}
		for _, name := range file.Names() {
			info, _ := file.Info(name)
			raw, err := file.Raw(name)
			if err != nil || int64(len(raw)) != info.Bytes {
				t.Errorf("tensor %q: %d bytes of %d, %v", name, len(raw), info.Bytes, err)
			}
			if _, ok := info.DType.Blocks(); (ok || info.DType.Size() > 0) && info.Len() < 1<<16 {
				if err := file.ReadF32(name, make([]float32, info.Len())); err != nil {
					t.Error(err)
				}
			}
		}
		for _, name := range []string{"config.json", "tokenizer.json", "tokenizer_config.json"} {
			if text, err := file.ReadFile(name); err == nil && !json.Valid(text) {
				t.Errorf("%s is not JSON", name)
			}
		}
	})
}

func TestTypesAreKnownOnce(t *testing.T) {
	seen := map[checkpoint.DType]bool{}
	for _, k := range slices.Collect(maps.Values(types)) {
		if seen[k.name] || k.block < 1 || k.bytes < 1 {
			t.Errorf("type %v", k)
		}
		seen[k.name] = true
	}
}
