package gguf

import (
	"encoding/json"
	"io/fs"
	"reflect"
	"strings"
	"testing"
)

// folder is what stands beside the weights of a model, for tests.
type folder map[string]string

func (f folder) read(name string) ([]byte, error) {
	text, ok := f[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return []byte(text), nil
}

const tokenizerJSON = `{"version": "1.0", "normalizer": null,
 "added_tokens": [{"id": 0, "content": "<s>", "special": true}, {"id": 5, "content": "<tool>", "special": false}],
 "pre_tokenizer": {"type": "ByteLevel", "use_regex": true, "trim_offsets": false, "add_prefix_space": false},
 "post_processor": {"type": "Sequence", "processors": [{"type": "ByteLevel", "trim_offsets": true}, {"type": "TemplateProcessing",
  "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}], "pair": [], "special_tokens": {}}]},
 "model": {"type": "BPE", "vocab": {"<s>": 0, "a": 1, "b": 2, "ab": 3, "Ġ": 4}, "merges": ["a b"]}}`

func noted(t *testing.T, f folder, size int) Notes {
	t.Helper()
	var n tokenNotes
	if err := n.tokenizer(f.read, size); err != nil {
		t.Fatal(err)
	}
	notes := Notes{}
	for _, x := range n.notes {
		notes[x.Key] = x.Value
	}
	return notes
}

// What a folder says of its tokenizer is noted, in the words of llama.cpp.
func TestTokenizerNotes(t *testing.T) {
	got := noted(t, folder{
		"tokenizer.json": tokenizerJSON,
		"tokenizer_config.json": `{"eos_token": {"content": "<tool>"}, "pad_token": "a", "unk_token": null,
			"chat_template": [{"name": "default", "template": "D"}, {"name": "rag", "template": "R"}]}`,
		"generation_config.json": `{"eos_token_id": [5, 2]}`,
	}, 7)
	want := Notes{
		"tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": "gpt-2",
		"tokenizer.ggml.tokens":     []string{"<s>", "a", "b", "ab", "Ġ", "<tool>", "[PAD6]"},
		"tokenizer.ggml.token_type": []int32{3, 1, 1, 1, 1, 4, 5},
		"tokenizer.ggml.merges":     []string{"a b"}, "tokenizer.ggml.add_bos_token": true, "tokenizer.ggml.add_eos_token": false,
		"tokenizer.ggml.bos_token_id": uint32(0), "tokenizer.ggml.eos_token_id": uint32(5), "tokenizer.ggml.padding_token_id": uint32(1),
		"tokenizer.ggml.eot_token_id": uint32(2), "tokenizer.chat_template": "D", "tokenizer.chat_template.rag": "R",
		"tokenizer.chat_templates": []string{"rag"},
	}
	for key, w := range want {
		if !reflect.DeepEqual(got[key], w) {
			t.Errorf("%s is %v, want %v", key, got[key], w)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d notes, want %d: %v", len(got), len(want), got)
	}
	if got := noted(t, folder{}, 7); got["tokenizer.ggml.model"] != "none" {
		t.Errorf("without a tokenizer: %v", got)
	}
	got = noted(t, folder{"tokenizer.json": tokenizerJSON, "chat_template.jinja": "J", "tokenizer_config.json": `{"chat_template": "C"}`}, 6)
	if got["tokenizer.chat_template"] != "J" {
		t.Errorf("of two templates %v was taken", got["tokenizer.chat_template"])
	}
	got = noted(t, folder{"tokenizer.json": tokenizerJSON, "chat_template.json": `{"chat_template": "C"}`}, 6)
	if got["tokenizer.chat_template"] != "C" {
		t.Errorf("the template of an old folder is %v", got["tokenizer.chat_template"])
	}
}

// A tokenizer that went into a file comes out of it as it was.
func TestTokenizerThereAndBack(t *testing.T) {
	f := tiny(t, tinyNotes(), tinyTensors())
	var n tokenNotes
	if err := n.tokenizer(f.ReadFile, 5); err != nil {
		t.Fatal(err)
	}
	got := Notes{}
	for _, x := range n.notes {
		got[x.Key] = x.Value
	}
	for _, want := range tokens() {
		if !reflect.DeepEqual(got[want.Key], want.Value) {
			t.Errorf("%s is %v, want %v", want.Key, got[want.Key], want.Value)
		}
	}
	// Every way of cutting a text has one name that says it.
	for name, c := range cuts {
		file := tokenizerFile{Pre: json.RawMessage(c.steps)}
		file.Model.IgnoreMerges = c.whole
		if c.nfc {
			file.Normalizer = json.RawMessage(`{"type":"NFC"}`)
		}
		if back, err := file.split(); err != nil || *cuts[back] != *c {
			t.Errorf("the cut %s is called %q, %v", name, back, err)
		}
	}
}

func TestTokenizerRefuses(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"not JSON":          {`{"version"`, `{`, "tokenizer.json"},
		"another model":     {`"type": "BPE"`, `"type": "WordPiece"`, "WordPiece"},
		"unknown split":     {`"use_regex": true`, `"use_regex": false`, "has no name in this format"},
		"merge with spaces": {`["a b"]`, `[["a", " b"]]`, "has a space"},
		"merge of three":    {`["a b"]`, `[["a", "b", "c"], 5]`, "merge 0"},
		"normal form":       {`"normalizer": null`, `"normalizer": {"type": "NFC"}`, "has no name in this format"},
		"words taken whole": {`"type": "BPE"`, `"type": "BPE", "ignore_merges": true`, "ignore_merges true"},
		"id beyond":         {`"Ġ": 4`, `"Ġ": 4000`, "has id 4000, and the model has 6 tokens"},
		"two before":        {`"single": [`, `"single": [{"SpecialToken": {"id": "<s>"}}, `, "more than one token"},
		"unknown around":    {`"type": "TemplateProcessing"`, `"type": "BertProcessing"`, "BertProcessing"},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(tokenizerJSON, c.old) {
				t.Fatalf("%q is not there to be changed", c.old)
			}
			var n tokenNotes
			err := n.tokenizer(folder{"tokenizer.json": strings.Replace(tokenizerJSON, c.old, c.new, 1)}.read, 6)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
	var n tokenNotes
	if err := n.tokenizer(folder{"tokenizer.json": tokenizerJSON, "tokenizer_config.json": `{"chat_template": 5}`}.read, 6); err == nil {
		t.Error("a template of numbers was taken")
	}
}

// Whatever a folder says, there are notes that can be written, or an error.
func FuzzTranslate(f *testing.F) {
	configs := []string{
		`{"architectures": ["LlamaForCausalLM"], "vocab_size": 7, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 4, "max_position_embeddings": 9,
		  "rope_scaling": {"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4, "original_max_position_embeddings": 16}}`,
		`{"architectures": ["Gemma3ForCausalLM"], "vocab_size": 7, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 7, "num_attention_heads": 4, "head_dim": 8, "query_pre_attn_scalar": 8,
		  "rope_parameters": {"full_attention": {"rope_theta": 1e6}, "sliding_attention": {"rope_theta": 10000}}, "sliding_window": 4, "layer_types": null}`,
		`{"architectures": ["Phi3ForCausalLM"], "vocab_size": 7, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 4, "partial_rotary_factor": 0.5, "sliding_window": 3,
		  "rope_scaling": {"type": "longrope", "long_factor": [1, 2], "short_factor": [1, 1]}, "original_max_position_embeddings": 4, "max_position_embeddings": 9}`,
		`{"architectures": ["GPT2LMHeadModel"], "vocab_size": 7, "n_embd": 32, "n_layer": 1, "n_head": 4, "n_inner": null}`,
		`{"architectures": ["Qwen2ForCausalLM"], "vocab_size": 7, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 4,
		  "rope_scaling": {"rope_type": "yarn", "factor": 4, "original_max_position_embeddings": 16, "beta_fast": 32, "attention_factor": 2}}`,
	}
	for _, c := range configs {
		f.Add([]byte(c), []byte(tokenizerJSON), []byte(`{"eos_token": {"content": "<s>"}, "chat_template": "x"}`))
	}
	f.Fuzz(func(t *testing.T, config, tokenizer, more []byte) {
		read := folder{"tokenizer.json": string(tokenizer), "tokenizer_config.json": string(more), "generation_config.json": string(more)}.read
		l, err := NewLayout(config)
		if err != nil || l.Vocab() > 1<<16 {
			return
		}
		notes, tensors, _, err := Translate(config, nil, read)
		if err != nil {
			return
		}
		if _, err := head(notes, tensors); err != nil {
			t.Errorf("what was translated cannot be written: %v", err)
		}
	})
}
