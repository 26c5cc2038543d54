package tokenizer

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/internal/gunzip"
)

// small is a tokenizer.json that works, for tests to break.
func small(t testing.TB) map[string]any {
	t.Helper()
	data, err := trained(t, TrainOptions{VocabSize: 262, Special: []string{"<|endoftext|>"}}).JSON()
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, data)
}

func decode(t testing.TB, data []byte) (v map[string]any) {
	t.Helper()
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func encode(t testing.TB, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// What is not supported is refused by name, and the error says what is.
func TestRefuses(t *testing.T) {
	type obj = map[string]any
	bytesStep := obj{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}
	split := func(pattern obj, behavior string) obj {
		return obj{"type": "Sequence", "pretokenizers": []any{obj{"type": "Split", "pattern": pattern, "behavior": behavior, "invert": false}, bytesStep}}
	}
	deep := any(bytesStep)
	for range 20 {
		deep = obj{"type": "Sequence", "pretokenizers": []any{deep}}
	}
	for name, test := range map[string]struct {
		change func(f, model obj)
		want   []string
	}{
		"normalizer": {func(f, _ obj) { f["normalizer"] = obj{"type": "Lowercase"} }, []string{"normalizer", "Lowercase", "supported: none, Prepend, Replace, NFC"}},
		"normalizer in another": {func(f, _ obj) {
			f["normalizer"] = obj{"type": "Sequence", "normalizers": []any{obj{"type": "NFC"}, obj{"type": "Precompiled", "precompiled_charsmap": "x"}}}
		}, []string{"normalizer", "Precompiled"}},
		"replace by pattern": {func(f, _ obj) {
			f["normalizer"] = obj{"type": "Replace", "pattern": obj{"Regex": " {2,}"}, "content": "▁"}
		}, []string{"normalizer", `" {2,}"`, "a string"}},
		"replace nothing": {func(f, _ obj) {
			f["normalizer"] = obj{"type": "Replace", "pattern": obj{"String": ""}, "content": "▁"}
		}, []string{"of nothing"}},
		"prepend what":  {func(f, _ obj) { f["normalizer"] = obj{"type": "Prepend"} }, []string{"Prepend"}},
		"form option":   {func(f, _ obj) { f["normalizer"] = obj{"type": "NFC", "version": 16} }, []string{"version"}},
		"no splitting":  {func(f, _ obj) { f["pre_tokenizer"] = nil }, []string{"decoder", "without the pre-tokenizer ByteLevel"}},
		"pre-tokenizer": {func(f, _ obj) { f["pre_tokenizer"] = obj{"type": "Whitespace"} }, []string{"Whitespace", "supported: none, ByteLevel"}},
		"no ByteLevel":  {func(f, _ obj) { f["pre_tokenizer"] = obj{"type": "Digits", "individual_digits": true} }, []string{"without the pre-tokenizer ByteLevel"}},
		"mark of two":   {func(f, _ obj) { f["pre_tokenizer"] = obj{"type": "Metaspace", "replacement": "__"} }, []string{"Metaspace", `"__"`}},
		"mark nowhere": {func(f, _ obj) {
			f["pre_tokenizer"] = obj{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "last"}
		}, []string{`"last"`, "always, first, never"}},
		"mark of two minds": {func(f, _ obj) {
			f["pre_tokenizer"] = obj{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "add_prefix_space": false}
		}, []string{"both"}},
		"mark last": {func(f, _ obj) {
			f["pre_tokenizer"] = obj{"type": "Sequence", "pretokenizers": []any{obj{"type": "Digits", "individual_digits": true}, obj{"type": "Metaspace", "replacement": "▁"}}}
		}, []string{"first step"}},
		"two ByteLevels": {func(f, _ obj) {
			f["pre_tokenizer"] = obj{"type": "Sequence", "pretokenizers": []any{bytesStep, bytesStep}}
		}, []string{"must be the last"}},
		"depth":          {func(f, _ obj) { f["pre_tokenizer"] = deep }, []string{"nested"}},
		"many steps":     {func(f, _ obj) { f["pre_tokenizer"] = obj{"type": "Sequence", "pretokenizers": make([]any, 65)} }, []string{"65 steps"}},
		"pattern":        {func(f, _ obj) { f["pre_tokenizer"] = split(obj{"Regex": `\w+|\W`}, "Isolated") }, []string{`\\w+|\\W`, `\\p{N}{1,3}`}},
		"empty pattern":  {func(f, _ obj) { f["pre_tokenizer"] = split(obj{"String": ""}, "Isolated") }, []string{"empty string"}},
		"no pattern":     {func(f, _ obj) { f["pre_tokenizer"] = split(obj{}, "Isolated") }, []string{"neither a string nor"}},
		"string removed": {func(f, _ obj) { f["pre_tokenizer"] = split(obj{"String": " "}, "Removed") }, []string{"Removed", "MergedWithNext"}},
		"behavior":       {func(f, _ obj) { f["pre_tokenizer"] = split(obj{"Regex": llama3Pattern}, "Removed") }, []string{"Removed", "Isolated"}},
		"unknown option": {func(f, _ obj) { f["pre_tokenizer"] = obj{"type": "Digits", "individual_digits": true, "base": 10} }, []string{"base"}},
		"missing option": {func(f, _ obj) { f["pre_tokenizer"] = obj{"type": "ByteLevel"} }, []string{"add_prefix_space"}},
		"post-processor": {func(f, _ obj) { f["post_processor"] = obj{"type": "BertProcessing"} }, []string{"BertProcessing", "TemplateProcessing"}},
		"template token": {func(f, _ obj) {
			f["post_processor"] = obj{
				"type": "TemplateProcessing", "pair": nil,
				"single":         []any{obj{"SpecialToken": obj{"id": "<s>", "type_id": 0}}, obj{"Sequence": obj{"id": "A", "type_id": 0}}},
				"special_tokens": obj{"<s>": obj{"id": "<s>", "ids": []int{9999}, "tokens": []string{"<s>"}}},
			}
		}, []string{"9999"}},
		"template undeclared": {func(f, _ obj) {
			f["post_processor"] = obj{
				"type": "TemplateProcessing", "pair": nil, "special_tokens": obj{},
				"single": []any{obj{"SpecialToken": obj{"id": "<s>", "type_id": 0}}, obj{"Sequence": obj{"id": "A", "type_id": 0}}},
			}
		}, []string{`"<s>"`}},
		"template without text": {func(f, _ obj) {
			f["post_processor"] = obj{"type": "TemplateProcessing", "pair": nil, "single": []any{}, "special_tokens": obj{}}
		}, []string{"leaves the text out"}},
		"decoder":    {func(f, _ obj) { f["decoder"] = obj{"type": "WordPiece"} }, []string{"decoder", "WordPiece", "ByteLevel"}},
		"no decoder": {func(f, _ obj) { f["decoder"] = nil }, []string{"decoder", "none", "ByteLevel"}},
		"decoders": {func(f, _ obj) {
			f["decoder"] = obj{"type": "Sequence", "decoders": []any{obj{"type": "Fuse"}, obj{"type": "CTC"}}}
		}, []string{"decoder", "CTC"}},
		"decoder of characters": {func(f, _ obj) { f["decoder"] = obj{"type": "Fuse"} }, []string{"Fuse", "pre-tokenizer ByteLevel"}},
		"decoders beside bytes": {func(f, _ obj) {
			f["decoder"] = obj{"type": "Sequence", "decoders": []any{bytesStep, obj{"type": "Fuse"}}}
		}, []string{"beside ByteLevel"}},
		"strip too early": {func(f, _ obj) {
			f["decoder"] = obj{"type": "Sequence", "decoders": []any{obj{"type": "Strip", "content": " ", "start": 1, "stop": 0}, obj{"type": "Fuse"}}}
		}, []string{"Strip", "after Fuse"}},
		"strip the end": {func(f, _ obj) {
			f["decoder"] = obj{"type": "Sequence", "decoders": []any{obj{"type": "Fuse"}, obj{"type": "Strip", "content": " ", "start": 0, "stop": 1}}}
		}, []string{"Strip of 1 at the end"}},
		"replace too late": {func(f, _ obj) {
			f["decoder"] = obj{"type": "Sequence", "decoders": []any{obj{"type": "ByteFallback"}, obj{"type": "Replace", "pattern": obj{"String": "▁"}, "content": " "}}}
		}, []string{"Replace after ByteFallback"}},
		"model":          {func(_, m obj) { m["type"] = "Unigram" }, []string{"Unigram", "supported: BPE"}},
		"no model":       {func(f, _ obj) { delete(f, "model") }, []string{"model", "none"}},
		"model option":   {func(_, m obj) { m["temperature"] = 1 }, []string{"temperature"}},
		"dropout":        {func(_, m obj) { m["dropout"] = 0.1 }, []string{"dropout 0.1"}},
		"byte fallback":  {func(_, m obj) { m["byte_fallback"] = true }, []string{"byte_fallback"}},
		"subword prefix": {func(_, m obj) { m["continuing_subword_prefix"] = "##" }, []string{"##"}},
		"word end":       {func(_, m obj) { m["end_of_word_suffix"] = "</w>" }, []string{"</w>"}},
		"no merges": {func(_, m obj) {
			for i := range 300 {
				m["vocab"].(obj)[strings.Repeat("a", i+2)] = 300 + i
			}
			m["merges"] = []any{}
		}, []string{"no merges"}},
		"unk":            {func(_, m obj) { m["unk_token"] = "<unk>" }, []string{"<unk>"}},
		"merge of what":  {func(_, m obj) { m["merges"] = []any{[]any{"zz", "a"}} }, []string{"merge 0", `"zz"`}},
		"merge to what":  {func(_, m obj) { m["merges"] = []any{[]any{"q", "q"}} }, []string{"merge 0", `"qq"`}},
		"merge of three": {func(_, m obj) { m["merges"] = []any{[]any{"q", "q", "q"}} }, []string{"3 tokens"}},
		"merge of one":   {func(_, m obj) { m["merges"] = []any{"qq"} }, []string{`"qq"`}},
		"negative id":    {func(_, m obj) { m["vocab"].(obj)["a"] = -1 }, []string{`"a"`, "-1"}},
		"far id":         {func(_, m obj) { m["vocab"].(obj)["a"] = 2000000000 }, []string{"2000000000"}},
		"same id":        {func(_, m obj) { m["vocab"].(obj)["a"] = 3 }, []string{"same id 3"}},
		"added far id":   {func(f, _ obj) { f["added_tokens"] = []any{obj{"id": 1 << 30, "content": "x!"}} }, []string{`"x!"`}},
		"added other id": {func(f, _ obj) { f["added_tokens"] = []any{obj{"id": 7, "content": "<|endoftext|>"}} }, []string{"id 7", "vocabulary 0"}},
		"added same id":  {func(f, _ obj) { f["added_tokens"] = []any{obj{"id": 5, "content": "x!"}} }, []string{"same id 5"}},
		"long token":     {func(_, m obj) { m["vocab"].(obj)[strings.Repeat("a", 1<<17)] = 262 }, []string{"131072 bytes"}},
	} {
		f := small(t)
		test.change(f, f["model"].(obj))
		_, err := Parse(encode(t, f))
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		for _, want := range test.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %q does not say %q", name, err, want)
			}
		}
		if len(err.Error()) > 2000 {
			t.Errorf("%s: an error of %d bytes", name, len(err.Error()))
		}
	}
}

// What Save writes is what was read: the same steps, vocabulary and merges, in
// the reference's own form.
func TestWritesWhatItRead(t *testing.T) {
	for _, name := range []string{"llama3", "added", "smollm2"} {
		var data []byte
		if name == "smollm2" {
			data = gunzip.Bytes(t, "testdata/smollm2/tokenizer.json.gz")
		} else {
			var err error
			if data, err = os.ReadFile(filepath.Join("testdata", name, "tokenizer.json")); err != nil {
				t.Fatal(err)
			}
		}
		out, err := load(t, name).JSON()
		if err != nil {
			t.Fatal(err)
		}
		got, want := decode(t, out), decode(t, data)
		for _, m := range []map[string]any{got["model"].(map[string]any), want["model"].(map[string]any)} {
			merges := m["merges"].([]any)
			for i := range merges {
				if line, ok := merges[i].(string); ok {
					a, b, _ := strings.Cut(line, " ")
					merges[i] = []any{a, b}
				}
			}
		}
		for key := range want {
			if !reflect.DeepEqual(got[key], want[key]) {
				t.Errorf("%s: %s differs", name, key)
			}
		}
		if !slices.Equal(slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want))) {
			t.Errorf("%s: keys differ", name)
		}
	}
}

// No file makes Parse panic or take much memory, and what it accepts works and
// can be written and read again.
func FuzzParse(f *testing.F) {
	base := small(f)
	f.Add(encode(f, base))
	tiny := map[string]any{"type": "BPE", "vocab": map[string]any{"a": 0, "b": 1, "ab": 2, "Ġ": 3, "<s>": 4}, "merges": []any{[]any{"a", "b"}}, "unk_token": "<s>", "fuse_unk": true, "ignore_merges": true}
	base["model"] = tiny
	base["added_tokens"] = []any{map[string]any{"id": 4, "content": "<s>", "special": true, "lstrip": true}, map[string]any{"id": 5, "content": " x", "normalized": true, "single_word": true}}
	f.Add(encode(f, base))
	base["pre_tokenizer"] = decode(f, []byte(named["llama3"]))
	f.Add(encode(f, base))
	base["normalizer"] = decode(f, []byte(`{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Replace","pattern":{"String":"x"},"content":"a"}]}`))
	f.Add(encode(f, base))
	base["normalizer"] = nil
	for _, file := range charTokenizers {
		f.Add([]byte(file))
	}
	base["pre_tokenizer"] = decode(f, []byte(named["smollm"]))
	base["post_processor"] = decode(f, []byte(`{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"pair":[],"special_tokens":{"<s>":{"id":"<s>","ids":[4],"tokens":["<s>"]}}}`))
	f.Add(encode(f, base))
	for _, s := range []string{"", "{}", "null", "[]", `{"model":{"vocab":null,"merges":null}}`, `{"model":{"type":"BPE","merges":[[]]}}`, "\xff"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		tok, err := Parse(data)
		if err != nil {
			return
		}
		text := "ab <s> x 12 中\n"
		ids := tok.Wrap(tok.Encode(text))
		if e := tok.Encoding(text, true); !slices.Equal(e.IDs, ids) {
			t.Errorf("ids with offsets %v, want %v", e.IDs, ids)
		}
		testStream(t, tok, ids)
		out, err := tok.JSON()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(out)
		if err != nil {
			t.Fatalf("what it wrote it does not read: %v\n%s", err, out)
		}
		if got := again.Wrap(again.Encode(text)); !slices.Equal(got, ids) {
			t.Errorf("%v once written, want %v", got, ids)
		}
		if twice, err := again.JSON(); err != nil || !bytes.Equal(twice, out) {
			t.Errorf("written twice it differs: %v", err)
		}
	})
}
